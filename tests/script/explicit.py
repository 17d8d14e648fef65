"""What all explicit messages have in common, by XML-RPC and by JSON-RPC: how they answer to the
wrong number of arguments, to wrong types and to references that name nothing of their class."""

import tap

from api_model import NULL
from messages import ANY, DEAD, MessageCase


class Explicit(MessageCase):
    def explicit(self):
        """(name, arguments that fit, method) of each that takes a session and is not removed."""
        for owner in self.api["classes"]:
            for method in owner["methods"]:
                if not method["implicit"] and "no-session" not in method and \
                        "removed" not in method and "pool-internal" not in method:
                    yield f"{owner['name']}.{method['name']}", self.good(owner, method), method

    def test_numbers_of_arguments(self):
        self.expect([call for one in self.explicit() for call in self.wrong_counts(*one)])
        self.check()

    def test_arguments_of_wrong_types(self):
        self.expect([(name, good[:i] + [self.types.wrong(param["type"])] + good[i + 1:],
                      ("INTERNAL_ERROR", [ANY]))
                     for name, good, method in self.explicit()
                     for i, param in enumerate(method["params"], 1)])
        self.check()

    def test_no_such_session(self):
        self.expect([(name, [DEAD, *good[1:]], ("SESSION_INVALID", [DEAD]))
                     for name, good, _ in self.explicit()])
        self.check()

    def test_references_that_name_nothing(self):
        calls = []
        for name, good, method in self.explicit():
            if not method["implemented"]:
                continue
            good = [good[0], *(self.one_of(param["type"], value)
                               for param, value in zip(method["params"], good[1:]))]
            for i, param in enumerate(method["params"], 1):
                if param["type"].endswith(" ref") and not self.is_plain_value(method, param):
                    class_name = param["type"].removesuffix(" ref")
                    calls += [(name, good[:i] + [ref] + good[i + 1:],
                               ("HANDLE_INVALID", [class_name, ref]))
                              for ref in self.bad_references(class_name, param)]
        self.expect(calls)
        self.check()

    def one_of(self, kind, value):
        """An object where one is wanted, else the value."""
        return self.objects.get(kind.removesuffix(" ref"), value) if kind.endswith(" ref") \
            else value

    @staticmethod
    def is_plain_value(method, param):
        """What a setter only writes may refer to what is not there, as XenServer's database does."""
        return method["name"].startswith("set_") and param["name"] == "value"

    def bad_references(self, class_name, param):
        yield from (DEAD, "words", self.objects["host" if class_name == "pool" else "pool"])
        if "nullable" not in param:
            yield NULL


if __name__ == "__main__":
    tap.main()
