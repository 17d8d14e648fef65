"""What clearwater-setup refuses, and that it does so before it changes anything. That it makes a host of
a machine is seen by `make lab-image`."""

import pathlib
import subprocess
import tempfile
import unittest

import tap

SETUP = pathlib.Path(__file__).resolve().parents[2] / "packaging/clearwater-setup"
# Stands for everything that would change the machine or the host; asked for cards it knows eth0.
STUB = """#!/bin/sh
echo "$(basename "$0") $*" >>"$CALLS"
case $* in
*params=device*) echo eth0 ;;
*device=eth0*) echo a-pif ;;
esac
"""
CHANGING = ("chpasswd", "ln", "systemctl", "touch", "rm", "mkdir")


class Setup(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="clearwater-setup-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for name in ("xe", *CHANGING):
            (self.folder / name).write_text(STUB, encoding="utf-8")
            (self.folder / name).chmod(0o755)

    def calls(self):
        file = self.folder / "calls"
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []

    def assert_refused(self, answers, words):
        file = self.folder / "answers"
        file.write_text(answers, encoding="utf-8")
        done = subprocess.run([SETUP, file], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False,
                              env={"PATH": f"{self.folder}:/usr/bin:/bin",
                                   "CALLS": str(self.folder / "calls")})
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(words, done.stderr)
        for call in self.calls():
            self.assertRegex(call, "^xe pif-list ")

    def test_unknown_key(self):
        self.assert_refused("# a comment\n\ncolour = red\n", "line 3: there is no key colour")

    def test_key_is_never_run(self):
        self.assert_refused("x; touch /tmp/x = 1\n", "line 1: there is no key")

    def test_no_value(self):
        self.assert_refused("password\n", "line 1: key = value is expected")

    def test_nobody_to_ask_for_the_password(self):
        self.assert_refused("host-name = a\n", "there is nobody to ask")

    def test_empty_password(self):
        self.assert_refused("password =\n", "the password is empty")

    def test_time_zone(self):
        self.assert_refused("password = $(id) `id` \"'\ntime-zone = Atlantis\n",
                            "no time zone Atlantis")

    def test_storage(self):
        self.assert_refused("password = x\nsr = tape\n", "sr tape: file, ext or none")

    def test_disk(self):
        self.assert_refused("password = x\nsr = ext\nsr-device = /dev/null\n",
                            "there is no disk /dev/null")

    def test_card(self):
        self.assert_refused("password = x\ninterface = eth7\n", "there is no network card eth7")


if __name__ == "__main__":
    tap.main()
