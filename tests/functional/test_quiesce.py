"""A snapshot while the guest's file systems stand still: what the guest wrote is in it, and it needs
no repair."""

import subprocess

import tap
from lib.case import FunctionalCase
from lib.guest import MIB


class Quiesce(FunctionalCase):
    def boot(self):
        guest = self.host.create_guest("quiesce")
        self.vdi = self.host.create_vdi("data", 32 * MIB)
        guest.add_disk(self.vdi)
        guest.start().wait_agent()
        guest.wait_for("[ -b /dev/vda ]")
        guest.run("mke2fs -q /dev/vda && mount -t ext4 /dev/vda /mnt")
        return guest

    def test_snapshot(self):
        guest = self.boot()
        self.assertEqual(guest.metrics()["other"].get("feature-quiesce"), "1")
        self.assertIn("snapshot_with_quiesce",
                      self.api.VM.get_allowed_operations(guest.vm))
        # Nothing tells the kernel to write it out but the freeze.
        guest.run("echo 99 >/proc/sys/vm/dirty_ratio; echo 360000 >/proc/sys/vm/dirty_writeback_centisecs")
        guest.run("echo written-and-not-synced >/mnt/file")
        snapshot = self.api.VM.snapshot_with_quiesce(guest.vm, "still")
        self.assertEqual(self.api.VM.get_snapshot_info(snapshot)["disk-snapshot-type"], "quiesced")
        guest.run("echo more >>/mnt/file; sync")  # it goes on

        copy, = self.api.VDI.get_snapshots(self.vdi)
        image = self.daemon.root / "disks" / f"{self.api.VDI.get_uuid(copy)}.qcow2"
        raw = self.daemon.root / "copy.raw"
        subprocess.run(["qemu-img", "convert", "-O", "raw", image, raw], check=True)
        subprocess.run(["e2fsck", "-f", "-n", raw], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        read = subprocess.run(["debugfs", "-R", "cat /file", raw], check=True, text=True,
                              capture_output=True)
        self.assertEqual(read.stdout, "written-and-not-synced\n")

    def test_kill_while_frozen(self):
        """A guest whose host's daemon died in the middle is thawed by the next one."""
        guest = self.boot()
        for _ in range(3):
            self.api.call("Async.VM.snapshot_with_quiesce", self.api.session, guest.vm, "cut short")
            self.daemon.kill()
            self.restart()
            guest.api = self.api
            guest.close_shell()
            guest.run("echo alive >/mnt/file; sync", 60)
        self.assertEqual(guest.state(), "Running")


if __name__ == "__main__":
    tap.main()
