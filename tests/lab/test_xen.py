"""A guest of Xen, from outside."""

import tap
from lab import XenCase


class Xen(XenCase):
    def power_state(self, vm):
        return self.host.xe("vm-param-get", f"uuid={vm}", "param-name=power-state")

    def test_pv_guest(self):
        vm = self.new_guest("pv")
        self.host.xe("vm-start", f"uuid={vm}", seconds=120)
        self.wait_for_words(vm, "READY")
        self.assertIn(vm, self.host.must("xl list"))
        self.host.xe("vm-shutdown", f"uuid={vm}", seconds=120)
        self.assertEqual(self.power_state(vm), "halted")
        self.wait_for_no_process(vm)
        self.host.xe("vm-uninstall", f"uuid={vm}", "force=true")
        self.assertNotIn(vm, self.host.must("xl list"))


if __name__ == "__main__":
    tap.main()
