"""gen/ops_<class>.h: what a class's implemented messages look like in C.  A missing function fails
at link.  One header a class, so that a change of one class compiles only its own operations."""

from cnames import banner, camel, lower, ref_type
from cvalues import in_type, owned_type
from derive import all_methods


def param_name(method, param):
    """The record of a constructor is called `record`, whatever the wire says."""
    return 'record' if method.kind == 'METHOD_CREATE' else lower(param.name)


def args_type(method):
    return camel(method.owner.name) + camel(method.name) + 'Args'


def signature(method):
    parts = ['Call *call']
    if method.params:
        parts.append(f'const {args_type(method)} *args')
    if method.result.kind != 'void':
        parts.append(f'{owned_type(method.result)}*ret_result')
    return f'bool {method.impl}({", ".join(parts)}, Err **err)'


def declare(method):
    text = ''
    if method.params:
        name = args_type(method)
        text += f'typedef struct {name} {{\n'
        for param in method.params:
            text += f'    {in_type(param.type)}{param_name(method, param)};\n'
        text += f'}} {name};\n'
    shown = ', '.join(p.name for p in method.params)
    return text + f'/* {method.wire_name}({shown}): {method.doc} */\n{signature(method)};\n'


def changes(model):
    """The functions that run before a client's write: name -> class."""
    return {m.change: m.owner for m in all_methods(model) if m.change}


def change_signature(name, owner):
    return (f'bool {name}(Call *call, {ref_type(owner.name)} self, const Value *new_value, '
            'Err **err)')


def implemented(model):
    return [m for m in all_methods(model) if m.impl]


HEADER = '''#pragma once

#include "core/call.h"
#include "gen/types.h"

/* Arguments are borrowed for the length of the call.  Results are handed over: texts (char *) and
 * trees (Value *) are owned by the caller. */

'''

CHANGES = '''
/* Run before a client's write to the field; `new_value` is the field's whole new value. */
'''


def header_name(item):
    return f'ops_{item.name.lower()}.h'


def class_header(item, model):
    text = banner(f'The messages of {item.name} that have an implementation, as src/ops must define '
                  'them.') + HEADER
    text += '\n'.join(declare(m) for m in implemented(model) if m.owner is item)
    hooks = ''.join(change_signature(name, owner) + ';\n'
                    for name, owner in changes(model).items() if owner is item)
    return text + (CHANGES + hooks if hooks else '')


def generate(model):
    return {header_name(item): class_header(item, model) for item in model.classes}
