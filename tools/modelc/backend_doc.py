"""gen/api.md: the reference of the API for people, one section per class."""

import json

from derive import class_methods

INTRO = '''# API reference

Every class of the XenAPI with its fields and messages, then the enums, roles and errors.
A message takes the session first unless it says otherwise. *RW* fields have `set_` messages (and
`add_to_`, `remove_from_` for maps, `add_`, `remove_` for sets); *RO* fields are given to `create`;
*dynamic* ones are the server's. Every field has a `get_` message.

'''


def cell(text):
    return text.replace('|', '\\|')


def since(life):
    text = f'since {life.since}'
    if life.removed:
        return f'{text}, removed in {life.removed}'
    if life.deprecated:
        return f'{text}, deprecated in {life.deprecated}'
    return f'{text}, prototype' if life.prototype else text


def field_table(owner):
    fields = [f for f in owner.fields if not f.internal and not f.life.removed]
    if not fields:
        return ''
    text = '| field | type | mode | meaning |\n|---|---|---|---|\n'
    for field in fields:
        meaning = f'{field.doc} ({since(field.life)})'
        if field.default:
            meaning += f' Default: `{json.dumps(field.default.value)}`.'
        text += f'| `{field.name}` | {cell(str(field.type))} | {field.mode} | {cell(meaning)} |\n'
    return text + '\n'


def signature(method):
    params = ', '.join(
        f'{p.type} {p.name}' + ('' if p.required else f' = {json.dumps(p.default.value)}')
        for p in method.params)
    return f'{method.result} {method.wire_name}({params})'


def describe_message(method):
    text = f'#### {method.name}\n\n`{signature(method)}`\n\n{method.doc}\n\n'
    notes = [since(method.life)]
    notes.append(f'role {method.roles[-1]}' if method.roles else 'for the pool itself only')
    notes += [flag for flag in ('async', 'hidden', 'no-session') if flag in method.flags]
    text += f'*{"; ".join(notes)}*\n'
    if method.message.raises:
        text += f'\nErrors: {", ".join(f"`{code}`" for code in method.message.raises)}\n'
    return text + '\n'


def describe_class(model, owner):
    text = f'## {owner.name}\n\n{owner.doc}\n\n*{since(owner.life)}*\n\n' + field_table(owner)
    methods = class_methods(model, owner)
    short = [m.name for m in methods if m.implicit and not m.field]
    if short:
        text += f'Also: {", ".join(f"`{name}`" for name in short)}.\n\n'
    return text + ''.join(describe_message(m) for m in methods if not m.implicit)


def describe_enum(enum):
    rows = ''.join(f'| `{value}` | {cell(doc)} |\n' for value, doc in enum.values)
    return f'### {enum.name}\n\n{enum.doc}\n\n| value | meaning |\n|---|---|\n{rows}\n'


def describe_http(model):
    text = '## HTTP\n\n| request | meaning | role |\n|---|---|---|\n'
    for action in model.http_actions:
        role = 'anybody' if action.public else action.roles[-1] if action.roles else 'the pool itself'
        meaning = cell(f'{action.doc} ({since(action.life)})')
        text += f'| `{action.method} {action.path}` | {meaning} | {role} |\n'
    return text + '\n'


def generate(model):
    text = INTRO + ''.join(describe_class(model, c) for c in model.classes)
    text += '## Enums\n\n' + ''.join(describe_enum(e) for e in model.enums)
    text += '## Roles\n\n' + ''.join(f'- `{r.name}`: {r.doc}\n' for r in model.roles)
    text += '\n' + describe_http(model)
    text += '## Errors\n\n| code | parameters | meaning |\n|---|---|---|\n'
    for error in model.errors:
        params = ', '.join(error.params + (['...'] if error.variadic else []))
        text += f'| `{error.name}` | {params} | {cell(error.doc)} |\n'
    return {'api.md': text}
