import checktest
import tap

MODEL = """class VM
    doc "A machine."
    since rio

message frobnicate(vm: VM ref) -> void
    doc "Turns knobs."
    since rio
    roles vm-operator
    impl

message dance(vm: VM ref) -> void
    doc "Cannot yet."
    since rio
    roles vm-operator
"""
ROLES = 'role vm-operator\n    doc "Works with machines."\n'
RELEASES = 'release rio\n    doc "The first."\n'
WITHOUT = "model/VM.model:5: no test calls VM.frobnicate"


class CheckMessages(checktest.CheckTest):
    tool = "check-messages"

    def tree(self, name, text):
        return {"model/VM.model": MODEL, "model/roles.model": ROLES,
                "model/releases.model": RELEASES, name: text}

    def test_a_script_calls_it(self):
        self.assert_clean(self.tree("tests/script/a.script", "call u VM.frobnicate $vm\n"))
        self.assert_clean(self.tree("tests/script/a.script", "call u Async.VM.frobnicate $vm\n"))

    def test_a_script_calls_it_by_class(self):
        self.assert_clean(self.tree(
            "tests/script/a.script",
            "define try class\ncall u ${class}.frobnicate $vm\nend\ndo try VM\n"))
        self.assert_clean(self.tree(
            "tests/script/a.script", "for class in SR VM\ncall u ${class}.frobnicate $vm\nend\n"))

    def test_programs_call_it(self):
        self.assert_clean(self.tree("tests/functional/a.py", "self.api.VM.frobnicate(vm)\n"))
        self.assert_clean(self.tree("tests/unit/a.c", "    vm_frobnicate(call, &args, &err);\n"))

    def test_nobody_calls_it(self):
        self.assert_caught(WITHOUT, self.tree("tests/script/a.script", "call u VM.dance $vm\n"))

    def test_a_comment_is_no_call(self):
        self.assert_caught(WITHOUT, self.tree("tests/script/a.script", "# VM.frobnicate\n"))

    def test_a_table_of_all_messages_is_no_test(self):
        self.assert_caught(WITHOUT, self.tree("tests/script/role_matrix.py", '"VM.frobnicate"\n'))

    def test_the_hints_of_other_suites_do_not_count(self):
        self.assert_caught(WITHOUT, self.tree("tests/modelc/a.py", '"VM.frobnicate"\n'))


if __name__ == "__main__":
    tap.main()
