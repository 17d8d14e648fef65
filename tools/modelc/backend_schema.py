"""gen/schema.h and gen/schema.c: classes, fields and types as tables for db/schema.h."""

import json

from cnames import banner, class_id, field_id, prefix, quote, type_name, upper
from derive import all_methods
from tree import Type, ref_to

KINDS = {'void': 'VOID', 'string': 'STRING', 'int': 'INT', 'float': 'FLOAT', 'bool': 'BOOL',
         'datetime': 'DATETIME', 'enum': 'ENUM', 'ref': 'REF', 'set': 'SET', 'map': 'MAP',
         'record': 'RECORD', 'option': 'OPTION', 'any': 'ANY'}


def used_types(model):
    """Every type of the model once, parts before wholes."""
    found = {}

    def add(value_type):
        for part in (value_type.key, value_type.item):
            if part:
                add(part)
        found.setdefault(type_name(value_type), value_type)

    add(Type('void'))
    for owner in model.classes:
        if owner.has_table:
            add(ref_to(owner.name))
        for field in owner.fields:
            add(field.type)
    for method in all_methods(model):
        for param in method.params:
            add(param.type)
        add(method.result)
    return found


def define_type(name, value_type):
    parts = [f'TYPE_{KINDS[value_type.kind]}']
    if value_type.kind in ('ref', 'record'):
        parts.append(f'.class_id = {class_id(value_type.name)}')
    if value_type.key:
        parts.append(f'.key = &{type_name(value_type.key)}')
    if value_type.item:
        parts.append(f'.item = &{type_name(value_type.item)}')
    if value_type.kind == 'enum':
        parts.append(f'.literals = {prefix(value_type.name)}_names')
    parts.append(f'.name = {quote(str(value_type))}')
    return f'const TypeInfo {name} = {{{", ".join(parts)}}};\n'


def default_json(literal):
    return quote(json.dumps(literal.value)) if literal else 'NULL'


def field_flags(field):
    flags = []
    if field.volatile:
        flags.append('VOLATILE')
    if field.secret:
        flags.append('SECRET')
    if field.internal:
        flags.append('INTERNAL')
    if field.sparse:
        flags.append('SPARSE')
    if field.mode == 'RW':
        flags.append('WRITABLE')
    if field.mode in ('RW', 'RO'):
        flags.append('CONSTRUCTOR')
    if field.default:
        flags.append('HAS_DEFAULT')
    if field.life.removed:
        flags.append('REMOVED')
    return ' | '.join(f'DB_FIELD_{f}' for f in flags) or '0'


def relation_ids(model, owner, field):
    """(class, field) on the set side of a relation; the ref side has none."""
    if not field.relation:
        return 'DB_NO_RELATION', 'DB_NO_RELATION'
    other_class, other_field = field.relation
    return class_id(other_class), field_id(other_class, other_field)


def define_fields(model, owner):
    text = f'static const DbField {prefix(owner.name)}_fields[] = {{\n'
    for field in owner.fields:
        relation_class, relation_field = relation_ids(model, owner, field)
        text += f'    {{{quote(field.name)}, &{type_name(field.type)}, {field_flags(field)},\n'
        text += f'     {default_json(field.default)}, {relation_class}, {relation_field}}},\n'
    return text + '};\n'


def define_class(owner):
    flags = [f'DB_CLASS_{f.upper()}' for f in ('persistent', 'events') if f in owner.flags]
    pre = prefix(owner.name)
    names = [f.name for f in owner.fields] if owner.has_table else []
    uuid = names.index('uuid') if 'uuid' in names else -1
    label = names.index('name_label') if 'name_label' in names else -1
    fields = f'{pre}_fields, G_N_ELEMENTS({pre}_fields)' if owner.fields else 'NULL, 0'
    return (f'    [{class_id(owner.name)}] = {{{quote(owner.name)}, {quote(owner.name.lower())}, '
            f'{" | ".join(flags) or 0},\n     {fields}, {uuid}, {label}}},\n')


def header(model, types):
    text = banner('Numbers of classes and fields, and the schema the database works by.')
    text += '#pragma once\n\n#include "db/schema.h"\n\ntypedef enum ClassId {\n'
    text += ''.join(f'    {class_id(c.name)},\n' for c in model.classes)
    text += '    CLASS_COUNT,\n} ClassId;\n\nextern const DbSchema model_schema;\n\n'
    for owner in model.classes:
        if owner.fields:
            ids = ''.join(f'    {field_id(owner.name, f.name)},\n' for f in owner.fields)
            text += f'enum {{\n{ids}    {upper(owner.name)}_FIELD_COUNT,\n}};\n\n'
    return text + ''.join(f'extern const TypeInfo {name};\n' for name in types)


def source(model, types):
    text = banner('The schema of the database: every class, field and type of the model.')
    text += '#include "gen/schema.h"\n\n#include "gen/types.h"\n\n'
    text += ''.join(define_type(name, types[name]) for name in types) + '\n'
    text += '\n'.join(define_fields(model, c) for c in model.classes if c.fields)
    text += '\nstatic const DbClass classes[CLASS_COUNT] = {\n'
    text += ''.join(define_class(c) for c in model.classes)
    return text + '};\n\nconst DbSchema model_schema = {classes, CLASS_COUNT};\n'


def generate(model):
    types = used_types(model)
    return {'schema.h': header(model, types), 'schema.c': source(model, types)}
