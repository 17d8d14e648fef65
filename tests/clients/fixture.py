"""A daemon on the fake engine for a client of somebody else: with an account, a certificate that
the client can verify, and an address."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "script"))

from language.daemon import Daemon  # noqa: E402 # pylint: disable=wrong-import-position

USER = "root"
PASSWORD = "sesame & co"


class Server:
    """The daemon, started."""

    def __init__(self):
        self.daemon = Daemon("fake", ["--pam-service", ""])
        self.daemon.set_account(USER, PASSWORD)
        self.daemon.start()

    @property
    def address(self):
        host, port = self.daemon.addresses["https"]
        return f"{host}:{port}"

    @property
    def certificate(self):
        return self.daemon.root / "etc/clearwater/xapi-ssl.pem"
