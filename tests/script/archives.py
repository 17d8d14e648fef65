"""Archives over HTTP: that they are whole, what is in them, and what is not."""

import gzip
import io
import re
import tarfile
import unittest

import tap

from language import rpc
from language.daemon import Daemon
from language.http import Client


class Archives(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon("fake", ["--pam-service", ""])
        self.addCleanup(self.daemon.destroy)
        self.daemon.set_account("root", "secret")
        (self.daemon.root / "etc/clearwater/clearwater.conf").write_text("log-level = debug\n")
        self.daemon.start()
        self.client = Client("http", self.daemon.addresses["http"])
        self.session = self.call("session.login_with_password", "root", "secret")
        self.host = self.call("host.get_all", self.session)[0]

    def call(self, method, *params):
        self.client.send(rpc.json_request(method, list(params)))
        return rpc.json_result(self.client.receive())

    def get(self, path):
        client = Client("https", self.daemon.addresses["https"])
        client.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n"
                    f"Cookie: session_id={self.session}\r\n\r\n".encode())
        return client.receive()

    def names(self, body):
        with tarfile.open(fileobj=io.BytesIO(body)) as archive:
            for member in archive:
                self.assertEqual(len(archive.extractfile(member).read()), member.size)
            return archive.getnames()

    def test_logs(self):
        logs = self.daemon.root / "var/log/clearwater"
        (logs / "big").mkdir()
        (logs / "big/one.log").write_bytes(b"x" * 3_000_000)
        (logs / "link").symlink_to("/etc/passwd")
        (logs / ("n" * 150)).write_text("too long a name")
        self.call("task.create", self.session, "something for the audit log", "")
        reply = self.get("/host_logs_download")
        self.assertEqual(reply.status, 200)
        body = gzip.decompress(reply.body)
        names = self.names(body)
        self.assertIn("logs/clearwater.log", names)
        self.assertIn("logs/audit.log", names)
        self.assertIn("logs/big/one.log", names)
        self.assertNotIn("logs/link", names)
        self.assertEqual(len([name for name in names if "nnn" in name]), 0)

    def test_status(self):
        task = self.call("task.create", self.session, "report", "")
        reply = self.get(f"/system-status?task_id={task}")
        self.assertEqual(reply.status, 200)
        self.assertTrue(reply.head.startswith("HTTP/1.0 200 OK\r\nConnection: close\r\n"))
        self.assertEqual(reply.header("content-type"), "appliation/x-tar")
        self.assertRegex(reply.header("content-disposition"),
                         r'^attachment; filename="system_status-[^"]+\.tar"$')
        names = self.names(reply.body)
        self.assertIn("system-status/proc/meminfo", names)
        self.assertIn("system-status/clearwater.conf", names)
        self.assertIn("system-status/logs/clearwater.log", names)
        self.assertFalse([n for n in names if "accounts" in n or ".pem" in n or ".db" in n])
        self.assertEqual(self.call("task.get_status", self.session, task), "success")

    def test_entries(self):
        xml = self.call("host.get_system_status_capabilities", self.session, self.host)
        keys = re.findall(r'key="([^"]+)"', xml)
        self.assertIn("disk-info", keys)
        names = self.names(self.get("/system-status/?entries=disk-info,nonsense").body)
        self.assertTrue(names)
        self.assertTrue(all(name.startswith("system-status/proc/") for name in names))
        for key in keys:
            self.assertTrue(self.names(self.get(f"/system-status?entries={key}&output=tar").body))

    def test_other_outputs(self):
        for output in ("zip", "tar.bz2"):
            task = self.call("task.create", self.session, "report", "")
            reply = self.get(f"/system-status?output={output}&task_id={task}")
            self.assertEqual(reply.status, 501)
            self.assertEqual(self.call("task.get_error_info", self.session, task)[0],
                             "SYSTEM_STATUS_RETRIEVAL_FAILED")


if __name__ == "__main__":
    tap.main()
