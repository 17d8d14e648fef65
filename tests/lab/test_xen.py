"""A paravirtual guest on Xen, from outside."""

import time

import tap
from lab import KERNELS, XenCase

BOOT_SECONDS = 120


class Xen(XenCase):
    def wait_for_words(self, vm, words):
        """Waits until the guest has said this; the host writes its consoles down."""
        deadline = time.monotonic() + BOOT_SECONDS
        while words not in self.host.ssh(f"cat /var/log/xen/console/guest-{vm}.log", 30).stdout:
            self.assertLess(time.monotonic(), deadline, f"the guest does not say {words}")

    def test_pv_guest(self):
        vm = self.host.xe("vm-install", "template=Other install media", "new-name-label=pv")
        self.host.xe("vm-memory-limits-set", f"uuid={vm}", "static-min=128MiB",
                     "dynamic-min=128MiB", "dynamic-max=128MiB", "static-max=128MiB")
        self.host.xe("vm-param-set", f"uuid={vm}", "HVM-boot-policy=", f"PV-kernel={KERNELS}/vmlinux",
                     f"PV-ramdisk={KERNELS}/letters.gz", "PV-args=console=hvc0 rdinit=/letters")
        self.host.xe("vm-start", f"uuid={vm}", seconds=120)
        self.wait_for_words(vm, "READY")
        self.assertIn(vm, self.host.must("xl list"))
        self.host.xe("vm-shutdown", f"uuid={vm}", seconds=120)
        self.assertEqual(self.host.xe("vm-param-get", f"uuid={vm}", "param-name=power-state"),
                         "halted")
        self.host.xe("vm-uninstall", f"uuid={vm}", "force=true")
        self.assertNotIn(vm, self.host.must("xl list"))


if __name__ == "__main__":
    tap.main()
