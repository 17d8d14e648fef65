"""A client that sends exactly the bytes it is told to, and reads answers strictly."""

import select
import socket
import ssl

from .failure import DEADLINE, Failure

MAX_HEAD = 64 * 1024


class Reply:
    """One HTTP answer. `head` is the text up to and with the empty line."""

    def __init__(self, head, body):
        self.head = head
        self.body = body
        first, *lines = head.rstrip("\r\n").split("\r\n")
        parts = first.split(" ", 2)
        if len(parts) < 2 or not parts[0].startswith("HTTP/1.") or not parts[1].isdigit():
            raise Failure(f"this is no HTTP status line: {first!r}")
        self.status = int(parts[1])
        self.reason = parts[2] if len(parts) > 2 else ""
        self.headers = []
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon:
                raise Failure(f"this is no HTTP header: {line!r}")
            self.headers.append((name, value.strip()))

    def header(self, name):
        """The value of a header, or None."""
        for other, value in self.headers:
            if other.lower() == name.lower():
                return value
        return None


class Client:
    """A connection to the daemon by one of its three ways in."""

    def __init__(self, kind, address):
        self.kind = kind
        self.address = address
        self.session = None
        self.token = None  # of the REST face
        self.buffer = b""
        family = socket.AF_UNIX if kind == "unix" else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(address)
        if kind == "https":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket)

    def certificate(self):
        """What the daemon showed at the handshake, as PEM."""
        return ssl.DER_cert_to_PEM_cert(self.socket.getpeercert(binary_form=True))

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the daemon may close early; what it said shows when the answer is read
        except TimeoutError:
            raise Failure("the daemon does not take what is sent") from None

    def end_sending(self):
        self.socket.shutdown(socket.SHUT_WR)

    def close(self):
        self.socket.close()

    def _fill(self):
        """Reads more; False at the end of the stream."""
        try:
            data = self.socket.recv(65536)
        except TimeoutError:
            raise Failure(f"no answer within {DEADLINE} seconds") from None
        except (ConnectionResetError, ssl.SSLEOFError):
            data = b""
        self.buffer += data
        return bool(data)

    def receive(self, has_body=True):
        """The next answer."""
        while b"\r\n\r\n" not in self.buffer:
            if len(self.buffer) > MAX_HEAD:
                raise Failure("the head of the answer never ends")
            if not self._fill():
                raise Failure(f"the connection was closed before an answer; "
                              f"it brought {self.buffer[:200]!r}")
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        reply = Reply(head.decode("latin-1") + "\r\n\r\n", b"")
        if not has_body:
            return reply
        length = reply.header("content-length")
        if reply.status in (204, 304):
            length = "0"
        if length is None:
            while self._fill():
                pass
            reply.body, self.buffer = self.buffer, b""
            return reply
        while len(self.buffer) < int(length):
            if not self._fill():
                raise Failure(f"the connection was closed after {len(self.buffer)} of {length} "
                              "bytes of a body")
        reply.body, self.buffer = self.buffer[:int(length)], self.buffer[int(length):]
        return reply

    def receive_block(self):
        """What comes up to the next empty line of a stream of events."""
        while b"\n\n" not in self.buffer:
            if not self._fill():
                raise Failure(f"the stream ended; it brought {self.buffer[:200]!r}")
        block, _, self.buffer = self.buffer.partition(b"\n\n")
        return block

    def expect_closed(self):
        """The daemon must close the connection, without another byte."""
        if self._fill() or self.buffer:
            raise Failure(f"the connection is open; it brought {self.buffer[:200]!r}")

    def drain(self):
        """Takes what comes until the daemon closes the connection."""
        while self._fill():
            pass
        self.buffer = b""

    def expect_waiting(self):
        """Nothing may have come."""
        pending = self.kind == "https" and self.socket.pending() > 0
        if self.buffer or pending or select.select([self.socket], [], [], 0)[0]:
            self._fill()
            raise Failure(f"an answer came already: {self.buffer[-200:]!r}")
