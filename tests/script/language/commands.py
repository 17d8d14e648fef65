"""What each command of a script does."""

import json
import pathlib
import select
import time

from . import expect, http, rpc
from .daemon import Daemon
from .failure import DEADLINE, Failure, ScriptError
from .words import Variables, plain, split, walk


class Runner:
    """The state of one script that runs: a daemon, clients, variables, the last answer."""

    def __init__(self, script):
        self.script = script
        self.daemon = None
        self.clients = {}
        self.crowd = []
        self.variables = Variables()
        self.reply = None
        self.error = None  # an API error that no `expect error` has taken yet
        self.at = None

    def run(self, commands):
        for command in commands:
            self.at = command
            handler = getattr(self, "do_" + command.name.replace("-", "_"), None)
            if handler is None:
                raise ScriptError("there is no such command")
            if command.name != "expect" or not command.rest.startswith("error"):
                self.check_error()
            handler(command)
        self.check_error()

    def check_error(self):
        if self.error is not None:
            error, self.error = self.error, None
            raise Failure(f"a call failed: {error}")

    def close(self):
        for client in [*self.clients.values(), *self.crowd]:
            client.close()
        if self.daemon:
            self.daemon.destroy()

    def texts(self, command):
        """The words of a command as text."""
        return [plain(value) for value in self.variables.many(split(command.rest))]

    # The daemon.

    def do_daemon(self, command):
        """daemon ENGINE [OPTION]...: a new one, on a new root, in place of the one before."""
        engine, *options = self.texts(command)
        if self.daemon:
            self.daemon.destroy()
        self.daemon = Daemon(engine, options)
        self.variables.values["root"] = str(self.daemon.root)
        self.daemon.start()

    def do_kill(self, _):
        self.daemon.kill()

    def do_stop(self, _):
        self.daemon.stop()

    def do_restart(self, _):
        self.daemon.start()

    def do_account(self, command):
        self.daemon.set_account(*self.texts(command))

    def do_write(self, command):
        """write PATH [MODE]: a file with the block in it."""
        path, *mode = self.texts(command)
        path = pathlib.Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.block_bytes(command))
        path.chmod(int(*mode or ["644"], 8))

    # Connections.

    def do_client(self, command):
        name, kind = self.texts(command)
        if name in self.clients:
            self.clients[name].close()
        self.clients[name] = self.connect(kind)

    def connect(self, kind):
        return http.Client(kind, self.daemon.addresses[kind])

    def do_crowd(self, command):
        """Many connections that had one answer and are idle until the script ends."""
        kind, count = self.texts(command)
        for _ in range(int(count)):
            client = self.connect(kind)
            self.crowd.append(client)
            client.send(rpc.json_request("system.isAlive:crowd", []))
            client.receive()

    def do_silence(self, command):
        """Many connections that never say anything, until the script ends."""
        kind, count = self.texts(command)
        self.crowd.extend(self.connect(kind) for _ in range(int(count)))

    def client(self, name):
        if name not in self.clients:
            raise ScriptError(f"there is no client {name}")
        return self.clients[name]

    def do_send(self, command):
        self.client(command.rest).send(self.block_bytes(command))

    def block_bytes(self, command):
        """The lines of a block: | lines end with CRLF, > lines end with nothing. $length is how
        long all > lines are together."""
        pieces = [(line[0], line[1:].removeprefix(" ")) for line in command.block]
        body = [self.variables.expand_bytes(text) for mark, text in pieces if mark == ">"]
        self.variables.values["length"] = sum(map(len, body))
        return b"".join(self.variables.expand_bytes(text) + (b"\r\n" if mark == "|" else b"")
                        for mark, text in pieces)

    def do_shut(self, command):
        self.client(command.rest).end_sending()

    def do_drain(self, command):
        self.client(command.rest).drain()

    def do_close(self, command):
        self.client(command.rest).close()
        del self.clients[command.rest]

    def do_receive(self, command):
        """receive CLIENT [head]: an answer to HEAD says how long its body were, and has none."""
        name, _, part = command.rest.partition(" ")
        self.reply = self.client(name).receive(has_body=part != "head")

    # Calls.

    def do_login(self, command):
        name, *params = split(command.rest)
        client = self.client(name)
        params = self.variables.many(params) or ["root", ""]
        self.exchange(client, rpc.json_request, rpc.json_result,
                      "session.login_with_password", params)
        self.check_error()
        client.session = self.variables.get("result")
        self.variables.values["session"] = client.session

    def do_use(self, command):
        """Gives a client a session that another one logged in."""
        name, session = split(command.rest)
        self.client(name).session = self.variables.value(session)

    def call_parts(self, command, with_session=True):
        name, method, *params = split(command.rest)
        client = self.client(name)
        values = self.variables.many(params)
        if with_session:
            values.insert(0, client.session)
        return client, plain(self.variables.value(method)), values

    def exchange(self, client, encode, decode, method, params):
        client.send(encode(method, params))
        self.reply = client.receive()
        self.take_answer(decode)

    def take_answer(self, decode):
        self.variables.values.pop("result", None)
        try:
            self.variables.values["result"] = decode(self.reply)
        except rpc.ApiError as error:
            self.error = error

    def do_call(self, command):
        client, method, params = self.call_parts(command)
        self.exchange(client, rpc.json_request, rpc.json_result, method, params)

    def do_poll(self, command):
        """A call again and again until something comes of it: of what no event tells."""
        end = time.monotonic() + DEADLINE
        self.do_call(command)
        while self.error is None and self.variables.get("result") in (None, []):
            if time.monotonic() > end:
                raise Failure(f"nothing came of it within {DEADLINE} seconds")
            select.select([], [], [], 0.02)
            self.do_call(command)

    def do_bare(self, command):
        client, method, params = self.call_parts(command, with_session=False)
        self.exchange(client, rpc.json_request, rpc.json_result, method, params)

    def do_xml(self, command):
        client, method, params = self.call_parts(command)
        self.exchange(client, rpc.xml_request, rpc.xml_result, method, params)

    def do_barexml(self, command):
        client, method, params = self.call_parts(command, with_session=False)
        self.exchange(client, rpc.xml_request, rpc.xml_result, method, params)

    def do_park(self, command):
        client, method, params = self.call_parts(command)
        client.send(rpc.json_request(method, params))

    def do_reply(self, command):
        """The answer of a parked call."""
        self.reply = self.client(command.rest).receive()
        self.take_answer(rpc.json_result)

    def do_bearer(self, command):
        """Gives a client the token that it shows to the REST face; without one, it shows none."""
        name, *token = self.texts(command)
        self.client(name).token = token[0] if token else None

    def do_rest(self, command):
        """rest CLIENT METHOD PATH [BODY] [HEADER: VALUE]...: the answer's JSON is $result."""
        name, method, path, *more = self.variables.many(split(command.rest))
        client = self.client(plain(name))
        headers = [text for text in more if isinstance(text, str)]
        bodies = [value for value in more if not isinstance(value, str)]
        if client.token:
            headers.append(f"Authorization: Bearer {client.token}")
        client.send(rpc.rest_request(method, path, bodies, headers))
        self.reply = client.receive(has_body=method != "HEAD")
        self.variables.values["result"] = rpc.rest_result(self.reply)

    def do_follow(self, command):
        """follow CLIENT PATH: begins to read a stream of events."""
        name, path = self.texts(command)
        client = self.client(name)
        headers = [f"Authorization: Bearer {client.token}"]
        client.send(rpc.rest_request("GET", path, [], headers))
        self.reply = client.receive(has_body=False)

    def do_upto(self, command):
        """upto CLIENT MEMBER = VALUE...: reads events until one has these; it is $result."""
        name, *pairs = self.variables.many(split(command.rest))
        wanted = dict(zip(pairs[::3], pairs[2::3]))
        while True:
            block = self.client(name).receive_block().decode()
            lines = dict(line.partition(": ")[::2] for line in block.split("\n"))
            if "id" in lines:
                self.variables.values["id"] = lines["id"]
            event = json.loads(lines.get("data", "{}"))
            event["event"] = lines.get("event")
            if all(path.split(".")[0] in event and walk(event, "." + path) == value
                   for path, value in wanted.items()):
                self.variables.values["result"] = event
                return

    def do_await(self, command):
        """await CLIENT CLASS REF FIELD = VALUE, or !=: follows the events of one object."""
        name, class_name, ref, path, sign, value = split(command.rest)
        if sign not in ("=", "!="):
            raise ScriptError("await CLIENT CLASS REF FIELD = VALUE, or !=")
        client = self.client(name)
        ref = self.variables.value(ref)
        wanted = self.variables.value(value)
        helper = self.connect(client.kind)
        token = ""
        try:
            while True:
                self.exchange(helper, rpc.json_request, rpc.json_result, "event.from",
                              [client.session, [f"{class_name}/{ref}"], token, 10.0])
                self.check_error()
                answer = self.variables.get("result")
                token = answer["token"]
                if not answer["events"]:
                    raise Failure(f"{path} {sign} {wanted} did not come true")
                snapshot = answer["events"][-1].get("snapshot", {})
                self.variables.values["result"] = snapshot
                if (walk(snapshot, "." + path) == wanted) == (sign == "="):
                    return
        finally:
            helper.close()

    # Everything else.

    def do_let(self, command):
        name, sign, *rest = split(command.rest)
        if sign != "=" or not rest:
            raise ScriptError("let NAME = VALUE, or a place in the answer")
        self.variables.values[name] = self.place(rest)

    def place(self, parts):
        """A value, or where the last answer has it."""
        name, *arguments = parts
        if name == "repeat":
            text, count = self.variables.many(arguments)
            return text * count
        if name == "lower":
            return plain(self.variables.value(arguments[0])).lower()
        if name == "file":
            path = pathlib.Path(self.at.path).parent / plain(self.variables.value(arguments[0]))
            return path.read_text("utf-8")
        if name == "certificate":
            return self.client(arguments[0]).certificate()
        if name == "port":
            return self.daemon.addresses[arguments[0]][1]
        if name == "header":
            return self.reply.header(arguments[0])
        if name == "body":
            return self.reply.body.decode("utf-8", "replace")
        if name.split(".")[0].split("[")[0] == "result":
            return self.variables.get(name)
        return self.variables.value(name)

    def do_do(self, command):
        name, *arguments = split(command.rest)
        name = self.variables.expand(name)
        macro = self.script.macros.get(name)
        if macro is None:
            raise ScriptError(f"nothing defines {name}")
        outer = dict(self.variables.values)
        params = [param.lstrip("*") for param in macro.rest.split()[1:]]
        self.bind(name, macro.rest.split()[1:], self.variables.many(arguments))
        self.run_inside(command, macro.body)
        for param in params:  # the caller may have variables of the same name
            self.variables.values.pop(param)
            if param in outer:
                self.variables.values[param] = outer[param]

    def bind(self, name, params, values):
        """Gives a macro's parameters their values; *param takes all that are left."""
        for param in params:
            if param.startswith("*"):
                self.variables.values[param[1:]] = values
                values = []
            elif not values:
                raise ScriptError(f"{name} needs a {param}")
            else:
                self.variables.values[param] = values.pop(0)
        if values:
            raise ScriptError(f"{name} has no use for {values}")

    def do_for(self, command):
        """for NAME in VALUE..., up to its end."""
        name, keyword, *values = split(command.rest)
        if keyword != "in":
            raise ScriptError("for NAME in VALUE...")
        for value in self.variables.many(values):
            self.variables.values[name] = value
            self.run_inside(command, command.body)

    def do_end(self, _):
        """The reader has used it."""

    def run_inside(self, command, body):
        """Runs `body`; a failure in it also says how it was come by."""
        try:
            self.run(body)
        except Failure as failure:
            raise Failure(f"{failure}\nwithin {command.where()}") from None

    def do_expect(self, command):
        expect.check(self, command)

