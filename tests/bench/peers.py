"""The two daemons that are compared, and the same virtual machines on both.

Both run inside namespaces that tests/bench/run made; nothing here is seen outside of them."""

import pathlib
import subprocess

from functional.lib import wait
from functional.lib.daemon import BUILD, TREE, Daemon, memory_of
from functional.lib.guest import INITRD, KERNEL, KERNEL_ARGS, MIB, Host

STATE = TREE / "build/bench"
QEMU = "/usr/bin/qemu-system-x86_64"
# The account that each runs guests under.
GUEST_USERS = {"clearwater-guest": 64056, "libvirt-qemu": 64055}
MEMORY = 256 * MIB
DISK_SIZE = 64 * MIB


def run_bench(program, *arguments):
    """Runs a program of this folder; returns a list of numbers for each line that it prints."""
    output = subprocess.run([BUILD / "tests/bench" / program, *arguments], check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    return [[float(word) for word in line.split()] for line in output.splitlines()]


class Peer:
    """A daemon, the socket that clients reach it by, and the uuid of the VM that is started."""

    name = None
    socket = None
    vm = None
    process = None

    def measure(self, what, repetitions=1):
        return run_bench("bench_peer", self.name, what, self.socket, self.vm, str(repetitions))

    def memory(self):
        """MiB: (resident, proportional to what is shared with others)."""
        return memory_of(self.process.pid)


class Clearwater(Peer):
    name = "clearwater"

    def __init__(self):
        self.daemon = Daemon("bench")
        self.socket = self.daemon.socket
        folder = self.daemon.root / "etc/clearwater"
        folder.mkdir(parents=True)
        (folder / "clearwater.conf").write_text("accelerator = tcg\n", encoding="utf-8")
        self.host = Host(self.daemon, self.daemon.start())
        self.api = self.host.api
        self.process = self.daemon.process
        self.network = None

    def define(self, name):
        """A VM with one NIC and one empty CD drive."""
        self.network = self.network or self.host.create_network("bench")
        guest = self.host.create_guest(name, MEMORY)
        guest.add_nic(self.network)
        guest.add_cd(None)
        return guest

    def define_started(self):
        """The VM that is started: with a disk too, and the demo guest's kernel."""
        kernels = self.daemon.root / "var/lib/clearwater/kernels"
        kernels.mkdir(parents=True, exist_ok=True)
        guest = self.define("started")
        for path, setter in (KERNEL, self.api.VM.set_PV_kernel), \
                            (INITRD, self.api.VM.set_PV_ramdisk):
            (kernels / path.name).write_bytes(path.read_bytes())
            setter(guest.vm, str(kernels / path.name))
        guest.add_disk(self.create_disk())
        self.vm = self.api.VM.get_uuid(guest.vm)

    def create_disk(self):
        folder = self.daemon.root / "disks"
        folder.mkdir()
        sr = self.api.SR.create(self.api.host.get_all()[0], {"location": str(folder)}, 0, "bench",
                                "", "file", "user", False, {})
        return self.api.VDI.create({
            "name_label": "disk", "name_description": "", "SR": sr, "virtual_size": DISK_SIZE,
            "type": "user", "sharable": False, "read_only": False, "other_config": {}})

    def define_many(self, count):
        for number in range(count):
            self.define(f"vm{number}")

    def close(self):
        self.api.close()
        self.daemon.stop()
        self.daemon.destroy()


class Libvirt(Peer):
    name = "libvirt"
    folder = STATE / "libvirt"
    images = pathlib.Path("/var/lib/libvirt/images")

    def __init__(self):
        self.enter_private_folders()
        config = self.folder / "libvirtd.conf"
        config.write_text('auth_unix_rw = "none"\nlog_outputs = "3:stderr"\n', encoding="utf-8")
        # Without virtlogd, a second daemon that systemd would start.
        pathlib.Path("/etc/libvirt/qemu.conf").write_text(
            'stdio_handler = "file"\n', encoding="utf-8")
        with (self.folder / "libvirtd.out").open("wb") as output:
            self.process = subprocess.Popen(["libvirtd", "--config", config],
                                            stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=output)
        self.socket = "/run/libvirt/libvirt-sock"
        self.uri = f"qemu+unix:///system?socket={self.socket}"
        deadline = wait.Deadline(60, "start of libvirtd")
        while not self.answers():
            if self.process.poll() is not None:
                raise ChildProcessError(f"libvirtd ended; see {self.folder}/libvirtd.out")
            wait.pause(deadline)

    def enter_private_folders(self):
        """libvirtd has no option for where its state is, so it gets mounts of its own."""
        for path in "/etc/libvirt", "/var", "/run":
            private = self.folder / path[1:]
            subprocess.run(["rm", "-rf", private], check=True)
            private.mkdir(parents=True)
            subprocess.run(["mount", "--bind", private, path], check=True)
        self.images.mkdir(parents=True)
        pathlib.Path("/var/log/libvirt/qemu").mkdir(parents=True)
        for path in KERNEL, INITRD:
            (self.images / path.name).write_bytes(path.read_bytes())

    def answers(self):
        return pathlib.Path(self.socket).exists() and subprocess.run(
            ["virsh", "-q", "-c", self.uri, "version"], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, check=False).returncode == 0

    def version(self):
        return subprocess.run(["libvirtd", "--version"], check=True, stdout=subprocess.PIPE,
                              text=True).stdout.split()[-1]

    def virsh(self, *commands):
        """Runs commands over one connection."""
        return subprocess.run(["virsh", "-q", "-c", self.uri, "; ".join(commands)], check=True,
                              text=True, stdout=subprocess.PIPE).stdout

    def define(self, names, devices=""):
        commands = []
        for name in names:
            path = self.images / f"{name}.xml"
            path.write_text(domain_xml(name, self.images, devices), encoding="utf-8")
            commands.append(f"define {path}")
        self.virsh(*commands)

    def define_started(self):
        subprocess.run(["ip", "link", "add", "bench0", "type", "bridge"], check=True)
        subprocess.run(["ip", "link", "set", "bench0", "up"], check=True)
        image = self.images / "disk.qcow2"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", image, str(DISK_SIZE)],
                       check=True)
        self.define(["started"], DISK_XML.format(image=image))
        self.vm = self.virsh("domuuid started").strip()

    def define_many(self, count):
        self.define([f"vm{number}" for number in range(count)])

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=60)


def add_accounts():
    """Makes the accounts that guests run under, for this mount namespace alone."""
    for path, line in ("/etc/passwd", "{0}:x:{1}:{1}::/nonexistent:/usr/sbin/nologin\n"), \
                      ("/etc/group", "{0}:x:{1}:\n"):
        private = STATE / pathlib.Path(path).name
        others = [kept for kept in pathlib.Path(path).read_text(encoding="utf-8").splitlines(True)
                  if kept.split(":")[0] not in GUEST_USERS]
        added = [line.format(name, number) for name, number in GUEST_USERS.items()]
        private.write_text("".join(others + added), encoding="utf-8")
        subprocess.run(["mount", "--bind", private, path], check=True)


def hide_kvm():
    """A /dev without it. Both use tcg, and libvirtd would ask QEMU for its capabilities again at
    every start where there is a /dev/kvm that QEMU cannot work with."""
    private = STATE / "dev"
    private.mkdir(exist_ok=True)
    nodes = ["full", "null", "ptmx", "random", "tty", "urandom", "zero", "net"]
    for command in (["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", private],
                    ["cp", "-a", *(f"/dev/{node}" for node in nodes), private],
                    ["mkdir", private / "pts", private / "shm"],
                    ["mount", "--bind", "/dev/pts", private / "pts"],
                    ["mount", "--bind", "/dev/shm", private / "shm"],
                    # libvirtd looks through what is mounted, so nothing may lie underneath.
                    ["umount", "--recursive", "--lazy", "/dev"],
                    ["mount", "--rbind", private, "/dev"]):
        subprocess.run(command, check=True)


def floor_command(images):
    """A QEMU like those of the two daemons, started by nobody but the shell."""
    return [QEMU, "-nodefaults", "-no-user-config", "-display", "none",
            "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
            "-machine", "pc-q35-7.2,usb=off,vmport=off,hpet=off,dump-guest-core=off",
            "-accel", "tcg,thread=multi,tb-size=256", "-cpu", "max", "-smp", "1", "-m", "256M",
            "-chardev", "null,id=serial", "-serial", "chardev:serial",
            "-device", "virtio-serial-pci,id=channels", "-chardev", "null,id=agent",
            "-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0",
            "-vnc", "none", "-device", "VGA", "-device", "virtio-balloon-pci",
            "-device", "virtio-rng-pci", "-device", "qemu-xhci,id=usb",
            "-device", "usb-tablet,bus=usb.0", "-device", "pcie-pci-bridge,id=plug",
            "-device", "pvpanic", "-device", "ide-cd",
            "-kernel", images / KERNEL.name, "-initrd", images / INITRD.name,
            "-append", KERNEL_ARGS,
            "-blockdev", "driver=file,node-name=file,aio=io_uring,cache.direct=on,filename="
            f"{images / 'disk.qcow2'}",
            "-blockdev", "driver=qcow2,node-name=disk,file=file",
            "-device", "virtio-blk-pci,drive=disk,bus=plug,addr=1",
            "-netdev", "tap,id=net,ifname=floor0,script=no,downscript=no",
            "-device", "virtio-net-pci,netdev=net,romfile=,bus=plug,addr=2"]


def measure_floor(images):
    """Milliseconds that QEMU alone takes."""
    return run_bench("bench_floor", STATE / "floor.sock", "1", *floor_command(images))


DISK_XML = """
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2' cache='none' io='io_uring' discard='unmap'/>
      <source file='{image}'/><target dev='vda' bus='virtio'/>
    </disk>"""


def domain_xml(name, images, devices):
    """The machine that Clearwater builds, in libvirt's words."""
    return f"""
<domain type='qemu'>
  <name>{name}</name>
  <memory unit='b'>{MEMORY}</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>
    <kernel>{images / KERNEL.name}</kernel>
    <initrd>{images / INITRD.name}</initrd>
    <cmdline>{KERNEL_ARGS}</cmdline>
  </os>
  <features><acpi/><apic/><vmport state='off'/></features>
  <cpu mode='maximum'/>
  <clock offset='utc'><timer name='hpet' present='no'/></clock>
  <on_crash>preserve</on_crash>
  <devices>
    <emulator>{QEMU}</emulator>{devices}
    <disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>
    <controller type='usb' model='qemu-xhci'/>
    <interface type='bridge'>
      <source bridge='bench0'/><model type='virtio'/><rom enabled='no'/>
    </interface>
    <serial type='pty'><log file='/var/log/libvirt/{name}.log' append='on'/></serial>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <input type='tablet' bus='usb'/>
    <video><model type='vga'/></video>
    <memballoon model='virtio' freePageReporting='on'/>
    <rng model='virtio'><backend model='builtin'/></rng>
    <panic model='isa'/>
  </devices>
</domain>"""
