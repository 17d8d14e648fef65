"""Words of a command, and what they stand for.

A word is a JSON text (a string, a list, a struct), or runs to the next space. `$name` and
`$name.member[0]` stand for variables. In a JSON string that is nothing but a variable the value
keeps its type; `"${name}"` is always text."""

import json
import re

from .failure import Failure, ScriptError

VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[-?\d+\])*)\}?")
STEP = re.compile(r"\.(\w+)|\[(-?\d+)\]")
ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|.)")
LITERAL = re.compile(r'["\[{]|-?\d|(true|false|null)$')


def split(text):
    """The words of `text`, as they are written."""
    decoder = json.JSONDecoder()
    words = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
        elif text[at] in '"[{':
            try:
                _, end = decoder.raw_decode(text, at)
            except ValueError as error:
                raise ScriptError(f"this is no JSON: {text[at:]} ({error})") from None
            words.append(text[at:end])
            at = end
        else:
            end = next((i for i in range(at, len(text)) if text[i].isspace()), len(text))
            words.append(text[at:end])
            at = end
    return words


def walk(value, path):
    """The part of `value` that a path like .name[0] leads to."""
    for name, index in STEP.findall(path):
        try:
            value = value[name] if name else value[int(index)]
        except (KeyError, IndexError, TypeError):
            raise Failure(f"there is no {path} in {show(value)}") from None
    return value


def show(value):
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) < 600 else text[:600] + "..."


class Variables:
    """What `let` and the calls put by."""

    def __init__(self):
        self.values = {}

    def get(self, path):
        name = re.match(r"\w+", path)[0]
        if name not in self.values:
            raise ScriptError(f"there is no variable ${name}")
        return walk(self.values[name], path[len(name):])

    def value(self, word):
        """The value a word stands for; one that is neither JSON nor a variable is a string."""
        whole = VARIABLE.fullmatch(word)
        if whole:
            return self.get(whole[1])
        if LITERAL.match(word):
            try:
                return self._substitute(json.loads(word))
            except ValueError:
                pass
        return self.expand(word)

    def _substitute(self, value):
        if isinstance(value, str):
            whole = VARIABLE.fullmatch(value)
            return self.get(whole[1]) if whole and value[1] != "{" else self.expand(value)
        if isinstance(value, list):
            return [self._substitute(item) for item in value]
        if isinstance(value, dict):
            return {self.expand(name): self._substitute(item) for name, item in value.items()}
        return value

    def expand(self, text):
        """`text` with its variables written out."""
        return VARIABLE.sub(lambda match: plain(self.get(match[1])), text)

    def expand_bytes(self, text):
        r"""The bytes of a | or > line. What \ means is for the line itself, not for variables."""
        out = bytearray()
        at = 0
        for match in VARIABLE.finditer(text):
            out += unescape(text[at:match.start()])
            out += plain(self.get(match[1])).encode("utf-8")
            at = match.end()
        return bytes(out + unescape(text[at:]))

    def many(self, words):
        """The values of several words; *$name stands for all items of a list."""
        values = []
        for word in words:
            if word.startswith("*$"):
                values.extend(self.value(word[1:]))
            else:
                values.append(self.value(word))
        return values


def plain(value):
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def unescape(text):
    r"""Bytes of a text with \r \n \t \0 \\ and \xHH, which is one byte; the rest is UTF-8."""
    names = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}
    out = bytearray()
    for i, part in enumerate(ESCAPE.split(text)):
        if i % 2 == 0:
            out += part.encode("utf-8")
        elif len(part) == 3:
            out.append(int(part[1:], 16))
        elif part in names:
            out += names[part]
        else:
            raise ScriptError(f"\\{part} means nothing")
    return bytes(out)
