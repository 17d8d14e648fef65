"""The model as tests need it: which messages there are, what values of a type look like in either
encoding, and values that fit a type or do not."""

import json
import os
import pathlib
import re

NULL = "OpaqueRef:NULL"
EMPTY = {"string": "", "int": "0", "float": 0.0, "bool": False, "datetime": "19700101T00:00:00Z"}
REF = re.compile(r"OpaqueRef:(NULL|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$")
TIME = re.compile(r"\d{8}T\d{2}:\d{2}:\d{2}Z$")


def read_api():
    """What modelc wrote of the model."""
    path = pathlib.Path(os.environ.get("CLEARWATER_BUILD", "build/out")) / "model/gen/api.json"
    return json.loads(path.read_text("utf-8"))


def split_map(kind):
    """The types of key and value of "(K -> V) map"."""
    key, _, value = kind.removeprefix("(").removesuffix(") map").partition(" -> ")
    return key, value


class Types:
    """Judges values by the types of the model, which it knows by their texts."""

    def __init__(self, api):
        self.objects = {}  # class: reference, of what values may refer to
        self.literals = {e["name"]: [v["name"] for v in e["values"]] for e in api["enums"]}
        self.fields = {c["name"]: {f["name"]: f["type"] for f in c["fields"] if "removed" not in f}
                       for c in api["classes"]}

    def literals_of(self, kind):
        return self.literals[kind.removeprefix("enum ")]

    def empty(self, kind):
        """Something of a type that means nothing."""
        if kind.endswith(" ref"):
            return NULL
        if kind.endswith(" set"):
            return []
        if kind.endswith((" map", " record")):
            return {}
        if kind.endswith(" option"):
            return self.empty(kind.removesuffix(" option"))
        if kind.startswith("enum "):
            return self.literals_of(kind)[0]
        return EMPTY.get(kind, "")

    def other(self, kind, value):
        """A value of a type that is not `value`; None when no such can be made up."""
        if kind.endswith(" set"):
            item = self.other(kind.removesuffix(" set"), None)
            return None if item is None else [] if value == [item] else [item]
        if kind.endswith(" map"):
            key, item = (self.other(part, None) for part in split_map(kind))
            if key is None or item is None:
                return None
            return {} if value == {str(key): item} else {str(key): item}
        if kind.endswith(" ref"):
            return self.objects.get(kind.removesuffix(" ref"), NULL) if value in (None, NULL) else NULL
        if kind.startswith("enum "):
            return next((text for text in self.literals_of(kind) if text != value), None)
        if kind in ("int", "float"):
            return (value or 0) + {"int": 1, "float": 0.5}[kind]
        if kind == "bool":
            return not value
        return {"string": "a <b> & ä", "datetime": "20260102T03:04:05Z"}.get(kind)

    def wrong(self, kind):
        """What is not of this type in any encoding."""
        if kind.startswith("enum "):
            return "no such literal"
        if kind.endswith(" map") or kind.endswith(" record"):
            return ["x"]
        return {"x": "y"}

    def from_json(self, kind, value):
        """`value` as JSON-RPC gives it; TypeError when that is not how this type looks."""
        return self._read(kind, value, lambda text: text)

    def from_xml(self, kind, value):
        """The same of what XML-RPC gives, where integers are text."""
        return self._read(kind, value, self._int_of_xml)

    @staticmethod
    def _int_of_xml(text):
        if not isinstance(text, str) or not re.fullmatch(r"-?\d+", text):
            raise TypeError(f"{text!r} is no int of XML-RPC")
        return int(text)

    def _read(self, kind, value, read_int):
        read = lambda of, item: self._read(of, item, read_int)
        if kind.endswith(" set"):
            self._expect(list, kind, value)
            return [read(kind.removesuffix(" set"), item) for item in value]
        if kind.endswith(" map"):
            self._expect(dict, kind, value)
            key, item = split_map(kind)
            return {self._read_key(key, name): read(item, value[name]) for name in value}
        if kind.endswith(" option"):
            return read(kind.removesuffix(" option"), value)
        if kind.endswith(" record"):
            return self._read_record(kind.removesuffix(" record"), value, read)
        self._expect_scalar(kind, value if kind != "int" else read_int(value))
        return read_int(value) if kind == "int" else value

    def _read_record(self, name, value, read):
        self._expect(dict, name, value)
        fields = self.fields[name]
        optional = {field for field in fields if fields[field].endswith(" option")}
        if set(value) - optional != set(fields) - optional:
            raise TypeError(f"a {name} with other fields: {sorted(set(value) ^ set(fields))}")
        return {field: read(fields[field], value[field]) for field in value}

    def _read_key(self, kind, name):
        self._expect_scalar(kind, int(name) if kind == "int" else name)
        return name

    @staticmethod
    def _expect(python, kind, value):
        if type(value) is not python:
            raise TypeError(f"{value!r} is no {kind}")

    def _expect_scalar(self, kind, value):
        self._expect({"int": int, "float": float, "bool": bool}.get(kind, str), kind, value)
        if (kind.endswith(" ref") and not REF.match(value)) or \
                (kind == "datetime" and not TIME.match(value)) or \
                (kind.startswith("enum ") and value not in self.literals_of(kind)):
            raise TypeError(f"{value!r} is no {kind}")
