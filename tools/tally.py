"""Counts what test programs print, by the TAP lines of those that have any."""

import re

TAP_LINE = re.compile(r"^(not )?ok\b\s*\d*\s*(?:-\s*)?(.*)$")
TAP_SKIP = re.compile(r"#\s*skip\S*\s*(.*)$", re.IGNORECASE)
TAP_SKIP_ALL = re.compile(r"^1\.\.0\s*#\s*skip\S*\s*(.*)$", re.IGNORECASE)


class Tally:
    """What came out so far."""

    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []

    def add_tap(self, name, output):
        """Counts the lines of a TAP program. Returns whether it had any failure of its own."""
        failures = len(self.failed)
        for line in output.splitlines():
            skip_all = TAP_SKIP_ALL.match(line)
            if skip_all:
                self.skipped.append(f"{name}: {skip_all.group(1)}")
                continue
            match = TAP_LINE.match(line)
            if not match:
                continue
            skip = TAP_SKIP.search(match.group(2))
            if match.group(1):
                self.failed.append(f"{name}: {match.group(2)}")
            elif skip:
                self.skipped.append(f"{name}: {match.group(2)[:skip.start()].strip()}: "
                                    f"{skip.group(1)}")
            else:
                self.passed += 1
        return len(self.failed) > failures

    def add_program(self, name, result, output):
        """Counts one of meson's test programs: by its TAP lines, else as one test. A program
        that fails without a failing line (it crashed, it hung) is a failure too. Returns whether
        anything failed."""
        failures = len(self.failed)
        before = self.passed + len(self.skipped)
        has_failure = self.add_tap(name, output)
        has_lines = has_failure or self.passed + len(self.skipped) > before
        if result in ("OK", "EXPECTEDFAIL"):
            self.passed += 0 if has_lines else 1
        elif result == "SKIP":
            if not has_lines:
                self.skipped.append(f"{name}: {output.strip() or 'no reason given'}")
        elif not has_failure:
            self.failed.append(f"{name}: {result.lower()}")
        return len(self.failed) > failures

    def print(self):
        for line in self.skipped:
            print("skipped", line)
        for line in self.failed:
            print("FAILED ", line)
        skipped = f", {len(self.skipped)} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {len(self.failed)} failed{skipped}", flush=True)
