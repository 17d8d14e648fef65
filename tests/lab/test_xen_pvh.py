"""Guests on virtual processors without devices (PVH), by the XenAPI from outside."""

import tap
from domains import GuestCase
from guest_tests import GuestTests


class Pvh(GuestTests, GuestCase):
    kind = "pvh"


if __name__ == "__main__":
    tap.main()
