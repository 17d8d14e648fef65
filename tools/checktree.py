"""What the check-* tools share: which files there are, and how a finding is reported."""

import argparse
import pathlib
import sys

C_SUFFIXES = {".c", ".h"}
WEB_SUFFIXES = {".js", ".ts", ".css", ".html"}


class Tree:
    """A source tree and the findings in it."""

    def __init__(self, description):
        parser = argparse.ArgumentParser(description=description)
        parser.add_argument("root", nargs="?", default=pathlib.Path(__file__).parent.parent,
                            type=pathlib.Path, help="the tree to check (default: this one)")
        self.root = parser.parse_args().root
        self.findings = 0

    def files(self, *folders):
        """The files we wrote in `folders`, sorted: hidden ones, stored test data and what the
        interpreter leaves behind do not count."""
        for folder in folders:
            for path in sorted((self.root / folder).rglob("*")):
                parts = path.relative_to(self.root).parts
                if any(part.startswith(".") or part in ("data", "golden", "corpus", "__pycache__")
                       for part in parts):
                    continue
                if path.is_file() and not path.is_symlink():
                    yield path

    def report(self, path, line, message):
        """Prints one finding the way compilers do."""
        self.findings += 1
        print(f"{path.relative_to(self.root)}:{line}: {message}")

    def finish(self):
        """Ends the program; its exit code says whether anything was found."""
        sys.exit(1 if self.findings else 0)


def language(path):
    """"c", "python", "sh", "web" or None: by the suffix, else by the first line."""
    for name, suffixes in (("c", C_SUFFIXES), ("python", {".py"}), ("sh", {".sh"}),
                           ("web", WEB_SUFFIXES)):
        if path.suffix in suffixes:
            return name
    if path.suffix:
        return None
    with path.open("rb") as file:
        first = file.readline(80)
    if not first.startswith(b"#!"):
        return None
    return "python" if b"python" in first else "sh"
