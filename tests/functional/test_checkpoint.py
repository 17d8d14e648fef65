"""Checkpoints: going back to one brings disk and memory back together."""

import tap
from lib.case import FunctionalCase
from lib.guest import MIB

WRITE = "echo {0} >/tmp/word; echo {0} | dd of=/dev/vda bs=512 conv=sync,fsync 2>/dev/null"
BOOT_ID = "cat /proc/sys/kernel/random/boot_id"


class Checkpoint(FunctionalCase):
    def words(self, guest):
        """What is in its memory, and what is on its disk."""
        return guest.run("cat /tmp/word; head -c 16 /dev/vda | head -n 1").split()

    def resume(self, guest):
        guest.close_shell()
        self.api.VM.resume(guest.vm, False, False)
        guest.open_shell()

    def test_memory_and_disk_come_back(self):
        guest = self.host.create_guest("checkpoint")
        guest.add_disk(self.host.create_vdi("data", 16 * MIB))
        guest.start().wait_agent()
        guest.wait_for("[ -b /dev/vda ]")
        guest.run(WRITE.format("first"))
        boot_id = guest.run(BOOT_ID)
        generation = self.api.VM.get_generation_id(guest.vm)

        checkpoint = self.api.VM.checkpoint(guest.vm, "first")
        self.assertEqual(guest.state(), "Running")
        self.assertEqual(self.words(guest), ["first", "first"])
        guest.run(WRITE.format("second"))
        self.assertEqual(self.words(guest), ["second", "second"])

        self.api.VM.revert(checkpoint)
        self.assertEqual(guest.state(), "Suspended")
        self.assertNotEqual(self.api.VM.get_generation_id(guest.vm), generation)
        self.resume(guest)
        self.assertEqual(guest.run(BOOT_ID), boot_id)
        self.assertEqual(self.words(guest), ["first", "first"])

        # The checkpoint is as good the second time, and the guest can still write.
        guest.run(WRITE.format("third"))
        self.api.VM.revert(checkpoint)
        self.resume(guest)
        self.assertEqual(self.words(guest), ["first", "first"])
        guest.run(WRITE.format("fourth"))
        guest.run("sync; echo 3 >/proc/sys/vm/drop_caches")
        self.assertEqual(self.words(guest), ["fourth", "fourth"])


if __name__ == "__main__":
    tap.main()
