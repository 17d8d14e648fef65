import checktest
import tap

ENUM = "typedef enum Color { COLOR_RED, /* a, b */ COLOR_BLUE = 1 << 2 } Color;\n"


class CheckBanned(checktest.CheckTest):
    tool = "check-banned"

    def test_clean_tree(self):
        self.assert_clean({"src/base/a.c": "/* hacks, todos: op_sleep(op), g_cond_wait() */\n",
                           "tests/unit/a.c": "const char *name = \"workhome\";\n"})

    def test_marks(self):
        for mark in ("TODO", "FIXME", "XXX", "HACK"):
            self.assert_caught("src/base/a.c:1: unfinished work",
                               {"src/base/a.c": f"/* {mark}: later */\n"})

    def test_paths_of_a_machine(self):
        self.assert_caught("a path of one machine", {"tools/a.py": 'A = "/home/ann/x"\n'})
        self.assert_caught("a path of one machine", {"src/base/a.c": 'f("/work/x");\n'})

    def test_dead_code(self):
        self.assert_caught("dead code", {"src/base/a.c": "#if 0\n#endif\n"})

    def test_sleeping(self):
        self.assert_caught("src/base/a.c:1: do not sleep", {"src/base/a.c": "    sleep(1);\n"})
        self.assert_caught("do not sleep", {"tests/unit/a.c": "    g_usleep(10);\n"})
        self.assert_caught("do not sleep", {"tests/a.py": "time.sleep(1)\n"})

    def switch(self, case, tail):
        return ENUM + f"void f(Color c)\n{{\n    switch (c) {{\n    case {case}:\n" \
            f"        break;\n    {tail}\n        break;\n    }}\n}}\n"

    def test_default_hides_constants(self):
        self.assert_caught("src/base/a.c:7: default:",
                           {"src/base/a.c": self.switch("COLOR_BLUE", "default:")})

    def test_switches_without_it_and_over_numbers(self):
        self.assert_clean({"src/base/a.c": self.switch("COLOR_RED", "case COLOR_BLUE:"),
                           "src/base/b.c": self.switch("EAGAIN", "default:")})


if __name__ == "__main__":
    tap.main()
