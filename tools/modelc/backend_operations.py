"""gen/operations.h and gen/operations.c: when an operation may run, as core/operation.h has it."""

from check import operation_names
from cnames import banner, class_id, field_id, prefix, quote, upper

KIND_FLAGS = {'template': 'ON_TEMPLATE', 'default-template': 'ON_DEFAULT_TEMPLATE',
              'snapshot': 'ON_SNAPSHOT', 'control-domain': 'ON_CONTROL_DOMAIN'}
ONLY_FLAGS = {'template': ['ONLY_TEMPLATE', 'ON_TEMPLATE', 'ON_DEFAULT_TEMPLATE'],
              'snapshot': ['ONLY_SNAPSHOT', 'ON_SNAPSHOT']}


def state_name(owner, state):
    return f'{upper(owner.name)}_WHEN_{upper(state)}'


def state_bits(owner, states):
    """None is any; no states at all is never."""
    if states is None:
        return '0'
    return ' | '.join(state_name(owner, s) for s in states) or 'OPERATION_NEVER'


def flags_of(rule):
    flags = ['LISTED'] if rule.listed else []
    flags += [upper(f) for f in rule.flags]
    flags += [KIND_FLAGS[k] for k in rule.kinds]
    flags += [flag for kind in rule.only for flag in ONLY_FLAGS[kind]]
    flags += [f'NEEDS_{upper(n)}' for n in rule.needs]
    return ' | '.join(f'OPERATION_{f}' for f in flags) or '0'


def beside(model, owner, rule):
    """The operations that may run at the same time, or None."""
    if rule.beside == ['any']:
        return ['*']
    if rule.beside[:1] == ['any-but']:
        return [n for n in operation_names(model, owner) if n not in rule.beside]
    return rule.beside or None


def define_rule(model, owner, rule):
    text = f'    {{.class_id = {class_id(owner.name)},\n     .op = {quote(rule.name)},\n'
    text += f'     .states = {state_bits(owner, rule.states)},\n'
    for kind, states in rule.also.items():
        text += f'     .{prefix(kind)}_states = {state_bits(owner, states)},\n'
    text += f'     .flags = {flags_of(rule)},\n'
    if rule.sm:
        text += f'     .capability = {quote(rule.sm[0])},\n'
    names = beside(model, owner, rule)
    if names:
        listed = ', '.join(quote(n) for n in names)
        text += f'     .concurrent = (const char *const[]){{{listed}, NULL}},\n'
    return text + '    },\n'


def field_or_none(owner, name):
    return field_id(owner.name, name) if owner.field(name) else -1


def define_class(owner, first):
    rules = f'&rules[{first}]' if owner.rules else 'NULL'
    return (f'    [{class_id(owner.name)}] = {{{rules}, {len(owner.rules)},\n'
            f'     {field_or_none(owner, "allowed_operations")}, '
            f'{field_or_none(owner, "current_operations")}}},\n')


def define_rules(model):
    """Both tables: the rules, those of one class behind each other, and where each class's are."""
    rules, classes, count = '', '', 0
    for owner in model.classes:
        classes += define_class(owner, count)
        rules += ''.join(define_rule(model, owner, rule) for rule in owner.rules)
        count += len(owner.rules)
    return (f'static const OperationRule rules[] = {{\n{rules}}};\n\n'
            f'const OperationClass operation_classes[CLASS_COUNT] = {{\n{classes}}};\n')


def generate(model):
    header = banner('The states of objects that operations depend on, as bits.') + '#pragma once\n'
    source = banner('When the operations of allowed_operations may run.')
    source += '#include "gen/operations.h"\n\n#include "core/operation.h"\n'
    source += '#include "gen/schema.h"\n\n' + define_rules(model)
    for owner in model.classes:
        if owner.states:
            rows = ''.join(f'    {state_name(owner, s)} = 1 << {i},\n'
                           for i, s in enumerate(owner.states))
            header += f'\n/* {owner.name} */\nenum {{\n{rows}}};\n'
    return {'operations.h': header, 'operations.c': source}
