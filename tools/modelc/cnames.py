"""How names of the model look in C, and a few helpers to write C text."""

import re

C_WORDS = {'auto', 'break', 'case', 'char', 'const', 'default', 'do', 'double', 'else', 'enum',
           'errno', 'extern', 'float', 'for', 'goto', 'if', 'int', 'linux', 'long', 'register',
           'return', 'short', 'signed', 'sizeof', 'static', 'stderr', 'stdin', 'stdout', 'struct',
           'switch', 'typedef', 'union', 'unix', 'unsigned', 'void', 'volatile', 'while'}


def lower(name):
    """A member or parameter: VCPUs_max -> vcpus_max, default -> default_."""
    result = re.sub(r'\W', '_', name).lower()
    return result + '_' if result in C_WORDS else result


def upper(name):
    """A constant: balance-slb -> BALANCE_SLB."""
    return re.sub(r'\W', '_', name).upper()


def camel(name):
    """A type: VM_guest_metrics -> VmGuestMetrics."""
    return ''.join(part[:1].upper() + part[1:].lower() for part in re.split(r'\W|_', name))


def prefix(class_name):
    """What functions about a class begin with: vm_guest_metrics."""
    return re.sub(r'\W', '_', class_name).lower()


def ref_type(class_name):
    return camel(class_name) + 'Ref'


def class_id(class_name):
    return 'CLASS_' + upper(class_name)


def field_id(class_name, field_name):
    return f'{upper(class_name)}_FIELD_{upper(field_name)}'


def enum_value(enum_name, literal):
    return f'{upper(enum_name)}_{upper(literal)}'


def quote(text):
    """A C string literal, or NULL."""
    if text is None:
        return 'NULL'
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n') + '"'


def type_name(value_type):
    """The C identifier of a type's TypeInfo: type_map_string_string, type_vm_ref_set."""
    return 'type_' + type_words(value_type)


def type_words(value_type):
    kind = value_type.kind
    if kind == 'enum':
        return f'enum_{prefix(value_type.name)}'
    if kind in ('ref', 'record'):
        return f'{prefix(value_type.name)}_{kind}'
    if kind in ('set', 'option'):
        return f'{type_words(value_type.item)}_{kind}'
    if kind == 'map':
        return f'map_{type_words(value_type.key)}_{type_words(value_type.item)}'
    return kind


def banner(text):
    """The head of a generated file."""
    return f'/* {text}\n * Generated from the model; do not edit. */\n'
