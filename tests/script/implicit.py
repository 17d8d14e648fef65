"""Every implicit message of every class, by XML-RPC and by JSON-RPC, with good and bad arguments.

Answers are compared with the type that the model declares and between the encodings, errors with
those of XenServer."""

import tap

from api_model import NULL, split_map
from messages import ANY, DEAD, MessageCase, has_method
from stock import NOWHERE

# What some fields accept instead of anything that is of their type; what others must not be now.
VALUES = {"VIF.set_qos_algorithm_type": "ratelimit"}
REFUSED = {"VM.set_is_a_template": "VM_BAD_POWER_STATE"}
# What a second object needs to have beside the first.
DIFFERENT = {"VBD": {"userdevice": "5"}, "VIF": {"device": "5"}, "network": {"bridge": ""},
             "subject": {"subject_identifier": "u1"}}
# What create makes of them by itself.
WORKED_OUT = {"bridge", "currently_attached", "device", "power_state"}
# Objects that are only ever made by the host.
NOT_CREATED = {"console": "OPERATION_NOT_ALLOWED"}


class Implicit(MessageCase):
    def implicit(self, *kinds):
        """(class, method) of every implicit message with one of these roots, or of all."""
        for owner in self.classes:
            for method in owner["methods"]:
                if method["implicit"] and (not kinds or method["name"].startswith(kinds)):
                    yield owner, method

    def test_classes_without_objects(self):
        """Those whose rows last no longer than the daemon, and which nobody makes."""
        self.assertEqual({c["name"] for c in self.classes} - set(self.objects),
                         {"VBD_metrics", "VIF_metrics"})

    def test_questions(self):
        for owner in self.classes:
            if owner["name"] in self.objects:
                self.question(owner, owner["name"], self.objects[owner["name"]])
        self.check()

    def question(self, owner, name, ref):
        """Everything that is asked about one object."""
        self_param = [self.session, ref]
        record = self.same_in_both(f"{name}.get_record", self_param, f"{name} record")
        values = {f["name"]: self.same_in_both(f"{name}.get_{f['name']}", self_param, f["type"])
                  for f in owner["fields"] if has_method(owner, f"get_{f['name']}")}
        later = self.same_in_both(f"{name}.get_record", self_param, f"{name} record")
        for field, value in record.items():
            if value != values.get(field, value) and value == later[field]:
                self.wrong.append(f"{name}.get_{field}: {values[field]} instead of {value}")
        if "uuid" in record:
            self.expect_result(f"{name}.get_by_uuid", [record["uuid"]], f"{name} ref", ref)
        if "name_label" in record and has_method(owner, "get_by_name_label"):
            name_label = record["name_label"]
            found = self.same_in_both(f"{name}.get_by_name_label", [self.session, name_label],
                                      f"{name} ref set")
            if ref not in found:
                self.wrong.append(f"{name}.get_by_name_label: {found} is without {ref}")

    def expect_result(self, method, params, kind, expected):
        result = self.same_in_both(method, [self.session, *params], kind)
        if result != expected:
            self.wrong.append(f"{method} {params}: {result} instead of {expected}")

    def test_all_of_a_class(self):
        for owner, _ in self.implicit("get_all_records_where"):
            name = owner["name"]
            refs = self.same_in_both(f"{name}.get_all", [self.session], f"{name} ref set")
            records = self.same_in_both(f"{name}.get_all_records", [self.session],
                                        f"({name} ref -> {name} record) map")
            if sorted(refs) != sorted(records):
                self.wrong.append(f"{name}: get_all has {refs}, get_all_records {list(records)}")
            if name == "role":  # asked for users or permissions only, see filter.script
                continue
            self.expect_result(f"{name}.get_all_where", ["true"], f"{name} ref set", refs)
            self.expect_result(f"{name}.get_all_where", ["false"], f"{name} ref set", [])
            ref = self.objects.get(name)
            if ref and "uuid" in records[ref]:
                where = [f'field "uuid"="{records[ref]["uuid"]}"']
                self.expect_result(f"{name}.get_all_where", where, f"{name} ref set", [ref])
                one = self.same_in_both(f"{name}.get_all_records_where", [self.session, *where],
                                        f"({name} ref -> {name} record) map")
                if list(one) != [ref]:
                    self.wrong.append(f"{name}.get_all_records_where {where}: {one}")
        self.check()

    def test_expressions_that_are_none(self):
        self.expect([(f"{owner['name']}.{method['name']}", [self.session, '"'],
                      ("INVALID_VALUE", ['"', ANY]))
                     for owner, method in self.implicit("get_all_where", "get_all_records_where")
                     if owner["name"] != "role"])
        self.check()

    def writes(self, kind):
        """(class, field, reference) of every field that clients set, add to or remove from."""
        for owner in self.classes:
            fields = {f["name"]: f for f in owner["fields"]}
            for method in owner["methods"]:
                field = fields.get(method["name"].removeprefix(kind))
                if method["implicit"] and field and method["name"].startswith(kind) and \
                        owner["name"] in self.objects:
                    yield owner["name"], field, self.objects[owner["name"]]

    def test_setting(self):
        for name, field, ref in self.writes("set_"):
            method = f"{name}.set_{field['name']}"
            old = self.pool.bare(f"{name}.get_{field['name']}", ref)
            new = VALUES.get(method, self.types.other(field["type"], old))
            for encoding, value in (("json", new), ("xml", old), ("xml", new), ("json", old)):
                answer, = self.answers([(encoding, method, [self.session, ref, value])])
                if answer[0] and answer[0] == REFUSED.get(method):
                    continue
                if answer != ("", ""):
                    self.wrong.append(f"{method} {value}: {answer}")
                else:
                    self.expect_result(f"{name}.get_{field['name']}", [ref], field["type"], value)
        self.check()

    def test_adding_to_maps(self):
        for name, field, ref in self.writes("add_to_"):
            key_kind, item_kind = split_map(field["type"])
            key, item = (self.types.other(kind, None) for kind in (key_kind, item_kind))
            reader, self_params = f"{name}.get_{field['name']}", [self.session, ref]
            writer, eraser = f"{name}.add_to_{field['name']}", f"{name}.remove_from_{field['name']}"
            old = self.pool.bare(reader, ref)
            for encoding in ("json", "xml"):
                self.succeed(encoding, writer, [*self_params, key, item])
                self.expect_result(reader, [ref], field["type"], {**old, str(key): item})
                self.expect([(writer, [*self_params, key, item],
                              ("MAP_DUPLICATE_KEY", [name, field["name"], ref, str(key)]))])
                self.succeed(encoding, eraser, [*self_params, key])
                self.expect_result(reader, [ref], field["type"], old)
                self.succeed(encoding, eraser, [*self_params, key])  # gone already
        self.check()

    def succeed(self, encoding, method, params):
        answer, = self.answers([(encoding, method, params)])
        if answer != ("", ""):
            self.wrong.append(f"{method} {params[1:]} by {encoding}: {answer}")

    def test_adding_to_sets(self):
        for name, field, ref in self.writes("add_"):
            if not field["type"].endswith(" set"):
                continue
            item = self.types.other(field["type"].removesuffix(" set"), None)
            reader, params = f"{name}.get_{field['name']}", [self.session, ref, item]
            old = [one for one in self.pool.bare(reader, ref) if one != item]
            for encoding in ("json", "xml"):
                for _ in range(2):  # the second time nothing happens
                    self.succeed(encoding, f"{name}.add_{field['name']}", params)
                    self.expect_result(reader, [ref], field["type"], old + [item])
                for _ in range(2):
                    self.succeed(encoding, f"{name}.remove_{field['name']}", params)
                    self.expect_result(reader, [ref], field["type"], old)
        self.check()

    def test_numbers_of_arguments(self):
        self.expect([call for one in self.everything() for call in self.wrong_counts(*one)])
        self.check()

    def test_arguments_of_wrong_types(self):
        self.expect([(name, params, ("INTERNAL_ERROR", [ANY]))
                     for name, good, method in self.everything()
                     for i, param in enumerate(method["params"], 1)
                     for params in [good[:i] + [self.types.wrong(param["type"])] + good[i + 1:]]])
        self.check()

    def everything(self):
        for owner, method in self.implicit():
            yield f"{owner['name']}.{method['name']}", self.good(owner, method), method

    def test_references_that_name_nothing(self):
        calls = []
        for owner, method in self.implicit():
            class_name, good = owner["name"], self.good(owner, method)
            if method["params"] and method["params"][0]["type"] == f"{class_name} ref":
                other = self.objects["host" if class_name == "pool" else "pool"]
                calls += [(f"{class_name}.{method['name']}", [self.session, ref, *good[2:]],
                           ("HANDLE_INVALID", [class_name, ref]))
                          for ref in (DEAD, NULL, other, "words")]
        self.expect(calls)
        self.check()

    def test_uuids_that_name_nothing(self):
        self.expect([(f"{owner['name']}.get_by_uuid", [self.session, text],
                      ("UUID_INVALID", [owner["name"], text]))
                     for owner, _ in self.implicit("get_by_uuid")
                     for text in (NOWHERE, "", "words", self.objects["pool"], DEAD)])
        self.check()

    def test_names_of_nobody(self):
        for owner, _ in self.implicit("get_by_name_label"):
            self.expect_result(f"{owner['name']}.get_by_name_label", ["nobody"],
                               f"{owner['name']} ref set", [])
        self.check()

    def test_no_such_session(self):
        for text in (DEAD, NULL, self.objects["pool"]):
            self.expect([(name, [text, *good[1:]], ("SESSION_INVALID", [text]))
                         for name, good, _ in self.everything()])
        self.check()

    def test_what_has_no_asynchronous_form(self):
        self.expect([(f"Async.{name}", good,
                      ("Fault", [f"No async mode for this operation (rpc: Async.{name})"]))
                     for name, good, method in self.everything() if "async" not in method])
        self.check()

    def test_other_spelling(self):
        self.expect([(name.replace(".", "_"), [DEAD, *good[1:]], ("SESSION_INVALID", [DEAD]))
                     for name, good, _ in self.everything()])
        self.check()

    def creators(self):
        """(class, record) for what clients make of a record: like the one that is there, but for
        what has to be different."""
        for owner, _ in self.implicit("create"):
            name = owner["name"]
            if name in self.objects:
                different = {"SR": self.bare_sr} if name == "PBD" else DIFFERENT.get(name, {})
                yield owner, {**self.pool.bare(f"{name}.get_record", self.objects[name]),
                              **different}

    def test_creating_and_destroying(self):
        for owner, record in self.creators():
            name = owner["name"]
            for encoding in ("json", "xml"):
                code, ref = self.answers([(encoding, f"{name}.create", [self.session, record])])[0]
                if code and code == NOT_CREATED.get(name):
                    continue
                if code or not isinstance(ref, str):
                    self.wrong.append(f"{name}.create by {encoding}: {code} {ref}")
                    continue
                made = self.pool.bare(f"{name}.get_record", ref)
                self.wrong += [f"{name}.create: {field} is {made[field]} and not {record[field]}"
                               for field in self.members(owner)
                               if made[field] != record[field] and field not in WORKED_OUT]
                self.succeed(encoding, f"{name}.destroy", [self.session, ref])
                gone = ("HANDLE_INVALID", [name, ref])
                self.expect([(f"{name}.get_record", [self.session, ref], gone),
                             (f"{name}.destroy", [self.session, ref], gone)])
        self.check()

    @staticmethod
    def members(owner):
        """The fields that are taken from what create is given."""
        return [f["name"] for f in owner["fields"] if f["mode"] in ("RO", "RW")
                and "removed" not in f]

    def test_records_to_create_from(self):
        calls = []
        for owner, record in self.creators():
            fields = {f["name"]: f for f in owner["fields"]}
            for field in self.members(owner):
                bad = [{**record, field: self.types.wrong(fields[field]["type"])}]
                if "default" not in fields[field]:
                    bad.append({name: record[name] for name in record if name != field})
                calls += [(f"{owner['name']}.create", [self.session, one],
                           ("INTERNAL_ERROR", [ANY])) for one in bad]
        self.expect(calls)
        self.check()


if __name__ == "__main__":
    tap.main()
