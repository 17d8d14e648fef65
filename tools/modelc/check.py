"""What the grammar cannot say: names that must exist, docs that must stand, rules that must fit."""

import re

from derive import generic_kind
from lexer import ModelError

# What `on`, `only` and `also` of an operation can name, and what it can need.  The meaning of
# each is told in core/operation.h.
RULE_KINDS = ('template', 'default-template', 'snapshot', 'control-domain')
RULE_NEEDS = ('suspend', 'shutdown', 'reboot', 'vcpu-hotplug', 'mobile', 'kept-disks',
              'no-passthrough', 'no-nested-virt', 'no-appliance', 'quiesce', 'system-domain',
              'running-vm', 'steady-vm', 'removable', 'empty', 'medium', 'unpluggable',
              'plugged-sr', 'no-cbt', 'cbt', 'no-vdis')



def check_unique(nodes, what):
    seen = {}
    for node in nodes:
        if node.name in seen:
            raise ModelError(node.loc, f"{what} '{node.name}' is already at {seen[node.name]}")
        seen[node.name] = node.loc


def check_doc(node, text, what):
    if not text:
        raise ModelError(node.loc, f'{what} has no doc')
    if not re.search(r'[.?!]$', text) or not re.match(r'[A-Z0-9"]', text):
        raise ModelError(node.loc, f'the doc of {what} is no sentence: {text!r}')


def check_life(model, node, what):
    releases = [r.name for r in model.releases]
    life = node.life
    if not life.since:
        raise ModelError(node.loc, f"{what} does not say 'since'")
    for release in (life.since, life.deprecated, life.removed):
        if release and release not in releases:
            raise ModelError(node.loc, f"unknown release '{release}'")
    if life.removed and releases.index(life.removed) < releases.index(life.since):
        raise ModelError(node.loc, f'{what} is removed before it is there')


def check_type(model, node, value_type):
    if value_type.kind == 'enum' and not model.find_enum(value_type.name):
        raise ModelError(node.loc, f"unknown enum '{value_type.name}'")
    if value_type.kind in ('ref', 'record') and not model.find_class(value_type.name):
        raise ModelError(node.loc, f"unknown class '{value_type.name}'")
    for part in (value_type.key, value_type.item):
        if part:
            check_type(model, node, part)


def check_default(model, node, value_type, default):
    if default is None or value_type.kind != 'enum':
        return
    if default.value not in [v for v, _ in model.find_enum(value_type.name).values]:
        raise ModelError(node.loc, f"'{default.value}' is no value of enum {value_type.name}")


def check_relation(model, owner, field):
    other_class, other_field = field.relation
    other = model.find_class(other_class)
    target = other.field(other_field) if other else None
    if not target:
        raise ModelError(field.loc, f"unknown field '{other_class}.{other_field}'")
    if field.type.kind != 'set' or field.type.item.kind != 'ref' or \
            field.type.item.name != other_class:
        raise ModelError(field.loc, f'{field.name} is no set of {other_class} refs')
    element = target.type.item if target.type.kind == 'set' else target.type
    if element.kind != 'ref' or element.name != owner.name:
        raise ModelError(field.loc, f'{other_class}.{other_field} does not refer to {owner.name}')


def check_field(model, owner, field):
    what = f'field {owner.name}.{field.name}'
    check_doc(field, field.doc, what)
    check_life(model, field, what)
    check_type(model, field, field.type)
    check_default(model, field, field.type, field.default)
    if (field.mode == 'RW') != (field.roles is not None):
        raise ModelError(field.loc, f"{what}: 'roles' stands on RW fields, and on each of them")
    if field.key_roles and field.type.kind != 'map':
        raise ModelError(field.loc, f'{what} is no map and has no keys')
    if field.change and field.mode != 'RW':
        raise ModelError(field.loc, f'{what}: clients cannot change it')
    if field.relation:
        check_relation(model, owner, field)


def check_operations(model, owner, message):
    for name, param_name in message.operations:
        params = [p for p in message.params if p.type.kind == 'ref']
        param = next((p for p in params if not param_name or p.name == param_name), None)
        if not param:
            raise ModelError(message.loc, f'{message.name}: operation {name} has no object')
        if name not in operation_names(model, model.find_class(param.type.name)):
            raise ModelError(message.loc, f"'{name}' is no operation of {param.type.name}")
        if not any(r.name == name for r in model.find_class(param.type.name).rules):
            raise ModelError(message.loc, f"operation '{name}' of {param.type.name} has no rule")


def operation_names(model, owner):
    """The literals of the enum behind `allowed_operations`."""
    field = owner.field('allowed_operations')
    enum = model.find_enum(field.type.item.name) if field else None
    return [v for v, _ in enum.values] if enum else []


def check_message(model, owner, message, generated=False):
    what = f'message {owner.name}.{message.name}'
    if not generated:
        check_doc(message, message.doc, what)
        check_life(model, message, what)
    if message.roles is None:
        raise ModelError(message.loc, f"{what} does not say 'roles'")
    optional = False
    for param in message.params:
        check_type(model, message, param.type)
        check_default(model, message, param.type, param.default)
        if optional and param.required:
            raise ModelError(message.loc, f'{what}: {param.name} follows an optional parameter')
        if param.nullable and (param.type.kind != 'ref' or not param.required):
            raise ModelError(message.loc, f"{what}: {param.name} needs no 'nullable'")
        optional = not param.required
    if message.generic and (message.impl or not generic_kind(owner, message)):
        raise ModelError(message.loc, f'{what} is like no generic one')
    if message.change and not message.generic:
        raise ModelError(message.loc, f"{what} has 'change' without 'generic'")
    if message.lacks and (message.impl or message.generic):
        raise ModelError(message.loc, f"{what} has code and still says what it lacks")
    check_type(model, message, message.result)
    errors = {e.name for e in model.errors}
    for code in message.raises:
        if code not in errors:
            raise ModelError(message.loc, f"unknown error '{code}'")
    check_operations(model, owner, message)


def check_rule(model, owner, rule):
    names = operation_names(model, owner)
    wanted = [rule.name] + [b for b in rule.beside if b not in ('any', 'any-but')]
    for name in wanted:
        if name not in names:
            raise ModelError(rule.loc, f"'{name}' is no operation of {owner.name}")
    for states in [rule.states or []] + list(rule.also.values()):
        for state in states:
            if state not in owner.states:
                raise ModelError(rule.loc, f"'{state}' is no state of {owner.name}")
    for words, known, what in ((rule.kinds + rule.only + list(rule.also), RULE_KINDS, 'kind'),
                               (rule.needs, RULE_NEEDS, 'need')):
        for word in words:
            if word not in known:
                raise ModelError(rule.loc, f"unknown {what} '{word}'; known: {', '.join(known)}")


def check_class(model, owner):
    what = f'class {owner.name}'
    check_doc(owner, owner.doc, what)
    check_life(model, owner, what)
    check_unique(owner.fields, 'field')
    check_unique(owner.messages, 'message')
    check_unique(owner.rules, 'operation')
    for field in owner.fields:
        check_field(model, owner, field)
    for message in owner.messages:
        check_message(model, owner, message)
    for message in (owner.create, owner.destroy):
        if message:
            check_message(model, owner, message, generated=True)
    for rule in owner.rules:
        check_rule(model, owner, rule)


def check_enum(enum):
    check_doc(enum, enum.doc, f'enum {enum.name}')
    if not enum.values:
        raise ModelError(enum.loc, f'enum {enum.name} has no values')
    seen = set()
    for literal, doc in enum.values:
        check_doc(enum, doc, f'value {literal} of enum {enum.name}')
        if literal in seen:
            raise ModelError(enum.loc, f"enum {enum.name} has '{literal}' twice")
        seen.add(literal)


def check_permission(model, node, what):
    check_doc(node, node.doc, what)
    check_life(model, node, what)
    if node.roles is None:
        raise ModelError(node.loc, f"{what} does not say 'roles'")


def check_http(model, action):
    what = f'http {action.name}'
    check_permission(model, action, what)
    if not action.label:
        raise ModelError(action.loc, f"{what} does not say 'label'")
    for name, roles in action.parts:
        if len(roles) > len(action.roles):
            raise ModelError(action.loc, f"{what}: part {name} needs less than the whole")


def check_model(model):
    """Raises ModelError at the first mistake."""
    check_unique(model.classes, 'class')
    check_unique(model.enums, 'enum')
    check_unique(model.errors, 'error')
    check_unique(model.permissions, 'permission')
    check_unique(model.http_actions, 'http')
    for node in model.roles + model.releases + model.errors:
        check_doc(node, node.doc, node.name)
    for enum in model.enums:
        check_enum(enum)
    for owner in model.classes:
        check_class(model, owner)
    for permission in model.permissions:
        check_permission(model, permission, f'permission {permission.name}')
    for action in model.http_actions:
        check_http(model, action)
