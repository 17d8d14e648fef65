"""What the tests of a lab host share. tools/lab/run starts the host and runs them, one program
after the other, in the order that it lists."""

import subprocess
import time
import unittest

from host import GUEST, PACKAGE_NAMES, RUN, LabHost, package

# The only folder that the daemon takes guests' kernels from.
KERNELS = "/var/lib/clearwater/kernels"
# What its kernel is told by a guest that obeys letters.
LETTERS = "console=hvc0 rdinit=/letters quiet loglevel=0 audit=0 mitigations=off"
BOOT_SECONDS = 120


def later_packages(suffix):
    """The same packages again, as a later version. Returns their files."""
    folder = RUN / f"packages{suffix}"
    files = []
    for name in PACKAGE_NAMES:
        root = folder / name
        subprocess.run(["rm", "-rf", root], check=True)
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["dpkg-deb", "-R", package(name), root], check=True)
        control = root / "DEBIAN/control"
        lines = control.read_text(encoding="utf-8").splitlines()
        version = next(line.split()[1] for line in lines if line.startswith("Version:"))
        text = control.read_text(encoding="utf-8").replace(version, version + suffix)
        control.write_text(text, encoding="utf-8")
        files.append(folder / f"{name}_{version}{suffix}.deb")
        subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "-b", root, files[-1]],
                       check=True, stdout=subprocess.DEVNULL)
    return files


class LabCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = LabHost.attach()

    def service(self, what, unit="clearwaterd"):
        """A property of a unit."""
        return self.host.must(f"systemctl show --value -p {what} {unit}")

    def kill_daemon(self):
        """The guests go on. Waits for another daemon: `start` does for the restart that the unit's
        end has scheduled."""
        self.host.must("systemctl kill --kill-who=main -s KILL clearwaterd &&"
                       " while systemctl is-active -q clearwaterd; do sleep 0.1; done;"
                       " systemctl start clearwaterd", 240)

    def local_xe(self, command):
        """What xe prints on the host itself, where root needs no password."""
        return self.host.must(f"xe {command}")


class XenCase(LabCase):
    """With guests of Xen: the kernel and initial RAM disk of the lab's guest are where the daemon
    takes them from."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host.must(f"ln -f {GUEST}/* {KERNELS}")

    def new_guest(self, name):
        """A paravirtual guest, halted: a Linux that says READY and obeys letters on its console."""
        vm = self.local_xe(f'vm-install template="Other install media" new-name-label={name}')
        self.local_xe(f"vm-memory-limits-set uuid={vm} static-min=128MiB dynamic-min=128MiB"
                      " dynamic-max=128MiB static-max=128MiB")
        self.local_xe(f"vm-param-set uuid={vm} HVM-boot-policy= PV-kernel={KERNELS}/vmlinux"
                      f" PV-ramdisk={KERNELS}/letters.gz PV-args='{LETTERS}'")
        return vm

    def wait_for_words(self, vm, words):
        """Waits until the guest has said this: the host writes its consoles down."""
        deadline = time.monotonic() + BOOT_SECONDS
        log = f"/var/log/xen/console/guest-{vm}.log"
        while words not in self.host.ssh(f"cat {log}", 30).stdout:
            self.assertLess(time.monotonic(), deadline, f"the guest does not say {words}")

    def wait_for_no_process(self, vm):
        """Waits until nothing serves the guest any more, which was shut down."""
        self.host.must(f"while pgrep -f '[q]emu.*{vm}'; do sleep 0.2; done", BOOT_SECONDS)
