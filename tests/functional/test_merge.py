"""Snapshots of a running guest's disk come and go; what they leave is merged under the guest while
it writes, and no byte of the disk changes by it, not even when the daemon is killed meanwhile."""

import random
import subprocess

import tap
from lib import api, wait
from lib.case import FunctionalCase
from lib.guest import MIB

SEED = 7
ROUNDS = 6
LONGEST_ROUND = 0.4  # seconds until the kill
WRITER = ("(while [ ! -e /tmp/stop ]; do dd if=/dev/urandom of=/dev/vda bs=64k count=8 "
          "seek=$((RANDOM % 480)) conv=notrunc,fsync 2>/dev/null; done; touch /tmp/stopped) &")


class Merge(FunctionalCase):
    def boot_writer(self):
        guest = self.host.create_guest("writer")
        self.vdi = self.host.create_vdi("data", 32 * MIB)
        guest.add_disk(self.vdi)
        guest.start().wait_agent()
        guest.wait_for("[ -b /dev/vda ]")
        guest.run("dd if=/dev/urandom of=/dev/vda bs=1M count=32 2>/dev/null")
        guest.run(WRITER)
        return guest

    def hash_at_rest(self, guest):
        guest.run("touch /tmp/stop; until [ -e /tmp/stopped ]; do usleep 50000; done; sync")
        return self.hash(guest)

    def hash(self, guest):
        guest.wait_for("[ -b /dev/vda ]")
        return guest.run("md5sum /dev/vda").split()[0]

    def wait_merged(self):
        """Until the disk stands on nothing, and nothing else is left in the repository."""
        def merged():
            records = self.api.VDI.get_all_records()
            return len(records) == 1 and records[self.vdi]["parent"] == api.NULL
        self.api.wait_for("a disk without parents", 120, ["VDI"], merged)

    def check_after(self, guest, expected):
        """The same bytes for the next start, in an image that is sound."""
        guest.close_shell()
        self.api.VM.hard_shutdown(guest.vm)
        images = list((self.daemon.root / "disks").glob("*.qcow2"))
        self.assertEqual([image.stem for image in images], [self.api.VDI.get_uuid(self.vdi)])
        subprocess.run(["qemu-img", "check", "-q", "-f", "qcow2", images[0]], check=True)
        guest.start()
        self.assertEqual(self.hash(guest), expected)

    def test_snapshots_come_and_go(self):
        guest = self.boot_writer()
        kept = []
        for _ in range(4):
            kept.append(self.api.VDI.snapshot(self.vdi, {}))
            if len(kept) > 1:
                self.api.VDI.destroy(kept.pop(0))
        self.api.VDI.destroy(kept.pop())
        self.wait_merged()
        self.assertEqual(guest.state(), "Running")
        self.check_after(guest, self.hash_at_rest(guest))

    def kill(self, guest):
        """The guest, under the next daemon."""
        self.daemon.kill()
        self.restart()
        guest = self.host.guest(guest.vm)
        self.assertEqual(guest.state(), "Running")
        return guest

    def test_daemon_is_killed_in_merges(self):
        guest = self.boot_writer()
        moments = random.Random(SEED)
        for _ in range(ROUNDS):
            snapshot = self.api.VDI.snapshot(self.vdi, {})
            self.api.VDI.destroy(snapshot)
            wait.moment(moments.uniform(0, LONGEST_ROUND))
            guest = self.kill(guest)
            self.wait_merged()
        self.check_after(guest, self.hash_at_rest(guest))

    def test_daemon_is_killed_in_snapshots(self):
        guest = self.boot_writer()
        moments = random.Random(SEED)
        for _ in range(ROUNDS):
            self.api.call("Async.VDI.snapshot", self.api.session, self.vdi, {})
            wait.moment(moments.uniform(0, LONGEST_ROUND))
            guest = self.kill(guest)
            self.api.VDI.snapshot(self.vdi, {})
            # One that was cut short has come to its end or is gone.
            for vdi, record in self.api.VDI.get_all_records().items():
                if record["managed"] and vdi != self.vdi:
                    self.assertEqual(record["snapshot_of"], self.vdi)
                    self.api.VDI.destroy(vdi)
            self.wait_merged()
        self.check_after(guest, self.hash_at_rest(guest))


if __name__ == "__main__":
    tap.main()
