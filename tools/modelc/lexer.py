"""Text to blocks: the shape of the model language, without its meaning.

A statement begins in column 0 and is a block; the lines under it, indented by four, are its
clauses.  A line that is indented deeper continues the one before.
'#' begins a comment.  Strings have no escapes but \\" and \\\\.
"""

import re
from dataclasses import dataclass, field

TOKEN = re.compile(r'''
    (?P<space>[ ]+) |
    (?P<comment>\#.*) |
    (?P<string>"(?:[^"\\]|\\["\\])*") |
    (?P<arrow>->) |
    (?P<word>[A-Za-z0-9_](?:[A-Za-z0-9_.*/]|-(?!>))*|-[0-9][0-9.]*) |
    (?P<punct>\.\.\.|[():,=\[\]{}+])
''', re.VERBOSE)
CLAUSE_INDENT = 4


@dataclass(frozen=True)
class Loc:
    path: str
    line: int

    def __str__(self):
        return f'{self.path}:{self.line}'


class ModelError(Exception):
    """A mistake in the model, told to people as 'file:line: text'."""

    def __init__(self, loc, text):
        super().__init__(f'{loc}: {text}')


@dataclass(frozen=True)
class Token:
    kind: str  # 'word', 'string', or the punctuation itself
    text: str
    loc: Loc


@dataclass
class Line:
    loc: Loc
    tokens: list


@dataclass
class Block:
    header: Line
    clauses: list = field(default_factory=list)


def tokenize(text, loc):
    tokens, at = [], 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise ModelError(loc, f'cannot read {text[at:].strip()!r}')
        at = match.end()
        kind = match.lastgroup
        if kind in ('space', 'comment'):
            continue
        word = match.group()
        if kind == 'string':
            word = re.sub(r'\\(.)', r'\1', word[1:-1])
        elif kind in ('arrow', 'punct'):
            kind = word
        tokens.append(Token(kind, word, loc))
    return tokens


def read_blocks(path):
    """The blocks of one file."""
    blocks, current = [], None
    with open(path, encoding='utf-8') as file:
        rows = file.read().split('\n')
    for number, row in enumerate(rows, 1):
        loc = Loc(path, number)
        if '\t' in row:
            raise ModelError(loc, 'tabs are not used here')
        tokens = tokenize(row, loc)
        if not tokens:
            continue
        indent = len(row) - len(row.lstrip(' '))
        if indent > CLAUSE_INDENT and current:
            current.tokens += tokens
            continue
        current = Line(loc, tokens)
        if indent == 0:
            blocks.append(Block(current))
        elif not blocks:
            raise ModelError(loc, 'a clause stands before the first statement')
        elif indent < CLAUSE_INDENT:
            raise ModelError(loc, f'clauses are indented by {CLAUSE_INDENT}')
        else:
            blocks[-1].clauses.append(current)
    return blocks


class Cursor:
    """Walks over the tokens of one line."""

    def __init__(self, line):
        self.tokens, self.at, self.loc = line.tokens, 0, line.loc

    def peek(self, ahead=0):
        at = self.at + ahead
        return self.tokens[at] if at < len(self.tokens) else None

    def kind(self):
        return self.peek().kind if self.peek() else None

    def accept(self, kind, text=None):
        token = self.peek()
        if not token or token.kind != kind or (text is not None and token.text != text):
            return None
        self.at += 1
        return token

    def expect(self, kind, what):
        token = self.accept(kind)
        if not token:
            found = f'{self.peek().text!r}' if self.peek() else 'the end of the line'
            raise ModelError(self.loc, f'expected {what}, found {found}')
        return token

    def word(self, what):
        return self.expect('word', what).text

    def words(self):
        """All words up to the end of the line."""
        result = []
        while self.peek():
            result.append(self.word('a word'))
        return result

    def text(self, what):
        """One string, possibly spread over several literals."""
        parts = [self.expect('string', what).text]
        while self.kind() == 'string':
            parts.append(self.expect('string', what).text)
        return ''.join(parts)

    def end(self):
        if self.peek():
            raise ModelError(self.loc, f'unexpected {self.peek().text!r}')
