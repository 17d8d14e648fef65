"""The npm packages of package-lock.json, installed once for each version of it in build/clients."""

import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = HERE.parent.parent / "build/clients"
INSTALL_TIMEOUT = 240


def skip(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


def install():
    """A copy of the lock file is left behind when it is done."""
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
        skip("npm cannot install the clients")
    installed.write_text(lock, "utf-8")
