"""Suspend and resume: the guest must not notice."""

import tap
from lib.case import FunctionalCase
from lib.guest import MIB

# Random bytes in memory, and a process that lives from memory alone.
FILL = "dd if=/dev/urandom of=/tmp/noise bs=1M count=32 2>/dev/null; md5sum /tmp/noise"
COUNT = "(i=0; while :; do i=$((i + 1)); echo $i >/tmp/count; usleep 50000; done) & echo $!"


class Suspend(FunctionalCase):
    def test_memory_is_intact(self):
        guest = self.host.create_guest("suspend")
        guest.add_nic(self.host.internal_network())
        guest.add_disk(self.host.create_vdi("data", 16 * MIB))
        guest.start()
        address = guest.wait_address()
        checksum = guest.run(FILL)
        boot_id = guest.run("cat /proc/sys/kernel/random/boot_id")
        counter = guest.run(COUNT).split()[-1]
        guest.wait_for("[ -s /tmp/count ]")
        guest.run("dd if=/tmp/noise of=/dev/vda bs=1M count=8 conv=fsync 2>/dev/null")

        self.api.VM.suspend(guest.vm)
        self.assertEqual(guest.state(), "Suspended")
        record = self.api.VM.get_record(guest.vm)
        suspend_vdi = record["suspend_VDI"]
        self.assertEqual(self.api.VDI.get_type(suspend_vdi), "suspend")
        self.assertIn("resume", record["allowed_operations"])

        self.api.VM.resume(guest.vm, False, False)
        self.assertEqual(guest.state(), "Running")
        guest.open_shell()
        self.assertEqual(guest.run("cat /proc/sys/kernel/random/boot_id"), boot_id)
        self.assertEqual(guest.run("md5sum /tmp/noise"), checksum)
        guest.run(f"kill -0 {counter}")
        seen = guest.run("cat /tmp/count").strip()
        guest.wait_for(f"[ $(cat /tmp/count) -gt {seen or 0} ]")
        guest.run("cmp -n 8388608 /tmp/noise /dev/vda")
        self.assertIn(address, guest.run("ip address show dev eth0"))
        self.assertNotIn(suspend_vdi, self.api.VDI.get_all())

    def test_hard_shutdown_of_a_suspended_guest(self):
        guest = self.host.create_guest("suspend").start()
        guest.wait_agent()
        self.api.VM.suspend(guest.vm)
        suspend_vdi = self.api.VM.get_suspend_VDI(guest.vm)
        self.api.VM.hard_shutdown(guest.vm)
        self.assertEqual(guest.state(), "Halted")
        self.assertNotIn(suspend_vdi, self.api.VDI.get_all())


if __name__ == "__main__":
    tap.main()
