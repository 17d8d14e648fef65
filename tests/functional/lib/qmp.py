"""Talks to a guest's QEMU in the place of the daemon, which must not run."""

import json
import socket

LIMIT = 120  # seconds for anything that QEMU is asked or waited for


class Qmp:
    """A connection to the one guest that runs under `root`."""

    def __init__(self, root):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LIMIT)
        self.socket.connect(str(next(root.glob("run/**/qmp.sock"))))
        self.stream = self.socket.makefile("rw", encoding="utf-8")
        self.events = []
        self.call("qmp_capabilities")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        self.socket.close()

    def call(self, command, **arguments):
        self.stream.write(json.dumps({"execute": command, "arguments": arguments}))
        self.stream.flush()
        while True:
            answer = json.loads(self.stream.readline())
            if "event" in answer:
                self.events.append(answer)
            elif "return" in answer:
                return answer["return"]
            elif "error" in answer:
                raise RuntimeError(f"{command}: {answer['error']}")

    def wait_event(self, name):
        """For the next one, which is then over."""
        while not self.events or self.events.pop(0)["event"] != name:
            if not self.events:
                self.events.append(json.loads(self.stream.readline()))
