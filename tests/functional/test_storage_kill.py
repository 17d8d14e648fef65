"""The daemon is killed in the middle of work on disks, again and again.

Three clients work at once; each remembers what the daemon acknowledged. After each kill all of that
must still be there, with the content it had, and the database must tell of exactly the images that
there are. The guest is the fake engine's and writes nothing; the test writes between the rounds."""

import http.client
import json
import random
import subprocess
import threading

import tap
from lib import api, wait
from lib.case import FunctionalCase
from lib.guest import INITRD, MIB

SEED = 62
ROUNDS = 20
LONGEST_ROUND = 0.6  # seconds until the kill
MOST_DISKS = 4  # of one client
MARK_SIZE = 65536
COPIES = 4  # of each kind that are cut short


class Disk:
    """A disk that the daemon acknowledged."""

    def __init__(self, ref, size, mark, read_only=False):
        self.ref = ref
        self.uuid = None  # asked for after the kill
        self.size = size
        self.asked_size = size  # of a resize that may have been cut short
        self.mark = mark  # the byte that its first 64 KiB are full of
        self.read_only = read_only
        self.doomed = False  # its destruction was asked for


class Client(threading.Thread):
    """Works on its own disks until the daemon is gone."""

    def __init__(self, api, sr, disks, seed):
        super().__init__()
        self.api = api
        self.sr = sr
        self.disks = disks
        self.random = random.Random(seed)
        self.steps = 0
        self.failure = None

    def run(self):
        try:
            while True:
                self.step()
                self.steps += 1
        except (OSError, http.client.HTTPException):
            pass  # killed
        except Exception as error:  # pylint: disable=broad-except
            self.failure = error

    def step(self):
        if not self.disks:
            self.create()
        elif len(self.disks) >= MOST_DISKS:
            self.destroy(self.random.choice(self.disks))
        else:
            work = self.random.choice((self.clone, self.snapshot, self.copy, self.resize,
                                       self.destroy, lambda _: self.create()))
            work(self.random.choice(self.disks))

    def keep(self, ref, size, mark, read_only=False):
        self.disks.append(Disk(ref, size, mark, read_only))

    def create(self):
        size = 8 * MIB
        self.keep(self.api.VDI.create({
            "name_label": "disk", "name_description": "", "SR": self.sr, "virtual_size": size,
            "type": "user", "sharable": False, "read_only": False, "other_config": {},
            "sm_config": {"type": "raw"} if self.random.random() < 0.3 else {}}), size, 0)

    def clone(self, disk):
        self.keep(self.api.VDI.clone(disk.ref, {}), disk.size, disk.mark)

    def snapshot(self, disk):
        self.keep(self.api.VDI.snapshot(disk.ref, {}), disk.size, disk.mark, True)

    def copy(self, disk):
        self.keep(self.api.VDI.copy(disk.ref, self.sr), disk.size, disk.mark)

    def resize(self, disk):
        disk.asked_size = disk.size + MIB
        self.api.VDI.resize(disk.ref, disk.asked_size)
        disk.size = disk.asked_size

    def destroy(self, disk):
        disk.doomed = True
        self.api.VDI.destroy(disk.ref)
        self.disks.remove(disk)


class VmClient(Client):
    """Starts and stops a VM, and takes snapshots of its disk at any time."""

    def __init__(self, api, sr, disks, seed, vm):
        super().__init__(api, sr, disks, seed)
        self.vm = vm

    def step(self):
        if self.random.random() < 0.4:
            if self.api.VM.get_power_state(self.vm) == "Halted":
                self.api.VM.start(self.vm, False, False)
            else:
                self.api.VM.hard_shutdown(self.vm)
        elif len(self.disks) < MOST_DISKS:
            self.snapshot(self.disks[0])
        else:
            self.destroy(self.random.choice(self.disks[1:]))


class StorageKill(FunctionalCase):
    """One case: its rounds stand on each other."""

    engine = "fake"

    @classmethod
    def missing(cls):
        return super().missing() or (None if INITRD.exists() else "the demo guest is not built")

    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)
        self.sr = self.host.default_sr()
        self.folder = self.daemon.root / "disks"
        self.disks = ([], [], [])
        self.vm = self.create_vm()

    def create_vm(self):
        """A VM whose disk is the first of the third client's."""
        template = self.api.VM.get_by_name_label("Other install media")[0]
        vm = self.api.VM.clone(template, "vm")
        self.api.VM.provision(vm)
        ref = self.host.create_vdi("disk", 8 * MIB)
        self.disks[2].append(Disk(ref, 8 * MIB, 0))
        self.api.VBD.create({
            "VM": vm, "VDI": ref, "userdevice": "0", "bootable": True, "mode": "RW",
            "type": "Disk", "empty": False, "other_config": {}, "qos_algorithm_type": "",
            "qos_algorithm_params": {}})
        return vm

    def test_kill_in_storage_work(self):
        steps = 0
        for number in range(ROUNDS):
            steps += self.work_and_kill(number)
            self.restart()
            self.settle()
            self.check_objects()
            self.check_images()
            self.write_marks(number + 1)
        print(f"# {steps} operations in {ROUNDS} rounds", flush=True)
        self.assertGreaterEqual(steps, ROUNDS // 2)

    def work_and_kill(self, number):
        """Returns how many operations were acknowledged: one at least in every other round, however
        slow the machine is."""
        seeds = [f"{SEED}/{number}/{client}" for client in range(3)]
        clients = [Client(self.daemon.connect(), self.sr, self.disks[i], seeds[i])
                   for i in range(2)]
        clients.append(VmClient(self.daemon.connect(), self.sr, self.disks[2], seeds[2], self.vm))
        for client in clients:
            client.start()
        wait.moment(self.random.uniform(0.02, LONGEST_ROUND))
        deadline = wait.Deadline(60, "first answer")
        while number % 2 and not any(client.steps for client in clients):
            wait.pause(deadline)
        self.daemon.kill()
        for client in clients:
            client.join(60)
            client.api.close()
            self.assertIsNone(client.failure, f"round {number}: {client.failure!r}")
        return sum(client.steps for client in clients)

    def settle(self):
        """Waits until what the daemon left running has ended, every chain is as short as it can be,
        and the database tells of the images in the folder."""
        deadline = wait.Deadline(60, "end of the helpers that the killed daemon left")
        while len(list(self.daemon.pids())) > 1:
            wait.pause(deadline)
        self.drop_unacknowledged()
        deadline = wait.Deadline(60, "a database that fits the images")
        while True:
            self.api.SR.scan(self.sr)
            rows, files = self.rows(), self.files()
            if rows == files and not self.mergeable(files):
                return
            try:
                wait.pause(deadline)
            except TimeoutError:
                self.fail(f"rows {rows}\nfiles {files}")

    def drop_unacknowledged(self):
        """Destroys disks whose making was never acknowledged: they may be there or not."""
        known = {disk.ref for disks in self.disks for disk in disks}
        for ref, record in self.api.VDI.get_all_records().items():
            if record["managed"] and ref not in known:
                self.api.VDI.destroy(ref)

    def rows(self):
        """{uuid: uuid of the parent or None} by the database."""
        records = self.api.VDI.get_all_records().values()
        return {record["uuid"]: record["sm_config"].get("vhd-parent") for record in records}

    def files(self):
        """The same by the headers of the images; None when one went meanwhile, in a merge."""
        images = {}
        for path in self.folder.iterdir():
            if path.suffix in (".qcow2", ".raw"):
                try:
                    backing = self.header(path).get("backing-filename")
                except AssertionError:
                    if path.exists():
                        raise
                    return None
                images[path.name.split(".")[0]] = backing.split(".")[0] if backing else None
        return images

    def mergeable(self, files):
        """Disks that no VM has open and whose parent has no other child."""
        parents = [parent for parent in files.values() if parent]
        vm_disk = self.api.VDI.get_uuid(self.disks[2][0].ref)
        is_up = self.api.VM.get_power_state(self.vm) != "Halted"
        return [child for child, parent in files.items()
                if parent and parents.count(parent) == 1 and child not in parents
                and not (is_up and child == vm_disk)]

    def check_objects(self):
        """What was acknowledged is there; nothing is under way."""
        for name in ("VM", "VDI", "VBD", "SR"):
            for ref, record in getattr(self.api, name).get_all_records().items():
                self.assertEqual(record["current_operations"], {}, f"{name} {ref}")
        records = self.api.VDI.get_all_records()
        for disks in self.disks:
            for disk in list(disks):
                if disk.doomed and disk.ref not in records:
                    disks.remove(disk)
                    continue
                self.assertIn(disk.ref, records, "an acknowledged disk is lost")
                self.check_disk(disk, records[disk.ref])

    def check_disk(self, disk, record):
        size = int(record["virtual_size"])
        self.assertFalse(record["missing"])
        self.assertIn(size, (disk.size, disk.asked_size))
        self.assertEqual(record["read_only"], disk.read_only)
        disk.uuid = record["uuid"]
        disk.size = disk.asked_size = size
        disk.doomed = False

    def check_images(self):
        """Every image is sound, and reads as what was written."""
        leftovers = [path.name for path in self.folder.iterdir()
                     if path.suffix in (".new", ".next")]
        self.assertEqual(leftovers, [])
        for path in self.folder.glob("*.qcow2"):
            self.run_tool("qemu-img", "check", "-q", "-f", "qcow2", path)
        for disks in self.disks:
            for disk in disks:
                path = self.path(disk.uuid)
                self.assertEqual(self.header(path)["virtual-size"], disk.size)
                output = self.run_tool("qemu-io", "-r", "-f", path.suffix[1:], "-c",
                                       f"read -P {disk.mark} 0 {MARK_SIZE}", path)
                self.assertNotIn("verification failed", output, f"{path}: not {disk.mark}")

    def write_marks(self, mark):
        """Gives the disks that can be written a new content, as their guests would."""
        for disks in self.disks:
            for disk in disks:
                if not disk.read_only:
                    path = self.path(disk.uuid)
                    self.run_tool("qemu-io", "-f", path.suffix[1:], "-c",
                                  f"write -P {mark} 0 {MARK_SIZE}", path)
                    disk.mark = mark

    def path(self, uuid):
        return next(path for path in self.folder.glob(f"{uuid}.*"))

    def header(self, path):
        return json.loads(self.run_tool("qemu-img", "info", "-U", "-f", path.suffix[1:],
                                        "--output=json", path))

    def run_tool(self, *arguments):
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, f"{arguments}: {done.stdout}{done.stderr}")
        return done.stdout


class CopyKill(FunctionalCase):
    """The daemon is killed as soon as there is the image of a copy: mostly before the database says
    of what."""

    engine = "fake"

    def test_kill_at_the_image(self):
        vdi = self.host.create_vdi("disk", 8 * MIB)
        for method in ["Async.VDI.snapshot", "Async.VDI.clone"] * COPIES:
            self.make_copy(method, vdi)
            self.daemon.kill()
            self.restart()
            self.check_copies(method, vdi)

    def make_copy(self, method, vdi):
        """Returns when its image has its name."""
        folder = self.daemon.root / "disks"
        before = self.leaves(folder)
        self.api.call(method, self.api.session, vdi, {})
        deadline = wait.Deadline(60, "image of the copy")
        while self.leaves(folder) == before:
            deadline.left()

    @staticmethod
    def leaves(folder):
        return {path for path in folder.glob("*.qcow2") if not path.name.endswith(".base.qcow2")}

    def check_copies(self, method, vdi):
        """What is there is complete, and may be destroyed."""
        snapshot_of = vdi if method == "Async.VDI.snapshot" else api.NULL
        for ref, record in self.api.VDI.get_all_records().items():
            if record["managed"] and ref != vdi:
                self.assertEqual(record["name_label"], "disk")
                self.assertEqual(record["type"], "user")
                self.assertEqual(record["snapshot_of"], snapshot_of)
                self.api.VDI.destroy(ref)
        uuid = self.api.VDI.get_uuid(vdi)
        self.assertEqual([path.stem for path in self.leaves(self.daemon.root / "disks")], [uuid])


if __name__ == "__main__":
    tap.main()
