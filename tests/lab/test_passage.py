"""Guests move from one lab host to another, by drivers alone.

Neither host gets out. What they have to say to each other, a guest's stream and the blocks of its
disk, goes through ssh connections of this machine: both hosts have the disk as /dev/nbd0, of one
server on the first."""

import os
import subprocess

import host as lab
import tap
from lab import LabCase

MOVE_SECONDS = 600
NBD_PORT = 10809
PROGRAMS = "/usr/libexec/clearwater/lab"
BOOT_SECTOR = f"{PROGRAMS}/hv_guest.bin"


class TwoHosts(LabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = lab.LabHost.attach(2)
        cls.tunnels = []
        cls.addClassCleanup(cls.end_tunnels)
        for host in (cls.host, cls.second):
            cls.provide(host)
        cls.share_disk()

    @classmethod
    def provide(cls, host):
        """The drivers and hv_migrate, where they are not installed yet."""
        if host.ssh(f"test -x {PROGRAMS}/hv_migrate", 30).returncode:
            host.copy_in(lab.packages(), "/root/packages")
            # Neither a database nor a daemon is wanted, which take a minute here.
            host.must("for file in /root/packages/*.deb; do dpkg-deb --fsys-tarfile $file |"
                      " tar -C / -x --keep-directory-symlink || exit 1; done", 120)

    @classmethod
    def share_disk(cls):
        cls.host.must(f"cp {BOOT_SECTOR} /root/shared.raw && truncate -s 1M /root/shared.raw &&"
                      f" qemu-nbd --fork --persistent --shared=0 --cache=writeback -f raw"
                      f" -b 127.0.0.1 -p {NBD_PORT} /root/shared.raw")
        port = lab.free_port()
        cls.tunnel(cls.host, "-L", f"127.0.0.1:{port}:127.0.0.1:{NBD_PORT}")
        cls.tunnel(cls.second, "-R", f"127.0.0.1:{NBD_PORT}:127.0.0.1:{port}")
        for host in (cls.host, cls.second):
            # The tunnels may take a while to be there.
            host.must("modprobe nbd max_part=0 && for i in $(seq 50); do"
                      f" qemu-nbd -c /dev/nbd0 -f raw --cache=none nbd://127.0.0.1:{NBD_PORT} &&"
                      " exit 0; sleep 0.2; done; exit 1", 60)

    @classmethod
    def tunnel(cls, host, *option):
        *ssh, target = host.ssh_command()
        cls.tunnels.append(subprocess.Popen([*ssh, *option, "-o", "ExitOnForwardFailure=yes", "-N",
                                             target], stdin=subprocess.DEVNULL))

    @classmethod
    def end_tunnels(cls):
        for tunnel in cls.tunnels:
            tunnel.terminate()
            tunnel.wait()

    def setUp(self):
        """Nothing is left of a test that failed."""
        for host in (self.host, self.second):
            host.must("pkill hv_migrate; rm -rf /root/m;"
                      " for guest in $(xl list | awk 'NR > 2 {print $2}'); do xl destroy $guest; done")

    def half(self, host, kind, guest, what, stream):
        """One side, with its ends of two pipes. What it says to people goes to this test's log."""
        command = f"mkdir -p /root/m && {PROGRAMS}/hv_migrate {kind} {guest} {what} /root/m /dev/nbd0"
        # Not ours to wait for, should the other side fail: ssh ends with us.
        process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *host.ssh_command(), command],
                                   stdin=stream[0], stdout=stream[1])
        for end in stream:
            os.close(end)
        return process

    def move(self, kind, guest):
        to_read, to_write = os.pipe()
        back_read, back_write = os.pipe()
        halves = [self.half(self.host, kind, guest, "send", (back_read, to_write)),
                  self.half(self.second, kind, guest, "receive", (to_read, back_write))]
        try:
            for half in halves:
                self.assertEqual(half.wait(MOVE_SECONDS), 0)
        finally:
            for half in halves:
                half.kill()
                half.wait()
        for host in (self.host, self.second):
            # Dom0 and the line above it.
            self.assertEqual(len(host.must("xl list").splitlines()), 2)

    def test_pv(self):
        self.move("xen-pv", lab.GUEST)

    def test_hvm(self):
        self.move("xen-hvm", BOOT_SECTOR)


if __name__ == "__main__":
    tap.main()
