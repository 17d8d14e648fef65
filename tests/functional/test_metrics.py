"""What is measured of a guest that works: its processor, its network, its disk."""

import http.client
import json

import tap
from lib import wait
from lib.case import FunctionalCase
from lib.daemon import HTTP_PORT


class Metrics(FunctionalCase):
    def query(self, guest, source):
        """The newest value of a data source; None while nothing is known of it."""
        return self.api.VM.query_data_source(guest.vm, source)

    def wait_value(self, guest, source, condition, seconds=120):
        """The first value that satisfies `condition`."""
        deadline = wait.Deadline(seconds, f"a value of {source}")
        while True:
            value = self.query(guest, source)
            if value is not None and condition(value):
                return value
            wait.pause(deadline)

    def wait_sources(self, guest, names):
        """A guest's data sources exist from the first round of measurement that sees it."""
        deadline = wait.Deadline(120, f"the data sources {', '.join(sorted(names))}")
        while True:
            sources = self.api.VM.get_data_sources(guest.vm)
            if names <= {source["name_label"] for source in sources}:
                return
            wait.pause(deadline)

    def updates(self, query):
        """What /rrd_updates answers, as XO asks for it."""
        connection = http.client.HTTPConnection("127.0.0.1", HTTP_PORT, timeout=60)
        connection.request("GET", f"/rrd_updates?session_id={self.api.session}&json=true&{query}")
        with connection.getresponse() as response:
            self.assertEqual(response.status, 200)
            body = json.load(response)
        connection.close()
        return body

    def test_a_guest_that_works(self):
        guest = self.host.create_guest("worker")
        guest.add_nic(self.host.internal_network())
        guest.add_disk(self.host.create_vdi("work", 64 << 20))
        guest.start().wait_agent()
        guest.wait_address()
        self.wait_sources(guest, {"cpu0", "memory", "memory_target", "vif_0_rx", "vif_0_tx",
                                  "vbd_xvda_read", "vbd_xvda_write"})
        idle = self.wait_value(guest, "cpu0", lambda value: value < 0.05, 240)
        guest.run("(timeout 100 sh -c 'while :; do :; done' > /dev/null 2>&1 &)")
        self.wait_value(guest, "cpu0", lambda value: value > idle + 0.05)

        guest.run("dd if=/dev/zero of=/dev/vda bs=1M count=16 conv=fsync")
        self.wait_value(guest, "vbd_xvda_write", lambda value: value > 100000)
        guest.run("(ping -c 30 -s 1000 169.254.0.1 > /dev/null 2>&1 &)")
        self.wait_value(guest, "vif_0_tx", lambda value: value > 300)
        self.wait_value(guest, "vif_0_rx", lambda value: value > 300)

        uuid = self.api.VM.get_uuid(guest.vm)
        answer = self.updates(f"start=-600&interval=5&cf=AVERAGE&vm_uuid={uuid}")
        self.assertEqual(answer["meta"]["step"], 5)
        column = answer["meta"]["legend"].index(f"AVERAGE:vm:{uuid}:cpu0")
        values = [row["values"][column] for row in answer["data"]]
        self.assertGreater(max(v for v in values if v != "NaN"), idle + 0.05)
        times = [row["t"] for row in answer["data"]]
        self.assertEqual(times, sorted(times, reverse=True))


if __name__ == "__main__":
    tap.main()
