"""xen-api, the client library of Xen Orchestra, from npm with the versions of package-lock.json.

The cases are in xen_api.mjs, which prints TAP; this installs the library into build/clients and
starts the daemon."""

import os
import pathlib
import shutil
import subprocess
import sys

from fixture import PASSWORD, USER, Server

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = HERE.parent.parent / "build/clients"
INSTALL_TIMEOUT = 240
RUN_TIMEOUT = 120


def skip(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def install():
    """Once for each version of the lock file, of which a copy is left behind when it is done."""
    lock = (HERE / "package-lock.json").read_text("utf-8")
    installed = FOLDER / "installed-lock.json"
    if installed.exists() and installed.read_text("utf-8") == lock:
        return
    if not shutil.which("npm"):
        skip("npm is not installed")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, FOLDER)
    done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=FOLDER,
                          check=False, capture_output=True, text=True, timeout=INSTALL_TIMEOUT)
    if done.returncode:
        for line in done.stderr.splitlines():
            print("#", line)
        skip("npm cannot install xen-api")
    installed.write_text(lock, "utf-8")


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
