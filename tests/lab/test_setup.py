"""clearwater-setup on a host that was just installed, with answers as a host image may have them."""

import tap
from host import ROOT
from lab import LabCase


class Setup(LabCase):
    def test_answers(self):
        self.host.must("echo manage-machine = yes >>/etc/clearwater/clearwater.conf &&"
                       " systemctl restart clearwaterd", 120)
        self.host.copy_in([ROOT / "tools/lab/answers"], "/root")
        self.host.must("clearwater-setup /root/answers", 180)
        self.assertEqual(self.host.must("hostname; cat /etc/timezone"), "cellar\nEurope/Berlin")
        self.assertEqual(self.host.must("ls /root/answers 2>&1; true").split()[-1], "directory")
        # By the bridge that has the address now.
        self.assertEqual(self.host.xe("host-list", "params=name-label", "--minimal"), "cellar")
        self.assertEqual(self.host.xe("pif-list", "management=true", "params=IP", "--minimal"),
                         "10.0.2.15")
        self.assertEqual(self.host.xe("host-list", "params=address", "--minimal"), "10.0.2.15")
        self.assertEqual(self.host.xe("sr-list", "name-label=Local storage", "params=type",
                                      "--minimal"), "file")


if __name__ == "__main__":
    tap.main()
