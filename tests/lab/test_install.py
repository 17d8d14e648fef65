"""The packages on a fresh Debian that systemd runs."""

import tap
from host import PACKAGE_NAMES, packages
from lab import LabCase


class Install(LabCase):
    def test_1_install(self):
        said = self.host.install(packages())
        self.assertNotRegex(said, r"(?i)\b(warning|error|failed)\b")

    def test_service_is_ready(self):
        self.assertEqual(self.service("ActiveState"), "active")
        self.assertEqual(self.service("Type"), "notify")
        self.assertEqual(self.host.must("systemctl is-enabled clearwaterd"), "enabled")

    def test_unit_has_no_mistakes(self):
        for unit in ("clearwaterd", "clearwater-limits"):
            self.assertEqual(self.host.must(f"systemd-analyze verify --man=no {unit}.service"), "")

    def test_guests_have_a_control_group(self):
        """With the controllers that limits need, and for good."""
        [_, group] = self.service("Environment").split("CLEARWATER_GUEST_CGROUP=")
        self.assertEqual(self.service("ActiveState", "clearwater-limits"), "active")
        self.assertLessEqual({"cpu", "memory", "pids"},
                             set(self.host.must(f"cat {group}/cgroup.controllers").split()))
        self.assertNotEqual(self.host.ssh("systemctl stop clearwater-limits", 60).returncode, 0)

    def test_guests_account(self):
        entry = self.host.must("getent passwd clearwater-guest").split(":")
        self.assertEqual(entry[6], "/usr/sbin/nologin")
        self.assertLess(int(entry[2]), 1000)

    def test_no_file_is_missing_or_changed(self):
        # Nor are manual pages: a lab host leaves them out as dpkg unpacks.
        said = self.host.ssh(f"dpkg --verify {' '.join(PACKAGE_NAMES)}", 60).stdout
        self.assertEqual([line for line in said.splitlines() if "/usr/share/" not in line], [])

    def test_root_needs_no_password_on_the_host(self):
        self.assertEqual(self.local_xe("host-list params=name-label --minimal"), "lab")
        self.host.set_password()
        self.assertEqual(self.host.xe("host-list", "params=name-label", "--minimal"), "lab")


if __name__ == "__main__":
    tap.main()
