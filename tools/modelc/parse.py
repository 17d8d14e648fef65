"""Blocks to tree: what each statement and clause of the model language means.

The tables at the end list every clause; nothing outside of them is accepted.
"""

from lexer import Cursor, ModelError, read_blocks
from tree import (VOID, Class, Enum, Error, Field, Life, Literal, Message, Model, Param, Release,
                  Role, Rule, Type, map_of, record_of, ref_to, set_of)

BASIC_TYPES = ('void', 'string', 'int', 'float', 'bool', 'datetime', 'any')
FIELD_MODES = ('RW', 'RO', 'dynamic')


def parse_type(cursor):
    """string | VM ref | enum vm_power_state | VDI ref set | (string -> string) map | ..."""
    if cursor.accept('('):
        key = parse_type(cursor)
        cursor.expect('->', "'->'")
        item = parse_type(cursor)
        cursor.expect(')', "')'")
        if not cursor.accept('word', 'map'):
            raise ModelError(cursor.loc, "expected 'map' after ')'")
        result = map_of(key, item)
    else:
        word = cursor.word('a type')
        if word == 'enum':
            result = Type('enum', cursor.word('the name of an enum'))
        elif word in BASIC_TYPES:
            result = Type(word)
        elif cursor.accept('word', 'ref'):
            result = ref_to(word)
        elif cursor.accept('word', 'record'):
            result = record_of(word)
        else:
            raise ModelError(cursor.loc, f"unknown type '{word}'")
    while True:
        if cursor.accept('word', 'set'):
            result = set_of(result)
        elif cursor.accept('word', 'option'):
            result = Type('option', item=result)
        else:
            return result


def parse_literal(cursor, value_type):
    """A default: JSON, a bare enum literal, NULL for a reference, epoch for a datetime."""
    kind = value_type.kind
    if cursor.accept('['):
        items = []
        while not cursor.accept(']'):
            items.append(parse_literal(cursor, value_type.item or VOID).value)
            cursor.accept(',')
        return check_literal(cursor, value_type, items, kind == 'set')
    if cursor.accept('{'):
        members = {}
        while not cursor.accept('}'):
            name = cursor.expect('string', 'a key').text
            cursor.expect(':', "':'")
            members[name] = parse_literal(cursor, value_type.item or VOID).value
            cursor.accept(',')
        return check_literal(cursor, value_type, members, kind == 'map')
    text = cursor.accept('string')
    if text:
        return check_literal(cursor, value_type, text.text, kind == 'string')
    word = cursor.word('a default')
    if kind == 'ref':
        return check_literal(cursor, value_type, 'OpaqueRef:NULL', word == 'NULL')
    if kind == 'datetime':
        return check_literal(cursor, value_type, '19700101T00:00:00Z', word == 'epoch')
    if kind == 'bool':
        return check_literal(cursor, value_type, word == 'true', word in ('true', 'false'))
    if kind in ('int', 'float'):
        try:
            return Literal(int(word) if kind == 'int' else float(word))
        except ValueError:
            return check_literal(cursor, value_type, word, False)
    return check_literal(cursor, value_type, word, kind == 'enum')


def check_literal(cursor, value_type, value, good):
    if not good:
        raise ModelError(cursor.loc, f'{value!r} is no default for a {value_type}')
    return Literal(value)


def parse_roles(cursor, model):
    """'roles vm-admin': that role and all above; '+ client-cert' adds one; 'roles none': none."""
    names = model.role_names()
    lowest = cursor.word('a role')
    if lowest == 'none':
        return []
    result = []
    while True:
        if lowest not in names:
            raise ModelError(cursor.loc, f"unknown role '{lowest}'")
        result += [lowest] if result else names[:names.index(lowest) + 1]
        if not cursor.accept('+'):
            return [n for n in names if n in result]
        lowest = cursor.word('a role')


def parse_params(cursor):
    params = []
    cursor.expect('(', "'('")
    while not cursor.accept(')'):
        name = cursor.word('a parameter')
        cursor.expect(':', "':' and a type")
        secret = bool(cursor.accept('word', 'secret'))
        param = Param(name, parse_type(cursor), secret=secret)
        if cursor.accept('='):
            param.default = parse_literal(cursor, param.type)
        params.append(param)
        if cursor.kind() != ')':
            cursor.expect(',', "',' or ')'")
    return params


# Clauses: functions (node, cursor, model, owner) that store what they read.

def clause_doc(node, cursor, model, owner):
    node.doc = cursor.text('a sentence')


def clause_life(attribute):
    def store(node, cursor, model, owner):
        setattr(node.life, attribute, cursor.word('a release'))
    return store


def clause_prototype(node, cursor, model, owner):
    node.life.prototype = True


def clause_class_flag(flag):
    def store(node, cursor, model, owner):
        node.flags.add(flag)
    return store


def clause_field_flag(attribute):
    def store(node, cursor, model, owner):
        setattr(node, attribute, True)
    return store


def clause_roles(attribute):
    def store(node, cursor, model, owner):
        setattr(node, attribute, parse_roles(cursor, model))
    return store


def clause_keyroles(node, cursor, model, owner):
    while cursor.peek():
        token = cursor.accept('string')
        key = token.text if token else cursor.word('a key')
        cursor.expect('=', "'=' and a role")
        node.key_roles.append((key, parse_roles(cursor, model)))


def clause_relation(node, cursor, model, owner):
    path = cursor.word('Class.field').split('.')
    if len(path) != 2:
        raise ModelError(cursor.loc, 'a relation is written Class.field')
    node.relation = tuple(path)


def clause_change(node, cursor, model, owner):
    token = cursor.accept('word')
    node.change = token.text if token else f'{owner.name}_change_{node.name}'.lower()


def clause_impl(node, cursor, model, owner):
    token = cursor.accept('word')
    node.impl = token.text if token else f'{owner.name}_{node.name}'.lower()


def clause_raises(node, cursor, model, owner):
    node.raises += cursor.words()


def clause_operation(node, cursor, model, owner):
    name = cursor.word('an operation')
    param = cursor.word('a parameter') if cursor.accept('word', 'on') else ''
    node.operations.append((name, param))


def clause_states(node, cursor, model, owner):
    node.states = cursor.words()


def clause_value(node, cursor, model, owner):
    node.values.append((cursor.word('a literal'), cursor.text('a sentence')))


LIFE = {
    'since': clause_life('since'),
    'prototype': clause_prototype,
    'deprecated': clause_life('deprecated'),
    'removed': clause_life('removed'),
}
CLASS_CLAUSES = {'doc': clause_doc, **LIFE, 'reads': clause_roles('read_roles'),
                 'states': clause_states}
CLASS_FLAGS = ('persistent', 'events', 'no-table', 'no-accessors', 'no-get-all',
               'no-get-by-name-label')
CLASS_CLAUSES.update({flag: clause_class_flag(flag) for flag in CLASS_FLAGS})
FIELD_CLAUSES = {
    'doc': clause_doc, **LIFE, 'roles': clause_roles('roles'), 'reads': clause_roles('read_roles'),
    'keyroles': clause_keyroles, 'relation': clause_relation, 'change': clause_change,
    'volatile': clause_field_flag('volatile'), 'secret': clause_field_flag('secret'),
    'internal': clause_field_flag('internal'),
}
MESSAGE_CLAUSES = {
    'doc': clause_doc, **LIFE, 'roles': clause_roles('roles'), 'raises': clause_raises,
    'operation': clause_operation, 'impl': clause_impl,
}
MESSAGE_FLAGS = ('async', 'hidden', 'no-session', 'pool-internal', 'emergency', 'long', 'parking',
                 'secret')
MESSAGE_CLAUSES.update({flag: clause_class_flag(flag) for flag in MESSAGE_FLAGS})
RECORD_CLAUSES = {'roles': clause_roles('roles'), 'impl': clause_impl, 'raises': clause_raises,
                  'operation': clause_operation, 'long': clause_class_flag('long')}
ENUM_CLAUSES = {'doc': clause_doc, 'value': clause_value}
DOC_ONLY = {'doc': clause_doc}


# Statements: functions (cursor, model, owner) that make a node and say which clauses it takes.

def start_class(cursor, model, owner):
    return Class(cursor.loc, cursor.word('a class name'))


def start_enum(cursor, model, owner):
    return Enum(cursor.loc, cursor.word('an enum name'))


def start_field(cursor, model, owner):
    node = Field(cursor.loc, cursor.word('a field name'))
    cursor.expect(':', "':' and a type")
    node.type = parse_type(cursor)
    node.mode = cursor.word('RW, RO or dynamic')
    if node.mode not in FIELD_MODES:
        raise ModelError(cursor.loc, f"expected RW, RO or dynamic, found '{node.mode}'")
    if cursor.accept('='):
        node.default = parse_literal(cursor, node.type)
    return node


def start_message(cursor, model, owner):
    node = Message(cursor.loc, cursor.word('a message name'))
    node.params = parse_params(cursor)
    cursor.expect('->', "'->' and the type of the result")
    node.result = parse_type(cursor)
    return node


def start_create(cursor, model, owner):
    node = Message(cursor.loc, 'create', life=owner.life, flags={'async'}, result=ref_to(owner.name))
    if not cursor.accept('word', 'record'):
        raise ModelError(cursor.loc, "expected 'create record'; other constructors are messages")
    node.params = [Param('args', record_of(owner.name))]
    return node


def start_destroy(cursor, model, owner):
    node = Message(cursor.loc, 'destroy', life=owner.life, flags={'async'})
    node.params = [Param('self', ref_to(owner.name))]
    return node


def start_rule(cursor, model, owner):
    """operation NAME when any|never|STATES, and then in any order
    [also KIND STATES] [on KINDS | only KIND] [needs FACTS] [sm CAPABILITY] [unlisted]
    [beside OPERATIONS | beside any | beside any-but OPERATIONS]"""
    node = Rule(cursor.loc, cursor.word('an operation'))
    lists = {'on': node.kinds, 'only': node.only, 'needs': node.needs, 'sm': node.sm,
             'beside': node.beside}
    target = None
    while cursor.peek():
        word = cursor.word('when, also, on, only, needs, sm, beside or unlisted')
        if word == 'unlisted':
            node.listed = False
        elif word == 'when':
            target = node.states = []
        elif word == 'also':
            target = node.also.setdefault(cursor.word('a kind of object'), [])
        elif word in lists:
            target = lists[word]
        elif target is None:
            raise ModelError(cursor.loc, f"unexpected '{word}'")
        else:
            target.append(word)
    if node.states is None:
        raise ModelError(cursor.loc, f"operation {node.name} does not say when")
    if node.states == ['any']:
        node.states = None
    elif node.states == ['never']:
        node.states = []
    return node


def start_error(cursor, model, owner):
    node = Error(cursor.loc, cursor.word('an error code'))
    cursor.expect('(', "'('")
    while not cursor.accept(')'):
        if cursor.accept('...'):
            node.variadic = True
        else:
            node.params.append(cursor.word('a parameter'))
        if cursor.kind() != ')':
            cursor.expect(',', "',' or ')'")
    return node


def start_role(cursor, model, owner):
    return Role(cursor.loc, cursor.word('a role'))


def start_release(cursor, model, owner):
    return Release(cursor.loc, cursor.word('a release'))


# word -> (start function, clauses, needs a class, where the node is kept)
STATEMENTS = {
    'class': (start_class, CLASS_CLAUSES, False, lambda m, o, n: m.classes.append(n)),
    'enum': (start_enum, ENUM_CLAUSES, False, lambda m, o, n: m.enums.append(n)),
    'field': (start_field, FIELD_CLAUSES, True, lambda m, o, n: o.fields.append(n)),
    'message': (start_message, MESSAGE_CLAUSES, True, lambda m, o, n: o.messages.append(n)),
    'create': (start_create, RECORD_CLAUSES, True, lambda m, o, n: setattr(o, 'create', n)),
    'destroy': (start_destroy, RECORD_CLAUSES, True, lambda m, o, n: setattr(o, 'destroy', n)),
    'operation': (start_rule, DOC_ONLY, True, lambda m, o, n: o.rules.append(n)),
    'error': (start_error, DOC_ONLY, False, lambda m, o, n: m.errors.append(n)),
    'role': (start_role, DOC_ONLY, False, lambda m, o, n: m.roles.append(n)),
    'release': (start_release, DOC_ONLY, False, lambda m, o, n: m.releases.append(n)),
}


def parse_clauses(block, node, clauses, model, owner):
    seen = set()
    for line in block.clauses:
        cursor = Cursor(line)
        word = cursor.word('a clause')
        if word not in clauses:
            raise ModelError(line.loc, f"'{word}' is no clause of this statement")
        if word in seen and word not in ('value', 'operation', 'raises'):
            raise ModelError(line.loc, f"'{word}' stands here twice")
        seen.add(word)
        clauses[word](node, cursor, model, owner)
        cursor.end()


def parse_file(model, path, name, extra_words):
    owner = None
    for block in read_blocks(path, name):
        cursor = Cursor(block.header)
        word = cursor.word('a statement')
        if word in extra_words:
            model.extra.setdefault(word, []).append(block)
            continue
        if word not in STATEMENTS:
            raise ModelError(block.header.loc, f"unknown statement '{word}'")
        start, clauses, needs_class, keep = STATEMENTS[word]
        if needs_class and owner is None:
            raise ModelError(block.header.loc, f"'{word}' stands before any class")
        node = start(cursor, model, owner)
        cursor.end()
        if word == 'class':
            owner = node
        keep(model, owner, node)
        parse_clauses(block, node, clauses, model, owner)


def parse_model(files, extra_words=()):
    """Reads the files (path, shown name); roles.model and releases.model come first."""
    def order(item):
        base = item[0].rsplit('/', 1)[-1]
        return (base not in ('roles.model', 'releases.model'), base.lower(), base)
    model = Model()
    for path, name in sorted(files, key=order):
        parse_file(model, path, name, extra_words)
    return model
