"""Accounts that the system seems to have: NSS and PAM of one daemon are sent to files of a test by the
wrappers of the Samba project, so that nothing of the machine is touched and nobody has to be root."""

import glob
import pathlib

SERVICE = "clearwater-test"
PASSWORD = "secret"


def find_wrappers():
    """The libraries by name, or None with what is missing."""
    wanted = {"nss": "libnss_wrapper.so", "pam": "libpam_wrapper.so",
              "matrix": "pam_wrapper/pam_matrix.so"}
    found = {name: glob.glob(f"/usr/lib/*/{path}") for name, path in wanted.items()}
    missing = [wanted[name] for name, paths in found.items() if not paths]
    return (None, ", ".join(missing)) if missing else \
        ({name: paths[0] for name, paths in found.items()}, "")


class Accounts:
    """Users and groups in a folder; each change counts at once."""

    def __init__(self, folder, wrappers):
        self.folder = pathlib.Path(folder)
        self.wrappers = wrappers
        self.users = {}   # name -> uid
        self.groups = {}  # name -> (gid, [member])
        (self.folder / "pam").mkdir(parents=True)
        passdb = self.folder / "passdb"
        module = f"{wrappers['matrix']} passdb={passdb}"
        (self.folder / "pam" / SERVICE).write_text(
            f"auth required {module}\naccount required {module}\n", "utf-8")
        self.write()

    def add_user(self, name):
        self.users[name] = 5000 + len(self.users)
        self.write()

    def set_group(self, name, members):
        gid = self.groups[name][0] if name in self.groups else 6000 + len(self.groups)
        self.groups[name] = (gid, members)
        self.write()

    def remove_user(self, name):
        del self.users[name]
        self.write()

    def sid(self, name):
        return f"u{self.users[name]}" if name in self.users else f"g{self.groups[name][0]}"

    def write(self):
        users = "".join(f"{name}:x:{uid}:5999:{name} of the test:/:/bin/false\n"
                        for name, uid in self.users.items())
        groups = "".join(f"{name}:x:{gid}:{','.join(members)}\n"
                         for name, (gid, members) in self.groups.items())
        (self.folder / "passwd").write_text(f"root:x:0:0::/root:/bin/sh\n{users}", "utf-8")
        (self.folder / "group").write_text(f"root:x:0:\neverybody:x:5999:\n{groups}", "utf-8")
        (self.folder / "passdb").write_text(
            "".join(f"{name}:{PASSWORD}:{SERVICE}\n" for name in ["root", *self.users]), "utf-8")

    def environment(self):
        return {"LD_PRELOAD": f"{self.wrappers['nss']}:{self.wrappers['pam']}",
                "NSS_WRAPPER_PASSWD": str(self.folder / "passwd"),
                "NSS_WRAPPER_GROUP": str(self.folder / "group"),
                "PAM_WRAPPER": "1", "PAM_WRAPPER_SERVICE_DIR": str(self.folder / "pam")}
