"""The `expect` command: everything a script can demand of an answer."""

import re

from .failure import Failure, ScriptError
from .words import plain, show, split

NOTHING = object()


def check(runner, command):
    """Finds the kind of expectation by its first word."""
    kind, _, rest = command.rest.partition(" ")
    handler = KINDS.get(kind)
    if handler:
        handler(runner, command, rest.strip())
    elif kind.startswith(("result", "$")):
        expect_value(runner, kind.removeprefix("$"), rest.strip())
    else:
        raise ScriptError(f"nothing can be expected of {kind}")


def demand(truth, text):
    if not truth:
        raise Failure(text)


def reply_of(runner):
    if runner.reply is None:
        raise ScriptError("nothing was received yet")
    return runner.reply


def expect_status(runner, _, rest):
    """expect status CODE [REASON]"""
    reply = reply_of(runner)
    code, _, reason = runner.variables.expand(rest).partition(" ")
    demand(reply.status == int(code), f"the status is {reply.status}: {reply.body[:300]!r}")
    demand(not reason or reply.reason == reason, f"the reason is {reply.reason!r}")


def expect_header(runner, _, rest):
    """expect header NAME = TEXT, ~ REGEX or absent"""
    name, _, rest = rest.partition(" ")
    value = reply_of(runner).header(name)
    if rest.strip() == "absent":
        demand(value is None, f"{name} is {value!r}")
        return
    demand(value is not None, f"there is no header {name}")
    compare_text(runner, value, rest.strip())


def expect_head(runner, command, _):
    """expect head, with a block: every byte of it"""
    wanted = runner.block_bytes(command).decode("latin-1") + "\r\n"
    head = reply_of(runner).head
    demand(head == wanted, f"the head is {head!r}")


def expect_body(runner, command, rest):
    """expect body with a block: every byte; or expect body = TEXT, ~ REGEX"""
    body = reply_of(runner).body.decode("utf-8", "backslashreplace")
    if rest:
        compare_text(runner, body, rest)
        return
    wanted = runner.block_bytes(command).decode("utf-8", "backslashreplace")
    demand(body == wanted, f"the body is {body!r}")


def compare_text(runner, text, rest):
    sign, _, wanted = rest.partition(" ")
    if sign == "=":
        wanted = runner.variables.expand(wanted)
    if sign == "=":
        demand(text == wanted, f"it is {text!r}")
    elif sign == "~":
        demand(re.search(wanted, text, re.DOTALL), f"it is {show(text)!r}")
    elif sign == "!~":
        demand(not re.search(wanted, text, re.DOTALL), f"it is {show(text)!r}")
    else:
        raise ScriptError(f"{sign} compares nothing")


def expect_closed(runner, _, rest):
    runner.client(rest).expect_closed()


def expect_waiting(runner, _, rest):
    runner.client(rest).expect_waiting()


def expect_daemon(runner, _, rest):
    """expect daemon alive"""
    if rest != "alive":
        raise ScriptError("expect daemon alive")
    runner.daemon.check_alive()


def expect_error(runner, _, rest):
    """expect error CODE [PARAM...]: * stands for any parameter, ... for all that follow"""
    error, runner.error = runner.error, None
    code, *params = split(rest)
    demand(error is not None, f"the call succeeded with {show(result_of(runner))}")
    code = plain(runner.variables.value(code))
    demand(error.code == code, f"the error is {error}")
    params = runner.variables.many(params)
    actual = error.params
    if params and params[-1] == "...":
        params.pop()
        actual = actual[:len(params)]
    fits = len(actual) == len(params) and all(
        wanted in ("*", is_) for wanted, is_ in zip(map(plain, params), actual))
    demand(fits, f"the error's parameters are {error.params}")


def result_of(runner):
    return runner.variables.values.get("result", None)


def expect_value(runner, path, rest):
    """expect result.member OPERATOR VALUE..., or expect $variable.member ..."""
    value = runner.variables.get(path)
    sign, *parts = split(rest) if not rest.startswith(("~", "!~")) else [rest]
    if sign.startswith(("~", "!~")):
        compare_text(runner, plain(value), sign)
        return
    wanted = runner.variables.many(parts)
    compare_value(value, sign, wanted)


def compare_value(value, sign, wanted):
    """Compares by one of the signs that tests use."""
    first = wanted[0] if wanted else NOTHING
    tests = {
        "=": lambda: value == first and type(value) is type(first),
        "!=": lambda: value != first,
        "has": lambda: all(item in value for item in wanted),
        "lacks": lambda: all(item not in value for item in wanted),
        "set": lambda: sorted(map(plain, value)) == sorted(map(plain, wanted)),
        "count": lambda: len(value) == first,
        "above": lambda: float(value) > float(first),
        "below": lambda: float(value) < float(first),
    }
    if sign not in tests:
        raise ScriptError(f"{sign} compares nothing")
    demand(tests[sign](), f"it is {show(value)}")


def events_like(runner, rest):
    """The events of the last answer that are OPERATION CLASS REF, each of which may be *."""
    operation, class_name, ref = runner.variables.many(split(rest))
    result = result_of(runner)
    events = result["events"] if isinstance(result, dict) else result
    return [event for event in events
            if operation in ("*", event["operation"]) and class_name in ("*", event["class"])
            and ref in ("*", event["ref"])], events


def describe_events(events):
    return ", ".join(f"{event['operation']} {event['class']} {event['ref']}" for event in events)


def expect_event(runner, _, rest):
    """expect event OPERATION CLASS REF: exactly one such; its record becomes $snapshot"""
    found, events = events_like(runner, rest)
    demand(len(found) == 1, f"{len(found)} such events in: {describe_events(events)}")
    runner.variables.values["snapshot"] = found[0].get("snapshot")


def expect_no(runner, _, rest):
    """expect no event OPERATION CLASS REF"""
    word, _, rest = rest.partition(" ")
    if word != "event":
        raise ScriptError("expect no event OPERATION CLASS REF")
    found, _ = events_like(runner, rest)
    demand(not found, f"there is {describe_events(found)}")


KINDS = {
    "status": expect_status,
    "header": expect_header,
    "head": expect_head,
    "body": expect_body,
    "closed": expect_closed,
    "waiting": expect_waiting,
    "daemon": expect_daemon,
    "error": expect_error,
    "event": expect_event,
    "no": expect_no,
}
