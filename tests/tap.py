"""Runs the unittest cases of a test file and reports them as TAP, which meson counts.

    if __name__ == "__main__":
        tap.main()
"""

import sys
import traceback
import unittest


class TapResult(unittest.TestResult):
    """Prints one TAP line a case, its error as comments behind it."""

    def __init__(self):
        super().__init__()
        self.number = 0

    def line(self, verdict, test, comment=""):
        self.number += 1
        name = test.id().removeprefix("__main__.")
        print(f"{verdict} {self.number} - {name}{comment}", flush=True)

    def failure(self, test, error):
        self.line("not ok", test)
        for line in "".join(traceback.format_exception(*error)).splitlines():
            print("#", line, flush=True)

    def addSuccess(self, test):
        self.line("ok", test)

    def addSkip(self, test, reason):
        self.line("ok", test, f" # SKIP {reason}")

    def addError(self, test, err):
        super().addError(test, err)
        self.failure(test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.failure(test, err)


def main():
    """Runs the cases of the main module, or those that the command line names."""
    loader = unittest.defaultTestLoader
    module = sys.modules["__main__"]
    names = sys.argv[1:]
    suite = loader.loadTestsFromNames(names, module) if names \
        else loader.loadTestsFromModule(module)
    result = TapResult()
    suite.run(result)
    # Last, because a class that cannot be set up makes one line of all its cases.
    print(f"1..{result.number}", flush=True)
    sys.exit(0 if result.wasSuccessful() else 1)
