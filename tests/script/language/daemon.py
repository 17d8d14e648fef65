"""One clearwaterd under test, on a root of its own below a temporary folder."""

import crypt
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading

from . import rpc
from .failure import DEADLINE, Failure, ScriptError
from .http import Client

LOG_LINES_SHOWN = 30
LOG_COLUMNS_SHOWN = 240
LISTENING = re.compile(r"listening on (\S+):(\d+)( \(TLS\))?$")


def find_binary():
    build = os.environ.get("CLEARWATER_BUILD", "build/out")
    return pathlib.Path(build) / "src/daemon/clearwaterd"


class Daemon:
    """Starts, ends and kills the daemon; says where it listens."""

    def __init__(self, engine, options=()):
        self.engine = engine
        self.options = list(options)
        self.environment = {}  # beside that of the test
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="cw-script-"))
        (self.root / "store").mkdir()  # for scripts that need a folder
        self.process = None
        self.reader = None
        self.was_ready = False
        self.log = []
        self.log_shown = 0
        self.addresses = {}

    def start(self):
        """Returns once the daemon serves."""
        if self.is_alive():
            raise ScriptError("the daemon runs already")
        ready = threading.Event()
        self.was_ready = False
        self.process = subprocess.Popen(
            [find_binary(), "--root", self.root, "--https", "127.0.0.1:0", "--http",
             "127.0.0.1:0", "--engine", self.engine, "--foreground", *self.options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env={**os.environ, **self.environment}, text=True, errors="replace")
        self.reader = threading.Thread(target=self._read_log, args=(ready,), daemon=True)
        self.reader.start()
        if not ready.wait(DEADLINE) or not self.was_ready or not self.is_alive():
            raise Failure("the daemon did not get ready")
        self.addresses["https-port"] = self.addresses["https"]
        self.addresses["unix"] = str(self.root / "run/clearwater/xapi.sock")

    def _read_log(self, ready):
        for line in self.process.stderr:
            line = line.rstrip("\n")
            self.log.append(line[:LOG_COLUMNS_SHOWN])
            match = LISTENING.search(line)
            if match:
                self.addresses["https" if match[3] else "http"] = (match[1], int(match[2]))
            if line.endswith(" is ready"):
                self.was_ready = True
                ready.set()
        ready.set()

    def call(self, method, *params):
        """One call as root, with a session of its own."""
        client = Client("unix", self.addresses["unix"])
        client.send(rpc.json_request("session.login_with_password", ["root", ""]))
        session = rpc.json_result(client.receive())
        client.send(rpc.json_request(method, [session, *params]))
        return rpc.json_result(client.receive())

    def new_log_lines(self):
        """The last of what it said since this was called before."""
        lines = self.log[self.log_shown:]
        self.log_shown = len(self.log)
        return lines[-LOG_LINES_SHOWN:]

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """Ends it as a crash would: nothing is written, nothing said."""
        self.process.kill()
        self._wait()

    def stop(self):
        """Ends it in order; its exit code has to be 0."""
        self.process.send_signal(signal.SIGTERM)
        code = self._wait()
        if code != 0:
            raise Failure(f"the daemon ended with {describe_exit(code)}")

    def _wait(self):
        try:
            code = self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failure(f"the daemon did not end within {DEADLINE} seconds") from None
        self.reader.join(DEADLINE)
        return code

    def check_alive(self):
        if not self.is_alive():
            code = self.process.returncode if self.process else None
            raise Failure(f"the daemon is gone: it ended with {describe_exit(code)}")

    def set_account(self, name, password):
        """Makes a local account that may log in."""
        path = self.root / "etc/clearwater/accounts"
        path.parent.mkdir(parents=True, exist_ok=True)
        salt = crypt.mksalt(crypt.METHOD_SHA512, rounds=1000)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{name}:{crypt.crypt(password, salt)}\n")

    def destroy(self):
        if self.is_alive():
            self.kill()
        shutil.rmtree(self.root, ignore_errors=True)


def describe_exit(code):
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"
