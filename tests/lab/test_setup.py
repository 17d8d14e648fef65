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

    def test_answers_from_elsewhere(self):
        """A server has them; what is beside its address is for the network alone."""
        mine = (ROOT / "tools/lab/answers").read_text(encoding="utf-8")
        for name, text in (
                ("/root/mine", f"{mine}\nfrom = http://127.0.0.1:8099/attic\n"),
                ("/root/served/attic", "host-name = attic\nend-script = done.sh\n"),
                ("/root/served/done.sh", 'echo "ended: $1" >/root/ended\n')):
            self.host.must(f"mkdir -p /root/served && cat >{name} <<'END'\n{text}END")
        self.host.must("busybox httpd -p 127.0.0.1:8099 -h /root/served")
        self.host.must("clearwater-setup /root/mine", 180)
        self.assertEqual(self.host.must("hostname; cat /root/ended"), "attic\nended: 0")
        self.assertEqual(self.host.xe("host-list", "params=name-label", "--minimal"), "attic")
        self.assertEqual(self.host.must("cat /etc/timezone"), "Europe/Berlin")
        self.assertEqual(
            self.host.must("ls -d /root/mine /run/clearwater-setup.* 2>/dev/null; true"), "")


if __name__ == "__main__":
    tap.main()
