"""gen/dispatch.c: the method table, thunks to the implementations and the perfect hash."""

import json

import perfect_hash
from backend_ops import args_type, changes, header_name, implemented, param_name
from cnames import banner, class_id, field_id, prefix, quote, ref_type, type_name, upper
from cvalues import is_tree, owned_type, pack, unpack
from derive import all_methods, is_action

FLAGS = {'async': 'ASYNC', 'no-session': 'NO_SESSION', 'pool-internal': 'POOL_INTERNAL',
         'emergency': 'EMERGENCY', 'hidden': 'HIDDEN', 'long': 'LONG', 'parking': 'PARKING'}

FIND = '''
/* FNV-1a, folded; a '.' counts as '_', so that VM.start and VM_start are one name. */
static uint64_t hash_name(const char *name, size_t length)
{
    uint64_t value = 0xcbf29ce484222325;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = name[i] == '.' ? '_' : name[i];
        value = (value ^ byte) * 0x100000001b3;
    }
    return value ^ (value >> 32);
}

/* Dots of the table's name may be underscores in the caller's. */
static bool same_name(const char *known, const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (known[i] != name[i] && !(known[i] == '.' && name[i] == '_')) {
            return false;
        }
    }
    return known[length] == '\\0';
}

const MethodInfo *method_find(const char *name, size_t length)
{
    uint64_t value = hash_name(name, length);
    uint64_t displacement = displacements[value % G_N_ELEMENTS(displacements)];
    uint64_t slot = ((value >> 16) + displacement * ((value >> 40) | 1)) % G_N_ELEMENTS(slots);
    size_t index = slots[slot];
    if (index >= method_count || !same_name(method_table[index].name, name, length)) {
        return NULL;
    }
    return &method_table[index];
}
'''


def number_table(name, numbers):
    text = f'static const uint16_t {name}[] = {{\n'
    for at in range(0, len(numbers), 16):
        text += '    ' + ' '.join(f'{n},' for n in numbers[at:at + 16]) + '\n'
    return text + '};\n'


def roles_name(model, roles):
    """VM_ADMIN for all roles down to vm-admin; others are named by their members."""
    names = model.role_names()
    if roles == names[:len(roles)]:
        return f'ROLES_{upper(roles[-1])}' if roles else 'ROLES_NONE'
    return 'ROLES_' + '_AND_'.join(upper(r) for r in roles)


def define_roles(model, methods):
    """An enumerator for each set of roles that occurs."""
    sets = {roles_name(model, m.roles): m.roles for m in methods}
    for owner in model.classes:
        for field in owner.fields:
            sets.update((roles_name(model, r), r) for _, r in field.key_roles)
    text = 'enum {\n'
    for name in sorted(sets, key=lambda n: (len(sets[n]), n)):
        bits = ' |\n        '.join(f'1 << ROLE_{upper(r)}' for r in sets[name]) or '0'
        text += f'    {name} =\n        {bits},\n'
    return text + '};\n'


def result_thunk(method, call):
    result = method.result
    if result.kind == 'void':
        return (f'    if (!{call}, err)) {{\n        return false;\n    }}\n'
                '    *ret_result = value_new_void();\n    return true;\n')
    declare = f'    {owned_type(result)}result'
    if result.kind == 'string':
        declare = '    g_autofree char *result = NULL'
    elif is_tree(result):
        declare += ' = NULL'
    return (f'{declare};\n    if (!{call}, &result, err)) {{\n        return false;\n    }}\n'
            f'    *ret_result = {pack(result, "result")};\n    return true;\n')


def thunk(method):
    unused = '' if method.params else ' G_GNUC_UNUSED'
    text = (f'static bool invoke_{method.impl}(\n    Call *call, Value *const *args{unused}, '
            'Value **ret_result, Err **err)\n{\n')
    call = f'{method.impl}(call'
    if method.params:
        text += f'    const {args_type(method)} unpacked = {{\n'
        for index, param in enumerate(method.params):
            text += f'        .{param_name(method, param)} = {unpack(param.type, f"args[{index}]")},\n'
        text += '    };\n'
        call += ', &unpacked'
    return text + result_thunk(method, call) + '}\n'


def change_thunk(name, owner):
    return (f'static bool run_{name}(\n    Call *call, Uuid self, const Value *new_value, '
            f'Err **err)\n{{\n    return {name}(call, ({ref_type(owner.name)}){{self}}, '
            'new_value, err);\n}\n')


class ParamTables:
    """Parameter tables, each written once and shared by all methods that have the same."""

    def __init__(self):
        self.names, self.text = {}, ''

    def name_for(self, method):
        if not method.params:
            return 'NULL'
        rows = ''
        for p in method.params:
            default = quote(json.dumps(p.default.value)) if p.default else 'NULL'
            required = str(p.required).lower()
            nullable = ', true' if p.may_be_null else ''
            rows += f'    {{{quote(p.name)}, &{type_name(p.type)}, {required}, {default}{nullable}}},\n'
        if rows not in self.names:
            name = f'{prefix(method.owner.name)}_{method.name.lower()}_params'
            self.names[rows] = name
            self.text += f'static const MethodParam {name}[] = {{\n{rows}}};\n'
        return self.names[rows]


def operation_param(method, name):
    """The index of the parameter that an operation clause means."""
    for index, param in enumerate(method.params):
        if param.type.kind == 'ref' and (not name or param.name == name):
            return index
    raise AssertionError('checked before')


def operations_of(method):
    """(text of the table, its name, count)"""
    operations = method.message.operations if method.message else []
    if not operations:
        return '', 'NULL', 0
    name = f'{prefix(method.owner.name)}_{method.name.lower()}_operations'
    text = f'static const MethodOperation {name}[] = {{\n'
    for operation, param_name_ in operations:
        index = operation_param(method, param_name_)
        owner = method.params[index].type.name
        text += f'    {{{class_id(owner)}, {index}, {quote(operation)}}},\n'
    return text + '};\n', name, len(operations)


def flags_of(model, method):
    flags = [f'METHOD_{c}' for word, c in FLAGS.items() if word in method.flags]
    if method.message and method.message.operations and 'long' not in method.flags:
        flags.append('METHOD_LONG')
    if method.life.removed and not method.impl:
        flags.append('METHOD_REMOVED')
    if is_action(method):
        flags.append('METHOD_ACTION')
    if model.in_release('clearwater', method.owner.life, method.life):
        flags.append('METHOD_IN_6_2')
    return ' | '.join(flags) or '0'


def table_entry(model, method, params, operations, count):
    kind = 'METHOD_EXPLICIT' if method.impl else method.kind
    required = sum(p.required for p in method.params)
    text = f'    {{.name = {quote(method.wire_name)},\n     .kind = {kind},\n'
    text += f'     .flags = {flags_of(model, method)},\n'
    text += f'     .class_id = {class_id(method.owner.name)},\n'
    if method.field:
        text += f'     .field_id = {field_id(method.owner.name, method.field.name)},\n'
    text += f'     .roles = {roles_name(model, method.roles)},\n'
    text += f'     .param_count = {len(method.params)},\n     .required_count = {required},\n'
    text += f'     .params = {params},\n     .result = &{type_name(method.result)},\n'
    if count:
        text += f'     .operation_count = {count},\n     .operations = {operations},\n'
    if method.impl:
        text += f'     .invoke = invoke_{method.impl},\n'
    if method.change:
        text += f'     .on_change = run_{method.change},\n'
    return text + '    },\n'


def key_roles(model):
    text = '\nconst MethodKeyRoles method_key_roles[] = {\n'
    for owner in model.classes:
        for field in owner.fields:
            for key, roles in field.key_roles:
                text += (f'    {{{class_id(owner.name)}, {field_id(owner.name, field.name)}, '
                         f'{quote(key)}, {roles_name(model, roles)}}},\n')
    return text + ('};\nconst size_t method_key_roles_count = '
                   'G_N_ELEMENTS(method_key_roles);\n')


def generate(model):
    methods = all_methods(model)
    params, operations, entries = ParamTables(), '', ''
    for method in methods:
        table, name, count = operations_of(method)
        operations += table
        entries += table_entry(model, method, params.name_for(method), name, count)
    displacements, slots = perfect_hash.build([m.wire_name for m in methods])
    text = banner('Every method a client can call, the way to its code, and how to find it.')
    headers = sorted(header_name(item) for item in model.classes)
    text += '#include "core/method.h"\n'
    text += ''.join(f'#include "gen/{name}"\n' for name in headers)
    text += '#include "gen/schema.h"\n\n'
    text += define_roles(model, methods) + '\n' + params.text + '\n' + operations + '\n'
    text += '\n'.join([thunk(m) for m in implemented(model)] +
                      [change_thunk(name, owner) for name, owner in changes(model).items()])
    text += f'\nconst MethodInfo method_table[] = {{\n{entries}}};\n'
    text += 'const size_t method_count = G_N_ELEMENTS(method_table);\n\n'
    text += number_table('displacements', displacements) + number_table('slots', slots)
    text += FIND + key_roles(model)
    text += '\nconst char *const role_names[ROLE_COUNT] = {\n'
    text += ''.join(f'    [ROLE_{upper(r.name)}] = {quote(r.name)},\n' for r in model.roles)
    text += '};\nconst char *const role_docs[ROLE_COUNT] = {\n'
    text += ''.join(f'    [ROLE_{upper(r.name)}] = {quote(r.doc)},\n' for r in model.roles)
    return {'dispatch.c': text + '};\n'}
