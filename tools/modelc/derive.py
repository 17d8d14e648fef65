"""All methods a client can call: those of the model and the family every class has by itself."""

from dataclasses import dataclass, field
from typing import Any, Optional

from tree import STRING, VOID, Param, Type, map_of, record_of, ref_to, set_of

IMPLICIT_DOCS = {
    'METHOD_GET_RECORD': 'All fields of one {0}.',
    'METHOD_GET_BY_UUID': 'The {0} with this uuid.',
    'METHOD_GET_BY_NAME_LABEL': 'Every {0} with this name.',
    'METHOD_GET_ALL': 'Every {0} there is.',
    'METHOD_GET_ALL_WHERE': 'Every {0} for which the expression holds.',
    'METHOD_GET_ALL_RECORDS': 'Every {0} there is, with all fields.',
    'METHOD_GET_ALL_RECORDS_WHERE': 'Every {0} for which the expression holds, with all fields.',
    'METHOD_GET_FIELD': 'The field {1} of the {0}.',
    'METHOD_SET_FIELD': 'Sets the field {1} of the {0}.',
    'METHOD_ADD_TO_MAP': 'Adds a key to the field {1} of the {0}; the key must be new.',
    'METHOD_REMOVE_FROM_MAP': 'Removes a key from the field {1} of the {0}, if it is there.',
    'METHOD_ADD_TO_SET': 'Adds a value to the field {1} of the {0}, unless it is there.',
    'METHOD_REMOVE_FROM_SET': 'Removes a value from the field {1} of the {0}, if it is there.',
    'METHOD_CREATE': 'Creates a {0} from a record.',
    'METHOD_DESTROY': 'Destroys the {0}.',
}


WRITE_KINDS = {'set_': 'METHOD_SET_FIELD', 'add_to_': 'METHOD_ADD_TO_MAP',
               'remove_from_': 'METHOD_REMOVE_FROM_MAP', 'add_': 'METHOD_ADD_TO_SET',
               'remove_': 'METHOD_REMOVE_FROM_SET'}


@dataclass
class Method:
    """One entry of the dispatch table."""
    name: str
    kind: str           # METHOD_... of core/method.h
    owner: Any          # Class
    life: Any
    roles: list
    params: list = field(default_factory=list)
    result: Type = VOID
    flags: set = field(default_factory=set)
    field: Optional[Any] = None
    message: Optional[Any] = None
    doc: str = ''
    implicit: bool = True   # the model does not list it

    @property
    def wire_name(self):
        return f'{self.owner.name}.{self.name}'

    @property
    def impl(self):
        return self.message.impl if self.message else ''

    @property
    def change(self):
        """The C function that runs before the write."""
        if self.kind not in WRITE_KINDS.values():
            return ''
        return self.message.change if self.message else self.field.change


def implicit(owner, kind, name, **values):
    item = values.get('field')
    text = IMPLICIT_DOCS[kind].format(owner.name, item.name if item else '')
    return Method(name, kind, owner, item.life if item else owner.life, doc=text, **values)


def field_methods(owner, item, readers):
    """get_, and for what clients may write set_, add_to_, remove_from_, add_, remove_."""
    self_param = Param('self', ref_to(owner.name))
    yield implicit(owner, 'METHOD_GET_FIELD', f'get_{item.name}', field=item, params=[self_param],
                   result=item.type, roles=item.read_roles or readers)
    if item.mode != 'RW':
        return
    value = Param('value', item.type, secret=item.secret)
    yield implicit(owner, 'METHOD_SET_FIELD', f'set_{item.name}', field=item, roles=item.roles,
                   params=[self_param, value])
    if item.type.kind == 'map':
        key = Param('key', item.type.key)
        value = Param('value', item.type.item, secret=item.secret)
        yield implicit(owner, 'METHOD_ADD_TO_MAP', f'add_to_{item.name}', field=item,
                       roles=item.roles, params=[self_param, key, value])
        yield implicit(owner, 'METHOD_REMOVE_FROM_MAP', f'remove_from_{item.name}', field=item,
                       roles=item.roles, params=[self_param, key])
    elif item.type.kind == 'set':
        value = Param('value', item.type.item)
        yield implicit(owner, 'METHOD_ADD_TO_SET', f'add_{item.name}', field=item,
                       roles=item.roles, params=[self_param, value])
        yield implicit(owner, 'METHOD_REMOVE_FROM_SET', f'remove_{item.name}', field=item,
                       roles=item.roles, params=[self_param, value])


def object_methods(owner, readers):
    """get_record, get_by_uuid and the get_all family."""
    ref, record = ref_to(owner.name), record_of(owner.name)
    yield implicit(owner, 'METHOD_GET_RECORD', 'get_record', params=[Param('self', ref)],
                   result=record, roles=readers)
    if owner.field('uuid'):
        yield implicit(owner, 'METHOD_GET_BY_UUID', 'get_by_uuid', params=[Param('uuid', STRING)],
                       result=ref, roles=readers)
    if owner.field('name_label') and 'no-get-by-name-label' not in owner.flags:
        yield implicit(owner, 'METHOD_GET_BY_NAME_LABEL', 'get_by_name_label', roles=readers,
                       params=[Param('label', STRING)], result=set_of(ref))
    if 'no-get-all' in owner.flags:
        return
    where = [Param('expr', STRING)]
    yield implicit(owner, 'METHOD_GET_ALL', 'get_all', result=set_of(ref), roles=readers)
    yield implicit(owner, 'METHOD_GET_ALL_WHERE', 'get_all_where', params=where,
                   result=set_of(ref), roles=readers, flags={'hidden'})
    yield implicit(owner, 'METHOD_GET_ALL_RECORDS', 'get_all_records',
                   result=map_of(ref, record), roles=readers)
    yield implicit(owner, 'METHOD_GET_ALL_RECORDS_WHERE', 'get_all_records_where', params=where,
                   result=map_of(ref, record), roles=readers, flags={'hidden'})


def record_method(owner, message, kind):
    """create or destroy of a class that has one; with code of its own it is an explicit one."""
    method = implicit(owner, kind, message.name, params=message.params, result=message.result,
                      roles=message.roles, flags=message.flags)
    method.message = message
    return method


def write_params(owner, item, kind):
    """The types of what a message of this kind takes."""
    of = item.type
    rest = {'METHOD_SET_FIELD': [of], 'METHOD_ADD_TO_MAP': [of.key, of.item],
            'METHOD_REMOVE_FROM_MAP': [of.key]}.get(kind, [of.item])
    return [ref_to(owner.name)] + rest


def generic_kind(owner, message):
    """(kind, field) of a message that is written down but does what an implicit one would do, by
    its name and types; None when there is nothing like it."""
    params = [p.type for p in message.params]
    for method in object_methods(owner, []):
        if method.name == message.name and [p.type for p in method.params] == params \
                and method.result == message.result:
            return method.kind, None
    for start, kind in WRITE_KINDS.items():
        item = owner.field(message.name.removeprefix(start))
        if message.name.startswith(start) and item and params == write_params(owner, item, kind):
            return kind, item
    return None


def explicit(owner, message):
    kind, item = 'METHOD_EXPLICIT', None
    if message.generic:
        kind, item = generic_kind(owner, message)
    return Method(message.name, kind, owner, message.life, message.roles, message.params,
                  message.result, message.flags, item, message, message.doc, implicit=False)


NO_ACTIONS = {'hidden', 'no-session', 'pool-internal', 'parking'}


def is_action(method):
    """Whether the REST face has it as an action: what its resources do by themselves, what logs in
    and what is not for clients is none."""
    return (method.kind == 'METHOD_EXPLICIT' and method.name not in ('create', 'destroy')
            and not method.life.removed and not NO_ACTIONS & method.flags)


def class_methods(model, owner):
    """Every method of one class, in the order of the documentation."""
    methods = []
    if owner.has_table and 'no-accessors' not in owner.flags:
        readers = owner.read_roles or model.role_names()
        methods += object_methods(owner, readers)
        for item in owner.fields:
            if not item.internal:
                methods += field_methods(owner, item, readers)
    if owner.create:
        methods.append(record_method(owner, owner.create, 'METHOD_CREATE'))
    if owner.destroy:
        methods.append(record_method(owner, owner.destroy, 'METHOD_DESTROY'))
    return methods + [explicit(owner, message) for message in owner.messages]


def all_methods(model):
    return [method for owner in model.classes for method in class_methods(model, owner)]
