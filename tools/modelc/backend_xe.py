"""gen/xe_table.h and gen/xe_table.c: records, families and commands of xe for front/cli/cli_table.h;
gen/xe.bash: completion of its command line; gen/xe.1: its manual page."""

import argparse
import os
import sys

sys.dont_write_bytecode = True  # nothing is written beside the sources

import backend_man
from cnames import banner, quote, type_name
from lexer import ModelError
from parse import parse_model
from xe_parse import (FIELD_FLAGS, Index, parse_command, parse_family, parse_record, parse_texts,
                      writers)

STATEMENTS = ('texts', 'record', 'family', 'command')


def ident(name):
    return name.replace('-', '_')


def string_list(words):
    return f'(const char *const[]){{{", ".join([quote(w) for w in words] + ["NULL"])}}}'


def type_ref(value_type):
    return f'&{type_name(value_type)}' if value_type else 'NULL'


def define_texts(name, pairs):
    rows = ''.join(f'    {{{quote(k)}, {quote(v)}}},\n' for k, v in pairs)
    return f'static const CliText texts_{name}[] = {{\n{rows}    {{NULL, NULL}},\n}};\n\n'


def define_field(item, owner, texts):
    if item.texts and item.texts not in texts:
        raise ModelError(item.loc, f"unknown texts '{item.texts}'")
    flags = [f'CLI_FIELD_{FIELD_FLAGS[f]}' for f in item.flags]
    flags += ['CLI_FIELD_COMMA'] if item.comma else []
    parts = [f'{quote(item.name)}, {" | ".join(flags) or 0}, CLI_SOURCE_{item.kind}']
    if item.steps:
        steps = ', '.join(f'{{{quote(f)}, {quote(c)}}}' for f, c in item.steps)
        parts.append(f'.steps = (const CliStep[]){{{steps}}}, .step_count = {len(item.steps)}')
    if item.kind == 'COMPUTE':
        parts.append(f'.compute = {item.last}')
    else:
        parts.append(f'.last = {quote(item.last)}, .type = {type_ref(item.type)}')
    if item.is_static:
        parts.append('.is_static = true')
    if item.otherwise is not None:
        parts.append(f'.otherwise = {quote(item.otherwise)}')
    if item.texts:
        parts.append(f'.texts = texts_{item.texts}')
    if item.refs:
        parts.append(f'.refs = {quote(item.refs)}')
    names = writers(item, owner)
    for flag, member in (('s', 'setter'), ('a', 'adder'), ('r', 'remover')):
        if flag in item.flags and flag in names:
            parts.append(f'.{member} = {quote(names[flag])}')
    for member in ('set_key', 'set_map'):
        if getattr(item, member):
            parts.append(f'.{member} = {quote(getattr(item, member))}')
    return '    {' + ',\n     '.join(parts) + '},\n'


def define_record(record, texts):
    rows = ''.join(define_field(item, record.owner, texts) for item in record.fields)
    name = ident(record.name)
    return (f'static const CliField fields_{name}[] = {{\n{rows}}};\n'
            f'const CliRecord cli_record_{name} = {{{quote(record.owner.name)}, fields_{name},\n'
            f'    G_N_ELEMENTS(fields_{name})}};\n\n')


def define_family(family):
    where = ', '.join(f'{{{quote(k)}, {quote(v)}}}' for k, v in family.where + [(None, None)])
    columns = string_list(family.columns) if family.columns else 'NULL'
    return (f'    {{{quote(family.name)}, &cli_record_{ident(family.record.name)},\n'
            f'     (const CliText[]){{{where}}}, {quote(family.query)},\n'
            f'     {columns}, {str(family.standard).lower()}}},\n')


def define_arg(arg):
    return (f'{{CLI_ARG_{arg.kind}, {quote(arg.param)}, {type_ref(arg.type)}, '
            f'{quote(arg.default)}, {quote(arg.member)}}}')


def define_command(command):
    flags = ' | '.join(f'CLI_COMMAND_{f.upper()}' for f in command.flags) or '0'
    text = (f'    {{{quote(command.name)}, {quote(command.doc)},\n'
            f'     {string_list(command.required)},\n     {string_list(command.optional)},\n'
            f'     {flags}, ')
    if command.run:
        return text + f'.run = {command.run}}},\n'
    if command.lacks:
        return text + f'.lacks = {quote(command.lacks)}}},\n'
    args = ',\n        '.join(define_arg(a) for a in command.args)
    method = command.message
    text += (f'.message = {quote(method.wire_name)},\n     .result = {type_ref(method.result)}, '
             f'.is_shown = {str(command.shown).lower()}')
    if args:
        text += f',\n     .args = (const CliArg[]){{{args}}}, .arg_count = {len(command.args)}'
    return text + '},\n'


def header(records, commands):
    computed = sorted({f.last for r in records for f in r.fields if f.kind == 'COMPUTE'})
    functions = sorted({c.run for c in commands if c.run})
    text = banner('What the tables of xe refer to.') + '#pragma once\n\n'
    text += '#include "front/cli/cli_table.h"\n\n'
    text += ''.join(f'CliCompute {name};\n' for name in computed) + '\n'
    text += ''.join(f'CliRun {name};\n' for name in functions) + '\n'
    return text + ''.join(f'extern const CliRecord cli_record_{ident(r.name)};\n' for r in records)


def source(texts, records, families, commands):
    text = banner('Records, families and commands of xe.')
    text += '#include "gen/xe_table.h"\n\n#include "gen/schema.h"\n\n'
    text += ''.join(define_texts(name, pairs) for name, pairs in texts.items())
    text += ''.join(define_record(record, texts) for record in records)
    text += 'const CliFamily cli_families[] = {\n'
    text += ''.join(define_family(family) for family in families)
    text += '};\nconst unsigned cli_family_count = G_N_ELEMENTS(cli_families);\n\n'
    text += 'const CliCommand cli_commands[] = {\n'
    text += ''.join(define_command(command) for command in commands)
    return text + '};\nconst unsigned cli_command_count = G_N_ELEMENTS(cli_commands);\n'


def family_commands(family):
    """(name, parameters) of the commands a family stands for."""
    shown = [f for f in family.record.fields if 'h' not in f.flags]
    settable = [f.name for f in shown if 's' in f.flags]
    settable += [f.name + ':' for f in shown if 'M' in f.flags and set('am') & set(f.flags)]
    yield 'list', ['params='] + [f.name + '=' for f in shown]
    yield 'param-list', ['uuid=']
    yield 'param-get', ['uuid=', 'param-name=', 'param-key=']
    if settable:
        yield 'param-set', ['uuid='] + [n if n.endswith(':') else n + '=' for n in settable]
    if any('a' in f.flags for f in shown):
        yield 'param-add', ['uuid=', 'param-name=', 'param-key=']
        yield 'param-remove', ['uuid=', 'param-name=', 'param-key=']
    if any(set('sSM') & set(f.flags) for f in shown):
        yield 'param-clear', ['uuid=', 'param-name=']


BASH = r'''# Completion of xe for bash.  Names of commands and parameters are known here; values are asked
# for with `xe <class>-list --minimal`, which needs no password on the host itself.

_xe_lines() {
    local IFS=,
    printf '%s\n' $(xe "$@" --minimal 2>/dev/null)
}

_xe_params() {
    case "$1" in
@PARAMS@    esac
}

_xe_values() {
    local command=$1 key=$2
    case "$key" in
    uuid)
        _xe_lines "${command%%-*}-list" params=uuid ;;
    vm | host | sr | template)
        _xe_lines "$key-list" params=name-label ;;
    *-uuid)
        _xe_lines "${key%-uuid}-list" params=uuid ;;
    params | param-name)
        local family=${command%-list}
        _xe_params "${family%-param-*}-list" | tr ' ' '\n' | sed -n 's/=$//p' ;;
    esac
}

_xe() {
    local current=${COMP_WORDS[COMP_CWORD]} line=${COMP_LINE:0:COMP_POINT}
    local word=${line##* } command=${COMP_WORDS[1]} IFS=$'\n'
    if [[ $COMP_CWORD -eq 1 ]]; then
        COMPREPLY=($(compgen -W "$(printf '%s\n' $_xe_commands)" -- "$current"))
    elif [[ $word == *=* ]]; then
        local value=${word#*=}
        COMPREPLY=($(compgen -W "$(_xe_values "$command" "${word%%=*}")" -- "$value"))
        COMPREPLY=($([[ ${#COMPREPLY[@]} -gt 0 ]] && printf '%q\n' "${COMPREPLY[@]}"))
    else
        compopt -o nospace
        COMPREPLY=($(compgen -W "$(_xe_params "$command" | tr ' ' '\n')" -- "$word"))
    fi
}

_xe_commands=$'@COMMANDS@'

complete -F _xe xe
'''


def completion(families, commands):
    known = {}
    for command in commands:
        if 'hidden' not in command.flags:
            words = command.required + command.optional
            selector = [w for w in ('vm', 'host', 'sr') if w in command.flags]
            words += selector + ['uuid'] if selector else []
            known[command.name] = [w if w.endswith((':', '-')) else w + '=' for w in words]
    for family in families:
        for operation, words in family_commands(family):
            known[f'{family.name}-{operation}'] = words
    lines = ''.join(f"    {name}) echo '{' '.join(dict.fromkeys(words))}' ;;\n"
                    for name, words in sorted(known.items()) if words)
    text = BASH.replace('@PARAMS@', lines)
    return text.replace('@COMMANDS@', '\\n'.join(sorted(known)))


def check_unique(nodes):
    seen = set()
    for node in nodes:
        if node.name in seen:
            raise ModelError(node.loc, f"'{node.name}' stands here twice")
        seen.add(node.name)


def generate(model):
    index = Index(model)
    blocks = {word: model.extra.get(word, []) for word in STATEMENTS}
    texts = dict(parse_texts(block) for block in blocks['texts'])
    records = [parse_record(block, index) for block in blocks['record']]
    by_name = {record.name: record for record in records}
    families = [parse_family(block, by_name) for block in blocks['family']]
    commands = [parse_command(block, index) for block in blocks['command']]
    commands.sort(key=lambda command: command.name)
    for record in records:
        check_unique(record.fields)
    check_unique(families)
    check_unique(commands)
    return {'xe_table.h': header(records, commands),
            'xe_table.c': source(texts, records, families, commands),
            'xe.bash': completion(families, commands),
            **backend_man.generate(families, commands)}


def main():
    """backend_xe.py --out DIR FILE...: a program of its own, because the command line is built above
    what the rest of the model generates."""
    parser = argparse.ArgumentParser(prog='backend_xe.py')
    parser.add_argument('--out', required=True, metavar='DIR')
    parser.add_argument('files', nargs='+', metavar='FILE')
    options = parser.parse_args()
    try:
        outputs = generate(parse_model(options.files, STATEMENTS))
    except ModelError as error:
        sys.exit(str(error))
    for name, text in outputs.items():
        with open(os.path.join(options.out, name), 'w', encoding='utf-8') as file:
            file.write(text)


if __name__ == '__main__':
    main()
