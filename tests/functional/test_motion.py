"""A disk moves to another repository while the guest writes to it; no byte of it is lost, not even
when the daemon is killed meanwhile."""

import subprocess
import time

import tap
from lib import wait
from lib.api import NULL
from lib.case import FunctionalCase
from lib.guest import MIB

SIZE = 64
WRITER = ("(while [ ! -e /tmp/stop ]; do dd if=/dev/urandom of=/dev/vda bs=64k count=8 "
          "seek=$((RANDOM % 1000)) conv=notrunc,fsync 2>/dev/null; done; touch /tmp/stopped) &")
KILLS = 10


class Motion(FunctionalCase):
    def setUp(self):
        super().setUp()
        self.other = self.create_sr("other")
        self.guest = self.host.create_guest("moving")
        self.vbd = self.guest.add_disk(self.host.create_vdi("data", SIZE * MIB))

    def create_sr(self, name):
        return self.api.SR.create(self.api.host.get_all()[0],
                                  {"location": str(self.daemon.root / name)}, 0, name, "", "file",
                                  "user", False, {})

    def boot_writer(self):
        self.guest.start()
        self.guest.wait_for("[ -b /dev/vda ]")
        self.guest.run(f"dd if=/dev/urandom of=/dev/vda bs=1M count={SIZE} 2>/dev/null")
        self.write()

    def write(self):
        self.guest.run("rm -f /tmp/stop /tmp/stopped")
        self.guest.run(WRITER)

    def rest(self):
        self.guest.run("touch /tmp/stop; until [ -e /tmp/stopped ]; do usleep 50000; done; sync")

    def hash(self):
        """What the guest reads from the disk itself."""
        self.guest.run("echo 3 >/proc/sys/vm/drop_caches")
        return self.guest.run("md5sum /dev/vda").split()[0]

    def vdi(self):
        return self.api.VBD.get_VDI(self.vbd)

    def hash_of_image(self):
        """What is in the image, once nobody has it open."""
        record = self.api.VDI.get_record(self.vdi())
        folder = "other" if record["SR"] == self.other else "disks"
        image = self.daemon.root / folder / f"{record['uuid']}.qcow2"
        subprocess.run(["qemu-img", "check", "-q", "-f", "qcow2", image], check=True)
        raw = self.daemon.root / "image.raw"
        subprocess.run(["qemu-img", "convert", "-f", "qcow2", "-O", "raw", image, raw], check=True)
        return subprocess.run(["md5sum", raw], check=True, text=True,
                              capture_output=True).stdout.split()[0]

    def images(self):
        return [path for folder in ("disks", "other")
                for path in (self.daemon.root / folder).glob("*.qcow2")]

    def check_at_rest(self):
        """The guest reads what it wrote; so does who opens the image after it."""
        self.rest()
        seen = self.hash()
        self.guest.close_shell()
        self.api.VM.hard_shutdown(self.guest.vm)
        self.assertEqual(self.hash_of_image(), seen)

    def test_under_a_writer(self):
        self.boot_writer()
        boot_id = self.guest.run("cat /proc/sys/kernel/random/boot_id")
        for target in (self.other, self.host.default_sr(), self.other):
            old = self.vdi()
            new = self.api.VDI.pool_migrate(old, target, {})
            self.assertEqual(self.vdi(), new)
            self.assertEqual(self.api.VDI.get_SR(new), target)
            self.assertNotIn(old, self.api.VDI.get_all())
            self.assertEqual(len(self.images()), 1)
        self.assertEqual(self.guest.run("cat /proc/sys/kernel/random/boot_id"), boot_id)
        self.check_at_rest()

    def test_halted_and_whole(self):
        self.guest.start()
        self.guest.wait_for("[ -b /dev/vda ]")
        self.guest.run(f"dd if=/dev/urandom of=/dev/vda bs=1M count={SIZE} conv=fsync 2>/dev/null")
        seen = self.hash()
        network = self.host.create_network("road")
        dest = self.api.host.migrate_receive(self.api.host.get_all()[0], network, {})
        self.api.VM.migrate_send(self.guest.vm, dest, True, {self.vdi(): self.other}, {}, {})
        self.assertEqual(self.hash(), seen)
        self.guest.close_shell()
        self.api.VM.hard_shutdown(self.guest.vm)
        self.assertEqual(self.hash_of_image(), seen)
        self.api.VDI.pool_migrate(self.vdi(), self.host.default_sr(), {})
        self.assertEqual(self.hash_of_image(), seen)
        self.assertEqual(len(self.images()), 1)

    def test_cancel(self):
        self.boot_writer()
        old = self.vdi()
        task = self.api.call("Async.VDI.pool_migrate", self.api.session, old, self.other, {})
        self.api.task.cancel(task)
        self.api.wait_for("the end of the task", 120, ["task"],
                          lambda: self.api.task.get_status(task) != "pending")
        self.assertEqual(self.api.task.get_status(task), "cancelled")
        self.assertEqual(self.vdi(), old)
        self.assertEqual(len(self.images()), 1)
        self.check_at_rest()

    def test_kill(self):
        self.boot_writer()
        begin = time.monotonic()
        self.api.VDI.pool_migrate(self.vdi(), self.other, {})
        whole = time.monotonic() - begin
        for number in range(KILLS):
            # While data are copied, around the move, after it.
            moment = whole * (number + 1) / KILLS * 1.3
            target = self.other if self.api.VDI.get_SR(self.vdi()) != self.other \
                else self.host.default_sr()
            self.api.call("Async.VDI.pool_migrate", self.api.session, self.vdi(), target, {})
            wait.moment(moment)
            self.daemon.kill()
            self.restart()
            self.guest.api = self.api
            self.guest.close_shell()
            self.assertEqual(self.guest.state(), "Running")
            record = self.api.VDI.get_record(self.vdi())
            moved = record["SR"] == target
            print(f"# killed after {moment:.2f} s: the disk has {'' if moved else 'not '}moved", flush=True)
            self.assertEqual(record["type"], "user")
            self.assertEqual(record["current_operations"], {})
            self.assertEqual(self.api.VDI.get_all(), [self.vdi()])
            self.assertEqual([path.stem for path in self.images()], [record["uuid"]])
            self.guest.run("[ ! -e /tmp/stopped ]")
        self.assertNotEqual(self.api.VM.get_resident_on(self.guest.vm), NULL)
        self.check_at_rest()


if __name__ == "__main__":
    tap.main()
