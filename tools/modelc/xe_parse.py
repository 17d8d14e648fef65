"""The statements of model/cli: texts, record, family and command, as plain data."""

import json
from dataclasses import dataclass, field
from typing import Any, Optional

from derive import class_methods
from lexer import Cursor, ModelError

FIELD_FLAGS = {'s': 'SETTABLE', 'S': 'SET', 'M': 'MAP', 'a': 'ADDABLE', 'r': 'REMOVABLE',
               'm': 'KEYED', 'e': 'EXPENSIVE', 'h': 'HIDDEN', 'd': 'DEPRECATED', 'i': 'CASELESS'}
COMMAND_FLAGS = ('standard', 'hidden', 'deprecated', 'local', 'vm', 'host', 'sr', 'dangerous')
OBJECTS = ('pool', 'this-host', 'coordinator')  # defaults that are looked up


@dataclass
class XeField:
    loc: Any
    name: str
    kind: str                      # PATH, CALL, EVERY, COMPUTE
    steps: list = field(default_factory=list)  # of (field, class it leads to)
    last: str = ''                 # field, message, or C function
    type: Any = None
    is_static: bool = False        # a CALL that takes no object
    otherwise: Optional[str] = None
    texts: str = ''
    refs: str = ''
    comma: bool = False
    flags: str = ''
    set_key: str = ''
    set_map: str = ''
    messages: dict = field(default_factory=dict)  # flag -> message that is not the usual one


@dataclass
class XeRecord:
    name: str
    owner: Any                     # Class
    fields: list = field(default_factory=list)


@dataclass
class XeFamily:
    loc: Any
    name: str
    record: XeRecord
    where: list = field(default_factory=list)
    query: Optional[str] = None
    columns: list = field(default_factory=list)
    standard: bool = False


@dataclass
class XeArg:
    kind: str                      # PARAM, SELF, LITERAL
    type: Any
    param: str = ''
    member: Optional[str] = None   # of the record this is part of
    default: Optional[str] = None  # JSON, or '@' and one of OBJECTS


@dataclass
class XeCommand:
    loc: Any
    name: str
    doc: str = ''
    required: list = field(default_factory=list)
    optional: list = field(default_factory=list)
    flags: list = field(default_factory=list)
    run: str = ''
    lacks: str = ''
    message: Any = None            # Method
    args: list = field(default_factory=list)
    shown: bool = False            # the result is printed


class Index:
    """Classes and methods by their wire names."""

    def __init__(self, model):
        self.classes = {c.name: c for c in model.classes}
        self.methods = {m.wire_name: m for c in model.classes for m in class_methods(model, c)}

    def owner(self, name, loc):
        if name not in self.classes:
            raise ModelError(loc, f"unknown class '{name}'")
        return self.classes[name]

    def method(self, name, loc):
        if name not in self.methods:
            raise ModelError(loc, f"unknown message '{name}'")
        return self.methods[name]

    def field(self, owner, name, loc):
        found = owner.field(name)
        if not found:
            raise ModelError(loc, f"unknown field '{owner.name}.{name}'")
        return found


def element(value_type):
    return value_type.item if value_type.kind == 'set' else value_type


def parse_texts(block):
    """(name, [(literal, text)])"""
    cursor = Cursor(block.header)
    cursor.word('texts')
    name = cursor.word('a name')
    pairs = []
    for line in block.clauses:
        clause = Cursor(line)
        literal = clause.word('a literal')
        clause.expect('=', "'='")
        pairs.append((literal, clause.text('a text')))
        clause.end()
    return name, pairs


def parse_path(item, cursor, index, owner):
    path = cursor.word('a field').split('.')
    for name in path[:-1]:
        target = element(index.field(owner, name, item.loc).type)
        if target.kind != 'ref':
            raise ModelError(item.loc, f"'{owner.name}.{name}' is no reference")
        item.steps.append((name, target.name))
        owner = index.owner(target.name, item.loc)
    item.last = path[-1]
    item.type = index.field(owner, item.last, item.loc).type


def parse_source(item, cursor, index, owner):
    if cursor.accept('word', 'call'):
        item.kind = 'CALL'
        method = index.method(cursor.word('a message'), item.loc)
        item.last, item.type, item.is_static = method.wire_name, method.result, not method.params
    elif cursor.accept('word', 'compute'):
        item.kind, item.last = 'COMPUTE', 'cli_compute_' + cursor.word('a function')
    elif cursor.accept('word', 'every'):
        item.kind = 'EVERY'
        class_name, item.last = cursor.word('CLASS.FIELD').split('.')
        item.steps.append(('', class_name))
        item.type = index.field(index.owner(class_name, item.loc), item.last, item.loc).type
    else:
        parse_path(item, cursor, index, owner)


def parse_field(line, index, owner):
    cursor = Cursor(line)
    item = XeField(line.loc, cursor.word('a field'), 'PATH')
    cursor.expect('=', "'='")
    parse_source(item, cursor, index, owner)
    while cursor.kind() == 'word':
        word = cursor.word('an option')
        if word == 'comma':
            item.comma = True
        elif word == 'else':
            item.otherwise = cursor.text('a text')
        elif word in ('texts', 'refs'):
            setattr(item, word, cursor.word('a name'))
        elif word in ('set-key', 'set-map'):
            method = index.method(cursor.word('a message'), line.loc)
            setattr(item, word.replace('-', '_'), method.wire_name)
        elif word in ('set', 'add', 'remove'):
            item.messages[word[0]] = index.method(cursor.word('a message'), line.loc).wire_name
        else:
            raise ModelError(line.loc, f"unknown option '{word}'")
    if cursor.accept(':'):
        item.flags = cursor.word('flags')
    cursor.end()
    unknown = set(item.flags) - set(FIELD_FLAGS)
    if unknown:
        raise ModelError(line.loc, f"unknown flags {sorted(unknown)}")
    check_writers(item, index, owner)
    return item


def writers(item, owner):
    """The messages by which a field is changed: flag -> wire name."""
    if item.set_map:
        return {}
    is_map = item.type is not None and item.type.kind == 'map'
    usual = {'s': f'{owner.name}.set_{item.last}',
             'a': f'{owner.name}.{"add_to_" if is_map else "add_"}{item.last}',
             'r': f'{owner.name}.{"remove_from_" if is_map else "remove_"}{item.last}'}
    return {**usual, **item.messages}


def check_writers(item, index, owner):
    for flag, name in writers(item, owner).items():
        if flag in item.flags:
            index.method(name, item.loc)
    if ('m' in item.flags) != bool(item.set_key or item.set_map):
        raise ModelError(item.loc, 'the flag m and set-key or set-map belong together')


def parse_record(block, index):
    cursor = Cursor(block.header)
    cursor.word('record')
    name = cursor.word('a name')
    if not cursor.accept('word', 'of'):
        raise ModelError(cursor.loc, "expected 'of' and a class")
    owner = index.owner(cursor.word('a class'), cursor.loc)
    cursor.end()
    return XeRecord(name, owner, [parse_field(line, index, owner) for line in block.clauses])


def parse_family(block, records):
    cursor = Cursor(block.header)
    cursor.word('family')
    name = cursor.word('a name')
    cursor.word("'of'")
    record_name = cursor.word('a record')
    if record_name not in records:
        raise ModelError(cursor.loc, f"unknown record '{record_name}'")
    family = XeFamily(cursor.loc, name, records[record_name])
    known = {f.name for f in family.record.fields}
    for line in block.clauses:
        clause = Cursor(line)
        word = clause.word('a clause')
        if word == 'where':
            while clause.peek():
                key = clause.word('a field')
                clause.expect('=', "'='")
                family.where.append((key, clause.expect('string', 'a value').text))
        elif word == 'query':
            family.query = clause.text('an expression')
        elif word == 'columns':
            family.columns += clause.words()
        elif word == 'standard':
            family.standard = True
        else:
            raise ModelError(line.loc, f"'{word}' is no clause of a family")
    for column in family.columns + [k for k, _ in family.where]:
        if column not in known:
            raise ModelError(family.loc, f"record {record_name} has no field '{column}'")
    return family


def parse_literal(cursor, loc):
    """JSON, or '@' and the name of an object that is looked up."""
    if cursor.kind() == 'string':
        return json.dumps(cursor.text('a text'))
    if cursor.accept('{'):
        cursor.expect('}', "'}'")
        return '{}'
    if cursor.accept('['):
        cursor.expect(']', "']'")
        return '[]'
    word = cursor.word('a literal')
    if word == 'null':
        return '"OpaqueRef:NULL"'
    if word in OBJECTS:
        return '@' + word
    try:
        json.loads(word)
    except ValueError:
        raise ModelError(loc, f"'{word}' is neither a parameter nor a literal") from None
    return word


def parse_arg(cursor, command, value_type):
    names = [p.rstrip(':-') for p in command.required + command.optional]
    token = cursor.peek()
    if token is None or token.kind != 'word' or token.text not in names:
        if cursor.accept('word', 'self'):
            return XeArg('SELF', value_type)
        return XeArg('LITERAL', value_type, default=parse_literal(cursor, command.loc))
    word = cursor.word('an argument')
    arg = XeArg('PARAM', value_type, param=word)
    if cursor.accept('='):
        arg.default = parse_literal(cursor, command.loc)
    elif word not in command.required:
        raise ModelError(command.loc, f"{command.name}: '{word}' needs a default")
    return arg


def parse_members(cursor, command, index, owner):
    while not cursor.accept('}'):
        name = cursor.word('a member')
        cursor.expect(':', "':'")
        arg = parse_arg(cursor, command, index.field(owner, name, command.loc).type)
        arg.member = name
        command.args.append(arg)
        cursor.accept(',')


def parse_call(cursor, command, index):
    command.message = index.method(cursor.word('a message'), command.loc)
    params = list(command.message.params)
    cursor.expect('(', "'('")
    while not cursor.accept(')'):
        if not params:
            raise ModelError(command.loc, f'{command.name} gives too many arguments')
        param = params.pop(0)
        if param.type.kind == 'record' and cursor.accept('{'):
            owner = index.owner(param.type.name, command.loc)
            parse_members(cursor, command, index, owner)
        else:
            command.args.append(parse_arg(cursor, command, param.type))
        cursor.accept(',')
    if any(p.required for p in params):
        raise ModelError(command.loc, f'{command.name} gives too few arguments')
    command.shown = bool(cursor.accept('word', 'print'))


def parse_names(cursor):
    names = []
    while cursor.peek():
        name = cursor.word('a parameter')
        names.append(name + ':' if cursor.accept(':') else name)
    return names


def parse_command(block, index):
    cursor = Cursor(block.header)
    cursor.word('command')
    command = XeCommand(cursor.loc, cursor.word('a name'))
    for line in block.clauses:
        clause = Cursor(line)
        word = clause.word('a clause')
        if word == 'doc':
            command.doc = clause.text('a sentence')
        elif word in ('required', 'optional'):
            getattr(command, word).extend(parse_names(clause))
        elif word == 'flags':
            command.flags += clause.words()
        elif word == 'call':
            parse_call(clause, command, index)
        elif word == 'run':
            default = 'cmd_' + command.name.replace('-', '_')
            command.run = clause.word('a function') if clause.peek() else default
        elif word == 'lacks':
            command.lacks = clause.text('a feature')
        else:
            raise ModelError(line.loc, f"'{word}' is no clause of a command")
        clause.end()
    check_command(command)
    return command


def check_command(command):
    for flag in command.flags:
        if flag not in COMMAND_FLAGS:
            raise ModelError(command.loc, f"unknown flag '{flag}'")
    if not command.doc.endswith('.'):
        raise ModelError(command.loc, f'the doc of {command.name} is no sentence')
    if bool(command.message) + bool(command.run) + bool(command.lacks) != 1:
        raise ModelError(command.loc, f'{command.name} needs one of call, run and lacks')
