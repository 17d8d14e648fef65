"""Guests of a lab host that runs Xen, seen from outside: by `xe -s` and by the XenAPI over HTTPS. They
run the demo guest of tools/guest, as in tests/functional."""

import functools
import pathlib
import re
import socket
import ssl
import uuid

from host import DEMO_GUEST, PASSWORD
from lab import KERNELS, XenCase
from lib import console, wait
from lib.api import Api
from lib.guest import Guest, Host

MEMORY = 160
# Emulated processors run guests that are emulated a second time when they are not paravirtual.
START_SECONDS = 480
# Between the end of a guest and what the host says of it.
ALERT_SECONDS = 30
DOM0_WEIGHT = 4096
STORAGE = "/srv/guests"


def connect(port):
    """A TLS connection to the host's XenAPI, whose certificate is its own and not checked."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), START_SECONDS))


class XenHost(Host):
    """What lib.guest wants of a host, for one that is reached from outside alone."""

    def __init__(self, lab):
        super().__init__(None, None)
        self.lab = lab
        self.log_in()

    def log_in(self):
        """A new session; the one before may have died with its daemon."""
        if self.api:
            self.api.close()
        self.api = Api.https("127.0.0.1", self.lab.https_port, START_SECONDS)
        self.api.login("root", PASSWORD)

    def kernels(self):
        return pathlib.Path(KERNELS)

    def console_target(self, ref):
        return f"/console?ref={ref}&session_id={self.api.session}"

    def open_console(self, ref):
        return console.Console(connect(self.lab.https_port), self.console_target(ref),
                               START_SECONDS)

    def storage(self):
        """A repository for disks and saved memory, which the first one to ask makes."""
        sr = self.lab.xe("sr-list", "name-label=guests", "--minimal")
        if not sr:
            self.lab.must(f"mkdir -p {STORAGE}")
            sr = self.lab.xe("sr-create", "name-label=guests", "type=file", "content-type=user",
                             f"device-config:location={STORAGE}")
            pool = self.lab.xe("pool-list", "--minimal")
            self.lab.xe("pool-param-set", f"uuid={pool}", f"default-SR={sr}",
                        f"suspend-image-SR={sr}", f"crash-dump-SR={sr}")
        return sr

    def demo_disk(self):
        """A disk with the demo guest on it, which the repository finds among its files."""
        name = str(uuid.uuid4())
        self.lab.must(f"cp {DEMO_GUEST}/disk.qcow2 {STORAGE}/{name}.qcow2")
        self.lab.xe("sr-scan", f"uuid={self.storage()}")
        return self.api.VDI.get_by_uuid(name)

    def install(self, name, kind):
        """A halted VM of a kind of guest, made from a template. It has two processors at most and
        a card in the host's own network."""
        vm = self.lab.xe("vm-install", "template=Other install media", f"new-name-label={name}")
        self.lab.xe("vm-memory-limits-set", f"uuid={vm}", f"static-min={MEMORY // 2}MiB",
                    f"dynamic-min={MEMORY}MiB", f"dynamic-max={MEMORY}MiB",
                    f"static-max={MEMORY}MiB")
        self.lab.xe("vm-param-set", f"uuid={vm}", "VCPUs-max=2", "VCPUs-at-startup=1")
        self.lab.xe("vm-param-set", f"uuid={vm}", *KINDS[kind],
                    "xenstore-data:vm-data/word=told-by-the-host")
        guest = XenGuest(self, vm)
        if kind == "hvm":
            vbd = guest.add_disk(self.demo_disk(), bootable=True)
            # It goes with the VM.
            self.api.VBD.add_to_other_config(vbd, "owner", "true")
        guest.add_nic(self.internal_network())
        return guest


# What makes a VM one of a kind. Where Xen emulates the time-stamp counter, an emulated processor ends
# guests at its RDTSC again and again.
DIRECT = (f"PV-kernel={KERNELS}/vmlinux", f"PV-ramdisk={KERNELS}/initrd",
          "PV-args=console=hvc0 quiet mitigations=off")
KINDS = {
    "pv": ("HVM-boot-policy=", *DIRECT),
    "pvh": ("domain-type=pvh", "platform:tsc_mode=2", *DIRECT),
    # From a disk: QEMU takes minutes to copy a kernel in, and to read by IDE.
    "hvm": ("HVM-boot-params:order=c", "platform:hdtype=ahci", "platform:tsc_mode=2"),
}


class XenGuest(Guest):
    def __init__(self, host, name):
        super().__init__(host, host.api.VM.get_by_uuid(name))
        self.uuid = name

    def xe(self, command, *arguments, seconds=START_SECONDS):
        return self.host.lab.xe(command, f"uuid={self.uuid}", *arguments, seconds=seconds)

    def log_in(self):
        """After the host has got a new session."""
        self.api = self.host.api

    def run(self, command, seconds=START_SECONDS):
        return super().run(command, seconds)

    def wait_for(self, command, seconds=START_SECONDS):
        return super().wait_for(command, seconds)

    def open_line(self, protocol, deadline):
        """A console as it is, without a shell behind it."""
        [ref] = [ref for ref in self.api.VM.get_consoles(self.vm)
                 if self.api.console.get_protocol(ref) == protocol]
        return console.Line(connect(self.host.lab.https_port), self.host.console_target(ref),
                            deadline)

    def rfb_greeting(self):
        """The first words of its screen."""
        deadline = wait.Deadline(START_SECONDS, "a screen")
        screen = self.open_line("rfb", deadline)
        greeting = screen.read_until(b"\n", deadline)
        screen.close()
        return greeting


def outlive(case):
    """The case, tried again with a new guest when the emulated processor has ended one: now and then
    QEMU mixes up the registers of a virtual processor with Xen's. Xen tells of a triple fault then, or
    the guest's kernel dies, which is a crash that no case has asked for. One that had another reason
    would come again, until no lives are left."""
    @functools.wraps(case)
    def run(self):
        before = self.faults(), self.unasked_crashes()
        state = self.guest.state() if self.guest else None
        try:
            case(self)
        except Exception as error:  # pylint: disable=broad-exception-caught
            if not self.lives or not self.has_lost_guest(*before):
                raise
            type(self).lives -= 1
            print(f"# {case.__name__}: the emulated processor has ended a guest, so once more with"
                  f" another: {error!r}", flush=True)
            self.begin_anew(state)
            run(self)
    return run


class GuestCase(XenCase):
    """Tests of one kind of guest that are run in order, with one guest that most of them share."""

    kind = None
    guest = None
    checkpoint = None  # of the guest
    lives = 4
    asked = 0  # crashes that cases have made

    def __init_subclass__(cls):
        super().__init_subclass__()
        for name in dir(cls):
            if name.startswith("test_"):
                setattr(cls, name, outlive(getattr(cls, name)))

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host.must(f"mkdir -p {KERNELS} && cd {DEMO_GUEST} && ln -f vmlinux initrd {KERNELS}")
        # Guests that have as much of the processors as dom0 keep it from serving them.
        cls.host.must(f"xl sched-credit2 -d 0 -w {DOM0_WEIGHT}")
        cls.xen = XenHost(cls.host)
        cls.xen.storage()

    @property
    def api(self):
        return self.xen.api

    def faults(self):
        """The triple faults that Xen still tells of."""
        return set(re.findall(r"d\d+v\d+ Triple fault", self.host.must("xl dmesg")))

    def crashed(self):
        """The VMs whose crashes the host has told of, one for each time."""
        return [record["obj_uuid"] for record in self.api.message.get_all_records().values()
                if record["name"] == "VM_CRASHED"]

    def unasked_crashes(self):
        return len(self.crashed()) - self.asked

    def has_lost_guest(self, faults, crashes):
        """Whether there are more of both than these by now, or soon: the host may not have told yet."""
        self.xen.log_in()
        if self.guest:
            self.guest.log_in()
        if not self.faults() <= faults:
            return True
        try:
            self.api.wait_for("a crash", ALERT_SECONDS, ["message"],
                              lambda: self.unasked_crashes() > crashes)
            return True
        except TimeoutError:
            return False

    def begin_anew(self, state):
        """Takes away all guests with all that they had, and makes one that is `state`."""
        def all_of(*command):
            return [uuid for uuid in self.host.xe(*command, "--minimal").split(",") if uuid]
        for snapshot in all_of("snapshot-list"):
            self.host.xe("snapshot-uninstall", f"uuid={snapshot}", "force=true")
        vms = all_of("vm-list", "is-control-domain=false")
        refs = [self.api.VM.get_by_uuid(vm) for vm in vms]
        # What follows the end of the guest that was lost is not to be disturbed.
        self.api.wait_for("the end of all operations", START_SECONDS, ["VM"], lambda: not any(
            self.api.VM.get_current_operations(ref) for ref in refs))
        for vm in vms:
            self.host.xe("vm-uninstall", f"uuid={vm}", "force=true")
        for vdi in all_of("vdi-list", f"sr-uuid={self.xen.storage()}"):
            self.host.xe("vdi-destroy", f"uuid={vdi}")
        self.guest.close_shell()
        type(self).checkpoint = None
        type(self).guest = self.xen.install(f"{self.kind} guest", self.kind)
        if state == "Running":
            self.guest.xe("vm-start")
            self.guest.wait_agent()
