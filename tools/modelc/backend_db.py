"""gen/db_<class>.h: typed access to the objects of one class."""

from cnames import banner, class_id, field_id, lower, prefix, ref_type
from cvalues import in_type, is_tree, owned_type, pack, unpack


class Names:
    """What every function about a class or a field needs to be called."""

    def __init__(self, owner, field=None):
        self.pre = prefix(owner.name)
        self.ref = ref_type(owner.name)
        self.class_id = class_id(owner.name)
        self.var = self.pre
        self.self = f'{self.ref} {self.pre}'
        if field:
            self.field = lower(field.name).rstrip('_')
            self.field_id = field_id(owner.name, field.name)
            self.cell = f'{self.class_id}, {self.var}.id, {self.field_id}'


def function(head, body):
    return f'static inline {head}\n{{\n{body}}}\n'


def class_functions(owner):
    n = Names(owner)
    yield function(f'bool db_{n.pre}_exists(const DbView *view, {n.self})',
                   f'    return db_find(view, {n.class_id}, {n.var}.id) != NULL;\n')
    yield ('/* A new object with a new reference and a new uuid. */\n' + function(
        f'{n.ref} db_{n.pre}_create(DbTxn *txn)',
        f'    {n.ref} {n.var} = {{uuid_generate()}};\n'
        f'    db_create(txn, {n.class_id}, {n.var}.id, uuid_generate());\n'
        f'    return {n.var};\n'))
    yield function(f'void db_{n.pre}_delete(DbTxn *txn, {n.self})',
                   f'    db_delete(txn, {n.class_id}, {n.var}.id);\n')
    if owner.field('uuid'):
        yield ('/* The null reference when there is none. */\n' + function(
            f'{n.ref} db_{n.pre}_by_uuid(const DbView *view, const char *uuid)',
            '    Uuid id;\n'
            f'    const DbObject *object =\n        uuid_parse(uuid, &id) ? '
            f'db_find_by_uuid(view, {n.class_id}, id) : NULL;\n'
            f'    return ({n.ref}){{object ? db_object_ref_id(object) : (Uuid){{{{0}}}}}};\n'))
    yield function(f'unsigned db_{n.pre}_count(const DbView *view)',
                   f'    return db_count(view, {n.class_id});\n')
    yield (f'/* Every {owner.name}, as an array of {n.ref}. (owned) */\n' + function(
        f'GArray *db_{n.pre}_all(const DbView *view)',
        f'    return db_refs(view, {n.class_id});\n'))


def getter(owner, field):
    n = Names(owner, field)
    value = f'db_get(view, {n.cell})'
    yield (f'/* {field.doc} */\n' + function(
        f'{in_type(field.type)}db_{n.pre}_{n.field}(const DbView *view, {n.self})',
        f'    return {unpack(field.type, value)};\n'))
    if field.type.kind == 'map' and plain_text_map(field.type):
        yield ('/* NULL when the key is absent. */\n' + function(
            f'const char *db_{n.pre}_{n.field}_get(const DbView *view, {n.self}, const char *key)',
            f'    return value_get_string({value}, key);\n'))
    if field.type.kind == 'set' and field.type.item.kind == 'ref':
        yield from ref_set(field, n, value)


def plain_text_map(value_type):
    return value_type.key.kind == 'string' and value_type.item.kind in ('string', 'enum')


def ref_set(field, n, value):
    item = field.type.item
    ref = ref_type(item.name)
    yield function(f'unsigned db_{n.pre}_{n.field}_count(const DbView *view, {n.self})',
                   f'    return value_count({value});\n')
    at = f'value_at({value}, index)'
    yield function(f'{ref} db_{n.pre}_{n.field}_at(const DbView *view, {n.self}, unsigned index)',
                   f'    return {unpack(item, at)};\n')
    yield (f'/* A copy that stays good while the set changes: an array of {ref}. (owned) */\n' +
           function(f'GArray *db_{n.pre}_{n.field}_array(const DbView *view, {n.self})',
                    f'    const Value *set = {value};\n'
                    f'    GArray *refs = g_array_new(FALSE, FALSE, sizeof({ref}));\n'
                    '    for (unsigned i = 0; i < value_count(set); i++) {\n'
                    f'        {ref} ref = {{value_uuid(value_at(set, i))}};\n'
                    '        g_array_append_val(refs, ref);\n'
                    '    }\n'
                    '    return refs;\n'))


def is_derived(model, field):
    """The set side of a relation to a single reference is never written by hand."""
    if not field.relation:
        return False
    other_class, other_field = field.relation
    return model.find_class(other_class).field(other_field).type.kind == 'ref'


def setter(owner, field):
    n = Names(owner, field)
    kept = owned_type(field.type) if is_tree(field.type) else in_type(field.type)
    note = '/* Takes `value` over. */\n' if is_tree(field.type) else ''
    packed = pack(field.type, 'value')
    yield (note + function(
        f'void db_{n.pre}_set_{n.field}(DbTxn *txn, {n.self}, {kept}value)',
        f'    db_set(txn, {n.cell}, {packed});\n'))
    if field.type.kind == 'map' and plain_text_map(field.type):
        yield ('/* A value of NULL removes the key. */\n' + function(
            f'void db_{n.pre}_set_{n.field}_key(DbTxn *txn, {n.self}, const char *key,\n'
            '                                  const char *value)',
            f'    db_map_set(txn, {n.cell}, key,\n'
            '               value ? value_new_string(value) : NULL);\n'))
    if field.type.kind == 'set' and not is_tree(field.type.item):
        for verb in ('add', 'remove'):
            yield from set_change(field, n, verb)


def set_change(field, n, verb):
    item = field.type.item
    head = f'void db_{n.pre}_{verb}_{n.field}(DbTxn *txn, {n.self}, {in_type(item)}item)'
    if verb == 'add':
        yield function(head, f'    db_set_add(txn, {n.cell}, {pack(item, "item")});\n')
    else:
        yield function(head, f'    g_autoptr(Value) value = {pack(item, "item")};\n'
                       f'    db_set_remove(txn, {n.cell}, value);\n')


def class_header(model, owner):
    text = banner(f'Typed access to {owner.name}: {owner.doc}')
    text += '#pragma once\n\n#include "db/store.h"\n#include "gen/schema.h"\n'
    text += '#include "gen/types.h"\n\n'
    parts = list(class_functions(owner))
    for field in owner.fields:
        if field.life.removed:
            continue
        parts += getter(owner, field)
        if not is_derived(model, field):
            parts += setter(owner, field)
    return text + '\n'.join(parts)


def generate(model):
    return {f'db_{prefix(owner.name)}.h': class_header(model, owner)
            for owner in model.classes if owner.has_table}
