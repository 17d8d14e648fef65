"""The daemon is killed in the middle of operations; no VM and no disk may be lost.

Each case starts one operation, kills the daemon with SIGKILL a moment later, starts it again and
checks all that must hold whatever the operation had done by then. A second guest runs through
all of it and must not notice."""

import subprocess

import tap
from lib import wait
from lib.api import ApiError
from lib.case import FunctionalCase
from lib.guest import MIB

# Classes whose objects have operations.
LOCKED = ("VM", "VDI", "VBD", "VIF", "SR")
# Milliseconds between the call and the kill: each operation is hit early and late.
MOMENTS = ((0, 60), (5, 100), (20, 150), (40, 250))
# What asks the guest, which may have heard it by then and ends in its own time.
ASKING = ("VM.clean_shutdown", "VM.clean_reboot")


class Crash(FunctionalCase):
    """One case for all operations: they share the daemon and its guests."""

    def setUp(self):
        super().setUp()
        self.bystander = self.host.create_guest("bystander")
        self.bystander.add_disk(self.host.create_vdi("bystander", 16 * MIB))
        self.victim = self.host.create_guest("victim")
        self.disk = self.host.create_vdi("disk", 16 * MIB)
        self.vbd = self.victim.add_disk(self.disk)
        self.vif = self.victim.add_nic(self.host.internal_network())
        self.bystander.start().wait_agent()
        self.boot_id = self.bystander.run("cat /proc/sys/kernel/random/boot_id")
        self.bystander.run("dd if=/dev/urandom of=/tmp/noise bs=1M count=4 2>/dev/null")
        self.bystander.run("dd if=/tmp/noise of=/dev/vda bs=1M conv=fsync 2>/dev/null")

    def test_kill_in_operations(self):
        operations = self.operations()
        self.assertGreaterEqual(len(operations), 20)
        for number, (method, state, params) in enumerate(operations):
            for moment in MOMENTS[number % len(MOMENTS)]:
                self.settle(state)
                known = self.objects()
                self.kill_in(method, params(), moment)
                self.check(method, known)
                print(f"# {method} killed after {moment} ms: the VM is {self.victim.state()}",
                      flush=True)
        self.check_bystander()
        self.check_images()

    def operations(self):
        """(message, state that the victim must be in, function that makes its parameters)."""
        host, vm = self.host, self.victim.vm
        return (
            ("VM.start", "Halted", lambda: (vm, False, False)),
            ("VM.clean_shutdown", "Running", lambda: (vm,)),
            ("VM.start", "Halted", lambda: (vm, True, False)),
            ("VM.unpause", "Paused", lambda: (vm,)),
            ("VM.pause", "Running", lambda: (vm,)),
            ("VM.hard_reboot", "Running", lambda: (vm,)),
            ("VM.clean_reboot", "Running", lambda: (vm,)),
            ("VM.suspend", "Running", lambda: (vm,)),
            ("VM.resume", "Suspended", lambda: (vm, False, False)),
            ("VM.snapshot", "Running", lambda: (vm, "live")),
            ("VM.snapshot", "Halted", lambda: (vm, "cold")),
            ("VM.revert", "Halted", lambda: (self.api.VM.snapshot(vm, "base"),)),
            ("VM.clone", "Halted", lambda: (vm, "clone")),
            ("VM.copy", "Halted", lambda: (vm, "copy", host.default_sr())),
            ("VM.hard_shutdown", "Running", lambda: (vm,)),
            ("VM.destroy", "Halted", lambda: (self.api.VM.clone(vm, "doomed"),)),
            ("VDI.snapshot", "Running", lambda: (self.current_disk(), {})),
            ("VDI.clone", "Halted", lambda: (self.current_disk(), {})),
            ("VDI.copy", "Halted", lambda: (self.current_disk(), host.default_sr())),
            ("VDI.resize", "Halted", lambda: (self.current_disk(), self.bigger())),
            ("VDI.destroy", "Halted", lambda: (host.create_vdi("doomed", 16 * MIB),)),
            ("VBD.unplug", "Running", lambda: (self.current_vbd(),)),
            ("VBD.plug", "Running", lambda: (self.unplugged_vbd(),)),
            ("VIF.unplug", "Running", lambda: (self.current_vif(),)),
            ("SR.scan", "Running", lambda: (host.default_sr(),)),
        )

    def current_vbd(self):
        return self.api.VM.get_VBDs(self.victim.vm)[0]

    def current_vif(self):
        return self.api.VM.get_VIFs(self.victim.vm)[0]

    def current_disk(self):
        return self.api.VBD.get_VDI(self.current_vbd())

    def bigger(self):
        return int(self.api.VDI.get_virtual_size(self.current_disk())) + 16 * MIB

    def unplugged_vbd(self):
        vbd = self.current_vbd()
        if self.api.VBD.get_currently_attached(vbd):
            self.api.VBD.unplug(vbd)
        return vbd

    def settle(self, wanted):
        """Brings the victim to a state, booted up where it runs, with its devices plugged."""
        vm = self.victim.vm
        if self.victim.state() != wanted:
            if self.victim.state() != "Halted":
                self.api.VM.hard_shutdown(vm)
            if wanted != "Halted":
                self.api.VM.start(vm, wanted == "Paused", False)
            if wanted == "Suspended":
                self.victim.wait_agent()
                self.api.VM.suspend(vm)
        if wanted == "Running":
            self.victim.wait_agent()
            for vbd in self.api.VM.get_VBDs(vm):
                if not self.api.VBD.get_currently_attached(vbd):
                    self.api.VBD.plug(vbd)

    def end_victim(self):
        """It may just be ending by itself."""
        try:
            self.api.VM.hard_shutdown(self.victim.vm)
        except ApiError as error:
            if error.code != "VM_BAD_POWER_STATE":
                raise

    def objects(self):
        """uuids of what must still be there afterwards. Parents that only the daemon handles are
        none of it: they go when nothing but one disk stands on them."""
        return {name: {record["uuid"] for record in messages.get_all_records().values()
                       if not record["name_label"].startswith("doomed")
                       and record.get("managed", True)}
                for name, messages in (("VM", self.api.VM), ("VDI", self.api.VDI))}

    def kill_in(self, method, params, moment):
        """Starts the operation in the background and kills the daemon."""
        try:
            self.api.call(f"Async.{method}", self.api.session, *params)
        except ApiError as error:
            self.fail(f"{method} was refused: {error}")
        wait.moment(moment / 1000)
        self.daemon.kill()
        self.restart()
        self.rebind(self.bystander)
        self.rebind(self.victim)

    def rebind(self, guest):
        guest.api = self.api
        guest.close_shell()

    def check(self, method, known):
        """Everything that holds after a crash, whatever was going on."""
        self.api.SR.scan(self.host.default_sr())
        now = self.objects()
        may_go = {"VM.revert", "VM.suspend", "VM.resume", "VM.hard_shutdown"}
        lost = {name: known[name] - now[name] for name in known}
        self.assertEqual(lost["VM"], set(), f"{method}: lost VMs")
        if method not in may_go:
            self.assertEqual(lost["VDI"], set(), f"{method}: lost disks")
        self.api.wait_for(f"end of all operations after {method}", 60, list(LOCKED),
                          lambda: not self.operations_left())
        for ref, record in self.api.VDI.get_all_records().items():
            self.assertFalse(record["missing"], f"{method}: {record['name_label']} has no data")
        self.assertEqual(self.bystander.state(), "Running")
        if method in ASKING:
            # A guest that was told to end may do so at any time, and that is then acted upon.
            self.api.wait_for(f"as many guests as VMs that are up after {method}", 60, list(LOCKED),
                              lambda: self.count_guests() == self.count_up())
            self.end_victim()
        self.assertEqual(self.count_guests(), self.count_up(),
                         f"{method}: a guest without a VM, or a VM without its guest")

    def operations_left(self):
        """What still runs, by the locks that it holds."""
        return [record["current_operations"] for name in LOCKED
                for record in getattr(self.api, name).get_all_records().values()
                if record["current_operations"]]

    def count_guests(self):
        return len(list(self.daemon.pids("qemu-system-x86_64")))

    def count_up(self):
        """How many VMs ought to have a process."""
        return sum(1 for record in self.api.VM.get_all_records().values()
                   if record["power_state"] in ("Running", "Paused")
                   and not record["is_control_domain"])

    def check_bystander(self):
        """The guest that ran through all of it did not notice."""
        self.assertEqual(self.bystander.run("cat /proc/sys/kernel/random/boot_id"), self.boot_id)
        self.bystander.run("cmp -n 4194304 /tmp/noise /dev/vda")
        self.api.VM.clean_shutdown(self.bystander.vm)
        self.settle("Running")
        self.victim.run("true")

    def check_images(self):
        """Every image on the disk is sound, once nobody writes to it."""
        self.settle("Halted")
        images = sorted((self.daemon.root / "disks").glob("*.qcow2"))
        self.assertGreaterEqual(len(images), 2)
        for image in images:
            done = subprocess.run(["qemu-img", "check", "-q", image], check=False, text=True,
                                  capture_output=True)
            # 3: space that nobody uses, which costs nothing but itself.
            self.assertIn(done.returncode, (0, 3), f"{image}: {done.stdout}{done.stderr}")


if __name__ == "__main__":
    tap.main()
