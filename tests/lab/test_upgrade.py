"""A guest of Xen outlives its daemon's restart, crash, upgrade and removal, under systemd; so does
the QEMU that serves its screen and disks, a child of the daemon."""

import tap
from host import PACKAGE_NAMES, packages
from lab import XenCase, later_packages


class Upgrade(XenCase):
    def guest_process(self):
        """The domain's number, and number and start time of its process: who they are."""
        return self.host.must(f"domid=$(xl domid {self.vm}) && echo $domid $("
                              "awk '{ print $1, $22 }' /proc/$(pgrep -f \"xen-domid $domid \")/stat)")

    def assert_guest_goes_on(self):
        self.assertEqual(self.guest_process(), type(self).process)
        self.assertEqual(self.local_xe(f"vm-param-get uuid={self.vm} param-name=power-state"),
                         "running")

    def daemon_process(self):
        return self.service("MainPID")

    def test_1_start_a_guest(self):
        vm = self.new_guest("upgrade")
        self.host.must(f"xe vm-start uuid={vm}", 120)
        self.wait_for_words(vm, "READY")
        type(self).vm = vm
        type(self).process = self.guest_process()

    def test_2_restart(self):
        before = self.daemon_process()
        self.host.must("systemctl restart clearwaterd", 120)
        self.assertNotEqual(self.daemon_process(), before)
        self.assert_guest_goes_on()

    def test_3_crash(self):
        before = self.daemon_process()
        self.kill_daemon()
        self.assertNotEqual(self.daemon_process(), before)
        self.assert_guest_goes_on()

    def test_4_upgrade(self):
        before = self.daemon_process()
        self.host.install(later_packages("+1"))
        self.assertRegex(self.host.must("dpkg-query -W -f '${Version}' clearwater"), r"\+1$")
        self.assertNotEqual(self.daemon_process(), before)
        self.assert_guest_goes_on()

    def test_5_remove(self):
        self.host.must(f"dpkg -r {' '.join(reversed(PACKAGE_NAMES))}", 120)
        self.assertEqual(self.guest_process(), type(self).process)
        self.host.install(packages())
        self.assert_guest_goes_on()

    def test_6_purge(self):
        self.host.must(f"xe vm-shutdown uuid={self.vm} force=true", 120)
        self.wait_for_no_process(self.vm)
        self.host.must(f"dpkg -P {' '.join(reversed(PACKAGE_NAMES))}", 120)
        # What is below /run goes with the next start, and guests' disks may be mounted there.
        left = self.host.must("ls -d /etc/clearwater /var/lib/clearwater /var/log/clearwater"
                              " /etc/pam.d/clearwater /usr/sbin/clearwaterd"
                              " /lib/systemd/system/clearwaterd.service 2>/dev/null; true")
        self.assertEqual(left, "")
        # systemd may go on knowing a name that it finds no file for.
        self.assertNotIn("clearwater",
                         self.host.must("systemctl list-units --all --state=loaded --no-legend"))


if __name__ == "__main__":
    tap.main()
