"""A shell in a guest, through the text console that the XenAPI offers."""

import os
import re
import socket

from . import wait

PROMPT = b"clearwater-guest# "
# The guest's shell echoes and edits; this loop in it does neither. It ends each command's output
# with a line that no command prints.
LOOP = b"stty -echo; while read -r line; do eval \"$line\"; echo \"<<status $?>>\"; done\n"
STATUS = re.compile(rb"<<status (\d+)>>\r?\n")
# Bytes that are shown of a console that ended: enough for what a kernel says when it dies.
LAST_WORDS = 6000
READY = re.compile(rb"%b|%b" % (re.escape(PROMPT), STATUS.pattern))


class Line:
    """One connection to a console, and what came over it."""

    def __init__(self, connection, target, deadline):
        """Asks the daemon at the other end of `connection` for the console `target`."""
        self.buffer = b""
        self.socket = connection
        self.socket.sendall(f"CONNECT {target} HTTP/1.0\r\n\r\n".encode())
        head = self.read_until(b"\r\n\r\n", deadline)
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise ConnectionError(f"console: {head!r}")

    def read_until(self, text, deadline):
        """Returns the output up to and with `text`."""
        end = self.search(re.compile(re.escape(text)), deadline).end()
        head, self.buffer = self.buffer[:end], self.buffer[end:]
        return head

    def search(self, pattern, deadline):
        """Returns the first match of `pattern` in the output, which stays where it is."""
        while True:
            match = pattern.search(self.buffer)
            if match:
                return match
            self.receive(deadline)

    def receive(self, deadline):
        wait.readable(self.socket, deadline)
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError(f"console: closed after {self.buffer[-LAST_WORDS:]!r}")
        self.buffer += data

    def close(self):
        self.socket.close()


class Console(Line):
    """A shell on a console; run() types a command and returns what it printed."""

    def __init__(self, connection, target, seconds=240):
        deadline = wait.Deadline(seconds, "a shell on the guest's console")
        super().__init__(connection, target, deadline)
        # An empty line makes the shell show that it is there: by its prompt, or by a status when
        # an earlier connection, perhaps before a suspend, has left it in the loop.
        self.socket.sendall(b"\n")
        if self.search(READY, deadline).group() == PROMPT:
            self.socket.sendall(LOOP)
        self.sync(deadline)

    @classmethod
    def local(cls, socket_path, console_ref):
        """By the daemon's unix socket, where root needs no session."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(socket_path)
        return cls(connection, f"/console?ref={console_ref}")

    def sync(self, deadline):
        """Drops whatever the shell still has to say to earlier input."""
        mark = f"<<sync {os.urandom(4).hex()}>>"
        self.send(f"echo '{mark}'")
        self.read_until(mark.encode() + b"\r\n", deadline)
        self.read_until(b"<<status 0>>\r\n", deadline)

    def send(self, command):
        """Types a command and does not wait for it."""
        self.socket.sendall(command.encode() + b"\n")

    def run(self, command, seconds=120):
        """Runs a shell command in the guest; returns its output or raises AssertionError when it
        fails. The command is one line."""
        deadline = wait.Deadline(seconds, f"guest: {command}")
        self.send(command)
        match = self.search(STATUS, deadline)
        output, self.buffer = self.buffer[:match.start()], self.buffer[match.end():]
        text = output.decode(errors="replace").replace("\r\n", "\n")
        if match.group(1) != b"0":
            raise AssertionError(f"guest: {command}: status {match.group(1).decode()}: {text}")
        return text

    def wait_for(self, command, seconds=120):
        """Runs a command that waits inside the guest until it succeeds."""
        return self.run(f"until {command}; do usleep 100000; done", seconds)
