"""Programs that a killed daemon has left, such as a qemu-img that still writes to a disk."""

import subprocess
import sys

import tap
from lib import wait
from lib.case import FunctionalCase

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
