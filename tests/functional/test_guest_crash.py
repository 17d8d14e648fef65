"""A guest that panics: its memory is kept, and the VM does what it was told to do then."""

import mmap
import struct

import tap
from lib.api import NULL
from lib.case import FunctionalCase
from lib.guest import MIB

PT_LOAD = 1


class GuestCrash(FunctionalCase):
    def setUp(self):
        super().setUp()
        self.guest = self.host.create_guest("fragile")
        pool = self.api.pool.get_all()[0]
        self.api.pool.set_crash_dump_SR(pool, self.host.default_sr())

    def start(self, behaviour):
        self.api.VM.set_actions_after_crash(self.guest.vm, behaviour)
        # It crashes sooner than a guest may that is to come back.
        self.api.VM.add_to_other_config(self.guest.vm, "crash-loop-seconds", "0")
        self.guest.start()
        self.guest.run("echo 1 >/proc/sys/kernel/sysrq")

    def panic(self):
        self.guest.close_shell()
        self.api.VM.send_sysrq(self.guest.vm, "c")

    def dumps(self):
        return self.api.VM.get_crash_dumps(self.guest.vm)

    def wait_dumps(self, count):
        self.api.wait_for(f"{count} crash dumps", 240, ["VM"], lambda: len(self.dumps()) == count)

    def image_of(self, dump):
        vdi = self.api.VDI.get_record(self.api.crashdump.get_VDI(dump))
        self.assertEqual(vdi["type"], "crashdump")
        return self.daemon.root / "disks" / f"{vdi['uuid']}.raw"

    def check_core(self, path, text):
        """An ELF core file with all the memory of the guest, this text among it."""
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as core:
            self.assertEqual(core[:6], b"\x7fELF\x02\x01")
            table, = struct.unpack_from("<Q", core, 32)
            size, count = struct.unpack_from("<HH", core, 54)
            loads = [struct.unpack_from("<IIQQQQ", core, table + i * size) for i in range(count)]
            memory = sum(load[5] for load in loads if load[0] == PT_LOAD)
            self.assertGreaterEqual(memory, 192 * MIB)
            self.assertGreater(core.find(text), 0)

    def test_dump_and_restart(self):
        self.start("coredump_and_restart")
        boot_id = self.guest.run("cat /proc/sys/kernel/random/boot_id")
        self.guest.run("echo remember-$((41 + 1))-this >/tmp/text")
        self.panic()
        self.wait_dumps(1)
        self.check_core(self.image_of(self.dumps()[0]), b"remember-42-this")
        self.api.wait_for("the end of the restart", 120, [f"VM/{self.guest.vm}"],
                          lambda: not self.api.VM.get_current_operations(self.guest.vm))
        self.guest.wait_for("true")
        self.assertNotEqual(self.guest.run("cat /proc/sys/kernel/random/boot_id"), boot_id)
        self.assertEqual(self.guest.state(), "Running")

        image = self.image_of(self.dumps()[0])
        self.api.crashdump.destroy(self.dumps()[0])
        self.assertFalse(image.exists())

    def test_kill_while_dumping(self):
        self.start("coredump_and_destroy")
        self.panic()
        self.api.wait_for("the crash", 120, [f"VM/{self.guest.vm}"],
                          lambda: self.api.VM.get_current_operations(self.guest.vm))
        self.daemon.kill()
        self.restart()
        self.guest.api = self.api
        self.guest.wait_state("Halted")
        self.assertEqual(len(self.dumps()), 1)
        self.image_of(self.dumps()[0])
        types = [record["type"] for record in self.api.VDI.get_all_records().values()]
        self.assertEqual(types, ["crashdump"])

    def test_end_while_dumping(self):
        self.start("coredump_and_destroy")
        self.panic()
        self.api.wait_for("the crash", 120, [f"VM/{self.guest.vm}"],
                          lambda: self.api.VM.get_current_operations(self.guest.vm))
        self.api.VM.hard_shutdown(self.guest.vm)
        record = self.api.VM.get_record(self.guest.vm)
        self.assertEqual(record["power_state"], "Halted")
        self.assertEqual(record["current_operations"], {})
        disks = [dump["VDI"] for dump in self.api.crashdump.get_all_records().values()]
        self.assertEqual(self.api.VDI.get_all(), disks)

    def test_preserve(self):
        self.start("preserve")
        domid = self.api.VM.get_domid(self.guest.vm)
        self.panic()
        self.api.wait_for("the alert", 120, ["message"], lambda: any(
            record["name"] == "VM_CRASHED" for record in self.api.message.get_all_records().values()))
        self.assertEqual(self.guest.state(), "Running")
        self.assertEqual(self.api.VM.get_domid(self.guest.vm), domid)
        self.assertEqual(self.dumps(), [])
        self.assertNotEqual(self.api.VM.get_resident_on(self.guest.vm), NULL)
        self.api.VM.hard_shutdown(self.guest.vm)
        self.assertEqual(self.guest.state(), "Halted")


if __name__ == "__main__":
    tap.main()
