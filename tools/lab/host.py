"""A lab host: Debian 12 as a Xen dom0 in a QEMU that emulates everything, reached through ports of
127.0.0.1. Nothing that runs in it gets out: QEMU forwards what comes in and no more."""

import os
import pathlib
import shlex
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LAB = ROOT / "build/lab"
IMAGE = LAB / "image"
LOGS = LAB / "logs"
RUN = LAB / "run"
PACKAGES = ROOT / "build/packages"
# In the order that they depend on each other.
PACKAGE_NAMES = ("clearwater", "clearwater-xen", "clearwater-lab")

# Under a load of nine it took three minutes, and a quarter of that on a machine without other work.
INSTALL_SECONDS = 360

# MiB. Guests get what dom0 leaves of it.
HOST_MEMORY = 3072
DOM0_MEMORY = 1280
# A processor that Debian's Xen survives in emulation: with SMAP and SMEP it does not.
CPU = "qemu64,+svm,+npt,-smap,-smep"
# With two an HVM guest boots four times as long where two hosts run side by side, which take each other's
# time. For dom0 two would double the price of fork, too, by interrupts to flush the TLB.
PROCESSORS = 1
XEN_ARGUMENTS = (f"console=com1 com1=115200,8n1 dom0_mem={DOM0_MEMORY}M,max:{DOM0_MEMORY}M "
                 "dom0_max_vcpus=1 spec-ctrl=no bootscrub=0 ucode=no no-real-mode edd=off")
LINUX_ARGUMENTS = ("console=hvc0 root=/dev/vda rw quiet loglevel=4 net.ifnames=0 mitigations=off "
                   "audit=0 apparmor=0 systemd.show_status=0")

# Of a host: vmlinux and letters.gz, for domains of Xen; vmlinux, initrd and disk.qcow2 of the demo
# guest. tools/lab/image puts them there.
GUEST = "/srv/guest"
DEMO_GUEST = "/srv/demo"


def free_port():
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def package(name, folder=PACKAGES):
    """The file of a package that was built."""
    [file] = folder.glob(f"{name}_*.deb")
    return file


def packages():
    """Those of all packages that a lab host gets."""
    return [package(name) for name in PACKAGE_NAMES]


class LabHost:
    """The machine. A second object made by `attach` is another program's way to the same one."""

    disk_image = IMAGE / "root.img"
    disk_bytes = None  # as large as the image

    def __init__(self, name, ssh_port, https_port):
        self.name = name
        self.ssh_port = ssh_port
        self.https_port = https_port
        self.process = None

    @property
    def logs(self):
        """Where what it writes is left."""
        return LOGS / self.name

    @property
    def console_log(self):
        return self.logs / "console.log"

    @property
    def run(self):
        """What it needs while it runs, and test programs for it."""
        return RUN / self.name

    @classmethod
    def attach(cls, which=1):
        """The host that tools/lab/run has started, for a test program; the second of two."""
        name, ssh_port, https_port = os.environ[f"CLEARWATER_LAB_{which}"].split()
        return cls(name, int(ssh_port), int(https_port))

    def environment(self, which=1):
        """What attach() needs."""
        return {f"CLEARWATER_LAB_{which}": f"{self.name} {self.ssh_port} {self.https_port}"}

    @classmethod
    def boot(cls, name, seconds):
        """Starts a host on a fresh disk and waits until it is up."""
        host = cls(name, free_port(), free_port())
        host.run.mkdir(parents=True, exist_ok=True)
        host.logs.mkdir(parents=True, exist_ok=True)
        disk = host.make_disk()
        with open(host.logs / "qemu.log", "wb") as log:
            # The kernel ends it with us, whatever becomes of us.
            host.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *host.command(disk)],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            host.wait_until_up(time.monotonic() + seconds)
        except BaseException:
            host.__exit__()
            raise
        return host

    def make_disk(self):
        """A layer over the image, which stays as it is."""
        disk = self.run / "disk.qcow2"
        disk.unlink(missing_ok=True)
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw",
                        "-b", self.disk_image, disk,
                        *([str(self.disk_bytes)] if self.disk_bytes else [])], check=True)
        return disk

    def command(self, disk):
        forward = f"hostfwd=tcp:127.0.0.1:{self.ssh_port}-:22," \
                  f"hostfwd=tcp:127.0.0.1:{self.https_port}-:443"
        return ["qemu-system-x86_64", "-name", "clearwater-lab", "-nodefaults",
                "-machine", "pc", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", CPU,
                "-m", str(HOST_MEMORY), "-smp", str(PROCESSORS), "-display", "none", "-no-reboot",
                "-drive", f"file={disk},if=virtio,cache=unsafe,discard=unmap",
                "-netdev", f"user,id=n0,restrict=on,{forward}",
                "-device", "virtio-net-pci,netdev=n0", "-device", "virtio-rng-pci",
                *self.console_options(), "-monitor", "none", *self.boot_options()]

    def console_options(self):
        return ["-serial", f"file:{self.console_log}"]

    def boot_options(self):
        """Xen, and dom0 as its modules."""
        return ["-kernel", IMAGE / "xen", "-append", XEN_ARGUMENTS,
                "-initrd", f"{IMAGE}/vmlinuz {LINUX_ARGUMENTS},{IMAGE}/initrd"]

    def is_up(self, seconds):
        """Whether one can log in."""
        return self.ssh("true", seconds).returncode == 0

    def wait_until_up(self, deadline):
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"QEMU ended by itself; see {self.logs}")
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"the host does not come up; see {self.console_log}")
            try:
                if self.is_up(min(left, 10)):
                    return
            except subprocess.TimeoutExpired:
                pass
            # A refused connection comes back at once.
            time.sleep(0.5)

    def ssh_command(self):
        return ["ssh", "-q", "-i", str(IMAGE / "id_ed25519"), "-p", str(self.ssh_port),
                "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                "-o", "ConnectTimeout=60", "-o", "BatchMode=yes", "root@127.0.0.1"]

    def ssh(self, command, seconds):
        """Runs a shell command in the host; its output and errors are one text."""
        return subprocess.run([*self.ssh_command(), command], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", timeout=seconds, check=False)

    def must(self, command, seconds=60):
        """The same for a command that must succeed. Returns what it printed."""
        done = self.ssh(command, seconds)
        if done.returncode:
            raise AssertionError(f"{command}: exit code {done.returncode}\n{done.stdout}")
        return done.stdout.strip()

    def copy_in(self, files, folder, seconds=60):
        """Copies files of this machine into a folder of the host, which is made."""
        files = [pathlib.Path(file) for file in files]
        names = [argument for file in files for argument in ("-C", file.parent, file.name)]
        with subprocess.Popen(["tar", "-c", *names], stdout=subprocess.PIPE) as archive:
            subprocess.run([*self.ssh_command(), f"mkdir -p {folder} && tar -C {folder} -x"],
                           stdin=archive.stdout, timeout=seconds, check=True)

    def copy_out(self, paths, target, seconds=60):
        """Packs what there is of `paths` into the file `target` of this machine."""
        command = f"cd / && ls -d {' '.join(paths)} 2>/dev/null | tar -czf - -T -"
        with open(target, "wb") as file:
            subprocess.run([*self.ssh_command(), command], stdin=subprocess.DEVNULL, stdout=file,
                           stderr=subprocess.DEVNULL, timeout=seconds, check=False)

    def install(self, files):
        """Installs package files the way an administrator would, without a network. Returns what
        that printed."""
        self.copy_in(files, "/root/packages")
        names = " ".join(f"/root/packages/{file.name}" for file in files)
        return self.must(f"dpkg -i {names}", INSTALL_SECONDS)

    def set_password(self):
        """Lets xe() in, once the packages are there."""
        self.must(f"xe user-password-change new={PASSWORD}")

    def xe(self, *arguments, seconds=60):
        """Runs the freshly built xe on this machine against the host. Returns what it printed."""
        xe = ROOT / "build/packages/tree/obj/src/xe/xe"
        done = subprocess.run([xe, "-s", "127.0.0.1", "-p", str(self.https_port), "-u", "root",
                               "-pw", PASSWORD, *arguments], capture_output=True, text=True,
                              timeout=seconds, check=False)
        if done.returncode:
            raise AssertionError(f"xe {shlex.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Whatever happened, QEMU ends."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def off(self, seconds):
        """Powers it off; ends QEMU when that takes too long."""
        try:
            self.ssh("systemctl poweroff --no-wall", min(seconds, 15))
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            print(f"lab: the host is not off after {seconds} s", flush=True)


# Of the XenAPI's root in a lab host, which nobody but this machine reaches.
PASSWORD = "lab-password"
