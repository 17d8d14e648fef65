"""XenAPI over JSON-RPC 2.0, with the standard library alone.

    api = Api.local("/run/clearwater/xapi.sock")
    api.login("root", "")
    vm = api.VM.get_by_name_label("demo")[0]
    api.VM.start(vm, False, False)
"""

import http.client
import json
import socket
import ssl

from . import wait

NULL = "OpaqueRef:NULL"


class ApiError(Exception):
    """What a call failed with: a code and its parameters."""

    def __init__(self, method, code, params):
        super().__init__(f"{method}: {code} {params}")
        self.code = code
        self.params = params


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Messages:
    """The messages of one class: api.VM.start(...) calls VM.start in the api's session."""

    def __init__(self, api, name):
        self.api = api
        self.name = name

    def __getattr__(self, message):
        if self.name == "Async":
            return Messages(self.api, f"Async.{message}")
        return lambda *params: self.api.call(f"{self.name}.{message}", self.api.session, *params)


class Api:
    """One connection and one session. Not for use by two threads."""

    TIMEOUT = 120  # seconds that one call may take

    def __init__(self, connection):
        self.connection = connection
        self.session = NULL
        self.calls = 0

    @classmethod
    def local(cls, path):
        """By the daemon's unix socket, where root needs no password."""
        return cls(UnixConnection(path, cls.TIMEOUT))

    @classmethod
    def https(cls, host, port, seconds=TIMEOUT):
        """By TLS; the daemon's certificate is its own and not checked. A call may take `seconds`."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return cls(http.client.HTTPSConnection(host, port, timeout=seconds, context=context))

    def __getattr__(self, name):
        return Messages(self, name)

    def call(self, method, *params):
        """Calls `method` with exactly these parameters; raises ApiError."""
        self.calls += 1
        request = {"jsonrpc": "2.0", "method": method, "params": params, "id": self.calls}
        self.connection.request("POST", "/jsonrpc", json.dumps(request),
                                {"Content-Type": "application/json"})
        with self.connection.getresponse() as response:
            body = response.read()
        if response.status != 200:
            raise ConnectionError(f"{method}: HTTP {response.status}: {body[:200]!r}")
        reply = json.loads(body)
        if "error" in reply:
            raise ApiError(method, reply["error"]["message"], reply["error"]["data"])
        return reply["result"]

    def login(self, user, password):
        self.session = self.call("session.login_with_password", user, password, "1.0", "test")

    def close(self):
        self.connection.close()

    def wait_for(self, what, seconds, classes, condition):
        """Returns the first true value of condition(), which is asked again whenever an object of
        `classes` changes."""
        deadline = wait.Deadline(seconds, what)
        token = ""
        while True:
            value = condition()
            if value:
                return value
            reply = getattr(self.event, "from")(classes, token, min(deadline.left(), 30.0))
            token = reply["token"]

    def wait_task(self, task, seconds=300):
        """Waits for an Async call to end; returns its result's text or raises ApiError."""
        self.wait_for(f"end of task {task}", seconds, [f"task/{task}"],
                      lambda: self.task.get_status(task) != "pending")
        record = self.task.get_record(task)
        self.task.destroy(task)
        if record["status"] != "success":
            error = record["error_info"] or [record["status"]]
            raise ApiError(record["name_label"], error[0], error[1:])
        return record["result"]
