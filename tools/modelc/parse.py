"""Blocks to tree: what each statement and clause of the model language means.

The tables at the end list every clause; nothing outside of them is accepted.
"""

import re

from lexer import Cursor, ModelError, read_blocks
from parse_parts import parse_literal, parse_params, parse_roles, parse_type
from tree import (Class, Enum, Error, Field, HttpAction, Message, Model, Param, Permission, Release,
                  Role, Rule, record_of, ref_to)

FIELD_MODES = ('RW', 'RO', 'dynamic')
HTTP_METHODS = ('GET', 'POST', 'PUT', 'CONNECT', 'OPTIONS')


# Clauses: functions (node, cursor, model, owner) that store what they read.

def clause_doc(node, cursor, model, owner):
    node.doc = cursor.text('a sentence')


def clause_life(attribute):
    def store(node, cursor, model, owner):
        setattr(node.life, attribute, cursor.word('a release'))
    return store


def clause_prototype(node, cursor, model, owner):
    node.life.prototype = True


def clause_flag(flag):
    def store(node, cursor, model, owner):
        node.flags.add(flag)
    return store


def clause_attribute(attribute):
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
    written = node.name
    if isinstance(node, Message):
        written = re.sub('^(set|add_to|remove_from|add|remove)_', '', written)
    node.change = token.text if token else f'{owner.name}_change_{written}'.lower()


def clause_impl(node, cursor, model, owner):
    token = cursor.accept('word')
    node.impl = token.text if token else f'{owner.name}_{node.name}'.lower()


def clause_raises(node, cursor, model, owner):
    node.raises += cursor.words()


def clause_operation(node, cursor, model, owner):
    name = cursor.word('an operation')
    param = cursor.word('a parameter') if cursor.accept('word', 'on') else ''
    node.operations.append((name, param))


def clause_lacks(node, cursor, model, owner):
    node.lacks = cursor.text('what it lacks')


def clause_status(node, cursor, model, owner):
    text = cursor.word('a status of HTTP')
    if not re.fullmatch('[45][0-9][0-9]', text):
        raise ModelError(cursor.loc, f"'{text}' is no status of a failure in HTTP")
    node.status = int(text)


def clause_states(node, cursor, model, owner):
    node.states = cursor.words()


def clause_value(node, cursor, model, owner):
    node.values.append((cursor.word('a literal'), cursor.text('a sentence')))


def clause_label(node, cursor, model, owner):
    node.label = cursor.text('a few words')


def clause_part(node, cursor, model, owner):
    node.parts.append((cursor.word('a name'), parse_roles(cursor, model)))


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
CLASS_CLAUSES.update({flag: clause_flag(flag) for flag in CLASS_FLAGS})
FIELD_CLAUSES = {
    'doc': clause_doc, **LIFE, 'roles': clause_roles('roles'), 'reads': clause_roles('read_roles'),
    'keyroles': clause_keyroles, 'relation': clause_relation, 'change': clause_change,
    'volatile': clause_attribute('volatile'), 'secret': clause_attribute('secret'),
    'internal': clause_attribute('internal'), 'sparse': clause_attribute('sparse'),
}
MESSAGE_CLAUSES = {
    'doc': clause_doc, **LIFE, 'roles': clause_roles('roles'), 'raises': clause_raises,
    'operation': clause_operation, 'impl': clause_impl, 'generic': clause_attribute('generic'),
    'change': clause_change, 'lacks': clause_lacks,
}
MESSAGE_FLAGS = ('async', 'hidden', 'no-session', 'pool-internal', 'emergency', 'long', 'parking',
                 'secret')
MESSAGE_CLAUSES.update({flag: clause_flag(flag) for flag in MESSAGE_FLAGS})
RECORD_CLAUSES = {'roles': clause_roles('roles'), 'impl': clause_impl, 'raises': clause_raises,
                  'operation': clause_operation, 'long': clause_flag('long')}
ENUM_CLAUSES = {'doc': clause_doc, 'value': clause_value}
PERMISSION_CLAUSES = {'doc': clause_doc, **LIFE, 'roles': clause_roles('roles')}
HTTP_CLAUSES = {**PERMISSION_CLAUSES, 'label': clause_label, 'part': clause_part,
                'public': clause_attribute('public')}
ERROR_CLAUSES = {'doc': clause_doc, 'status': clause_status}
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
    [also KIND STATES] [on KINDS | only KIND] [needs FACTS] [sm CAPABILITY]
    [unlisted] [steady] [takes-over]
    [beside OPERATIONS | beside any | beside any-but OPERATIONS]"""
    node = Rule(cursor.loc, cursor.word('an operation'))
    lists = {'on': node.kinds, 'only': node.only, 'needs': node.needs, 'sm': node.sm,
             'beside': node.beside}
    target = None
    while cursor.peek():
        word = cursor.word('when, also, on, only, needs, sm, beside, steady, takes-over or unlisted')
        if word == 'unlisted':
            node.listed = False
        elif word in ('steady', 'takes-over'):
            node.flags.append(word)
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


def start_permission(cursor, model, owner):
    return Permission(cursor.loc, cursor.word('a permission'))


def start_http(cursor, model, owner):
    node = HttpAction(cursor.loc, cursor.word('a name'))
    node.method = cursor.word('a method')
    if node.method not in HTTP_METHODS:
        raise ModelError(cursor.loc, f"'{node.method}' is none of {' '.join(HTTP_METHODS)}")
    node.path = cursor.text('a path')
    if not node.path.startswith('/'):
        raise ModelError(cursor.loc, f"the path '{node.path}' does not begin with '/'")
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
    'error': (start_error, ERROR_CLAUSES, False, lambda m, o, n: m.errors.append(n)),
    'role': (start_role, DOC_ONLY, False, lambda m, o, n: m.roles.append(n)),
    'permission': (start_permission, PERMISSION_CLAUSES, False,
                   lambda m, o, n: m.permissions.append(n)),
    'http': (start_http, HTTP_CLAUSES, False, lambda m, o, n: m.http_actions.append(n)),
    'release': (start_release, DOC_ONLY, False, lambda m, o, n: m.releases.append(n)),
}


def parse_clauses(block, node, clauses, model, owner):
    seen = set()
    for line in block.clauses:
        cursor = Cursor(line)
        word = cursor.word('a clause')
        if word not in clauses:
            raise ModelError(line.loc, f"'{word}' is no clause of this statement")
        if word in seen and word not in ('value', 'operation', 'raises', 'part'):
            raise ModelError(line.loc, f"'{word}' stands here twice")
        seen.add(word)
        clauses[word](node, cursor, model, owner)
        cursor.end()


def parse_file(model, path, extra_words):
    owner = None
    for block in read_blocks(path):
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


def parse_model(paths, extra_words=()):
    """Reads the files, roles.model first, because roles are named everywhere."""
    def order(path):
        base = path.rsplit('/', 1)[-1]
        return (base != 'roles.model', base.lower(), base)
    model = Model()
    for path in sorted(paths, key=order):
        parse_file(model, path, extra_words)
    return model
