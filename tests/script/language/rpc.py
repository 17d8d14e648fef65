"""Calls as XML-RPC and JSON-RPC, encoded by hand so that tests know every byte."""

import json
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

from .failure import Failure


class ApiError(Exception):
    """What a call was refused with: a code and its parameters."""

    def __init__(self, code, params):
        super().__init__(" ".join([code, *params]))
        self.code = code
        self.params = list(params)


def request(path, content_type, body, headers=()):
    """A POST of `body` as bytes."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Type: {content_type}",
             f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def rest_request(method, path, bodies, headers):
    """A request to the REST face, with a body of JSON or without one."""
    body = json.dumps(bodies[0]).encode() if bodies else b""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers]
    if bodies:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def rest_result(reply):
    """The JSON of an answer, None when there is none."""
    return json.loads(reply.body) if reply.body else None


def json_request(method, params):
    call = {"jsonrpc": "2.0", "method": method, "params": params, "id": 1}
    return request("/jsonrpc", "application/json", json.dumps(call).encode())


def json1_request(method, params):
    """The same as JSON-RPC 1.0, which has no member that says so."""
    call = {"method": method, "params": params, "id": 1}
    return request("/jsonrpc", "application/json", json.dumps(call).encode())


def json_result(reply):
    """The result that a JSON-RPC answer carries, or ApiError."""
    expect_ok(reply)
    try:
        answer = json.loads(reply.body)
    except ValueError:
        raise Failure(f"this is no JSON: {reply.body[:400]!r}") from None
    error = answer.get("error")
    if isinstance(error, list):
        raise ApiError(error[0], error[1:])
    if error:
        raise ApiError(error["message"], error["data"])
    if "result" not in answer:
        raise Failure(f"an answer without a result: {reply.body[:400]!r}")
    return answer["result"]


def xml_value(value):
    """A value as clients write it: integers as text, everything else with its type."""
    if isinstance(value, bool):
        return f"<value><boolean>{int(value)}</boolean></value>"
    if isinstance(value, float):
        return f"<value><double>{value!r}</double></value>"
    if isinstance(value, list):
        return f"<value><array><data>{''.join(map(xml_value, value))}</data></array></value>"
    if isinstance(value, dict):
        members = (f"<member><name>{escape(name)}</name>{xml_value(item)}</member>"
                   for name, item in value.items())
        return f"<value><struct>{''.join(members)}</struct></value>"
    if value is None:
        return "<value><nil/></value>"
    return f"<value>{escape(str(value))}</value>"


def xml_request(method, params):
    inner = "".join(f"<param>{xml_value(param)}</param>" for param in params)
    body = (f'<?xml version="1.0"?><methodCall><methodName>{escape(method)}</methodName>'
            f"<params>{inner}</params></methodCall>")
    return request("/", "text/xml", body.encode())


def xml_decode(element):
    """The value in a <value> element; untyped ones are text."""
    if len(element) == 0:
        return element.text or ""
    child = element[0]
    kinds = {"boolean": lambda: child.text == "1",
             "double": lambda: float(child.text),
             "i4": lambda: int(child.text),
             "dateTime.iso8601": lambda: child.text,
             "nil": lambda: None,
             "array": lambda: [xml_decode(item) for item in child.find("data")],
             "struct": lambda: {member.find("name").text or "": xml_decode(member.find("value"))
                                for member in child}}
    if child.tag not in kinds:
        raise Failure(f"<{child.tag}> has no place in an answer")
    return kinds[child.tag]()


def xml_result(reply):
    """The result that an XML-RPC answer carries, or ApiError."""
    expect_ok(reply)
    try:
        value = ElementTree.fromstring(reply.body).find("params/param/value")
    except ElementTree.ParseError as error:
        raise Failure(f"this is no XML ({error}): {reply.body[:400]!r}") from None
    answer = xml_decode(value)
    if isinstance(answer, list):
        return answer  # system.listMethods has no envelope
    if answer["Status"] == "Success":
        return answer["Value"]
    code, *params = answer["ErrorDescription"]
    raise ApiError(code, params)


def expect_ok(reply):
    if reply.status != 200:
        raise Failure(f"the call was answered with status {reply.status}: {reply.body[:400]!r}")
