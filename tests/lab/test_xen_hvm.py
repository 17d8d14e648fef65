"""Guests on an emulated machine (HVM), by the XenAPI from outside.

They boot by BIOS from a disk on AHCI. UEFI is not asked for: it makes QEMU 7.2 abort where that
emulates the processor."""

import tap
from domains import GuestCase
from guest_tests import GuestTests
from lib.api import ApiError


class Hvm(GuestTests, GuestCase):
    kind = "hvm"
    # Its own disk is the first, and a paravirtual neighbour is there sooner.
    data_disk = "xvdb"
    neighbour_kind = "pv"

    def take_processor_back(self):
        """There is no way back on this machine, which is said."""
        with self.assertRaises(ApiError) as refusal:
            self.api.VM.set_VCPUs_number_live(self.guest.vm, 1)
        self.assertIn("none can be unplugged", str(refusal.exception))
        metrics = self.api.VM.get_metrics(self.guest.vm)
        self.assertEqual(self.api.VM_metrics.get_VCPUs_number(metrics), 2)


if __name__ == "__main__":
    tap.main()
