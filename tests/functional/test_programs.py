"""Programs that a killed daemon has left, such as a qemu-img that still writes to a disk."""

import fcntl
import pathlib
import subprocess
import sys

import tap
from lib import wait
from lib.case import FunctionalCase
from lib.daemon import link_target

# Has what every program of the daemon has, a lock on the file that it is told, until its standard
# input ends. The kernel ends a real one with the daemon, but a moment later.
PROGRAM = """
import fcntl, sys
file = open(sys.argv[1], "r+b")
fcntl.lockf(file, fcntl.LOCK_SH)
print("locked", flush=True)
sys.stdin.read()
"""


class Programs(FunctionalCase):
    engine = "fake"

    def is_waited_for(self, program):
        """Whether the daemon has a descriptor of this process."""
        folder = f"/proc/{self.daemon.process.pid}/fdinfo"
        found = subprocess.run(["grep", "-lsr", f"^Pid:[[:space:]]{program.pid}$", folder],
                               stdout=subprocess.PIPE, check=False)
        return bool(found.stdout)

    def has_open(self, file):
        """Whether the daemon has, which must not end."""
        self.assertIsNone(self.daemon.process.poll(), "the daemon has ended")
        folder = pathlib.Path(f"/proc/{self.daemon.process.pid}/fd")
        return str(file) in [link_target(link) for link in folder.iterdir()]

    def test_daemon_waits_for_its_lock(self):
        """A program that is just being started has all that the daemon has."""
        path = self.daemon.root / "run/clearwater/daemon.lock"
        self.daemon.kill()
        deadline = wait.Deadline(20, "a daemon that waits for its lock")
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self.daemon.spawn()
            while not self.has_open(path):
                wait.pause(deadline)
        self.daemon.wait_ready().close()

    def test_daemon_waits_for_their_end(self):
        lock = self.daemon.root / "run/clearwater/programs.lock"
        self.daemon.kill()
        with subprocess.Popen([sys.executable, "-c", PROGRAM, lock], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as program:
            self.assertEqual(program.stdout.readline(), b"locked\n")
            self.daemon.spawn()
            deadline = wait.Deadline(20, "a daemon that waits for the program")
            while not self.is_waited_for(program):
                wait.pause(deadline)
            with self.assertRaises(OSError):
                self.daemon.connect()
            program.stdin.close()
            self.daemon.wait_ready().close()


if __name__ == "__main__":
    tap.main()
