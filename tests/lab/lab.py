"""What the tests of a lab host share. tools/lab/run starts the host and runs them, one program
after the other, in the order that it lists."""

import subprocess
import unittest

from host import GUEST, ROOT, RUN, LabHost

PACKAGES = ROOT / "build/packages"
# In the order that they depend on each other.
NAMES = ("clearwater", "clearwater-xen", "clearwater-lab")
# The only folder that the daemon takes guests' kernels from.
KERNELS = "/var/lib/clearwater/kernels"


def package(name, folder=PACKAGES):
    """The file of a package that was built."""
    [file] = folder.glob(f"{name}_*.deb")
    return file


def later_packages(suffix):
    """The same packages again, as a later version. Returns their files."""
    folder = RUN / f"packages{suffix}"
    files = []
    for name in NAMES:
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

    def install(self, files):
        """Installs package files the way an administrator would, without a network."""
        self.host.copy_in(files, "/root/packages")
        names = " ".join(f"/root/packages/{file.name}" for file in files)
        return self.host.must(f"dpkg -i {names}", 180)

    def service(self, what):
        """A property of the daemon's unit."""
        return self.host.must(f"systemctl show --value -p {what} clearwaterd")

    def local_xe(self, command):
        """What xe prints on the host itself, where root needs no password."""
        return self.host.must(f"xe {command}")


class XenCase(LabCase):
    """With a daemon that runs guests as domains of Xen; afterwards it runs them by QEMU again. Of
    the lab's guest kernel and initial RAM disk it may take both."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_engine("xen")
        cls.addClassCleanup(cls.set_engine, "qemu")
        cls.host.must(f"ln -f {GUEST}/* {KERNELS}")

    @classmethod
    def set_engine(cls, name):
        """No guest must be there that runs on the one before."""
        conf = "/etc/clearwater/clearwater.conf"
        cls.host.must(f"sed -i '/^engine/d' {conf} && echo engine = {name} >>{conf} &&"
                      " systemctl restart clearwaterd", 120)
