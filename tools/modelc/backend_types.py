"""gen/types.h and gen/types.c: a reference type for every class, a C enum for every enum."""

from cnames import banner, camel, enum_value, prefix, quote, ref_type, upper

HEADER = '''#pragma once

#include "wire/value.h"

'''

FIND = '''
static bool find_name(const char *const *names, const char *text, unsigned *ret_index)
{
    for (unsigned i = 0; names[i]; i++) {
        if (strcmp(names[i], text) == 0) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

'''


def declare_ref(owner):
    name, pre = ref_type(owner.name), prefix(owner.name)
    return f'''typedef struct {name} {{
    Uuid id;
}} {name};
#define {upper(owner.name)}_REF_NULL (({name}){{{{{{0}}}}}})
static inline bool {pre}_ref_is_null({name} ref)
{{
    return uuid_is_null(ref.id);
}}
static inline bool {pre}_ref_equal({name} a, {name} b)
{{
    return uuid_equal(a.id, b.id);
}}
'''


def declare_enum(enum):
    name, pre = camel(enum.name), prefix(enum.name)
    text = f'/* {enum.doc} */\ntypedef enum {name} {{\n'
    for literal, doc in enum.values:
        text += f'    {enum_value(enum.name, literal)}, /* {doc} */\n'
    text += f'}} {name};\nenum {{ {upper(enum.name)}_COUNT = {len(enum.values)} }};\n'
    text += f'extern const char *const {pre}_names[]; /* by value, NULL-terminated */\n'
    text += f'const char *{pre}_to_string({name} value);\n'
    text += f'bool {pre}_from_string(const char *text, {name} *ret_value);\n'
    text += f'{name} {pre}_from_value(const Value *value); /* the first one when it is none */\n'
    return text


def define_enum(enum):
    name, pre = camel(enum.name), prefix(enum.name)
    names = ''.join(f'    {quote(literal)},\n' for literal, _ in enum.values)
    return f'''const char *const {pre}_names[] = {{
{names}    NULL,
}};

const char *{pre}_to_string({name} value)
{{
    g_assert((unsigned)value < {upper(enum.name)}_COUNT);
    return {pre}_names[value];
}}

bool {pre}_from_string(const char *text, {name} *ret_value)
{{
    unsigned index;
    if (!find_name({pre}_names, text, &index)) {{
        return false;
    }}
    *ret_value = ({name})index;
    return true;
}}

{name} {pre}_from_value(const Value *value)
{{
    unsigned index = 0;
    (void)find_name({pre}_names, value_string(value), &index);
    return ({name})index;
}}
'''


def generate(model):
    header = banner('References that cannot be mixed up, and the enums of the XenAPI.') + HEADER
    header += '\n'.join(declare_ref(c) for c in model.classes if c.has_table) + '\n'
    header += '\n'.join(declare_enum(e) for e in model.enums)
    source = banner('Names of the enum values.') + '#include "gen/types.h"\n'
    source += FIND + '\n'.join(define_enum(e) for e in model.enums)
    return {'types.h': header, 'types.c': source}
