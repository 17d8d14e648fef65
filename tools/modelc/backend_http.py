"""gen/permissions.h and gen/permissions.c: the HTTP handlers, and every permission that is no
message's."""

from cnames import banner, quote, upper


def permissions(model):
    """[(name, roles)]: of HTTP actions, of their parts, and what goes beyond."""
    result = [(p.name, p.roles) for p in model.permissions]
    for action in model.http_actions:
        result.append((f'http/{action.name}', action.roles))
        result += [(f'http/{action.name}/{name}', roles) for name, roles in action.parts]
    return result


def permission_id(name):
    return f'PERMISSION_{upper(name)}'


def role_bits(roles):
    return ' | '.join(f'1 << ROLE_{upper(r)}' for r in roles) or '0'


def define_action(action):
    text = f'    [HTTP_ACTION_{upper(action.name)}] = {{.name = {quote(action.name)},\n'
    text += f'     .method = {quote(action.method)},\n     .path = {quote(action.path)},\n'
    text += f'     .label = {quote(action.label)},\n'
    text += f'     .permission = {permission_id("http/" + action.name)},\n'
    return text + f'     .is_public = {str(action.public).lower()}}},\n'


def header(model):
    text = banner('HTTP handlers, and permissions that are no message\'s. '
                  'What they are is told in core/permission.h.')
    text += '#pragma once\n\ntypedef enum HttpActionId {\n'
    text += ''.join(f'    HTTP_ACTION_{upper(a.name)},\n' for a in model.http_actions)
    text += '    HTTP_ACTION_COUNT,\n} HttpActionId;\n\ntypedef enum Permission {\n'
    text += ''.join(f'    {permission_id(name)},\n' for name, _ in permissions(model))
    return text + '    PERMISSION_COUNT,\n} Permission;\n'


def source(model):
    text = banner('The tables behind gen/permissions.h.')
    text += '#include "core/permission.h"\n\n#include "core/method.h"\n\n'
    text += 'const HttpAction http_action_table[HTTP_ACTION_COUNT] = {\n'
    text += ''.join(define_action(a) for a in model.http_actions)
    text += '};\n\nconst PermissionInfo permission_table[PERMISSION_COUNT] = {\n'
    for name, roles in permissions(model):
        text += f'    [{permission_id(name)}] =\n        {{{quote(name)}, {role_bits(roles)}}},\n'
    return text + '};\n'


def generate(model):
    return {'permissions.h': header(model), 'permissions.c': source(model)}
