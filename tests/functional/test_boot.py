"""The life of one guest: start, pause, reboot and shutdown, by us and by the guest itself."""

import tap
from lib import wait
from lib.case import FunctionalCase

BOOT_ID = "cat /proc/sys/kernel/random/boot_id"


class Boot(FunctionalCase):
    def boot(self):
        guest = self.host.create_guest("boot")
        guest.add_nic(self.host.internal_network())
        guest.start()
        guest.wait_agent()
        return guest

    def wait_reboot(self, guest, boot_id):
        """Waits until the guest runs a kernel other than the one with `boot_id`. The console of
        the old one may end meanwhile."""
        deadline = wait.Deadline(120, "reboot of the guest")
        while True:
            try:
                guest.open_shell()
                guest.wait_for(f"[ $({BOOT_ID}) != {boot_id} ]", deadline.left())
                break
            except (ConnectionError, LookupError):
                wait.pause(deadline)
        self.assertEqual(guest.state(), "Running")

    def test_boot_to_agent(self):
        guest = self.boot()
        self.assertEqual(guest.metrics()["os_version"]["distro"], "clearwater-demo")
        address = guest.wait_address()
        self.assertRegex(address, r"^169\.254\.")
        self.assertIn(address, guest.run("ip address show dev eth0"))
        record = self.api.VM.get_record(guest.vm)
        self.assertEqual(record["power_state"], "Running")
        self.assertIn("clean_shutdown", record["allowed_operations"])
        self.assertNotIn("start", record["allowed_operations"])

    def test_clean_shutdown(self):
        guest = self.boot()
        self.api.VM.clean_shutdown(guest.vm)
        record = self.api.VM.get_record(guest.vm)
        self.assertEqual(record["power_state"], "Halted")
        self.assertEqual(record["consoles"], [])
        self.assertEqual(record["domid"], -1)

    def test_clean_reboot(self):
        guest = self.boot()
        boot_id = guest.run(BOOT_ID).strip()
        self.api.VM.clean_reboot(guest.vm)
        self.wait_reboot(guest, boot_id)

    def test_hard_reboot(self):
        guest = self.boot()
        boot_id = guest.run(BOOT_ID).strip()
        self.api.VM.hard_reboot(guest.vm)
        self.wait_reboot(guest, boot_id)

    def test_pause(self):
        guest = self.boot()
        before = guest.run("cat /proc/uptime")
        self.api.VM.pause(guest.vm)
        self.assertEqual(guest.state(), "Paused")
        self.api.VM.unpause(guest.vm)
        self.assertEqual(guest.state(), "Running")
        self.assertGreater(float(guest.run("cat /proc/uptime").split()[0]),
                           float(before.split()[0]))

    def test_start_paused(self):
        guest = self.host.create_guest("paused")
        self.api.VM.start(guest.vm, True, False)
        self.assertEqual(guest.state(), "Paused")
        self.api.VM.unpause(guest.vm)
        guest.wait_agent()

    def test_guest_powers_itself_off(self):
        guest = self.boot()
        guest.open_shell().send("poweroff -f")
        guest.wait_state("Halted")

    def test_guest_reboots_itself(self):
        guest = self.boot()
        boot_id = guest.run(BOOT_ID).strip()
        guest.shell.send("reboot -f")
        self.wait_reboot(guest, boot_id)


if __name__ == "__main__":
    tap.main()
