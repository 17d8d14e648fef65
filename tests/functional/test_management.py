"""The management interface on a card that has its address by DHCP."""

import os
import signal
import subprocess

import tap
from lib import api, sandbox
from lib.case import FunctionalCase
from lib.daemon import HTTPS_PORT

SECONDS = 60


class Management(FunctionalCase):
    address = "0.0.0.0"

    def setUp(self):
        sandbox.add_nic("eth0")
        self.addCleanup(self.run_ip, "link", "del", "eth0")
        self.run_ip("address", "add", "10.89.0.1/24", "dev", "eth0-wire")
        self.server = None
        super().setUp()
        self.addCleanup(self.stop_server)
        [self.pif] = self.api.PIF.get_all_where('field "device" = "eth0"')
        [self.here] = self.api.host.get_all()
        self.serve("10.89.0.7")
        self.api.PIF.plug(self.pif)
        self.addCleanup(self.run_ip, "link", "del", "xenbr0")
        self.api.PIF.reconfigure_ip(self.pif, "DHCP", "", "", "", "")
        self.api.host.management_reconfigure(self.pif)

    def run_ip(self, *arguments):
        subprocess.run(["ip", *arguments], check=True)

    def serve(self, address):
        """Whoever asks gets this one address."""
        self.stop_server()
        self.server = subprocess.Popen(
            ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0",
             "--interface=eth0-wire", "--bind-interfaces", "--no-ping", "--dhcp-authoritative",
             f"--dhcp-range={address},{address},255.255.255.0", "--dhcp-leasefile=/dev/null",
             "--pid-file=", "--log-facility=-"], stderr=subprocess.PIPE, text=True)
        for line in self.server.stderr:
            if "sockets bound" in line:
                return
        raise ChildProcessError("dnsmasq does not serve")

    def stop_server(self):
        if self.server:
            self.server.terminate()
            self.server.wait(SECONDS)
            self.server.stderr.close()

    def wait_for_address(self, address):
        self.api.wait_for(f"the address '{address}'", SECONDS, [f"host/{self.here}"],
                          lambda: self.api.host.get_address(self.here) == address)

    def reach(self, address):
        """What a client hears who has no password."""
        client = api.Api.https(address, HTTPS_PORT)
        self.addCleanup(client.close)
        try:
            client.login("nobody", "nothing")
        except api.ApiError as error:
            return error.code
        return "success"

    def test_another_lease(self):
        self.assertEqual(self.api.host.get_address(self.here), "10.89.0.7")
        self.serve("10.89.0.8")
        [client] = self.daemon.pids("busybox")
        # It gives the lease back, and asks everybody for another.
        os.kill(client, signal.SIGUSR2)
        self.wait_for_address("")
        os.kill(client, signal.SIGUSR1)
        self.wait_for_address("10.89.0.8")
        self.assertEqual(self.api.PIF.get_IP(self.pif), "10.89.0.8")
        self.assertEqual(self.api.host.get_management_interface(self.here), self.pif)
        self.daemon.kill()
        self.restart()
        self.assertEqual(self.api.host.get_address(self.here), "10.89.0.8")

    def test_no_management(self):
        heard = "SESSION_AUTHENTICATION_FAILED"
        self.assertEqual(self.reach("10.89.0.7"), heard)
        self.api.host.management_disable()
        self.assertRaises(OSError, self.reach, "10.89.0.7")
        self.assertEqual(self.reach("127.0.0.1"), heard)
        self.daemon.kill()
        self.restart()
        self.assertRaises(OSError, self.reach, "10.89.0.7")
        self.api.host.management_reconfigure(self.pif)
        self.assertEqual(self.reach("10.89.0.7"), heard)


if __name__ == "__main__":
    tap.main()
