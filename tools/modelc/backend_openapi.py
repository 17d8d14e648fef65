"""gen/openapi.json: the REST face as an OpenAPI 3.1 document; gen/openapi.c: the same for the daemon
to serve.  docs/internals/rest.md tells what it describes."""

import hashlib
import json

from cnames import banner, quote
from derive import class_methods, is_action

CHUNK = 2000  # characters of the document in one line of C
LEFT_OUT = ('bool', 'map')  # types of what may be left out although a call needs it

BASIC = {'string': {'type': 'string'}, 'int': {'type': 'integer', 'format': 'int64'},
         'float': {'type': 'number', 'format': 'double'}, 'bool': {'type': 'boolean'},
         'datetime': {'type': 'string', 'format': 'date-time'}, 'any': {},
         'void': {'type': 'null'}}
UUID = {'type': 'string', 'format': 'uuid'}

PROBLEM = {
    'type': 'object', 'required': ['title', 'status'],
    'description': 'Why a request failed, as RFC 9457 has it.',
    'properties': {
        'title': {'type': 'string'}, 'status': {'type': 'integer'}, 'detail': {'type': 'string'},
        'code': {'type': 'string', 'description': 'The code of an error of the XenAPI.'},
        'params': {'type': 'array', 'items': {'type': 'string'},
                   'description': 'What the error is about, in the order of its parameters.'}}}

PARAMETERS = {
    'id': {'name': 'id', 'in': 'path', 'required': True, 'schema': {'type': 'string'},
           'description': 'The uuid of the object, or its reference.'},
    'fields': {'name': 'fields', 'in': 'query', 'schema': {'type': 'string'},
               'description': 'Names of fields, between commas: the answer has only these.'},
    'limit': {'name': 'limit', 'in': 'query', 'description': 'The most objects of one page.',
              'schema': {'type': 'integer', 'minimum': 1, 'maximum': 1000, 'default': 100}},
    'cursor': {'name': 'cursor', 'in': 'query', 'schema': {'type': 'string'},
               'description': 'Where the page before ended; it is part of its `next`.'},
    'filter': {'name': 'filter', 'in': 'query', 'schema': {'type': 'string'},
               'description': 'An expression of get_all_records_where.'},
    'match': {'name': 'If-Match', 'in': 'header', 'schema': {'type': 'string'},
              'description': 'Only when the object still has this version.'},
    'none': {'name': 'If-None-Match', 'in': 'header', 'schema': {'type': 'string'},
             'description': 'Only when there is another version than this.'},
    'async': {'name': 'async', 'in': 'query', 'schema': {'type': 'boolean', 'default': False},
              'description': 'Answer with a task at once.'}}


def reference(kind, name):
    return {'$ref': f'#/components/{kind}/{name}'}


def json_type(value_type):
    kind = value_type.kind
    if kind == 'ref':
        return reference('schemas', 'reference')
    if kind == 'record':
        return reference('schemas', value_type.name)
    if kind == 'enum':
        return reference('schemas', f'enum.{value_type.name}')
    if kind == 'set':
        is_refs = value_type.item.kind == 'ref'
        return {'type': 'array', 'items': UUID if is_refs else json_type(value_type.item)}
    if kind == 'map':
        return {'type': 'object', 'additionalProperties': json_type(value_type.item)}
    if kind == 'option':
        return {'anyOf': [json_type(value_type.item), {'type': 'null'}]}
    return BASIC[kind]


def described(value_type, doc):
    """A reference with a sentence beside it is allowed since 3.1."""
    return {**json_type(value_type), 'description': doc} if doc else json_type(value_type)


def object_schema(properties, required=(), closed=True):
    schema = {'type': 'object', 'properties': properties}
    if required:
        schema['required'] = list(required)
    if closed:
        schema['additionalProperties'] = False
    return schema


def content(schema):
    return {'application/json': {'schema': schema}}


def visible_fields(owner):
    return [f for f in owner.fields if not f.internal and not f.life.removed]


class Resource:
    """What the methods of a class make of it."""

    def __init__(self, model, owner):
        self.owner = owner
        methods = [m for m in class_methods(model, owner) if not m.life.removed]
        self.methods = {m.name: m for m in methods}
        self.actions = [m for m in methods if is_action(m)]
        self.statuses = {e.name: e.status for e in model.errors}

    def writer(self, name, count):
        method = self.methods.get(name)
        fits = method and len(method.params) == count and method.params[0].type.kind == 'ref'
        return method if fits and 'hidden' not in method.flags else None

    def patchable(self):
        """As rest_patch.c decides it."""
        for field in visible_fields(self.owner):
            setter = self.writer(f'set_{field.name}', 2)
            keyed = field.type.kind == 'map' and self.writer(f'add_to_{field.name}', 3) \
                and self.writer(f'remove_from_{field.name}', 2)
            if keyed or (setter and setter.params[1].type == field.type):
                yield field, bool(keyed)

    def has_self(self, method):
        first = method.params[0].type if method.params else None
        return bool(first) and first.kind == 'ref' and first.name == self.owner.name

    def failures(self, method):
        """A response for each status that the errors of a method have."""
        found = {}
        for code in method.message.raises if method.message else []:
            found.setdefault(self.statuses.get(code, 409), []).append(code)
        problem = {'application/problem+json': {'schema': reference('schemas', 'problem')}}
        responses = {str(status): {'description': ', '.join(codes), 'content': problem}
                     for status, codes in sorted(found.items())}
        return {**responses, 'default': reference('responses', 'problem')}

    def operation(self, name, doc, responses, **more):
        result = {'tags': [self.owner.name], 'operationId': f'{self.owner.name}_{name}',
                  'summary': doc, 'responses': responses}
        result.update({key: value for key, value in more.items() if value})
        return result


def patch_schema(resource):
    properties = {}
    for field, keyed in resource.patchable():
        schema = json_type(field.type)
        if keyed:
            item = {'anyOf': [json_type(field.type.item), {'type': 'null'}]}
            schema = {'type': 'object', 'additionalProperties': item}
        properties[field.name] = schema
    return object_schema(properties) if properties else None


def arguments_schema(params):
    properties = {}
    for param in params:
        properties[param.name] = dict(json_type(param.type))
        if not param.required and param.type.kind not in ('ref', 'datetime', 'enum'):
            properties[param.name]['default'] = param.default.value
        if param.secret:
            properties[param.name]['writeOnly'] = True
    required = [p.name for p in params if p.required and p.type.kind not in LEFT_OUT]
    return object_schema(properties, required)


def new_schema(resource, method):
    if method.params[0].type.kind != 'record':
        return arguments_schema(method.params)
    fields = [f for f in visible_fields(resource.owner) if f.mode in ('RW', 'RO')]
    required = [f.name for f in fields if not f.default and f.type.kind not in LEFT_OUT]
    return object_schema({f.name: json_type(f.type) for f in fields}, required)


def result_response(method, description):
    if method.result.kind == 'void':
        return {'204': {'description': description}}
    schema = object_schema({'result': json_type(method.result)}, ['result'], closed=False)
    return {'200': {'description': description, 'content': content(schema)}}


def call_parameters(method):
    return [reference('parameters', 'async')] if 'async' in method.flags else []


def call_responses(resource, method, done):
    accepted = {'202': reference('responses', 'task')} if 'async' in method.flags else {}
    return {**done, **accepted, **resource.failures(method)}


def action_path(resource, method):
    own = resource.has_self(method)
    schema = arguments_schema(method.params[1:] if own else method.params)
    operation = resource.operation(
        method.name, method.doc, call_responses(resource, method, result_response(method, 'Done.')),
        parameters=call_parameters(method),
        requestBody={'content': content(schema), 'required': bool(schema.get('required'))}
        if schema['properties'] else None)
    path = f'/rest/v1/{resource.owner.name}' + ('/{id}' if own else '') + f'/actions/{method.name}'
    item = {'parameters': [reference('parameters', 'id')]} if own else {}
    return path, {**item, 'post': operation}


def list_operation(resource):
    owner = resource.owner
    page = object_schema({'items': {'type': 'array', 'items': reference('schemas', owner.name)},
                          'total': {'type': 'integer'}, 'next': {'type': ['string', 'null']}},
                         ['items', 'total', 'next'], closed=False)
    names = ['fields', 'limit', 'cursor', 'none']
    names += ['filter'] if 'get_all_where' in resource.methods else []
    return resource.operation(
        'list', f'A page of {owner.name} objects; any field selects those that have its value.',
        {'200': {'description': 'The page.', 'content': content(page)},
         '304': {'description': 'Nothing has changed.'},
         'default': reference('responses', 'problem')},
        parameters=[reference('parameters', n) for n in names])


def create_operation(resource, method):
    made = {'description': 'Made.', 'content': content(reference('schemas', resource.owner.name))}
    if method.result.kind != 'ref':
        schema = object_schema({'result': json_type(method.result)}, ['result'], closed=False)
        made['content'] = content(schema)
    return resource.operation(
        'create', method.doc, call_responses(resource, method, {'201': made}),
        parameters=call_parameters(method),
        requestBody={'content': content(new_schema(resource, method)), 'required': True})


def class_paths(resource):
    owner, methods = resource.owner, resource.methods
    many, one = {}, {}
    record = {'description': 'The object.', 'content': content(reference('schemas', owner.name))}
    problem = {'default': reference('responses', 'problem')}
    if 'get_all' in methods:
        many['get'] = list_operation(resource)
    if 'create' in methods:
        many['post'] = create_operation(resource, methods['create'])
    if 'get_record' in methods:
        one['get'] = resource.operation(
            'read', f'All fields of one {owner.name}.',
            {'200': record, '304': {'description': 'It has not changed.'}, **problem},
            parameters=[reference('parameters', 'fields'), reference('parameters', 'none')])
        schema = patch_schema(resource)
        if schema:
            body = {'application/merge-patch+json': {'schema': schema}, **content(schema)}
            one['patch'] = resource.operation(
                'patch', f'Sets fields of the {owner.name}.', {'200': record, **problem},
                parameters=[reference('parameters', 'match')],
                requestBody={'content': body, 'required': True})
    if 'destroy' in methods and len(methods['destroy'].params) == 1:
        method = methods['destroy']
        one['delete'] = resource.operation(
            'destroy', method.doc,
            call_responses(resource, method, {'204': {'description': 'Gone.'}}),
            parameters=[reference('parameters', 'match')] + call_parameters(method))
    if many:
        yield f'/rest/v1/{owner.name}', many
    if one:
        yield f'/rest/v1/{owner.name}/{{id}}', {'parameters': [reference('parameters', 'id')], **one}
    for method in resource.actions:
        yield action_path(resource, method)


def schemas(model):
    result = {'problem': PROBLEM,
              'reference': {'type': ['string', 'null'], 'format': 'uuid',
                            'description': 'The uuid of an object; null for none.'}}
    for enum in model.enums:
        result[f'enum.{enum.name}'] = {'type': 'string', 'description': enum.doc,
                                       'enum': [value for value, _ in enum.values]}
    for owner in model.classes:
        properties = {f.name: described(f.type, f.doc) for f in visible_fields(owner)}
        result[owner.name] = {**object_schema(properties, closed=False), 'description': owner.doc}
    return result


EVENTS = {'get': {
    'tags': ['event'], 'operationId': 'event_follow',
    'summary': 'What changes, as Server-Sent Events.',
    'parameters': [
        {'name': 'classes', 'in': 'query', 'schema': {'type': 'string', 'default': '*'},
         'description': 'Names of classes, between commas.'},
        {'name': 'since', 'in': 'query', 'schema': {'type': 'string'},
         'description': 'The id of an event, or now; else everything there is comes first.'},
        {'name': 'Last-Event-ID', 'in': 'header', 'schema': {'type': 'string'},
         'description': 'The id of the last event that a client saw before it lost the stream.'}],
    'responses': {'200': {'description': 'Events, without end.',
                          'content': {'text/event-stream': {'schema': {'type': 'string'}}}},
                  'default': reference('responses', 'problem')}}}


def document(model):
    paths = {'/rest/v1/events': EVENTS}
    for owner in model.classes:
        paths.update(class_paths(Resource(model, owner)))
    used = {tag for item in paths.values() for word, operation in item.items()
            if word != 'parameters' for tag in operation['tags']}
    tags = [{'name': owner.name, 'description': owner.doc} for owner in model.classes
            if owner.name in used]
    if 'event' not in [tag['name'] for tag in tags]:
        tags.append({'name': 'event', 'description': 'What changes.'})
    task = object_schema({'task': UUID}, ['task'], closed=False)
    return {
        'openapi': '3.1.0',
        'info': {'title': 'Clearwater', 'version': '1',
                 'description': 'The XenAPI as resources.',
                 'license': {'name': 'LGPL-2.1-or-later', 'identifier': 'LGPL-2.1-or-later'}},
        'servers': [{'url': '/', 'description': 'The host that serves this document.'}],
        'security': [{'token': []}, {'password': []}],
        'tags': tags, 'paths': paths,
        'components': {
            'schemas': schemas(model), 'parameters': PARAMETERS,
            'responses': {
                'problem': {'description': 'It failed.', 'content': {
                    'application/problem+json': {'schema': reference('schemas', 'problem')}}},
                'task': {'description': 'It goes on as a task.', 'content': content(task),
                         'headers': {'Location': {'schema': {'type': 'string'},
                                                  'description': 'The URL of the task.'}}}},
            'securitySchemes': {
                'token': {'type': 'http', 'scheme': 'bearer',
                          'description': 'An API token, or the reference of a session.'},
                'password': {'type': 'http', 'scheme': 'basic'}}}}


def source(text):
    tag = hashlib.sha256(text.encode()).hexdigest()[:16]
    lines = [quote(text[at:at + CHUNK]) for at in range(0, len(text), CHUNK)]
    body = '\n    '.join(lines)
    return (banner('The OpenAPI document of the REST face.') +
            '#include "front/rest/rest_document.h"\n\n'
            f'const char rest_document[] =\n    {body};\n'
            'const size_t rest_document_length = sizeof rest_document - 1;\n'
            f'const char rest_document_etag[] = "\\"{tag}\\"";\n')


def generate(model):
    api = document(model)
    compact = json.dumps(api, separators=(',', ':'))
    return {'openapi.json': json.dumps(api, indent=1) + '\n', 'openapi.c': source(compact)}
