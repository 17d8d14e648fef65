"""The xenserver modules of Ansible's community.general, as Debian packages them.

xenserver_facts is not among them: it talks to the socket of the host it runs on, at a fixed path."""

import json
import os
import pathlib
import shutil
import subprocess
import unittest

import tap
from fixture import PASSWORD, USER, Server

HERE = pathlib.Path(__file__).resolve().parent
XENAPI_PY = pathlib.Path("/usr/lib/python3/dist-packages/os_xenapi/client/XenAPI.py")
PLAYBOOK = "/usr/bin/ansible-playbook"
TIMEOUT = 240


@unittest.skipUnless(shutil.which(PLAYBOOK), "ansible is not installed")
@unittest.skipUnless(XENAPI_PY.exists(), "python3-os-xenapi is not installed")
class Ansible(unittest.TestCase):
    """One run of a play, whose steps say themselves what they expect."""

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.daemon.destroy)

    def prepare(self):
        """A repository for the disk, and XenAPI.py under the name by which the modules want it."""
        host = self.server.call("host.get_all")[0]
        self.server.call("SR.create", host, {}, 10 ** 12, "store", "", "fake", "user", False, {})
        modules = self.server.daemon.root / "modules"
        modules.mkdir()
        (modules / "XenAPI.py").symlink_to(XENAPI_PY)
        return modules

    def test_play(self):
        modules = self.prepare()
        variables = {"ansible_python_interpreter": "/usr/bin/python3", "user": USER,
                     "address": f"https://{self.server.address}", "secret": PASSWORD}
        environment = dict(os.environ, PYTHONPATH=str(modules), ANSIBLE_LOCALHOST_WARNING="false",
                           ANSIBLE_HOME=str(self.server.daemon.root / "ansible"),
                           SSL_CERT_FILE=str(self.server.certificate))
        done = subprocess.run(
            [PLAYBOOK, "-i", "localhost,", "-c", "local", "-e", json.dumps(variables),
             HERE / "ansible.yml"],
            check=False, env=environment, capture_output=True, text=True, timeout=TIMEOUT)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.server.daemon.check_alive()


if __name__ == "__main__":
    tap.main()
