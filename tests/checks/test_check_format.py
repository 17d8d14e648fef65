import shutil

import checktest
import tap

STYLE = (checktest.ROOT / ".clang-format").read_text(encoding="utf-8")


class CheckFormat(checktest.CheckTest):
    tool = "check-format"

    def setUp(self):
        if not shutil.which("clang-format-14"):
            self.skipTest("clang-format-14 is not installed")

    def test_clean_tree(self):
        self.assert_clean({".clang-format": STYLE, "src/base/a.c": "int f(void)\n{\n    g();\n}\n",
                           "src/base/meson.build": "a = 1\n"})

    def test_layout(self):
        self.assert_caught("src/base/a.c:1:", {".clang-format": STYLE,
                                               "src/base/a.c": "int f(void) { g( ); }\n"})

    def test_text_files(self):
        self.assert_caught("tools/a.py:1: a tab", {"tools/a.py": "if a:\tb()\n"})
        self.assert_caught("docs/a.md:2: spaces at the end", {"docs/a.md": "a\nb \n"})
        self.assert_caught("no newline", {"tools/a.sh": "true"})


if __name__ == "__main__":
    tap.main()
