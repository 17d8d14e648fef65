"""clearwater-status: what the console says about a host, and that it cannot be made to say more."""

import os
import subprocess
import time

import tap
from language.failure import DEADLINE
from language.packaged import FOLDER, PackagedCase

PROGRAM = FOLDER / "clearwater-status"


class Status(PackagedCase):
    def setUp(self):
        super().setUp()
        self.replace_program("agetty", ":")

    def set_name(self, name):
        host = self.xe("host-list", "--minimal")
        self.xe("host-param-set", f"uuid={host}", f"name-label={name}")

    def test_rows(self):
        self.set_name("cellar")
        said = self.run_program(PROGRAM)
        self.assertRegex(said, r"(?m)^  Host +cellar$")
        self.assertRegex(said, r"(?m)^  Engine +fake 1$")
        self.assertRegex(said, r"(?m)^  Guests +0 running$")
        fingerprint = self.xe("certificate-list", "params=fingerprint", "--minimal")
        self.assertIn(fingerprint, "".join(said.replace("Fingerprint", "").split()))
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
                    self.xe("host-list")
                self.assertIn("Fingerprint", issue.read_text(encoding="utf-8"))
            finally:
                os.killpg(watch.pid, 15)


if __name__ == "__main__":
    tap.main()
