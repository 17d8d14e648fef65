"""How a model type is held in C and moves between C and a Value."""

from cnames import camel, prefix, ref_type

C_TYPES = {'string': 'const char *', 'int': 'int64_t ', 'float': 'double ', 'bool': 'bool ',
           'datetime': 'int64_t '}


def is_tree(value_type):
    """Sets, maps, records and the like stay Values."""
    return value_type.kind in ('set', 'map', 'record', 'option', 'any')


def in_type(value_type):
    """The C type of a parameter, with the space that may stand before a name."""
    if value_type.kind == 'enum':
        return camel(value_type.name) + ' '
    if value_type.kind == 'ref':
        return ref_type(value_type.name) + ' '
    return C_TYPES.get(value_type.kind, 'const Value *')


def owned_type(value_type):
    """The C type of a result that is handed over."""
    if value_type.kind == 'string':
        return 'char *'
    return 'Value *' if is_tree(value_type) else in_type(value_type)


def unpack(value_type, value):
    """A C expression that reads the Value `value`."""
    if value_type.kind == 'enum':
        return f'{prefix(value_type.name)}_from_value({value})'
    if value_type.kind == 'ref':
        return f'({ref_type(value_type.name)}){{value_uuid({value})}}'
    if is_tree(value_type):
        return value
    return f'value_{value_type.kind}({value})'


def pack(value_type, item):
    """A C expression that makes an owned Value; of trees `item` itself is taken over."""
    if value_type.kind == 'enum':
        return f'value_new_string({prefix(value_type.name)}_to_string({item}))'
    if value_type.kind == 'ref':
        return f'value_new_ref({item}.id)'
    if is_tree(value_type):
        return item
    return f'value_new_{value_type.kind}({item})'
