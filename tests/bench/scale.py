"""A host on the fake engine that has very many objects, and what it answers in which time."""

import json
import subprocess
import time

from functional.lib import api, wait
from functional.lib.daemon import BUILD, Daemon, memory_of


READ_SIZE = 1 << 20


def send_call(connection, method, params):
    """Sends a call; returns the answer, of which nothing was read yet."""
    body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, "id": 1})
    connection.request("POST", "/jsonrpc", body, {"Content-Type": "application/json"})
    return connection.getresponse()


def timed_call(connection, method, *params):
    """Calls; returns seconds until the last byte of the answer was there, and how many there were.
    What it takes to keep or to understand them is the client's time and not counted."""
    buffer = bytearray(READ_SIZE)
    size = 0
    start = time.monotonic()
    with send_call(connection, method, params) as response:
        while count := response.readinto(buffer):
            size += count
    return time.monotonic() - start, size


class ScaledHost:
    """A daemon of its own, with the objects that bench_fill put into its store."""

    def __init__(self, name, hosts, vms, devices, messages=0):
        self.daemon = Daemon(name, engine="fake")
        self.daemon.start().close()
        self.daemon.stop()
        store = self.daemon.root / "var/lib/clearwater/state.db"
        filled = subprocess.run(
            [BUILD / "tests/bench/bench_fill", store, str(hosts), str(vms), str(devices),
             str(messages)],
            check=True, stdout=subprocess.PIPE, text=True)
        self.objects = int(filled.stdout)
        start = time.monotonic()
        self.api = self.daemon.start()
        self.start_seconds = time.monotonic() - start

    def memory(self):
        """Resident MiB of the daemon."""
        return memory_of(self.daemon.process.pid)[0]

    def call(self, method, *params):
        """The bytes that a call answers."""
        with send_call(self.api.connection, method, (self.api.session, *params)) as response:
            return response.read()

    def timed_call(self, method, *params):
        """Seconds of one call, and how many bytes it answered."""
        return timed_call(self.api.connection, method, self.api.session, *params)

    def park(self, vm, count):
        """Sends as many calls that wait for an event of the VM; returns their connections."""
        token = getattr(self.api.event, "from")([f"vm/{vm}"], "", 0.0)["token"]
        body = json.dumps({"jsonrpc": "2.0", "method": "event.from", "id": 1,
                           "params": [self.api.session, [f"vm/{vm}"], token, 3600.0]})
        parked = []
        for _ in range(count):
            connection = api.UnixConnection(self.daemon.socket, 120)
            connection.request("POST", "/jsonrpc", body, {"Content-Type": "application/json"})
            parked.append(connection)
        return parked

    def settled_memory(self):
        """The resident MiB once they do not change any more."""
        deadline = wait.Deadline(60, "memory that does not change")
        seen = [self.memory()]
        while len(seen) < 10 or len(set(seen[-10:])) > 1:
            wait.pause(deadline)
            seen.append(self.memory())
        return seen[-1]

    def release(self, vm, parked):
        """Wakes the parked calls; returns how many events came to each."""
        self.api.event.inject("VM", vm)
        counts = []
        for connection in parked:
            with connection.getresponse() as response:
                counts.append(len(json.loads(response.read())["result"]["events"]))
            connection.close()
        return counts

    def cycle(self, vm, count):
        """Starts the VM and stops it again, time after time."""
        for _ in range(count):
            self.api.VM.start(vm, False, False)
            self.api.VM.hard_shutdown(vm)

    def create_vm(self):
        """A halted VM without devices."""
        template = self.api.VM.get_by_name_label("Other install media")[0]
        vm = self.api.VM.clone(template, "cycled")
        self.api.VM.provision(vm)
        return vm

    def close(self):
        self.api.close()
        self.daemon.stop()
        self.daemon.destroy()
