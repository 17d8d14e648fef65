"""clearwater-guests: which virtual machines start with the machine, and how all are shut down with it."""

import os
import pathlib
import subprocess
import tempfile
import unittest

import tap
from language.daemon import Daemon

PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "packaging/clearwater-guests"
BUILD = pathlib.Path(os.environ["CLEARWATER_BUILD"]).resolve()
SECONDS = 60
TEMPLATE = "template=Other install media"


class Guests(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon("fake")
        self.addCleanup(self.daemon.destroy)
        self.daemon.start()
        tools = tempfile.TemporaryDirectory(prefix="cw-guests-")
        self.addCleanup(tools.cleanup)
        self.systemctl = pathlib.Path(tools.name) / "systemctl"
        self.environment = dict(
            os.environ, CLEARWATER_ROOT=str(self.daemon.root),
            PATH=f"{tools.name}:{BUILD}/src/xe:/usr/sbin:/usr/bin:/sbin:/bin")
        self.say_system_is("running")
        self.pool = self.xe("pool-list", "--minimal")

    def say_system_is(self, state):
        """What systemd answers from now on."""
        self.systemctl.write_text(f"#!/bin/sh\necho {state}\n", encoding="utf-8")
        self.systemctl.chmod(0o755)

    def run_program(self, *command):
        done = subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=SECONDS, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout.strip()

    def xe(self, *arguments):
        return self.run_program("xe", *arguments)

    def guests(self, verb):
        return self.run_program(PROGRAM, verb)

    def make(self, name, *settings):
        vm = self.xe("vm-install", TEMPLATE, f"new-name-label={name}")
        if settings:
            self.xe("vm-param-set", f"uuid={vm}", *settings)
        return vm

    def want_it(self):
        self.xe("pool-param-set", f"uuid={self.pool}", "other-config:auto_poweron=true")

    def names(self, state):
        return set(self.xe("vm-list", f"power-state={state}", "is-control-domain=false",
                           "params=name-label", "--minimal").split(",")) - {""}

    def test_the_pool_has_to_want_it(self):
        self.make("one", "other-config:auto_poweron=true")
        self.assertEqual(self.guests("start"), "")
        self.assertEqual(self.names("running"), set())

    def test_starts_by_their_order(self):
        self.make("last", "other-config:auto_poweron=true", "order=7")
        self.make("first", "other-config:auto_poweron=true", "order=2")
        self.make("not asked for", "order=1")
        self.make("not", "other-config:auto_poweron=false")
        self.want_it()
        said = self.guests("start").splitlines()
        self.assertEqual([line.split()[2] for line in said], ["first", "last"])
        self.assertEqual(self.names("running"), {"first", "last"})
        self.assertEqual(self.guests("start"), "")

    def test_one_that_does_not_start(self):
        huge = self.make("huge", "other-config:auto_poweron=true", "order=1")
        self.xe("vm-memory-limits-set", f"uuid={huge}", "static-min=8TiB", "dynamic-min=8TiB",
                "dynamic-max=8TiB", "static-max=8TiB")
        self.make("small", "other-config:auto_poweron=true", "order=2")
        self.want_it()
        self.guests("start")
        self.assertEqual(self.names("running"), {"small"})

    def test_stop_of_the_unit_alone(self):
        self.xe("vm-start", f"uuid={self.make('one')}")
        self.assertEqual(self.guests("stop"), "")
        self.assertEqual(self.names("running"), {"one"})

    def test_machine_goes_down(self):
        for number in range(20):
            self.xe("vm-start", f"uuid={self.make(f'guest {number}')}")
        paused = self.make("paused")
        self.xe("vm-start", f"uuid={paused}")
        self.xe("vm-pause", f"uuid={paused}")
        self.say_system_is("stopping")
        said = self.guests("stop").splitlines()
        self.assertEqual(len(self.names("halted")), 21)
        self.assertEqual([line for line in said if "switched off" in line],
                         [f"clearwater-guests: paused ({paused}) does not shut down and is"
                          " switched off"])


if __name__ == "__main__":
    tap.main()
