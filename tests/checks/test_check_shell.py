import shutil

import checktest
import tap


class CheckShell(checktest.CheckTest):
    tool = "check-shell"

    def setUp(self):
        if not shutil.which("shellcheck"):
            self.skipTest("shellcheck is not installed")

    def test_clean_tree(self):
        self.assert_clean({"tools/a": "#!/bin/sh\necho \"$1\"\n",
                           "tools/b.py": "#!/usr/bin/python3\nrm $1\n"})

    def test_unquoted_variable(self):
        self.assert_caught("SC2086", {"tools/deps/a": "#!/bin/sh\nrm $1\n"})


if __name__ == "__main__":
    tap.main()
