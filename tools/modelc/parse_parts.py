"""The parts that statements and clauses are made of: types, defaults, roles, parameters."""

from lexer import ModelError
from tree import VOID, Literal, Param, Type, map_of, record_of, ref_to, set_of

BASIC_TYPES = ('void', 'string', 'int', 'float', 'bool', 'datetime', 'any')


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
        nullable = bool(cursor.accept('word', 'nullable'))
        param = Param(name, parse_type(cursor), secret=secret, nullable=nullable)
        if cursor.accept('='):
            param.default = parse_literal(cursor, param.type)
        params.append(param)
        if cursor.kind() != ')':
            cursor.expect(',', "',' or ')'")
    return params
