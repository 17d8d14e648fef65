"""A guest outlives its daemon's restart, crash, upgrade and removal, under systemd. It is QEMU's
firmware without anything to boot: what counts is that its process goes on."""

import tap
from lab import NAMES, LabCase, later_packages, package


class Upgrade(LabCase):
    def guest_process(self):
        """Number and start time of the guest's process: who it is."""
        return self.host.must("awk '{ print $1, $22 }'"
                              " /proc/$(pgrep -u clearwater-guest -f qemu-system)/stat")

    def assert_guest_goes_on(self):
        self.assertEqual(self.guest_process(), type(self).process)
        self.assertEqual(self.local_xe(f"vm-param-get uuid={self.vm} param-name=power-state"),
                         "running")

    def daemon_process(self):
        return self.service("MainPID")

    def test_1_start_a_guest(self):
        vm = self.local_xe('vm-install template="Other install media" new-name-label=upgrade')
        self.local_xe(f"vm-memory-limits-set uuid={vm} static-min=64MiB dynamic-min=64MiB"
                      " dynamic-max=64MiB static-max=64MiB")
        self.local_xe(f"vm-start uuid={vm}")
        type(self).vm = vm
        type(self).process = self.guest_process()

    def test_2_restart(self):
        before = self.daemon_process()
        self.host.must("systemctl restart clearwaterd", 120)
        self.assertNotEqual(self.daemon_process(), before)
        self.assert_guest_goes_on()

    def test_3_crash(self):
        before = self.daemon_process()
        # `start` waits for the restart that the unit's end has scheduled.
        self.host.must("systemctl kill --kill-who=main -s KILL clearwaterd &&"
                       " while systemctl is-active -q clearwaterd; do sleep 0.1; done;"
                       " systemctl start clearwaterd", 120)
        self.assertNotEqual(self.daemon_process(), before)
        self.assert_guest_goes_on()

    def test_4_upgrade(self):
        before = self.daemon_process()
        self.install(later_packages("+1"))
        self.assertRegex(self.host.must("dpkg-query -W -f '${Version}' clearwater"), r"\+1$")
        self.assertNotEqual(self.daemon_process(), before)
        self.assert_guest_goes_on()

    def test_5_remove(self):
        self.host.must(f"dpkg -r {' '.join(reversed(NAMES))}", 120)
        self.assertEqual(self.guest_process(), type(self).process)
        self.install([package(name) for name in NAMES])
        self.assert_guest_goes_on()

    def test_6_purge(self):
        self.local_xe(f"vm-shutdown uuid={self.vm} force=true")
        self.host.must(f"dpkg -P {' '.join(reversed(NAMES))}", 120)
        # What is below /run goes with the next start, and guests' disks may be mounted there.
        left = self.host.must("ls -d /etc/clearwater /var/lib/clearwater /var/log/clearwater"
                              " /etc/pam.d/clearwater /usr/sbin/clearwaterd"
                              " /lib/systemd/system/clearwaterd.service 2>/dev/null; true")
        self.assertEqual(left, "")
        self.assertNotIn("clearwater", self.host.must("systemctl list-units --all --no-legend"))


if __name__ == "__main__":
    tap.main()
