"""What the tests of the check tools share: a small tree with one file in it."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))


class CheckTest(unittest.TestCase):
    """Runs `tool` on trees that the cases make up."""

    tool = None

    def check(self, files):
        """Runs the tool on a tree of these files (name: text); returns its exit code and what it
        printed."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in files.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            done = subprocess.run([ROOT / "tools" / self.tool, root], check=False, text=True,
                                  capture_output=True)
            return done.returncode, done.stdout + done.stderr

    def assert_clean(self, files):
        self.assertEqual(self.check(files), (0, ""))

    def assert_caught(self, message, files):
        code, output = self.check(files)
        self.assertEqual(code, 1, output)
        self.assertIn(message, output)
