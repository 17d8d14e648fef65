"""One clearwaterd, with its state in a directory of its own."""

import os
import pathlib
import shutil
import signal
import subprocess

from . import api, wait

TREE = pathlib.Path(__file__).resolve().parents[3]
BUILD = pathlib.Path(os.environ.get("CLEARWATER_BUILD", TREE / "build/out"))
# Short, because the paths of unix sockets end after 107 characters.
ROOTS = TREE / "build/t"
HTTPS_PORT = 8443
HTTP_PORT = 8080


def memory_of(pid):
    """MiB of a process: (resident, proportional to what is shared with others)."""
    sizes = {}
    path = pathlib.Path(f"/proc/{pid}/smaps_rollup")
    for line in path.read_text(encoding="ascii").splitlines()[1:]:
        name, size, _ = line.split()
        sizes[name] = int(size) / 1024
    return sizes["Rss:"], sizes["Pss:"]


def link_target(link):
    """What a link of /proc points to; nothing when it is gone by now."""
    try:
        return os.readlink(link)
    except FileNotFoundError:
        return ""


class Daemon:
    """Start, stop, kill; whatever guests it runs live on until destroy()."""

    def __init__(self, name, engine="qemu", address="127.0.0.1"):
        self.name = name
        self.engine = engine
        self.address = address
        self.root = ROOTS / f"{name}-{os.getpid()}"
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir(parents=True)
        self.socket = str(self.root / "run/clearwater/xapi.sock")
        self.output = self.root / "clearwaterd.out"
        self.process = None

    def start(self, seconds=120):
        """Starts the daemon and returns a session of root's once it answers."""
        self.spawn()
        return self.wait_ready(seconds)

    def spawn(self):
        """The first half of start()."""
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [BUILD / "src/daemon/clearwaterd", "--root", self.root, "--foreground",
                 "--engine", self.engine, "--https", f"{self.address}:{HTTPS_PORT}",
                 "--http", f"127.0.0.1:{HTTP_PORT}"],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def wait_ready(self, seconds=120):
        """The second."""
        deadline = wait.Deadline(seconds, f"start of {self.name}")
        while True:
            if self.process.poll() is not None:
                raise ChildProcessError(f"clearwaterd ended with {self.process.returncode}")
            try:
                return self.connect()
            except (OSError, api.ApiError) as error:
                # Not there yet, or there and still booting.
                if isinstance(error, api.ApiError) and error.code != "HOST_STILL_BOOTING":
                    raise
                wait.pause(deadline)

    def connect(self):
        """A new session of root's by the unix socket."""
        connection = api.Api.local(self.socket)
        connection.login("root", "")
        return connection

    def stop(self):
        """Asks the daemon to end; guests stay. Returns its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(timeout=60)

    def kill(self):
        """What a power cut does to the daemon alone."""
        self.process.kill()
        self.process.wait(timeout=60)

    def pids(self, program=""):
        """Processes of this root directory: the daemon, guests, helpers; or only those of one
        program. They name it among their arguments or have a file of it open; a guest gets its
        files as descriptors only."""
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                arguments = (entry / "cmdline").read_bytes()
                files = [link_target(link) for link in (entry / "fd").iterdir()]
                name = os.path.basename(os.readlink(entry / "exe"))
            except OSError:
                continue
            if program not in ("", name):
                continue
            if os.fsencode(self.root) in arguments or \
                    any(file.startswith(f"{self.root}/") for file in files):
                yield int(entry.name)

    def destroy(self):
        """Ends everything that runs under the root directory and removes it. What was just being
        started when the list was made is in the next one."""
        deadline = wait.Deadline(120, f"end of what {self.name} started")
        while left := list(self.pids()):
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            if self.process:
                self.process.wait(timeout=60)
            wait.pause(deadline)
        shutil.rmtree(self.root, ignore_errors=True)

    def logs(self):
        """(name, last lines) of every log under the root directory."""
        paths = [self.output, *sorted(self.root.glob("var/log/**/*"))]
        for path in paths:
            if path.is_file():
                text = path.read_text(encoding="utf-8", errors="replace")
                yield path.relative_to(self.root), text.splitlines()[-60:]
