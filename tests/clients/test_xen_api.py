"""xen-api, the client library of Xen Orchestra, from npm with the versions of package-lock.json.

The cases are in xen_api.mjs, which prints TAP; this installs the library and starts the daemon."""

import os
import shutil
import subprocess
import sys

from fixture import PASSWORD, USER, Server
from npm_packages import FOLDER, HERE, install, skip

RUN_TIMEOUT = 120


def main():
    if not shutil.which("node"):
        skip("node is not installed")
    install()
    server = Server()
    try:
        environment = dict(os.environ, NODE_EXTRA_CA_CERTS=str(server.certificate))
        done = subprocess.run(["node", HERE / "xen_api.mjs", FOLDER, server.address, USER, PASSWORD],
                              check=False, env=environment, timeout=RUN_TIMEOUT)
        server.daemon.check_alive()
        server.daemon.stop()
        if done.returncode:
            for line in server.daemon.new_log_lines():
                print(f"# log: {line}")
        sys.exit(done.returncode)
    finally:
        server.daemon.destroy()


if __name__ == "__main__":
    main()
