"""Paravirtual guests on Xen, by the XenAPI from outside."""

import tap
from domains import GuestCase
from guest_tests import GuestTests


class Pv(GuestTests, GuestCase):
    kind = "pv"


if __name__ == "__main__":
    tap.main()
