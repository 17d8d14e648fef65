"""gen/api.json: the whole API for programs: makers of bindings, tests, the web console."""

import json

from derive import class_methods


def life(node):
    result = {'since': node.since, 'state': node.state}
    for word in ('deprecated', 'removed'):
        if getattr(node, word):
            result[word] = getattr(node, word)
    return result


def param(item):
    result = {'name': item.name, 'type': str(item.type)}
    if item.secret:
        result['secret'] = True
    if item.may_be_null:
        result['nullable'] = True
    if not item.required:
        result['default'] = item.default.value
    return result


def method(item):
    result = {'name': item.name, 'doc': item.doc, **life(item.life), 'implicit': item.implicit,
              'params': [param(p) for p in item.params], 'result': str(item.result),
              'roles': item.roles}
    result.update({flag: True for flag in sorted(item.flags)})
    if item.message and item.message.raises:
        result['errors'] = item.message.raises
    if item.message and item.message.operations:
        result['operations'] = [operation for operation, _ in item.message.operations]
    result['implemented'] = bool(item.impl) or item.kind != 'METHOD_EXPLICIT'
    return result


def field(item):
    result = {'name': item.name, 'doc': item.doc, **life(item.life), 'type': str(item.type),
              'mode': item.mode}
    if item.default:
        result['default'] = item.default.value
    for word in ('roles', 'volatile', 'secret'):
        if getattr(item, word):
            result[word] = getattr(item, word)
    if item.key_roles:
        result['key_roles'] = dict(item.key_roles)
    if item.relation:
        result['relation'] = '.'.join(item.relation)
    return result


def http_action(item):
    result = {'name': item.name, 'doc': item.doc, **life(item.life), 'method': item.method,
              'path': item.path, 'roles': item.roles, 'public': item.public}
    if item.parts:
        result['parts'] = dict(item.parts)
    return result


def describe_class(model, owner):
    return {'name': owner.name, 'doc': owner.doc, **life(owner.life),
            'persistent': 'persistent' in owner.flags, 'events': 'events' in owner.flags,
            'fields': [field(f) for f in owner.fields if not f.internal],
            'methods': [method(m) for m in class_methods(model, owner)]}


def generate(model):
    api = {
        'releases': [{'name': r.name, 'doc': r.doc} for r in model.releases],
        'roles': [{'name': r.name, 'doc': r.doc} for r in model.roles],
        'enums': [{'name': e.name, 'doc': e.doc,
                   'values': [{'name': v, 'doc': d} for v, d in e.values]} for e in model.enums],
        'classes': [describe_class(model, c) for c in model.classes],
        'permissions': [{'name': p.name, 'doc': p.doc, **life(p.life), 'roles': p.roles}
                        for p in model.permissions],
        'http_actions': [http_action(a) for a in model.http_actions],
        'errors': [{'code': e.name, 'doc': e.doc, 'params': e.params, 'variadic': e.variadic,
                    'status': e.status}
                   for e in model.errors],
    }
    return {'api.json': json.dumps(api, indent=1, ensure_ascii=False) + '\n'}
