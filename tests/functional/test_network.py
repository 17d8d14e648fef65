"""Guests that talk to each other and to the host."""

import subprocess

import tap
from lib.case import FunctionalCase


class Network(FunctionalCase):
    def boot_two(self, network):
        guests = []
        for name in ("left", "right"):
            guest = self.host.create_guest(name)
            guest.add_nic(network)
            guests.append(guest.start())
        for guest in guests:
            guest.wait_agent()
        return guests

    def test_ping_on_internal_network(self):
        left, right = self.boot_two(self.host.internal_network())
        addresses = left.wait_address(), right.wait_address()
        self.assertNotEqual(*addresses)
        left.run(f"ping -c 3 -w 60 {addresses[1]}")
        right.run(f"ping -c 3 -w 60 {addresses[0]}")
        left.run("ping -c 1 -w 60 169.254.0.1")

    def test_ping_on_private_network(self):
        left, right = self.boot_two(self.host.create_network("private"))
        left.run("ip address add 10.1.2.1/24 dev eth0")
        right.run("ip address add 10.1.2.2/24 dev eth0")
        left.run("ping -c 3 -w 60 10.1.2.2")
        right.run("ping -c 3 -w 60 10.1.2.1")

    def test_private_networks_are_apart(self):
        left, right = self.boot_two(self.host.create_network("one"))
        other = self.host.create_guest("other")
        other.add_nic(self.host.create_network("two"))
        other.start().wait_agent()
        left.run("ip address add 10.1.2.1/24 dev eth0")
        right.run("ip address add 10.1.2.2/24 dev eth0")
        other.run("ip address add 10.1.2.3/24 dev eth0")
        left.run("ping -c 1 -w 60 10.1.2.2")
        other.run("! ping -c 1 -w 2 10.1.2.1")

    def test_a_locked_guest_is_nobody_else(self):
        left, right = self.boot_two(self.host.create_network("private"))
        vif = self.api.VM.get_VIFs(left.vm)[0]
        left.run("ip address add 10.1.2.1/24 dev eth0")
        right.run("ip address add 10.1.2.2/24 dev eth0")
        self.api.VIF.set_ipv4_allowed(vif, ["10.1.2.1"])
        self.api.VIF.set_locking_mode(vif, "locked")
        left.run("ping -c 1 -w 60 10.1.2.2")
        left.run("ip address add 10.1.2.9/24 dev eth0")
        left.run("! ping -c 1 -w 3 -I 10.1.2.9 10.1.2.2")
        left.run("ip link set eth0 down")
        left.run("ip link set eth0 address 02:00:00:00:00:66")
        left.run("ip link set eth0 up")
        left.run("! ping -c 1 -w 3 10.1.2.2")
        self.api.VIF.set_locking_mode(vif, "unlocked")
        left.run("ping -c 3 -w 60 10.1.2.2")
        left.run("ping -c 1 -w 60 -I 10.1.2.9 10.1.2.2")

    def test_a_limited_guest_waits(self):
        left, right = self.boot_two(self.host.create_network("slow"))
        vif = self.api.VM.get_VIFs(left.vm)[0]
        queue = "ifb" + self.api.VIF.get_uuid(vif).replace("-", "")[:12]
        left.run("ip address add 10.1.2.1/24 dev eth0")
        right.run("ip address add 10.1.2.2/24 dev eth0")
        self.api.VIF.set_qos_algorithm_params(vif, {"kbps": "16"})
        self.api.VIF.set_qos_algorithm_type(vif, "ratelimit")
        left.run("ping -c 40 -A -s 1400 -w 60 10.1.2.2 || true")
        told = self.statistics(queue)
        self.assertRegex(told, "rate 131072bit")
        self.assertRegex(told, "overlimits [1-9]")
        self.api.VIF.set_qos_algorithm_type(vif, "")
        left.run("ping -c 3 -w 60 10.1.2.2")
        self.assertEqual(self.statistics(queue), "")

    def statistics(self, queue):
        return subprocess.run(["tc", "-s", "qdisc", "show", "dev", queue], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout

    def test_mtu_reaches_the_guest(self):
        network = self.host.create_network("jumbo")
        self.api.network.set_MTU(network, 9000)
        guest = self.host.create_guest("jumbo")
        guest.add_nic(network)
        guest.start().wait_agent()
        self.assertEqual(guest.run("cat /sys/class/net/eth0/mtu").strip(), "9000")


if __name__ == "__main__":
    tap.main()
