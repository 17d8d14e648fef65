"""The base of all functional test cases."""

import sys
import unittest

from . import sandbox
from .daemon import BUILD, Daemon
from .guest import INITRD, Host


class FunctionalCase(unittest.TestCase):
    """One daemon for each case, in a network of the test program's own."""

    engine = "qemu"
    address = "127.0.0.1"  # where it listens
    entered = False

    @classmethod
    def setUpClass(cls):
        reason = cls.missing()
        if reason:
            raise unittest.SkipTest(reason)
        if not FunctionalCase.entered:
            sandbox.enter()
            FunctionalCase.entered = True

    @classmethod
    def missing(cls):
        """Why no case of this class can run here, or None."""
        if not (BUILD / "src/daemon/clearwaterd").exists():
            return "clearwaterd is not built"
        if cls.engine == "qemu" and not INITRD.exists():
            return "the demo guest is not built (tools/guest/build)"
        return sandbox.can_enter()

    def setUp(self):
        self.daemon = Daemon(self.id().rsplit(".", 1)[-1].removeprefix("test_")[:12], self.engine,
                             self.address)
        self.addCleanup(self.daemon.destroy)
        self.addCleanup(self.show_logs)
        self.host = Host(self.daemon, self.daemon.start())
        self.host.furnish()
        self.api = self.host.api

    def restart(self):
        """Starts the daemon again after it was stopped or killed."""
        self.api.close()
        self.host.api = self.api = self.daemon.start()

    def show_logs(self):
        """Prints the daemon's and the guests' logs when the case failed."""
        outcome = self._outcome.result
        if not any(test is self for test, _ in outcome.failures + outcome.errors):
            return
        for name, lines in self.daemon.logs():
            print(f"# ---- {name}")
            for line in lines:
                print(f"# {line}")
        sys.stdout.flush()
