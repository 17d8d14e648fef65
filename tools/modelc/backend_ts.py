"""gen/api.d.ts: references, enums, records and methods as TypeScript, in JSON-RPC's form."""

from cnames import camel, lower, ref_type
from derive import all_methods

BASIC = {'void': "''", 'string': 'string', 'int': 'number', 'float': 'number', 'bool': 'boolean',
         'datetime': 'string', 'any': 'unknown'}
TS_WORDS = {'class', 'default', 'enum', 'export', 'function', 'new', 'null', 'package', 'private',
            'public', 'var', 'with'}


def ts_type(value_type):
    kind = value_type.kind
    if kind == 'ref':
        return ref_type(value_type.name)
    if kind == 'record':
        return camel(value_type.name) + 'Record'
    if kind == 'enum':
        return camel(value_type.name)
    if kind == 'set':
        item = ts_type(value_type.item)
        return f'{item}[]' if ' ' not in item else f'({item})[]'
    if kind == 'map':
        return f'Record<string, {ts_type(value_type.item)}>'
    if kind == 'option':
        return f'{ts_type(value_type.item)} | undefined'
    return BASIC[kind]


def comment(text, indent=''):
    return f'{indent}/** {text} */\n'


def define_record(owner):
    text = comment(owner.doc) + f'export interface {camel(owner.name)}Record {{\n'
    for field in owner.fields:
        if field.internal or field.life.removed:
            continue
        mark = '?' if field.type.kind == 'option' else ''
        text += comment(field.doc, '  ') + f'  {field.name}{mark}: {ts_type(field.type)}\n'
    return text + '}\n'


def define_method(method):
    params = []
    for param in method.params:
        name = lower(param.name)
        name = name + '_' if name in TS_WORDS else name
        params.append(f'{name}{"" if param.required else "?"}: {ts_type(param.type)}')
    shown = ', '.join(params)
    text = comment(method.doc, '  ')
    return text + f"  '{method.wire_name}': (({shown}) => {ts_type(method.result)})\n"


def generate(model):
    text = '// References, enums, records and methods of the XenAPI in the form of JSON-RPC.\n'
    text += '// Generated from the model; do not edit.\n\n'
    for owner in model.classes:
        if owner.has_table:
            name = ref_type(owner.name)
            text += f"export type {name} = string & {{ readonly __class?: '{owner.name}' }}\n"
    for enum in model.enums:
        values = ' | '.join(f"'{v}'" for v, _ in enum.values)
        text += '\n' + comment(enum.doc) + f'export type {camel(enum.name)} = {values}\n'
    for owner in model.classes:
        if owner.fields:
            text += '\n' + define_record(owner)
    text += '\n/** Every method, without the session that goes first on the wire. */\n'
    text += 'export interface Api {\n'
    text += ''.join(define_method(m) for m in all_methods(model) if not m.life.removed)
    return {'api.d.ts': text + '}\n'}
