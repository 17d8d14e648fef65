"""XO Lite, the web console of XCP-ng, in headless Chromium.

It is not in any package. CLEARWATER_XO_LITE names a folder with a build of it; HACKING.md says how to
make one. CLEARWATER_XO_LITE_PICTURE names a file for a picture of what is seen last."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from fixture import PASSWORD, USER, Server
from npm_packages import FOLDER, HERE, install, skip

BROWSER = "/usr/bin/chromium"
RUN_TIMEOUT = 200


def make_vm(server):
    template = server.call("VM.get_by_name_label", "Other install media")[0]
    vm = server.call("VM.clone", template, "seen in XO Lite")
    server.call("VM.provision", vm)
    server.call("VM.start", vm, False, False)
    for kind in ("pool", "host"):
        server.call(f"{kind}.set_name_label", server.call(f"{kind}.get_all")[0], f"{kind} of XO Lite")


def main():
    build = os.environ.get("CLEARWATER_XO_LITE", "")
    if not build:
        skip("CLEARWATER_XO_LITE names no build of XO Lite")
    if not pathlib.Path(build, "index.html").exists():
        skip(f"{build} has no index.html")
    if not shutil.which("node") or not pathlib.Path(BROWSER).exists():
        skip("node or chromium is not installed")
    install()
    server = Server("--web-root", build)
    profile = tempfile.mkdtemp(prefix="clearwater-chromium-")
    try:
        make_vm(server)
        picture = os.environ.get("CLEARWATER_XO_LITE_PICTURE", "")
        done = subprocess.run(
            ["node", HERE / "xo_lite.mjs", FOLDER, BROWSER, profile, server.address, USER, PASSWORD,
             picture],
            check=False, timeout=RUN_TIMEOUT)
        server.daemon.check_alive()
        sys.exit(done.returncode)
    finally:
        shutil.rmtree(profile, ignore_errors=True)
        server.daemon.destroy()


if __name__ == "__main__":
    main()
