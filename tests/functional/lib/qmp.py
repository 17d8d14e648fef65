"""Talks to a guest's QEMU in the place of the daemon, which must not run."""

import json
import os
import socket

LIMIT = 120  # seconds for anything that QEMU is asked or waited for


class Qmp:
    """A connection to the one guest that runs under `root`."""

    def __init__(self, root):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LIMIT)
        path = next(root.glob("run/**/qmp.sock"))
        # Through its folder's descriptor: the path of a tree that lies deep is too long for a socket.
        folder = os.open(path.parent, os.O_PATH)
        try:
            self.socket.connect(f"/proc/self/fd/{folder}/{path.name}")
        finally:
            os.close(folder)
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
