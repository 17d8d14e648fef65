"""Messages about objects that no client can make here: they come with the database of another host."""

import unittest

import tap

from language import rpc
from language.daemon import Daemon
from messages import DEAD
from stock import Pool, insert_row, opened_store


class ForeignObjects(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon("fake")
        cls.addClassCleanup(cls.daemon.destroy)
        cls.daemon.start()
        cls.daemon.stop()
        with opened_store(cls.daemon) as store:
            cls.access = insert_row(store, "PIF", device="tunnel0")
            cls.tunnel = insert_row(store, "tunnel", access_PIF=cls.access)
            cls.site = insert_row(store, "PVS_site", name_label="site")
        cls.daemon.start()
        cls.pool = Pool(cls.daemon)

    def assert_refused(self, error, method, *params):
        with self.assertRaises(rpc.ApiError) as caught:
            self.pool.bare(method, *params)
        self.assertEqual([caught.exception.code, *caught.exception.params], error)

    def test_a_tunnel_goes_with_its_interface(self):
        self.assertEqual(self.pool.bare("PIF.get_tunnel_access_PIF_of", self.access), [self.tunnel])
        self.pool.bare("tunnel.destroy", self.tunnel)
        self.assertNotIn(self.access, self.pool.bare("PIF.get_all"))
        self.assert_refused(["HANDLE_INVALID", "tunnel", self.tunnel], "tunnel.destroy",
                            self.tunnel)

    def test_the_uuid_of_a_site(self):
        self.pool.bare("PVS_site.set_PVS_uuid", self.site, "known to its servers")
        self.assertEqual(self.pool.bare("PVS_site.get_PVS_uuid", self.site),
                         "known to its servers")
        self.assert_refused(["HANDLE_INVALID", "PVS_site", DEAD], "PVS_site.set_PVS_uuid", DEAD,
                            "")


if __name__ == "__main__":
    tap.main()
