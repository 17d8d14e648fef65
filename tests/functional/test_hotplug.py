"""Devices that come and go while the guest runs, seen from inside it."""

import tap
from lib.api import ApiError
from lib.case import FunctionalCase
from lib.guest import MIB

GONE = "! [ -e /sys/class/{} ]"


class Hotplug(FunctionalCase):
    def boot(self):
        guest = self.host.create_guest("hotplug").start()
        guest.wait_agent()
        return guest

    def test_disk(self):
        guest = self.boot()
        vbd = guest.add_disk(self.host.create_vdi("data", 64 * MIB), plug=True)
        guest.wait_for("[ -b /dev/vda ]")
        self.assertEqual(guest.run("blockdev --getsize64 /dev/vda").strip(), str(64 * MIB))
        guest.run("dd if=/dev/urandom of=/tmp/pattern bs=1M count=8 2>/dev/null")
        guest.run("dd if=/tmp/pattern of=/dev/vda bs=1M conv=fsync 2>/dev/null")
        self.assertTrue(self.api.VBD.get_currently_attached(vbd))

        self.api.VBD.unplug(vbd)
        guest.wait_for(GONE.format("block/vda"))
        self.assertFalse(self.api.VBD.get_currently_attached(vbd))

        self.api.VBD.plug(vbd)
        guest.wait_for("[ -b /dev/vda ]")
        guest.run("cmp -n 8388608 /tmp/pattern /dev/vda")

    def test_disk_that_is_in_use(self):
        guest = self.boot()
        vdi = self.host.create_vdi("data", 16 * MIB)
        guest.add_disk(vdi, plug=True)
        with self.assertRaises(ApiError) as failure:
            self.api.VDI.destroy(vdi)
        self.assertEqual(failure.exception.code, "VDI_IN_USE")

    def test_several_disks(self):
        guest = self.boot()
        vbds = [guest.add_disk(self.host.create_vdi(f"data {i}", 16 * MIB), plug=True)
                for i in range(3)]
        guest.wait_for("[ -b /dev/vda -a -b /dev/vdb -a -b /dev/vdc ]")
        for vbd in vbds:
            self.api.VBD.unplug(vbd)
        guest.wait_for(GONE.format("block/vda"))
        guest.wait_for(GONE.format("block/vdc"))

    def test_nic(self):
        guest = self.boot()
        vif = guest.add_nic(self.host.internal_network(), plug=True)
        guest.wait_for("[ -e /sys/class/net/eth0 ]")
        mac = self.api.VIF.get_MAC(vif)
        self.assertEqual(guest.run("cat /sys/class/net/eth0/address").strip(), mac)
        address = guest.wait_address()
        self.assertIn(address, guest.run("ip address show dev eth0"))

        self.api.VIF.unplug(vif)
        guest.wait_for(GONE.format("net/eth0"))
        self.assertFalse(self.api.VIF.get_currently_attached(vif))


if __name__ == "__main__":
    tap.main()
