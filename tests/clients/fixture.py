"""A daemon on the fake engine for a client of somebody else: with an account, a certificate that
the client can verify, and an address."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "script"))

from language import http, rpc  # noqa: E402 # pylint: disable=wrong-import-position
from language.daemon import Daemon  # noqa: E402 # pylint: disable=wrong-import-position

USER = "root"
PASSWORD = "sesame & co"


class Server:
    """The daemon, started."""

    def __init__(self, *options):
        self.daemon = Daemon("fake", ["--pam-service", "", *options])
        self.daemon.set_account(USER, PASSWORD)
        self.daemon.start()

    def call(self, method, *params):
        """A call by root of the host, for what a client finds there."""
        client = http.Client("unix", self.daemon.addresses["unix"])
        try:
            client.send(rpc.json_request("session.login_with_password", [USER, ""]))
            session = rpc.json_result(client.receive())
            client.send(rpc.json_request(method, [session, *params]))
            return rpc.json_result(client.receive())
        finally:
            client.close()

    @property
    def address(self):
        host, port = self.daemon.addresses["https"]
        return f"{host}:{port}"

    @property
    def certificate(self):
        return self.daemon.root / "etc/clearwater/xapi-ssl.pem"
