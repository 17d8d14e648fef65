import shutil

import checktest
import tap

PAGE = '.TH A 1 2026-11-26\n.SH NAME\na \\- does nothing\n'


class CheckMan(checktest.CheckTest):
    tool = "check-man"

    def setUp(self):
        if not shutil.which("mandoc"):
            self.skipTest("mandoc is not installed")

    def test_clean_page(self):
        self.assert_clean({"man/a.1": PAGE})

    def test_unknown_macro(self):
        self.assert_caught("unknown macro", {"man/a.1": PAGE + ".NONSENSE\n"})


if __name__ == "__main__":
    tap.main()
