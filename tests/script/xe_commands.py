"""Every command of XenServer 6.2 by the real xe, against a daemon on the fake engine.

Each runs without arguments, with wrong and empty ones, and with right ones as far as they can be
guessed from the parameters' names. Whatever it does, it has to end in time and to say why when it
fails, and the daemon has to be there afterwards. What commands are for is tested elsewhere."""

import os
import pathlib
import subprocess
import unittest

import tap

from language.daemon import Daemon
from stock import NOWHERE, Pool

COMMANDS = pathlib.Path(__file__).parent.parent / "data/cli/commands_6_2.tsv"
DEADLINE = 20  # seconds for one command
# What some need beyond what is required.
EXTRA = {
    "vbd-create": ["type=CD", "mode=RO"],
    "vm-install": ["template=Other install media"],
    "vm-migrate": ["host=nobody"],
}
USAGE_HINT = "For usage run: 'xe help'\n"

# Their job is to end the daemon, or every session with the test's own.
NOT_RIGHT = {"host-shutdown-agent", "session-subject-identifier-logout-all"}
# They take away what others need, so they run last.
LAST_WORDS = ("destroy", "forget", "uninstall", "eject", "remove", "shutdown", "disable",
              "evacuate", "emergency", "restore", "reset", "designate", "password", "unplug",
              "reboot")

# What a uuid belongs to, by the beginning of a parameter or a command.
CLASSES = {
    "appliance": "VM_appliance", "blob": "blob", "bond": "Bond", "console": "console",
    "diagnostic-vdi": "VDI", "diagnostic-vm": "VM", "drtask": "DR_task", "gpu-group": "GPU_group",
    "host": "host", "host-cpu": "host_cpu", "host-crashdump": "host_crashdump",
    "message": "message", "network": "network", "patch": "pool_patch", "pbd": "PBD",
    "pgpu": "PGPU", "pif": "PIF", "pool": "pool", "role": "role", "secret": "secret", "sm": "SM",
    "snapshot": "VM", "sr": "SR", "subject": "subject", "task": "task", "template": "VM",
    "tunnel": "tunnel", "vbd": "VBD", "vdi": "VDI", "vgpu": "VGPU", "vgpu-type": "VGPU_type",
    "vif": "VIF", "vlan": "VLAN", "vm": "VM", "vmpp": "VMPP",
}
VALUES = {
    "auth-type": "AD", "body": "text", "cd-name": "disc", "class": "vm", "data-source": "cpu0",
    "dest-port": "1", "device": "5", "disk-size": "1MiB", "dynamic-max": "256MiB",
    "dynamic-min": "128MiB", "edition": "free", "features": "0", "location": "somewhere",
    "master-address": "127.0.0.1", "max": "256MiB", "min": "128MiB", "mode": "none",
    "multiplier": "1.0", "new-vcpus": "1", "power-on-mode": "", "primary_address_type": "IPv4",
    "priority": "5", "seconds": "1", "static-max": "256MiB", "static-min": "64MiB",
    "target": "128MiB", "total": "1GiB", "value": "true", "virtual-size": "1MiB", "vlan": "7",
}


def read_commands():
    """[(name, [required parameter])]"""
    lines = [line.split("\t") for line in COMMANDS.read_text("utf-8").splitlines()
             if not line.startswith("#")]
    return [(name, required.split(",") if required else []) for name, required in lines]


def is_uuid(param):
    return param.endswith("uuid") or param.endswith("uuids")


def longest_prefix(name):
    """What CLASSES knows of a name."""
    known = [prefix for prefix in CLASSES if name == prefix or name.startswith(prefix + "-")]
    return CLASSES[max(known, key=len)] if known else None


class XeCommands(unittest.TestCase):
    """One daemon for all commands, so that what one leaves behind meets the next."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon("fake", ["--pam-service", ""])
        cls.addClassCleanup(cls.daemon.destroy)
        cls.daemon.start()
        cls.pool = Pool(cls.daemon)
        cls.xe = pathlib.Path(os.environ.get("CLEARWATER_BUILD", "build/out")) / "src/xe/xe"
        cls.work = cls.daemon.root / "work"
        cls.work.mkdir()
        cls.commands = read_commands()
        names = {name for name, _ in cls.commands}
        cls.lists = {name for name in names if name.endswith("-list")
                     and name.removesuffix("list") + "param-list" in names}

    def setUp(self):
        self.pool.fill()

    def tearDown(self):
        self.daemon.check_alive()
        self.assertEqual(self.run_xe("host-list", "--minimal").returncode, 0)

    def run_xe(self, *args):
        environment = {"CLEARWATER_ROOT": str(self.daemon.root), "HOME": str(self.work),
                       "PATH": "/"}
        return subprocess.run([self.xe, *args], cwd=self.work, env=environment, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE,
                              check=False, errors="replace")

    def complaint(self, *args):
        """What is wrong with how a command ended; "" when nothing is."""
        try:
            done = self.run_xe(*args)
        except subprocess.TimeoutExpired:
            return f"does not end within {DEADLINE} s"
        shown = f"exit {done.returncode}: {(done.stdout + done.stderr)[-300:]!r}"
        self.trace(args, shown)
        if not self.daemon.is_alive():
            return f"the daemon is gone; {shown}"
        if done.returncode not in (0, 1):
            return shown
        if done.returncode == 1 and not (done.stderr or done.stdout):
            return "fails without a word"
        unclear = ("Lost connection", "Server internal error", "Unable to contact", "xe failed",
                   "internal error", "INTERNAL_ERROR", "Error code:")
        return shown if any(text in done.stderr for text in unclear) else ""

    def trace(self, args, shown):
        if os.environ.get("XE_TRACE"):
            print("#", *args, "->", shown, flush=True)

    def run_all(self, commands, arguments):
        """Runs the commands with what `arguments` makes of their names and parameters."""
        failures = []
        for name, required in commands:
            args = [name, *arguments(name, required)]
            complaint = self.complaint(*args)
            if complaint:
                failures.append(f"xe {' '.join(args)}: {complaint}")
        self.assertEqual(failures, [], "\n" + "\n".join(failures))

    def right(self, name, required):
        """Commands on selected objects get one; others do not mind."""
        args = [f"{param}={self.right_value(name, param)}" for param in required]
        if "uuid" not in required and name not in self.lists and \
                name.startswith(("vm-", "snapshot-", "host-", "sr-data-source")):
            args.append(f"uuid={self.right_value(name, 'uuid')}")
        return args + EXTRA.get(name, [])

    def right_value(self, name, param):
        if is_uuid(param):
            stem = param.removesuffix("s").removesuffix("uuid").rstrip("-")
            class_name = longest_prefix(stem or name)
            if name.endswith("introduce") and not stem:
                return "11111111-2222-4333-8444-555555555555"
            if class_name == "VM":
                return self.pool.vm_uuid((stem or name).partition("-")[0])
            return self.pool.uuid(class_name) if class_name else NOWHERE
        if param in ("filename", "file-name"):
            return self.file_for(name)
        if param == "type":
            return "user" if name.startswith("vdi-") else "fake"
        return VALUES.get(param, "word")

    def file_for(self, name):
        """Downloads make a file, uploads need one."""
        path = self.work / name
        if any(word in name for word in ("upload", "import", "put", "install", "restore")):
            path.write_bytes(bytes(1024))
        elif path.exists():
            path.unlink()
        return str(path)

    def test_1_missing_arguments(self):
        failures = []
        for name, required in self.commands:
            done = self.run_xe(name) if required and name != "message-destroy" else None
            texts = [f"Required parameter not found: {param}\n{USAGE_HINT}" for param in required]
            if done and (done.returncode != 1 or done.stderr not in texts):
                failures.append(f"xe {name}: exit {done.returncode}: {done.stderr!r}")
        self.assertEqual(failures, [], "\n" + "\n".join(failures))

    def test_2_wrong_arguments(self):
        def wrong(_name, required):
            return [f"{param}={NOWHERE if is_uuid(param) else '%/<x>'}" for param in required]

        commands = [(name, required) for name, required in self.commands if required]
        self.run_all(commands, wrong)

    def test_3_empty_arguments(self):
        commands = [(name, required) for name, required in self.commands if required]
        self.run_all(commands, lambda _name, required: [f"{param}=" for param in required])

    def test_4_lists(self):
        for name in sorted(self.lists):
            for args in ([], ["params=all"], ["--minimal"], [f"uuid={NOWHERE}"]):
                with self.subTest(name=name, args=args):
                    done = self.run_xe(name, *args)
                    self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_5_right_arguments(self):
        commands = [command for command in self.commands if command[0] not in self.lists
                    and not any(word in command[0] for word in LAST_WORDS)]
        self.run_all(commands, self.right)

    def test_6_what_takes_away(self):
        commands = [command for command in self.commands
                    if any(word in command[0] for word in LAST_WORDS)
                    and command[0] not in NOT_RIGHT]
        self.run_all(commands, self.right)


if __name__ == "__main__":
    tap.main()
