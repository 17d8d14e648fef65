"""Guests of a lab host that runs Xen, seen from outside: by `xe -s` and by the XenAPI over HTTPS. They
run the demo guest of tools/guest, as in tests/functional."""

import pathlib
import socket
import ssl

from host import DEMO_GUEST, PASSWORD
from lab import KERNELS, XenCase
from lib import console, wait
from lib.api import Api
from lib.guest import Guest, Host

MEMORY = 160
# Emulated processors run guests that are emulated a second time when they are not paravirtual.
START_SECONDS = 240
DOM0_WEIGHT = 4096


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
        self.api = Api.https("127.0.0.1", self.lab.https_port)
        self.api.login("root", PASSWORD)

    def kernels(self):
        return pathlib.Path(KERNELS)

    def console_target(self, ref):
        return f"/console?ref={ref}&session_id={self.api.session}"

    def open_console(self, ref):
        return console.Console(connect(self.lab.https_port), self.console_target(ref))

    def storage(self):
        """A repository for disks and saved memory, which the first one to ask makes."""
        sr = self.lab.xe("sr-list", "name-label=guests", "--minimal")
        if not sr:
            self.lab.must("mkdir -p /srv/guests")
            sr = self.lab.xe("sr-create", "name-label=guests", "type=file", "content-type=user",
                             "device-config:location=/srv/guests")
            pool = self.lab.xe("pool-list", "--minimal")
            self.lab.xe("pool-param-set", f"uuid={pool}", f"default-SR={sr}",
                        f"suspend-image-SR={sr}", f"crash-dump-SR={sr}")
        return sr

    def install(self, name, kind):
        """A halted VM of a kind of guest, made from a template. It has two processors at most and
        a card in the host's own network."""
        uuid = self.lab.xe("vm-install", "template=Other install media", f"new-name-label={name}")
        self.lab.xe("vm-memory-limits-set", f"uuid={uuid}", f"static-min={MEMORY // 2}MiB",
                    f"dynamic-min={MEMORY}MiB", f"dynamic-max={MEMORY}MiB",
                    f"static-max={MEMORY}MiB")
        self.lab.xe("vm-param-set", f"uuid={uuid}", "VCPUs-max=2", "VCPUs-at-startup=1")
        self.lab.xe("vm-param-set", f"uuid={uuid}", *KINDS[kind],
                    "xenstore-data:vm-data/word=told-by-the-host")
        guest = XenGuest(self, uuid)
        guest.add_nic(self.internal_network())
        return guest


# What makes a VM one of a kind.
DIRECT = (f"PV-kernel={KERNELS}/vmlinux", f"PV-ramdisk={KERNELS}/initrd",
          "PV-args=console=hvc0 quiet mitigations=off")
KINDS = {
    "pv": ("HVM-boot-policy=", *DIRECT),
    "pvh": ("domain-type=pvh", *DIRECT),
}


class XenGuest(Guest):
    def __init__(self, host, uuid):
        super().__init__(host, host.api.VM.get_by_uuid(uuid))
        self.uuid = uuid

    def xe(self, command, *arguments, seconds=START_SECONDS):
        return self.host.lab.xe(command, f"uuid={self.uuid}", *arguments, seconds=seconds)

    def log_in(self):
        """After the host has got a new session."""
        self.api = self.host.api

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


class GuestCase(XenCase):
    """Tests of one kind of guest that are run in order, with one guest that most of them share."""

    kind = None
    guest = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host.must(f"mkdir -p {KERNELS} && ln -f {DEMO_GUEST}/* {KERNELS}")
        # Guests that have as much of the processors as dom0 keep it from serving them.
        cls.host.must(f"xl sched-credit2 -d 0 -w {DOM0_WEIGHT}")
        cls.xen = XenHost(cls.host)
        cls.xen.storage()

    @property
    def api(self):
        return self.xen.api
