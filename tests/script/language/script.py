"""Reads a script: lines become commands, commands become cases."""

from .failure import ScriptError


class Command:
    """One line. `block` holds the lines under it that begin with | or >, and the body of a
    define or for as commands."""

    def __init__(self, path, number, text):
        self.path = path
        self.number = number
        self.name, _, self.rest = text.partition(" ")
        self.rest = self.rest.strip()
        self.block = []
        self.body = []

    def where(self):
        return f"{self.path.name}:{self.number}: {self.name} {self.rest}".rstrip()


class Case:
    """A title and the commands that prove it."""

    def __init__(self, title):
        self.title = title
        self.commands = []


class Script:
    """`setup` runs first; `cases` are the test points; `macros` what `define` made."""

    def __init__(self, path):
        self.macros = {}
        self.setup = []
        self.cases = []
        self._read(path)

    def _read(self, path):
        current = self.setup
        open_bodies = []
        last = None
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            text = line.strip()
            if not text or text.startswith("#"):
                continue
            if text[0] in "|>":
                if last is None:
                    raise ScriptError(f"{path.name}:{number}: nothing takes this line")
                last.block.append(text)
                continue
            command = last = Command(path, number, text)
            if command.name == "end":
                if not open_bodies:
                    raise ScriptError(f"{path.name}:{number}: end of nothing")
                open_bodies.pop()
            elif open_bodies:
                open_bodies[-1].append(command)
            elif command.name == "include":
                self._read(path.parent / command.rest)
            elif command.name == "case":
                self.cases.append(Case(command.rest))
                current = self.cases[-1].commands
            elif command.name == "define":
                self.macros[command.rest.split()[0]] = command
            else:
                current.append(command)
            if command.name in ("define", "for"):
                open_bodies.append(command.body)
        if open_bodies:
            raise ScriptError(f"{path.name}: an end is missing")
