"""Mutated requests against a living daemon.

Whatever arrives, the daemon has to answer with proper HTTP or close the connection, and to be there
afterwards. The seeds are the stored inputs of the fuzz targets and some calls with a real session;
the mutations are the same in every run."""

import json
import pathlib
import random
import unittest
import xml.etree.ElementTree as ElementTree

import tap

from language.daemon import Daemon
from language.failure import Failure
from language.http import Client
from language import rpc

REQUESTS = 10000
SEED = 62
MAX_BYTES = 16384
MAX_RESIDENT_KIB = 512 * 1024
CORPUS = pathlib.Path(__file__).parent.parent / "fuzz/corpus"
HTTP_STATUSES = (200, 400, 403, 404, 408, 431, 500, 501, 505)
TOKENS = [b"\x00", b"\xff", b"\r\n", b"\n", b"<", b">", b"&", b"]]>", b"<![CDATA[", b"<!DOCTYPE a [",
          b"<value>", b"</value>", b"<struct>", b"<nil/>", b"{", b"}", b"[", b"]", b'"', b"\\u0000",
          b"\\ud800", b"null", b"1e999", b"-1", b"9223372036854775808", b"Content-Length: 5\r\n",
          b"Transfer-Encoding: chunked\r\n", b"HTTP/1.1", b"%00", b"%", b" ", b"\xc3\x28"]


class Mutator:
    """Makes broken inputs out of good ones."""

    def __init__(self, seeds):
        self.random = random.Random(SEED)
        self.seeds = seeds

    def next(self):
        data = bytearray(self.random.choice(self.seeds))
        for _ in range(self.random.randint(1, 4)):
            self.random.choice((self.flip, self.insert, self.remove, self.repeat, self.splice,
                                self.cut))(data)
        return bytes(data[:MAX_BYTES])

    def place(self, data):
        return self.random.randint(0, len(data))

    def flip(self, data):
        if data:
            data[self.random.randrange(len(data))] ^= 1 << self.random.randrange(8)

    def insert(self, data):
        at = self.place(data)
        data[at:at] = self.random.choice(TOKENS)

    def remove(self, data):
        at = self.place(data)
        del data[at:at + self.random.randint(1, 16)]

    def repeat(self, data):
        at = self.place(data)
        piece = data[at:at + self.random.randint(1, 32)]
        data[at:at] = piece * self.random.randint(1, 16)

    def splice(self, data):
        other = self.random.choice(self.seeds)
        at = self.place(data)
        data[at:] = other[self.random.randint(0, len(other)):]

    def cut(self, data):
        del data[self.place(data):]


def stored(target):
    return [path.read_bytes() for path in sorted((CORPUS / target).iterdir())]


class LiveFuzz(unittest.TestCase):
    """One daemon for all targets, so that what one leaves behind meets the next."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon("fake", ["--pam-service", ""])
        cls.addClassCleanup(cls.daemon.destroy)
        cls.daemon.start()

    def connect(self):
        return Client("unix", self.daemon.addresses["unix"])

    def call(self, method, *params):
        client = self.connect()
        client.send(rpc.json_request(method, list(params)))
        result = rpc.json_result(client.receive())
        client.close()
        return result

    def setUp(self):
        self.session = self.call("session.login_with_password", "root", "")
        self.vm = self.call("VM.get_by_name_label", self.session, "Other install media")[0]

    def tearDown(self):
        self.daemon.check_alive()
        self.assertIn(self.vm, self.call("VM.get_all", self.session_again()))
        self.assertLess(self.resident_kib(), MAX_RESIDENT_KIB)

    def session_again(self):
        return self.call("session.login_with_password", "root", "")

    def resident_kib(self):
        status = pathlib.Path(f"/proc/{self.daemon.process.pid}/status").read_text("ascii")
        return int(status.split("VmRSS:")[1].split()[0])

    def calls(self):
        """Calls that change nothing, or nothing that matters; none of them waits."""
        return [("VM.get_record", [self.session, self.vm]),
                ("VM.get_all_records_where", [self.session, 'not field "uuid"="x" or (true)']),
                ("VM.set_other_config", [self.session, self.vm, {"a": "b", "c": ""}]),
                ("VM.add_tags", [self.session, self.vm, "tag"]),
                ("VM.clone", [self.session, "OpaqueRef:NULL", "name"]),
                ("Async.VM.start", [self.session, self.vm, False, True]),
                ("secret.create", [self.session, {"value": "v", "other_config": {}}]),
                ("task.create", [self.session, "label", "text"]),
                ("session.login_with_password", ["root", "x", "1.0", "fuzz"]),
                ("event.register", [self.session, ["vm", "host/OpaqueRef:NULL"]]),
                ("system.isAlive:x", [[1, -5, 1.5, True, None, {"a": [["b"]]}]])]

    def check_xml(self, body):
        try:
            ElementTree.fromstring(body)
        except ElementTree.ParseError as error:
            self.fail(f"{error} in {body!r}, the answer to {self.input}")

    def check_json(self, body):
        try:
            json.loads(body)
        except ValueError as error:
            self.fail(f"{error} in {body!r}, the answer to {self.input}")

    def answer_of(self, client, data):
        """The status of the answer, 0 for a closed connection."""
        client.send(data)
        try:
            self.reply = client.receive()
        except Failure as failure:
            self.assertIn("closed before an answer; it brought b''", str(failure), self.input)
            return 0
        return self.reply.status

    def run_rpc(self, path, seeds, check_body):
        mutator = Mutator(seeds)
        client = self.connect()
        for number in range(REQUESTS):
            body = mutator.next()
            self.input = f"request {number}: {body!r}"
            status = self.answer_of(client, rpc.request(path, "text/xml", body))
            self.assertIn(status, (200, 500), self.input)
            if status == 200:
                check_body(self.reply.body)
            else:
                self.assertIn(b"<h1>HTTP 500", self.reply.body, self.input)
                client.close()
                client = self.connect()
        client.close()

    def test_xmlrpc(self):
        seeds = stored("xmlrpc") + [rpc.xml_request(*call).partition(b"\r\n\r\n")[2]
                                    for call in self.calls()]
        self.run_rpc("/", seeds, self.check_xml)

    def test_jsonrpc(self):
        seeds = stored("jsonrpc") + [rpc.json_request(*call).partition(b"\r\n\r\n")[2]
                                     for call in self.calls()]
        self.run_rpc("/jsonrpc", seeds, self.check_json)

    def test_http(self):
        seeds = stored("http1") + [rpc.json_request(*call) for call in self.calls()] \
            + [rpc.xml_request(*call) for call in self.calls()] \
            + [b"OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n"]
        mutator = Mutator(seeds)
        for number in range(REQUESTS):
            data = mutator.next()
            self.input = f"request {number}: {data!r}"
            client = self.connect()
            client.send(data)
            client.end_sending()
            while self.answer_of(client, b""):
                self.assertIn(self.reply.status, HTTP_STATUSES, self.input)
            client.close()


if __name__ == "__main__":
    tap.main()
