"""Guests outlive the daemon, and the next one finds them again."""

import tap
from lib import wait
from lib.case import FunctionalCase
from lib.guest import MIB
from lib.qmp import Qmp


class Adoption(FunctionalCase):
    def boot(self):
        guest = self.host.create_guest("survivor")
        guest.add_nic(self.host.internal_network())
        guest.add_disk(self.host.create_vdi("data", 16 * MIB))
        guest.start()
        guest.wait_address()
        return guest

    def check_adopted(self, guest, before, boot_id):
        """The guest runs on as it was, and can be worked with."""
        self.restart()
        guest = self.host.guest(guest.vm)
        after = self.api.VM.get_record(guest.vm)
        for field in ("power_state", "domid", "resident_on", "VBDs", "VIFs"):
            self.assertEqual(after[field], before[field], field)
        self.assertEqual(after["current_operations"], {})
        for messages, refs in ((self.api.VBD, after["VBDs"]), (self.api.VIF, after["VIFs"])):
            self.assertTrue(all(messages.get_currently_attached(ref) for ref in refs))
        guest.wait_agent()
        self.assertEqual(guest.run("cat /proc/sys/kernel/random/boot_id"), boot_id)
        vbd = guest.add_disk(self.host.create_vdi("more", 16 * MIB), plug=True)
        guest.wait_for("[ -b /dev/vdb ]")
        self.api.VBD.unplug(vbd)
        self.api.VM.clean_shutdown(guest.vm)
        self.assertEqual(guest.state(), "Halted")

    def test_daemon_is_killed(self):
        guest = self.boot()
        boot_id = guest.run("cat /proc/sys/kernel/random/boot_id")
        before = self.api.VM.get_record(guest.vm)
        self.daemon.kill()
        self.check_adopted(guest, before, boot_id)

    def test_daemon_is_restarted(self):
        guest = self.boot()
        boot_id = guest.run("cat /proc/sys/kernel/random/boot_id")
        before = self.api.VM.get_record(guest.vm)
        self.assertEqual(self.daemon.stop(), 0)
        self.check_adopted(guest, before, boot_id)

    def test_guest_ends_while_nobody_looks(self):
        guest = self.boot()
        shell = guest.open_shell()
        # The console ends with the daemon; the guest does what it was told a little later.
        shell.send("(usleep 2000000; poweroff -f) &")
        shell.run("true")
        self.daemon.kill()
        self.restart()
        guest = self.host.guest(guest.vm)
        guest.wait_state("Halted")
        self.assertEqual(self.api.VM.get_domid(guest.vm), -1)
        guest.start().wait_agent()

    def ask_for_devices(self, guest, paused):
        """Does what an unplug of all devices does before the daemon is killed in it. A guest that
        stands still gives nothing back until somebody lets it run."""
        vbd, = self.api.VM.get_VBDs(guest.vm)
        vif, = self.api.VM.get_VIFs(guest.vm)
        devices = ("disk-" + self.api.VBD.get_uuid(vbd), "nic-" + self.api.VIF.get_uuid(vif))
        self.daemon.kill()
        with Qmp(self.daemon.root) as qmp:
            if paused:
                qmp.call("stop")
            for device in devices:
                qmp.call("device_del", id=device)
            for _ in devices if not paused else ():
                qmp.wait_event("DEVICE_DELETED")
        self.restart()
        return vbd, vif

    def check_plugged_again(self, vm, vbd, vif):
        guest = self.host.guest(vm)
        guest.wait_agent()
        guest.wait_for("! [ -e /dev/vda ] && ! [ -e /sys/class/net/eth0 ]")
        self.api.VBD.plug(vbd)
        self.api.VIF.plug(vif)
        guest.wait_for("[ -b /dev/vda ] && [ -e /sys/class/net/eth0 ]")

    def test_devices_go_while_nobody_looks(self):
        guest = self.boot()
        vbd, vif = self.ask_for_devices(guest, paused=False)
        self.assertFalse(self.api.VBD.get_currently_attached(vbd))
        self.assertFalse(self.api.VIF.get_currently_attached(vif))
        self.check_plugged_again(guest.vm, vbd, vif)

    def test_devices_go_late(self):
        guest = self.boot()
        vbd, vif = self.ask_for_devices(guest, paused=True)
        self.api.wait_for("devices that are given back", 120, ["VBD", "VIF"],
                          lambda: not self.api.VBD.get_currently_attached(vbd)
                          and not self.api.VIF.get_currently_attached(vif)
                          and not self.api.VBD.get_current_operations(vbd)
                          and not self.api.VIF.get_current_operations(vif))
        self.check_plugged_again(guest.vm, vbd, vif)

    def wait_recorded_end(self):
        """Until QEMU has written down that the only guest ended."""
        history = next(self.daemon.root.glob("run/**/qmp.log"))
        deadline = wait.Deadline(60, "end of the guest")
        while '"SHUTDOWN"' not in history.read_text(encoding="utf-8"):
            wait.pause(deadline)

    def test_guest_reboots_while_nobody_looks(self):
        guest = self.boot()
        boot_id = guest.run("cat /proc/sys/kernel/random/boot_id")
        domid = self.api.VM.get_domid(guest.vm)
        shell = guest.open_shell()
        shell.send("(usleep 2000000; reboot -f) &")
        shell.run("true")
        self.daemon.kill()
        self.wait_recorded_end()
        self.restart()
        guest = self.host.guest(guest.vm)
        self.api.wait_for("a new domain", 120, [f"VM/{guest.vm}"],
                          lambda: self.api.VM.get_domid(guest.vm) not in (domid, "-1"))
        guest.wait_for("true")
        self.assertEqual(guest.state(), "Running")
        self.assertNotEqual(guest.run("cat /proc/sys/kernel/random/boot_id"), boot_id)


if __name__ == "__main__":
    tap.main()
