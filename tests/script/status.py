"""clearwater-status: what the console says about a host, and that it cannot be made to say more."""

import os
import pathlib
import subprocess
import tempfile
import time
import unittest

import tap
from language.daemon import Daemon
from language.failure import DEADLINE

PROGRAM = pathlib.Path(__file__).resolve().parents[2] / "packaging/clearwater-status"
BUILD = pathlib.Path(os.environ["CLEARWATER_BUILD"]).resolve()
SECONDS = 60


class Status(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon("fake")
        self.addCleanup(self.daemon.destroy)
        self.daemon.start()
        tools = tempfile.TemporaryDirectory(prefix="cw-status-")
        self.addCleanup(tools.cleanup)
        agetty = pathlib.Path(tools.name) / "agetty"
        agetty.write_text("#!/bin/sh\n", encoding="utf-8")
        agetty.chmod(0o755)
        self.environment = dict(
            os.environ, CLEARWATER_ROOT=str(self.daemon.root),
            PATH=f"{tools.name}:{BUILD}/src/xe:{BUILD}/src/daemon:/usr/sbin:/usr/bin:/sbin:/bin")

    def run_program(self, *command):
        done = subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=SECONDS, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def set_name(self, name):
        host = self.run_program("xe", "host-list", "--minimal").strip()
        self.run_program("xe", "host-param-set", f"uuid={host}", f"name-label={name}")

    def test_rows(self):
        self.set_name("cellar")
        said = self.run_program(PROGRAM)
        self.assertRegex(said, r"(?m)^  Host +cellar$")
        self.assertRegex(said, r"(?m)^  Engine +fake 1$")
        self.assertRegex(said, r"(?m)^  Guests +0 running$")
        fingerprint = self.run_program("xe", "certificate-list", "params=fingerprint", "--minimal")
        self.assertIn(fingerprint.strip(), "".join(said.replace("Fingerprint", "").split()))
        self.assertTrue(all(len(line) < 80 for line in said.splitlines()))

    def test_a_name_is_only_text(self):
        self.set_name("bad\x1b[2J\\S{PRETTY_NAME}é")
        said = self.run_program(PROGRAM)
        self.assertIn("bad[2JS{PRETTY_NAME}é", said)
        self.assertNotIn("\x1b", said)

    def test_no_daemon(self):
        self.daemon.stop()
        self.assertIn("does not run", self.run_program(PROGRAM))

    def test_watch(self):
        issue = self.daemon.root / "run/issue.d/clearwater.issue"
        with subprocess.Popen([PROGRAM, "--watch"], env=self.environment,
                              start_new_session=True) as watch:
            try:
                deadline = time.monotonic() + DEADLINE
                while not issue.exists():
                    self.assertIsNone(watch.poll())
                    self.assertLess(time.monotonic(), deadline)
                    self.run_program("xe", "host-list")
                self.assertIn("Fingerprint", issue.read_text(encoding="utf-8"))
            finally:
                os.killpg(watch.pid, 15)


if __name__ == "__main__":
    tap.main()
