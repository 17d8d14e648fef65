"""Memory that is taken from a running guest and given back, as the guest sees it."""

import tap
from lib.case import FunctionalCase
from lib.guest import MIB


class Memory(FunctionalCase):
    def total(self, guest):
        """MiB that the guest's kernel has."""
        return int(guest.run("sed -n 's/^MemTotal: *//p' /proc/meminfo").split()[0]) // 1024

    def test_balloon(self):
        guest = self.host.create_guest("balloon", 256 * MIB)
        self.api.VM.set_memory_limits(guest.vm, 128 * MIB, 256 * MIB, 256 * MIB, 256 * MIB)
        guest.start().wait_agent()
        full = self.total(guest)
        for target, below, above in ((192, full - 40, full - 90), (256, full + 1, full - 10)):
            self.api.VM.set_memory_dynamic_range(guest.vm, target * MIB, target * MIB)
            self.assertEqual(int(self.api.VM.get_memory_target(guest.vm)), target * MIB)
            guest.wait_for("[ $(sed -n 's/^MemTotal: *\\([0-9]*\\).*/\\1/p' /proc/meminfo) "
                           f"-le {below * 1024} -a $(sed -n 's/^MemTotal: *\\([0-9]*\\).*/\\1/p' "
                           f"/proc/meminfo) -ge {above * 1024} ]")
        self.assertEqual(guest.state(), "Running")


if __name__ == "__main__":
    tap.main()
