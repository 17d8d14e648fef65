"""A pool with objects of most classes, for tests that go through all of them."""

import contextlib
import json
import sqlite3
import uuid

from language import rpc
from language.http import Client

NOWHERE = "00000000-dead-beef-0000-000000000000"


@contextlib.contextmanager
def opened_store(daemon):
    """The database of a daemon that does not run."""
    with contextlib.closing(sqlite3.connect(daemon.root / "var/lib/clearwater/state.db")) as store:
        yield store
        store.commit()


def insert_row(store, class_name, **fields):
    """Makes an object that clients could not make; returns its reference."""
    ref, row = uuid.uuid4(), json.dumps({"uuid": str(uuid.uuid4()), **fields})
    store.execute("INSERT INTO object VALUES (?, ?, ?)", (class_name, ref.bytes, row))
    return f"OpaqueRef:{ref}"


class Pool:
    """Logs in to a daemon on the fake engine as root and fills it."""

    def __init__(self, daemon):
        self.client = Client("unix", daemon.addresses["unix"])
        self.session = self.call("session.login_with_password", "root", "")
        self.host = self.bare("host.get_all")[0]
        self.sr = self.bare("SR.create", self.host, {}, "1000000000000", "store", "", "fake",
                            "user", False, {})
        self.bare("pool.set_default_SR", self.bare("pool.get_all")[0], self.sr)

    def call(self, method, *params):
        self.client.send(rpc.json_request(method, list(params)))
        return rpc.json_result(self.client.receive())

    def bare(self, method, *params):
        """A call with the session in front."""
        return self.call(method, self.session, *params)

    def fill(self):
        """Makes objects of the classes that have none."""
        qos = {"qos_algorithm_type": "", "qos_algorithm_params": {}, "other_config": {}}
        template = self.bare("VM.get_by_name_label", "Other install media")[0]
        vm = self.bare("VM.clone", template, "guest")
        self.bare("VM.provision", vm)
        vdi = self.bare("VDI.create", {
            "SR": self.sr, "name_label": "disk", "name_description": "", "virtual_size": "1048576",
            "type": "user", "sharable": False, "read_only": False, "other_config": {},
            "xenstore_data": {}, "sm_config": {}, "tags": []})
        self.bare("VBD.create", {
            "VM": vm, "VDI": vdi, "userdevice": "0", "bootable": False, "mode": "RW",
            "type": "Disk", "unpluggable": True, "empty": False, **qos})
        network = self.bare("network.create", {
            "name_label": "inside", "name_description": "", "MTU": "1500", "other_config": {},
            "tags": []})
        self.bare("VIF.create", {"VM": vm, "network": network, "device": "0", "MAC": "",
                                 "MTU": "1500", **qos})
        self.bare("secret.create", {"value": "hidden", "other_config": {}})
        self.bare("VM_appliance.create", {"name_label": "group", "name_description": ""})
        self.bare("task.create", "work", "")
        self.bare("VM.snapshot", vm, "snapshot")

    def uuid(self, class_name, **wanted):
        """Of the last object with the wanted fields; of nothing when there is none."""
        records = self.bare(f"{class_name}.get_all_records").values()
        found = [record["uuid"] for record in records
                 if all(record[field] == value for field, value in wanted.items())]
        return found[-1] if found else NOWHERE

    def vm_uuid(self, kind):
        names = {"template": "Other install media", "snapshot": "snapshot"}
        return self.uuid("VM", name_label=names.get(kind, "guest"))
