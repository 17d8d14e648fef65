"""How long VM.start takes on Xen until the domain runs, beside `xl create` of the same guest on the
same host, in turns. Prints medians and their ratio; asserts no time."""

import statistics
import time

import tap
from domains import MEMORY, XenHost
from lab import KERNELS, LETTERS, XenCase
from lib.guest import MIB

ROUNDS = 7
DISK = "/srv/bench/disk.qcow2"
BRIDGE = "bench"
CONFIG = "/root/bench.cfg"
AIM = 1.1

# What install() makes of a guest of each kind, in words of xl.
DIRECT = f"""kernel = "{KERNELS}/vmlinux"
ramdisk = "{KERNELS}/letters.gz"
cmdline = "{LETTERS}"
vif = ["bridge={BRIDGE}"]
vfb = ["vnc=1,vncunused=1"]
"""
KINDS = {
    "pv": DIRECT,
    "pvh": DIRECT,
    "hvm": f"""boot = "c"
hdtype = "ahci"
serial = "pty"
usb = 1
usbdevice = ["tablet"]
vif = ["bridge={BRIDGE},type=vif"]
vnc = 1
vncunused = 1
""",
}

# Shell words that print the seconds of a command. bash itself looks at the clock, for another
# process would cost more here than some commands do.
TIMED = "TIMEFORMAT=%R; time {} >/dev/null"


class Start(XenCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.xen = XenHost(cls.host)
        cls.xen.storage()
        cls.host.must(f"mkdir -p /srv/bench && qemu-img create -q -f qcow2 {DISK} 64M &&"
                      f" ip link add {BRIDGE} type bridge && ip link set {BRIDGE} up")

    def seconds_of(self, command):
        return float(self.host.must(TIMED.format(command), 120).split()[-1])

    def write_config(self, kind):
        self.host.must(f"cat >{CONFIG} <<'END'\n"
                       f'name = "bench"\ntype = "{kind}"\nmemory = {MEMORY}\nvcpus = 1\nmaxvcpus = 2\n'
                       f'disk = ["format=qcow2,vdev=xvda,access=rw,target={DISK}"]\n'
                       f'{KINDS[kind]}END')

    def xl(self):
        seconds = self.seconds_of(f"xl create -q {CONFIG}")
        self.host.must("xl destroy bench", 120)
        return seconds

    def install(self, kind):
        guest = self.xen.install(f"{kind} start", kind)
        if kind != "hvm":
            guest.xe("vm-param-set", f"PV-args={LETTERS}", f"PV-ramdisk={KERNELS}/letters.gz")
            guest.add_disk(self.xen.create_vdi(f"{kind} disk", 64 * MIB))
        return guest

    def start(self, guest):
        """By a client that is connected and logged in, as they are."""
        began = time.monotonic()
        self.xen.api.VM.start(guest.vm, False, False)
        seconds = time.monotonic() - began
        self.stop(guest)
        return seconds

    def xe(self, guest):
        seconds = self.seconds_of(f"xe vm-start uuid={guest.uuid}")
        self.stop(guest)
        return seconds

    def stop(self, guest):
        self.xen.api.VM.hard_shutdown(guest.vm)
        self.wait_for_no_process(guest.uuid)

    def compare(self, kind):
        self.write_config(kind)
        guest = self.install(kind)
        measures = {"xl create": self.xl, "VM.start": lambda: self.start(guest),
                    "xe vm-start": lambda: self.xe(guest)}
        taken = {name: [] for name in measures}
        # The first of each, which reads everything from the disk, counts for nothing.
        for number in range(ROUNDS + 1):
            for name, measure in measures.items():
                seconds = measure()
                if number:
                    taken[name].append(seconds)
        medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
        for name, median in medians.items():
            best = min(taken[name])
            print(f"# {kind}: {name:<12} median {median:.2f} s, best {best:.2f} s,"
                  f" {median / medians['xl create']:.2f} times xl's")
        print(f"# aim for VM.start: at most {AIM} times")
        guest.xe("vm-uninstall", "force=true")

    def test_pv(self):
        self.compare("pv")

    def test_pvh(self):
        self.compare("pvh")

    def test_hvm(self):
        self.compare("hvm")


if __name__ == "__main__":
    tap.main()
