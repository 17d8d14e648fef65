"""Messages that become mails: to whom, which, and that nobody waits for a mail server."""

import base64
import queue
import socket
import threading
import unittest

import tap

from language import rpc
from language.daemon import Daemon
from language.http import Client

DEADLINE = 20


class Server:
    """A mail server of the smallest kind: it keeps what it gets."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.name = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.mails = queue.Queue()  # (receivers, text)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as file:
                self._talk(file)

    def _talk(self, file):
        def say(text):
            file.write(text.encode() + b"\r\n")
            file.flush()

        receivers, lines = [], None
        say("220 here")
        for line in file:
            if lines is not None:
                if line == b".\r\n":
                    self.mails.put((receivers, b"".join(lines).decode()))
                    receivers, lines = [], None
                    say("250 kept")
                else:
                    lines.append(line.removeprefix(b"."))
            elif line.upper().startswith(b"RCPT TO:"):
                receivers.append(line[8:].strip().decode())
                say("250 yes")
            elif line.upper().startswith(b"DATA"):
                lines = []
                say("354 go on")
            else:
                say("250 yes")

    def take(self):
        return self.mails.get(timeout=DEADLINE)

    def close(self):
        self.socket.close()


class Mail(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon("fake", ["--pam-service", "", "--host-name", "lab1"])
        self.addCleanup(self.daemon.destroy)
        self.daemon.start()
        self.client = Client("unix", self.daemon.addresses["unix"])
        self.session = self.call("session.login_with_password", "root", "")
        self.pool = self.call("pool.get_all", self.session)[0]
        self.host = self.call("host.get_all_records", self.session)
        self.uuid = list(self.host.values())[0]["uuid"]
        self.server = Server()
        self.addCleanup(self.server.close)

    def call(self, method, *params):
        self.client.send(rpc.json_request(method, list(params)))
        return rpc.json_result(self.client.receive())

    def set(self, **settings):
        self.call("pool.set_other_config", self.session, self.pool,
                  {name.replace("_", "-"): value for name, value in settings.items()})

    def tell(self, name, priority, body="what happened"):
        self.call("message.create", self.session, name, str(priority), "Host", self.uuid, body)

    def test_who_and_what(self):
        self.set(mail_destination="a@example.org, b@example.org nonsense",
                 ssmtp_mailhub=self.server.name)
        self.tell("LESS_URGENT", 4)
        self.tell("URGENT", 3, "it\r\n.\r\nburns")
        receivers, text = self.server.take()
        self.assertEqual(receivers, ["<a@example.org>", "<b@example.org>"])
        head, _, body = text.partition("\r\n\r\n")
        self.assertIn("From: clearwater@lab1", head)
        self.assertIn("To: a@example.org, b@example.org", head)
        self.assertIn("Subject: [lab1] URGENT (priority 3)", head)
        body = base64.b64decode(body).decode()
        self.assertIn("it\r\n.\r\nburns", body)
        self.assertIn(self.uuid, body)
        self.assertTrue(self.server.mails.empty())

    def test_priorities_and_names(self):
        self.call("pool.set_name_label", self.session, self.pool, "Büro")
        self.set(mail_destination="a@example.org", ssmtp_mailhub=self.server.name,
                 mail_min_priority="5")
        self.tell("FIRST", 5)
        self.assertIn("Subject: =?UTF-8?B?", self.server.take()[1])
        self.set(mail_destination="a@example.org", ssmtp_mailhub=self.server.name,
                 mail_min_priority="1")
        self.tell("SECOND", 2)
        self.tell("THIRD\r\nBcc: b@example.org", 1)
        receivers, text = self.server.take()
        self.assertEqual(receivers, ["<a@example.org>"])
        self.assertNotIn("\nBcc", text)
        self.assertIn("THIRD", base64.b64decode(text.partition("\r\n\r\n")[2]).decode())

    def test_nobody_waits_for_a_dead_server(self):
        with socket.create_server(("127.0.0.1", 0), backlog=0) as silent:
            self.set(mail_destination="a@example.org",
                     ssmtp_mailhub="127.0.0.1:%d" % silent.getsockname()[1])
            for i in range(150):
                self.tell(f"NUMBER_{i}", 1)
            self.assertEqual(len(self.call("message.get_all", self.session)), 150)
            self.daemon.stop()
        self.assertTrue(any("mails wait" in line for line in self.daemon.log))

    def test_settings_that_are_wrong(self):
        self.set(mail_destination="-o@example.org", ssmtp_mailhub=self.server.name)
        self.tell("NOBODY", 1)
        self.set(mail_destination="a@example.org", ssmtp_mailhub="http://example.org/")
        self.tell("NOWHERE", 1)
        self.set(mail_destination="a@example.org", ssmtp_mailhub=self.server.name)
        self.tell("RIGHT", 1)
        self.assertIn("RIGHT", self.server.take()[1])
        self.assertTrue(self.server.mails.empty())
        self.assertFalse(list((self.daemon.root / "var/lib/clearwater/uploads").glob("mail.*")))


if __name__ == "__main__":
    tap.main()
