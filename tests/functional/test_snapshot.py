"""Snapshots, clones and copies of disks, with the data checked inside a guest."""

import tap
from lib.case import FunctionalCase
from lib.guest import MIB


class Snapshot(FunctionalCase):
    def boot_with_disk(self):
        guest = self.host.create_guest("origin")
        guest.add_disk(self.host.create_vdi("data", 64 * MIB))
        guest.start().wait_agent()
        guest.wait_for("[ -b /dev/vda ]")
        guest.run("mke2fs -q /dev/vda >/dev/null 2>&1")
        self.write(guest, "first")
        return guest

    def write(self, guest, text):
        guest.run(f"mount -t ext4 /dev/vda /mnt && echo {text} >/mnt/file && umount /mnt && sync")

    def read(self, guest):
        guest.wait_for("[ -b /dev/vda ]")
        return guest.run("mount -t ext4 -o ro /dev/vda /mnt && cat /mnt/file; umount /mnt").strip()

    def boot(self, vm):
        guest = self.host.guest(vm).start()
        guest.wait_agent()
        return guest

    def test_snapshot_of_a_running_guest(self):
        guest = self.boot_with_disk()
        snapshot = self.api.VM.snapshot(guest.vm, "before")
        self.assertEqual(guest.state(), "Running")
        self.assertEqual(self.read(guest), "first")
        self.write(guest, "second")
        self.assertTrue(self.api.VM.get_is_a_snapshot(snapshot))
        self.assertEqual(self.api.VM.get_snapshot_of(snapshot), guest.vm)

        clone = self.api.VM.clone(snapshot, "from snapshot")
        self.api.VM.set_is_a_template(clone, False)
        self.assertEqual(self.read(self.boot(clone)), "first")
        self.assertEqual(self.read(guest), "second")

    def test_revert(self):
        guest = self.boot_with_disk()
        snapshot = self.api.VM.snapshot(guest.vm, "before")
        self.write(guest, "second")
        self.api.VM.hard_shutdown(guest.vm)
        self.api.VM.revert(snapshot)
        guest.close_shell()
        self.assertEqual(guest.state(), "Halted")
        guest.start().wait_agent()
        self.assertEqual(self.read(guest), "first")

    def test_clone_and_copy_of_a_halted_guest(self):
        guest = self.boot_with_disk()
        self.api.VM.clean_shutdown(guest.vm)
        clone = self.api.VM.clone(guest.vm, "clone")
        copy = self.api.VM.copy(guest.vm, "copy", self.host.default_sr())
        guest.close_shell()
        guest.start().wait_agent()
        self.write(guest, "second")
        self.assertEqual(self.read(self.boot(clone)), "first")
        self.assertEqual(self.read(self.boot(copy)), "first")

    def test_chain_of_snapshots(self):
        guest = self.boot_with_disk()
        snapshots = []
        for text in ("one", "two", "three"):
            self.write(guest, text)
            snapshots.append(self.api.VM.snapshot(guest.vm, text))
        for vbd in self.api.VM.get_VBDs(snapshots[1]):
            vdi = self.api.VBD.get_VDI(vbd)
        self.api.VM.destroy(snapshots[1])
        self.api.VDI.destroy(vdi)
        self.assertEqual(self.read(guest), "three")
        for snapshot, text in ((snapshots[0], "one"), (snapshots[2], "three")):
            clone = self.api.VM.clone(snapshot, f"from {text}")
            self.api.VM.set_is_a_template(clone, False)
            booted = self.boot(clone)
            self.assertEqual(self.read(booted), text)
            self.api.VM.hard_shutdown(booted.vm)


if __name__ == "__main__":
    tap.main()
