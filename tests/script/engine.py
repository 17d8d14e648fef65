"""Another engine than the one whose guests run is not opened: it would take them for ended."""

import unittest

import tap
from language.daemon import Daemon
from language.failure import DEADLINE, Failure


class Engine(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon("fake", ["--pam-service", "", "--guest-user", ""])
        self.addCleanup(self.daemon.destroy)
        self.daemon.start()
        [template] = self.daemon.call("VM.get_by_name_label", "Other install media")
        self.vm = self.daemon.call("VM.clone", template, "resident")
        self.daemon.call("VM.provision", self.vm)
        self.daemon.call("VM.start", self.vm, False, False)
        self.daemon.kill()

    def start(self, engine):
        self.daemon.engine = engine
        self.daemon.start()

    def test_another_is_refused(self):
        with self.assertRaises(Failure):
            self.start("qemu")
        self.assertEqual(self.daemon.process.wait(DEADLINE), 1)
        self.assertIn("engine qemu: guests of the engine fake may still run",
                      "\n".join(self.daemon.log))
        self.start("fake")
        self.assertEqual(self.daemon.call("VM.get_power_state", self.vm), "Running")

    def test_auto_stays(self):
        self.start("auto")
        self.assertIn("but guests of the engine fake may still run", "\n".join(self.daemon.log))
        self.assertEqual(self.daemon.call("VM.get_power_state", self.vm), "Running")
        self.daemon.call("VM.hard_shutdown", self.vm)
        self.assertEqual(self.daemon.call("VM.get_power_state", self.vm), "Halted")


if __name__ == "__main__":
    tap.main()
