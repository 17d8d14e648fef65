"""XenAPI.py, the client of the XenServer SDK, as Debian packages it (python3-os-xenapi)."""

import os
import unittest
import xmlrpc.client

import tap
from fixture import PASSWORD, USER, Server

try:
    from os_xenapi.client import XenAPI
except ImportError:
    XenAPI = None


@unittest.skipUnless(XenAPI, "python3-os-xenapi is not installed")
class XenApiPy(unittest.TestCase):
    """Scripts written for XenServer do these things."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.daemon.destroy)
        os.environ["SSL_CERT_FILE"] = str(cls.server.certificate)

    def setUp(self):
        self.session = XenAPI.Session(f"https://{self.server.address}/")
        self.session.login_with_password(USER, PASSWORD, "1.0", "client tests")
        self.api = self.session.xenapi
        self.addCleanup(self.logout)

    def logout(self):
        if self.session.handle:
            self.session.xenapi.session.logout()

    def new_vm(self, name):
        template = self.api.VM.get_by_name_label("Other install media")[0]
        vm = self.api.VM.clone(template, name)
        self.api.VM.provision(vm)
        return vm

    def event_from(self, *params):
        """event.from; Python keeps the word for itself."""
        return getattr(self.api.event, "from")(*params)

    def failure(self, call, *params):
        """What a call failed with: a list, its code first."""
        with self.assertRaises(XenAPI.Failure) as caught:
            call(*params)
        return caught.exception.details

    def test_login(self):
        self.assertRegex(self.session.handle, "^OpaqueRef:")
        self.assertRegex(self.session.API_version, r"^\d+\.\d+$")
        record = self.api.session.get_record(self.session.handle)
        self.assertEqual(record["originator"], "client tests")
        self.assertIs(record["is_local_superuser"], True)

    def test_login_by_http_with_two_parameters(self):
        host, port = self.server.daemon.addresses["http"]
        session = XenAPI.Session(f"http://{host}:{port}")
        session.login_with_password(USER, PASSWORD)
        self.assertEqual(len(session.xenapi.pool.get_all()), 1)
        session.xenapi.session.logout()
        self.assertIsNone(session.handle)

    def test_wrong_password(self):
        session = XenAPI.Session(f"https://{self.server.address}/")
        details = self.failure(session.login_with_password, USER, "wrong")
        self.assertEqual(details, ["SESSION_AUTHENTICATION_FAILED", USER, "Authentication failure"])

    def test_expired_session_is_renewed(self):
        """The client logs in again by itself when it reads SESSION_INVALID."""
        other = XenAPI.Session(f"https://{self.server.address}/")
        other.login_with_password(USER, PASSWORD)
        before = other.handle
        xmlrpc.client.ServerProxy(f"https://{self.server.address}/").session.logout(before)
        self.assertEqual(len(other.xenapi.pool.get_all()), 1)
        self.assertNotEqual(other.handle, before)
        other.xenapi.session.logout()

    def test_records(self):
        vm = self.new_vm("records")
        records = self.api.VM.get_all_records()
        record = records[vm]
        self.assertEqual(record["name_label"], "records")
        self.assertEqual(record["power_state"], "Halted")
        self.assertIs(record["is_a_template"], False)
        self.assertGreater(int(record["memory_static_max"]), 0)
        self.assertEqual(record["VBDs"], [])
        self.assertEqual(record["snapshot_time"].value, "19700101T00:00:00Z")
        self.assertEqual(self.api.VM.get_by_uuid(record["uuid"]), vm)
        self.assertEqual(set(self.api.VM.get_all()), set(records))

    def test_where(self):
        vm = self.new_vm("where")
        found = self.api.VM.get_all_records_where('field "name__label"="where"')
        self.assertEqual(list(found), [vm])

    def test_text(self):
        pool = self.api.pool.get_all()[0]
        for text in ("<&>\"'", "\u00e4\u20ac\U0001f600", "a\nb\tc", "  ", ""):
            self.api.pool.set_name_description(pool, text)
            self.assertEqual(self.api.pool.get_name_description(pool), text)

    def test_maps(self):
        vm = self.new_vm("maps")
        self.api.VM.set_other_config(vm, {"a": "1"})
        self.api.VM.add_to_other_config(vm, "b", "2")
        self.assertEqual(self.api.VM.get_other_config(vm), {"a": "1", "b": "2"})
        self.assertEqual(self.failure(self.api.VM.add_to_other_config, vm, "b", "3"),
                         ["MAP_DUPLICATE_KEY", "VM", "other_config", vm, "b"])
        self.api.VM.remove_from_other_config(vm, "a")
        self.assertEqual(self.api.VM.get_other_config(vm), {"b": "2"})

    def test_life_of_a_vm(self):
        vm = self.new_vm("life")
        self.api.VM.start(vm, False, False)
        self.assertEqual(self.api.VM.get_power_state(vm), "Running")
        self.assertEqual(self.failure(self.api.VM.start, vm, False, False),
                         ["VM_BAD_POWER_STATE", vm, "halted", "running"])
        self.api.VM.clean_shutdown(vm)
        self.assertEqual(self.api.VM.get_power_state(vm), "Halted")
        self.api.VM.destroy(vm)
        self.assertEqual(self.failure(self.api.VM.get_record, vm), ["HANDLE_INVALID", "VM", vm])

    def test_async(self):
        vm = self.new_vm("async")
        task = self.api.Async.VM.start(vm, False, False)
        token = ""
        while self.api.task.get_status(task) == "pending":
            token = self.event_from([f"task/{task}"], token, 10.0)["token"]
        self.assertEqual(self.api.task.get_status(task), "success")
        self.assertEqual(self.api.task.get_result(task), "<value></value>")
        self.api.task.destroy(task)
        self.api.VM.hard_shutdown(vm)

    def test_event_from(self):
        start = self.event_from(["vm", "pool"], "", 0.0)
        self.assertIsInstance(start["valid_ref_counts"]["vm"], int)
        self.assertTrue(all(event["operation"] == "add" for event in start["events"]))
        vm = self.new_vm("from")
        events = self.event_from(["vm"], start["token"], 10.0)["events"]
        added = [event for event in events if event["ref"] == vm]
        self.assertEqual(added[0]["operation"], "add")
        self.assertEqual(added[0]["snapshot"]["name_label"], "from")

    def test_event_next(self):
        pool = self.api.pool.get_all()[0]
        self.api.event.register(["pool"])
        self.api.pool.set_name_description(pool, "next")
        events = self.api.event.next()
        self.assertEqual(events[0]["class"], "pool")
        self.assertEqual(events[0]["snapshot"]["name_description"], "next")
        self.api.event.unregister(["pool"])

    def test_unknown_method(self):
        self.assertEqual(self.failure(self.api.VM.dance), ["MESSAGE_METHOD_UNKNOWN", "VM.dance"])

    def test_list_methods(self):
        proxy = xmlrpc.client.ServerProxy(f"https://{self.server.address}/")
        self.assertIn("VM.start", proxy.system.listMethods())


if __name__ == "__main__":
    tap.main()
