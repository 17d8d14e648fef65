"""Guests that talk to each other and to the host."""

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

    def test_mtu_reaches_the_guest(self):
        network = self.host.create_network("jumbo")
        self.api.network.set_MTU(network, 9000)
        guest = self.host.create_guest("jumbo")
        guest.add_nic(network)
        guest.start().wait_agent()
        self.assertEqual(guest.run("cat /sys/class/net/eth0/mtu").strip(), "9000")


if __name__ == "__main__":
    tap.main()
