"""Another engine than the one whose guests run is not opened: it would take them for ended."""

import contextlib
import unittest

import tap
from language import rpc
from language.daemon import Daemon
from language.failure import DEADLINE, Failure
from language.http import Client


class Engine(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon("fake", ["--pam-service", "", "--guest-user", ""])
        self.addCleanup(self.daemon.destroy)
        self.daemon.start()
        [template] = self.call("VM.get_by_name_label", "Other install media")
        self.vm = self.call("VM.clone", template, "resident")
        self.call("VM.provision", self.vm)
        self.call("VM.start", self.vm, False, False)
        self.daemon.kill()

    def call(self, method, *params):
        client = Client("unix", self.daemon.addresses["unix"])
        client.send(rpc.json_request("session.login_with_password", ["root", ""]))
        session = rpc.json_result(client.receive())
        client.send(rpc.json_request(method, [session, *params]))
        return rpc.json_result(client.receive())

    def start(self, engine):
        self.daemon.engine = engine
        self.daemon.start()

    def test_another_is_refused(self):
        with contextlib.suppress(Failure):
            self.start("qemu")
        self.assertEqual(self.daemon.process.wait(DEADLINE), 1)
        self.assertIn("engine qemu: guests of the engine fake may still run",
                      "\n".join(self.daemon.log))
        self.start("fake")
        self.assertEqual(self.call("VM.get_power_state", self.vm), "Running")

    def test_auto_stays(self):
        self.start("auto")
        self.assertIn("but guests of the engine fake may still run", "\n".join(self.daemon.log))
        self.assertEqual(self.call("VM.get_power_state", self.vm), "Running")
        self.call("VM.hard_shutdown", self.vm)
        self.assertEqual(self.call("VM.get_power_state", self.vm), "Halted")


if __name__ == "__main__":
    tap.main()
