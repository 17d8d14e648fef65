"""Programs of the packages, as a host runs them: beside a daemon, and with other programs of the host
replaced where they would do something to this machine."""

import os
import pathlib
import subprocess
import tempfile
import unittest

from language.daemon import Daemon

FOLDER = pathlib.Path(__file__).resolve().parents[3] / "packaging"
BUILD = pathlib.Path(os.environ["CLEARWATER_BUILD"]).resolve()
SECONDS = 60


class PackagedCase(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon("fake")
        self.addCleanup(self.daemon.destroy)
        self.daemon.start()
        stand_ins = tempfile.TemporaryDirectory(prefix="cw-packaged-")
        self.addCleanup(stand_ins.cleanup)
        self.stand_ins = pathlib.Path(stand_ins.name)
        self.environment = dict(
            os.environ, CLEARWATER_ROOT=str(self.daemon.root),
            PATH=f"{stand_ins.name}:{BUILD}/src/xe:{BUILD}/src/daemon:"
                 "/usr/sbin:/usr/bin:/sbin:/bin")

    def replace_program(self, name, command):
        """From now on programs find a shell script of one command by that name."""
        program = self.stand_ins / name
        program.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
        program.chmod(0o755)

    def run_program(self, *command):
        """Runs it, which must succeed, and returns what it printed."""
        done = subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=SECONDS, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def xe(self, *arguments):
        return self.run_program("xe", *arguments).strip()
