import checktest
import tap



class CheckSize(checktest.CheckTest):
    tool = "check-size"

    def test_small_tree_is_clean(self):
        self.assert_clean({"src/base/a.c": "int a;\n" * 800, "tools/a.py": "a = 1\n" * 800})

    def test_long_file(self):
        self.assert_caught("src/base/a.c:801: 802 lines", {"src/base/a.c": "int a;\n" * 802})
        self.assert_caught("web/a.js:801: 801 lines", {"web/a.js": "a();\n" * 801})

    def test_script_without_suffix_counts(self):
        self.assert_caught("tools/run", {"tools/run": "#!/bin/sh\n" + "true\n" * 800})

    def test_stored_data_does_not_count(self):
        self.assert_clean({"tests/data/a.c": "int a;\n" * 900})

    def test_longest_allowed_functions(self):
        self.assert_clean({"src/base/a.c": "int f(void)\n{\n" + "    a++;\n" * 77 + "}\n",
                           "tools/a.py": "def f():\n" + "    a()\n" * 79,
                           "tools/a.sh": "f() {\n" + "    a\n" * 78 + "}\n"})

    def test_long_c_function(self):
        text = "int f(int a,\n      int b)\n{\n" + "    a++;\n" * 77 + "}\n"
        self.assert_caught("src/base/a.c:1: f() has 81 lines", {"src/base/a.c": text})

    def test_long_python_method(self):
        text = "class A:\n    def f(self):\n" + "        a()\n" * 80
        self.assert_caught("tools/a.py:2: f() has 81 lines", {"tools/a.py": text})

    def test_long_shell_function(self):
        text = "#!/bin/sh\nf() {\n" + "    a\n" * 79 + "}\n"
        self.assert_caught("tools/a:2: f() has 81 lines", {"tools/a": text})


if __name__ == "__main__":
    tap.main()
