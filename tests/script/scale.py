"""A host with many objects, many calls that wait and many starts and stops: nothing piles up.

The figures that matter are printed by `make bench`; here they are a tenth as large, and what is
asserted leaves room for a busy machine."""

import json
import unittest
import xmlrpc.client

import tap
from bench.scale import ScaledHost
from functional.lib import sandbox

VMS = 200
DEVICES = 800
MESSAGES = 10000  # as many as are kept
PARKED = 200
CYCLES = 1000
# MiB. A leak of 100 bytes in each of the messages, tasks and events of a cycle is more.
GROWTH = 1.5
PARKED_MEMORY = 8.0


class Scale(unittest.TestCase):
    """One daemon for all cases."""

    @classmethod
    def setUpClass(cls):
        sandbox.enter()
        cls.host = ScaledHost("scale", 7, VMS, DEVICES, MESSAGES)
        cls.vm = cls.host.create_vm()

    @classmethod
    def tearDownClass(cls):
        cls.host.close()

    def test_all_objects_are_there(self):
        records = self.host.api.VM.get_all_records()
        named = [record for record in records.values() if record["name_label"].startswith("vm")]
        self.assertEqual(len(named), VMS)
        self.assertEqual(sum(len(record["VBDs"]) for record in named), DEVICES)
        self.assertEqual(len(self.host.api.host.get_all()), 8)

    def test_the_first_answer_has_every_object(self):
        answer = self.host.call("event.from", ["*"], "", 0.0)
        events = json.loads(answer)["result"]["events"]
        self.assertGreater(len(events), VMS + 3 * DEVICES + MESSAGES)

    def call_xml(self, method):
        """The answer of a call without parameters in XML-RPC, over the same connection."""
        connection = self.host.api.connection
        connection.request("POST", "/RPC2", xmlrpc.client.dumps((self.host.api.session,), method),
                           {"Content-Type": "text/xml"})
        with connection.getresponse() as response:
            answer = response.read()
            self.assertEqual(response.getheader("connection"), "keep-alive")
            self.assertEqual(int(response.getheader("content-length")), len(answer))
        return xmlrpc.client.loads(answer)[0][0]["Value"]

    def test_both_encodings_say_the_same(self):
        for name in "VM", "VDI", "host":
            asked = getattr(self.host.api, name).get_all_records()
            records = self.call_xml(f"{name}.get_all_records")
            self.assertEqual(list(records), list(asked))
            self.assertEqual(self.call_xml(f"{name}.get_all"), list(asked))
            for ref, record in records.items():
                self.assertEqual(list(record), list(asked[ref]))
                for field in "uuid", "name_label", "allowed_operations":
                    self.assertEqual(record[field], asked[ref][field])

    def test_parked_calls_are_small_and_all_answered(self):
        before = self.host.settled_memory()
        parked = self.host.park(self.vm, PARKED)
        self.assertLess(self.host.settled_memory() - before, PARKED_MEMORY)
        self.assertEqual(set(self.host.release(self.vm, parked)), {1})

    def test_starts_and_stops_leave_nothing(self):
        self.host.cycle(self.vm, CYCLES // 2)
        before = self.host.settled_memory()
        self.host.cycle(self.vm, CYCLES)
        self.assertLess(self.host.settled_memory() - before, GROWTH)


if __name__ == "__main__":
    tap.main()
