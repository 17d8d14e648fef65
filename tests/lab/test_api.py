"""The XenAPI of a lab host from outside, as `xe -s` sees it."""

import tap
from lab import LabCase


class Api(LabCase):
    def test_host(self):
        host = self.host.xe("host-list", "--minimal")
        self.assertRegex(host, r"^[0-9a-f-]{36}$")
        self.assertEqual(self.host.xe("host-param-get", f"uuid={host}", "param-name=enabled"),
                         "true")

    def test_storage(self):
        self.host.must("mkdir -p /srv/disks")
        sr = self.host.xe("sr-create", "name-label=lab", "type=file", "content-type=user",
                          "device-config:location=/srv/disks")
        vdi = self.host.xe("vdi-create", f"sr-uuid={sr}", "name-label=disk", "virtual-size=64MiB")
        self.assertIn(vdi, self.host.must("ls -R /srv/disks"))
        self.host.xe("vdi-destroy", f"uuid={vdi}")
        pbd = self.host.xe("pbd-list", f"sr-uuid={sr}", "--minimal")
        self.host.xe("pbd-unplug", f"uuid={pbd}")
        self.host.xe("sr-destroy", f"uuid={sr}")

    def test_install_from_template(self):
        vm = self.host.xe("vm-install", "template=Other install media", "new-name-label=lab")
        self.assertEqual(self.host.xe("vm-param-get", f"uuid={vm}", "param-name=power-state"),
                         "halted")
        self.host.xe("vm-uninstall", f"uuid={vm}", "force=true")


if __name__ == "__main__":
    tap.main()
