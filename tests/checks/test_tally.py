"""How tools/tally.py counts what the test programs print."""

import unittest

import tally
import tap


class Counting(unittest.TestCase):
    def setUp(self):
        self.tally = tally.Tally()

    def assert_tally(self, passed, failed, skipped):
        self.assertEqual((self.tally.passed, self.tally.failed, self.tally.skipped),
                         (passed, failed, skipped))

    def test_tap_lines_count(self):
        self.tally.add_program("unit/a", "OK", "1..2\n# a comment\nok 1 /a\nok 2 - /b\n")
        self.assert_tally(2, [], [])

    def test_failed_line(self):
        self.tally.add_program("unit/a", "FAIL", "ok 1 /a\nnot ok 2 - /b\n1..2\n")
        self.assert_tally(1, ["unit/a: /b"], [])

    def test_skipped_line_keeps_its_reason(self):
        self.tally.add_program("unit/a", "OK", "ok 1 /a # SKIP no such device\n")
        self.assert_tally(0, [], ["unit/a: /a: no such device"])

    def test_all_skipped(self):
        self.tally.add_program("unit/a", "SKIP", "1..0 # SKIP not root\n")
        self.assert_tally(0, [], ["unit/a: not root"])

    def test_crash_behind_good_lines_is_a_failure(self):
        self.tally.add_program("unit/a", "ERROR", "1..2\nok 1 /a\n")
        self.assert_tally(1, ["unit/a: error"], [])

    def test_hanging_program_is_a_failure(self):
        self.tally.add_program("unit/a", "TIMEOUT", "")
        self.assert_tally(0, ["unit/a: timeout"], [])

    def test_program_without_tap(self):
        self.tally.add_program("fuzz/a", "OK", "looks like ok 1\n")
        self.tally.add_program("fuzz/b", "SKIP", "no corpus\n")
        self.assert_tally(1, [], ["fuzz/b: no corpus"])


if __name__ == "__main__":
    tap.main()
