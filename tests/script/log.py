"""The log of a daemon whose file is renamed under it, as logrotate does."""

import signal
import time
import unittest

import tap
from language import rpc
from language.daemon import Daemon
from language.failure import DEADLINE
from language.http import Client


class Log(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon("fake")
        self.addCleanup(self.daemon.destroy)
        self.daemon.start()
        self.client = Client("unix", self.daemon.addresses["unix"])
        self.log = self.daemon.root / "var/log/clearwater/clearwater.log"

    def lines(self):
        return self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []

    def wait_until_ready(self):
        """The daemon says it to us before it writes it down."""
        deadline = time.monotonic() + DEADLINE
        while not self.lines()[-1].endswith(" is ready"):
            self.assertLess(time.monotonic(), deadline)

    def hang_up(self, lines):
        """Sends SIGHUP, and waits until the log has that many lines, which a busy daemon writes."""
        self.daemon.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + DEADLINE
        while len(self.lines()) < lines:
            self.assertLess(time.monotonic(), deadline)
            self.client.send(rpc.json_request("system.listMethods", []))
            self.client.receive()

    def test_renamed(self):
        self.wait_until_ready()
        old = self.log.with_suffix(".1")
        self.log.rename(old)
        before = old.read_text(encoding="utf-8")
        self.hang_up(1)
        self.hang_up(2)
        self.assertIn("listening on", before)
        self.assertEqual(old.read_text(encoding="utf-8"), before)
        self.daemon.stop()
        self.assertIn("ending on signal", self.lines()[-1])


if __name__ == "__main__":
    tap.main()
