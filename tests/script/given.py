"""What a daemon does with a guest that the one before it gave away, and was killed: nothing at all, for
it may run elsewhere. One that was not given, and has no VM, it ends."""

import shutil
import subprocess
import unittest

import tap

from language.daemon import Daemon, find_binary

GIVE_AWAY = find_binary().parent.parent.parent / "tests/script/give_away"
DEADLINE = 20


class Given(unittest.TestCase):
    def setUp(self):
        self.daemon = self.new_daemon()
        self.daemon.start()
        [template] = self.daemon.call("VM.get_by_name_label", "Other install media")
        self.vm = self.daemon.call("VM.clone", template, "traveller")
        self.daemon.call("VM.provision", self.vm)
        self.daemon.call("VM.start", self.vm, False, False)
        self.domain = self.daemon.call("VM.get_uuid", self.vm)
        self.daemon.kill()

    def give_away(self):
        other = self.daemon.root / "other"
        other.mkdir()
        subprocess.run([GIVE_AWAY, self.domains(self.daemon), other, self.domain], check=True,
                       timeout=DEADLINE)

    def new_daemon(self):
        daemon = Daemon("fake", ["--pam-service", ""])
        self.addCleanup(daemon.destroy)
        return daemon

    @staticmethod
    def domains(daemon):
        return daemon.root / "run/clearwater/domains"

    def start_without_vm(self):
        """Another daemon, which finds the domain and knows of no VM. Returns the domain's file."""
        another = self.new_daemon()
        self.domains(another).mkdir(parents=True)
        shutil.copy(self.domains(self.daemon) / self.domain, self.domains(another))
        self.daemon = another
        another.start()
        return self.domains(another) / self.domain

    def test_of_a_vm(self):
        self.give_away()
        self.daemon.start()
        self.assertEqual(self.daemon.call("VM.get_power_state", self.vm), "Paused")
        with self.assertRaisesRegex(Exception, "given away"):
            self.daemon.call("VM.unpause", self.vm)
        self.assertEqual(self.daemon.call("VM.get_power_state", self.vm), "Paused")
        # An administrator who knows that it runs nowhere.
        self.daemon.call("VM.hard_shutdown", self.vm)
        self.daemon.call("VM.start", self.vm, False, False)
        self.assertEqual(self.daemon.call("VM.get_power_state", self.vm), "Running")

    def test_of_no_vm(self):
        self.give_away()
        self.assertTrue(self.start_without_vm().exists())

    def test_not_given(self):
        self.assertFalse(self.start_without_vm().exists())


if __name__ == "__main__":
    tap.main()
