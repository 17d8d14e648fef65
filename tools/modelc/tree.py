"""What a model consists of, after parsing: plain data, one class a notion."""

from dataclasses import dataclass, field
from typing import Any, Optional

STATES = ('published', 'prototyped', 'deprecated', 'removed')


@dataclass(frozen=True)
class Type:
    """kind: void string int float bool datetime any enum ref record set map option."""
    kind: str
    name: str = ''                 # of the enum or class
    key: Optional['Type'] = None   # map
    item: Optional['Type'] = None  # set, map, option

    def __str__(self):
        if self.kind == 'enum':
            return f'enum {self.name}'
        if self.kind in ('ref', 'record'):
            return f'{self.name} {self.kind}'
        if self.kind in ('set', 'option'):
            return f'{self.item} {self.kind}'
        if self.kind == 'map':
            return f'({self.key} -> {self.item}) map'
        return self.kind


VOID = Type('void')
STRING = Type('string')


def ref_to(class_name):
    return Type('ref', class_name)


def record_of(class_name):
    return Type('record', class_name)


def set_of(item):
    return Type('set', item=item)


def map_of(key, item):
    return Type('map', key=key, item=item)


@dataclass
class Literal:
    """A default: `value` as Python has it, in wire form."""
    value: Any


@dataclass
class Life:
    since: str = ''
    prototype: bool = False
    deprecated: str = ''
    removed: str = ''

    @property
    def state(self):
        if self.removed:
            return 'removed'
        if self.deprecated:
            return 'deprecated'
        return 'prototyped' if self.prototype else 'published'


@dataclass
class Node:
    loc: Any
    name: str
    doc: str = ''
    life: Life = field(default_factory=Life)


@dataclass
class Role(Node):
    pass


@dataclass
class Release(Node):
    pass


@dataclass
class Error(Node):
    params: list = field(default_factory=list)
    variadic: bool = False
    status: int = 409                      # of HTTP, where an API is HTTP's own


@dataclass
class Enum(Node):
    values: list = field(default_factory=list)  # of (literal, doc)


@dataclass
class Field(Node):
    type: Type = VOID
    mode: str = 'dynamic'                  # RW, RO, dynamic
    default: Optional[Literal] = None
    roles: Optional[list] = None           # who may set it
    read_roles: Optional[list] = None
    key_roles: list = field(default_factory=list)  # of (key, roles)
    volatile: bool = False
    secret: bool = False
    internal: bool = False
    sparse: bool = False                   # hardly ever not at its default
    relation: Optional[tuple] = None       # (class, field)
    change: str = ''                       # C function that runs before a client's write


@dataclass
class Param:
    name: str
    type: Type
    default: Optional[Literal] = None
    secret: bool = False
    nullable: bool = False  # a reference that may be null, whatever its default

    @property
    def required(self):
        return self.default is None

    @property
    def may_be_null(self):
        return self.nullable or (self.type.kind == 'ref' and not self.required)


@dataclass
class Message(Node):
    params: list = field(default_factory=list)
    result: Type = VOID
    roles: Optional[list] = None
    flags: set = field(default_factory=set)
    raises: list = field(default_factory=list)
    operations: list = field(default_factory=list)  # of (operation, parameter name)
    impl: str = ''                         # the C function behind it
    generic: bool = False                  # no code: it does what its name says, as implicit ones do
    change: str = ''                       # as in Field, for a generic message that writes
    lacks: str = ''                        # what has to be there before it can have code


@dataclass
class Rule(Node):
    """When an operation of `allowed_operations` may run."""
    states: Optional[list] = None  # None: any; []: never
    also: dict = field(default_factory=dict)     # kind -> more states
    kinds: list = field(default_factory=list)    # special objects it may run on
    only: list = field(default_factory=list)     # the one kind of object it is for
    needs: list = field(default_factory=list)
    sm: list = field(default_factory=list)       # the storage capability it needs
    beside: list = field(default_factory=list)   # operations it may run at the same time as
    listed: bool = True
    flags: list = field(default_factory=list)    # steady, takes-over


@dataclass
class Class(Node):
    flags: set = field(default_factory=set)
    read_roles: Optional[list] = None
    fields: list = field(default_factory=list)
    messages: list = field(default_factory=list)
    create: Optional[Message] = None
    destroy: Optional[Message] = None
    states: list = field(default_factory=list)  # what `when` of an operation can name
    rules: list = field(default_factory=list)

    def field(self, name):
        return next((f for f in self.fields if f.name == name), None)

    @property
    def has_table(self):
        return 'no-table' not in self.flags


@dataclass
class Permission(Node):
    """What a session may be allowed beside calling messages."""
    roles: Optional[list] = None


@dataclass
class HttpAction(Node):
    """A URL that is no RPC: http get_export GET "/export"."""
    method: str = ''
    path: str = ''
    label: str = ''                        # of the task, and the realm of a 401
    roles: Optional[list] = None
    parts: list = field(default_factory=list)  # of (name, roles): what needs more
    public: bool = False                   # the handler lets in, not the server


@dataclass
class Model:
    roles: list = field(default_factory=list)
    releases: list = field(default_factory=list)
    errors: list = field(default_factory=list)
    enums: list = field(default_factory=list)
    classes: list = field(default_factory=list)
    permissions: list = field(default_factory=list)
    http_actions: list = field(default_factory=list)
    extra: dict = field(default_factory=dict)  # blocks of other back ends, by first word

    def find_class(self, name):
        return next((c for c in self.classes if c.name == name), None)

    def find_enum(self, name):
        return next((e for e in self.enums if e.name == name), None)

    def role_names(self):
        return [r.name for r in self.roles]

    def in_release(self, release, *lives):
        """Was a thing there in `release`, given its life and those of what it belongs to?"""
        order = [r.name for r in self.releases]
        at = order.index(release)
        return all(order.index(life.since) <= at and
                   not (life.removed and order.index(life.removed) <= at) for life in lives)
