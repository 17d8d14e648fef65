"""What the tests of all messages share: a daemon with an object of every class, many calls at once in
each encoding, and the errors they must bring."""

import unittest

from api_model import Types, read_api
from language import rpc
from language.daemon import Daemon
from stock import Pool, insert_row, opened_store

DEAD = "OpaqueRef:0b9ce979-0604-50cd-0649-09b3284c7dfd"
ANY = object()  # a text, whatever it says
BATCH = 64  # requests that are sent before their answers are read
ENCODINGS = {"json": (rpc.json_request, rpc.json_result), "xml": (rpc.xml_request, rpc.xml_result),
             "json1": (rpc.json1_request, rpc.json_result)}
# Which objects are looked at, where it matters.
PICKED = {"VM": {"name_label": "guest"}, "VDI": {"name_label": "disk", "is_a_snapshot": False},
          "SR": {"name_label": "store"}, "PIF": {"device": "eth0"},
          "PBD": {"currently_attached": True}, "VBD": {"currently_attached": True},
          "VIF": {"currently_attached": True}, "network": {"name_label": "unused"}}


def has_method(owner, name):
    return any(method["name"] == name for method in owner["methods"])


def fits(params, expected):
    return len(params) == len(expected) and \
        all(one in (ANY, other) for one, other in zip(expected, params))


class MessageCase(unittest.TestCase):
    """Classes of which clients can make no object get a row in the store before the daemon starts,
    so that their messages meet an object too."""

    @classmethod
    def setUpClass(cls):
        cls.api = read_api()
        cls.types = Types(cls.api)
        cls.classes = [c for c in cls.api["classes"] if has_method(c, "get_record")]
        cls.daemon = Daemon("fake", ["--pam-service", ""])
        cls.addClassCleanup(cls.daemon.destroy)
        cls.daemon.start()
        cls.daemon.stop()
        cls.objects = cls.insert_rows()
        cls.daemon.start()
        cls.pool = Pool(cls.daemon)
        cls.pool.fill()
        cls.pool.bare("VM.start", cls.pool.bare("VM.get_by_name_label", "guest")[0], False, False)
        cls.pool.bare("network.create", {"name_label": "unused", "other_config": {}})
        cls.bare_sr = cls.objects["SR"]  # no PBD knows this one
        cls.types.objects = cls.objects
        cls.session = cls.objects["session"] = cls.pool.session
        for owner in cls.classes:
            if has_method(owner, "get_all_records"):
                cls.pick(owner["name"])

    @classmethod
    def pick(cls, name):
        """Decides which object of a class is the one that is asked about and changed."""
        records = cls.pool.bare(f"{name}.get_all_records")
        for ref, record in records.items():
            if all(record[field] == value for field, value in PICKED.get(name, {}).items()):
                cls.objects[name] = ref

    @classmethod
    def insert_rows(cls):
        """One object with nothing but a uuid for each class that has none yet."""
        with opened_store(cls.daemon) as store:
            there = {row[0] for row in store.execute("SELECT DISTINCT class FROM object")}
            return {owner["name"]: insert_row(store, owner["name"]) for owner in cls.classes
                    if owner["persistent"] and owner["name"] not in there}

    def setUp(self):
        self.wrong = []  # a line for each answer that is not as it should be

    def tearDown(self):
        self.daemon.check_alive()

    def check(self):
        self.assertEqual(self.wrong, [], "\n" + "\n".join(self.wrong))

    def answers(self, calls):
        """[("", result) or (code, parameters)] for [(encoding, method, parameters)]."""
        client, found = self.pool.client, []
        for start in range(0, len(calls), BATCH):
            batch = calls[start:start + BATCH]
            client.send(b"".join(ENCODINGS[encoding][0](method, params)
                                 for encoding, method, params in batch))
            for encoding, _, _ in batch:
                try:
                    found.append(("", ENCODINGS[encoding][1](client.receive())))
                except rpc.ApiError as error:
                    found.append((error.code, error.params))
        return found

    def expect(self, calls):
        """Calls are (method, parameters, expected error): each fails so in both encodings, with
        these parameters."""
        self.assertTrue(calls)
        both = [(encoding, method, params) for method, params, _ in calls
                for encoding in ("json", "xml")]
        for i, answer in enumerate(self.answers(both)):
            code, params = calls[i // 2][2]
            if answer[0] != code or not fits(answer[1], params):
                self.wrong.append(f"{both[i]}: {answer} instead of {(code, params)}")

    def good(self, owner, method):
        """The session and arguments that fit."""
        name, params = owner["name"], [self.session]
        for param in method["params"]:
            if param["type"] == f"{name} ref":
                params.append(self.objects.get(name, DEAD))
            else:
                params.append(self.types.empty(param["type"]))
        return params

    def same_in_both(self, method, params, kind):
        """The result of a question, after a look at its type in each encoding."""
        calls = [(encoding, method, params) for encoding in ("json", "xml", "json1")]
        first, xml, last = self.answers(calls)
        if any(answer[0] for answer in (first, xml, last)):
            self.wrong.append(f"{method}: {first} {xml} {last}")
            return None
        try:
            result = self.types.from_json(kind, first[1])
            is_same = self.types.from_xml(kind, xml[1]) == result
        except TypeError as error:
            self.wrong.append(f"{method}: {error}")
            return None
        if not is_same and first == last:
            self.wrong.append(f"{method}: {xml[1]} by XML-RPC, {first[1]} by JSON-RPC")
        return result

    @staticmethod
    def wrong_counts(name, good, method):
        """Calls with each number of arguments that is too small, and with one too many where what
        is too much counts: messages with optional parameters take any number."""
        count = len(method["params"])
        required = sum("default" not in param for param in method["params"])
        for given in [*range(required + 1), *([count + 2] if count == required else [])]:
            yield name, [*good, "more"][:given], \
                ("MESSAGE_PARAMETER_COUNT_MISMATCH", [name, str(required), str(max(given - 1, 0))])
