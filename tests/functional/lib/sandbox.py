"""Gives the test program a network of its own, with every bridge, tap and DHCP server that the
daemon makes in it. It is gone when the last process in it ends."""

import ctypes
import os
import subprocess

CLONE_NEWNET = 0x40000000


def can_enter():
    """Why enter() cannot work, or None."""
    if os.geteuid() != 0:
        return "only root can make a network namespace"
    if not os.path.exists("/dev/net/tun"):
        return "there is no /dev/net/tun"
    return None


def enter():
    """Moves this process, and what it starts from now on, to a new network namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), "unshare")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def add_nic(name):
    """Adds a link that looks like a NIC of the host, the other end of which is a dead wire."""
    subprocess.run(["ip", "link", "add", name, "type", "veth", "peer", "name", name + "-wire"],
                   check=True)
    subprocess.run(["ip", "link", "set", name + "-wire", "up"], check=True)
