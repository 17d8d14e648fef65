"""Every message of the model by every role: who may call it is never told RBAC_PERMISSION_DENIED, who
may not is told nothing else. Objects are named by null references, so that nothing changes."""

import unittest

import tap

from accounts import PASSWORD, SERVICE, Accounts, find_wrappers
from api_model import NULL, Types, read_api
from language import rpc
from language.daemon import Daemon
from language.http import Client

WRAPPERS, MISSING = find_wrappers()
ROLES = ["pool-admin", "pool-operator", "vm-power-admin", "vm-admin", "vm-operator", "read-only"]
# What these do to the session, the daemon or the directory would end the test; the check of roles
# comes before that for whoever may not.
NOT_ALLOWED_ONES = {"session.logout", "session.local_logout", "host.shutdown_agent",
                    "host.emergency_ha_disable", "pool.disable_external_auth",
                    "session.logout_subject_identifier", "event.from", "event.next",
                    "host.restart_agent", "pool.emergency_transition_to_master",
                    "pool.disable_binary_storage", "pool.enable_binary_storage"}


@unittest.skipUnless(WRAPPERS, f"there is no {MISSING}")
class RoleMatrix(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.api = read_api()
        cls.types = Types(cls.api)
        cls.daemon = Daemon("fake", ["--pam-service", SERVICE])
        cls.addClassCleanup(cls.daemon.destroy)
        accounts = Accounts(cls.daemon.root / "accounts", WRAPPERS)
        for role in ROLES:
            accounts.add_user(role)
        cls.daemon.environment = accounts.environment()
        cls.daemon.start()
        cls.client = Client("http", cls.daemon.addresses["http"])
        root = cls.login("root")
        pool = cls.call("pool.get_all", root)[0]
        cls.call("pool.enable_external_auth", root, pool, {}, "", "PAM")
        cls.sessions = {}
        for role in ROLES:
            subject = cls.call("subject.create", root,
                               {"subject_identifier": accounts.sid(role), "other_config": {}})
            cls.call("subject.add_to_roles", root, subject,
                     cls.call("role.get_by_name_label", root, role)[0])
            cls.sessions[role] = cls.login(role)
        cls.vm = cls.call("VM.get_by_name_label", root, "Other install media")[0]
        cls.root = root

    @classmethod
    def call(cls, method, *params):
        cls.client.send(rpc.json_request(method, list(params)))
        return rpc.json_result(cls.client.receive())

    @classmethod
    def login(cls, user):
        return cls.call("session.login_with_password", user, PASSWORD)

    def error_of(self, method, *params):
        try:
            self.call(method, *params)
        except rpc.ApiError as error:
            return [error.code, *error.params]
        return [""]

    def methods(self):
        """(name, parameters, roles) of everything that takes a session."""
        for owner in self.api["classes"]:
            for method in owner["methods"]:
                if not method.get("no-session") and "removed" not in method:
                    params = [self.types.empty(p["type"]) for p in method["params"]
                              if "default" not in p]
                    yield f"{owner['name']}.{method['name']}", params, method

    def test_messages(self):
        wrong, count = [], 0
        for name, params, method in self.methods():
            for role in ROLES:
                may = role in method["roles"]
                if may and name in NOT_ALLOWED_ONES:
                    continue
                error = self.error_of(name, self.sessions[role], *params)
                count += 1
                is_denied = error[0] == "RBAC_PERMISSION_DENIED"
                if method.get("pool-internal"):  # which hosts call among themselves, nobody else
                    if error[0] != "INTERNAL_ERROR":
                        wrong.append(f"{name} by {role}: {error}")
                elif is_denied == may or error[0] == "MESSAGE_METHOD_UNKNOWN":
                    wrong.append(f"{name} by {role}: {error}")
                elif is_denied:
                    roles = ", ".join(method["roles"])
                    expected = ["RBAC_PERMISSION_DENIED", name.lower(),
                                "No permission in user session. (Roles with this permission: "
                                f"{roles})"]
                    if error != expected:
                        wrong.append(f"{name} by {role}: {error} instead of {expected}")
        self.assertEqual(wrong, [])
        self.assertGreater(count, 10000)
        self.daemon.check_alive()

    def test_roles_are_in_order(self):
        for name, _, method in self.methods():
            held = [role in method["roles"] for role in ROLES]
            self.assertEqual(held, sorted(held, reverse=True), name)

    def test_keys_of_maps(self):
        """Each protected key by each role, on the fields that have such."""
        for owner in self.api["classes"]:
            for field in owner["fields"]:
                for key, roles in field.get("key_roles", {}).items():
                    for method in ("add_to", "remove_from"):
                        name = f"{owner['name']}.{method}_{field['name']}"
                        if any(m["name"] == f"{method}_{field['name']}" for m in owner["methods"]):
                            self.check_key(name, key, roles)

    def check_key(self, name, key, roles):
        example = key[:-1] + "example" if key.endswith("*") else key
        for role in ROLES:
            params = [NULL, example] + ([""] if "add_to" in name else [])
            error = self.error_of(name, self.sessions[role], *params)
            with self.subTest(f"{name} {key} by {role}"):
                if role in roles:
                    self.assertNotEqual(error[0], "RBAC_PERMISSION_DENIED")
                else:
                    self.assertEqual(error[:2], ["RBAC_PERMISSION_DENIED",
                                                 f"{name}/key:{key}".lower()])

    def test_roles_list_what_they_allow(self):
        for role in ROLES:
            ref = self.call("role.get_by_name_label", self.root, role)[0]
            listed = set(self.call("role.get_permissions_name_label", self.root, ref))
            expected = {name.lower() for name, _, method in self.methods()
                        if role in method["roles"]}
            self.assertEqual(expected - listed, set())
            http = {f"http/{a['name'].lower()}" for a in self.api["http_actions"]
                    if role in a["roles"]}
            self.assertEqual(http, {name for name in listed
                                    if name.startswith("http/") and name.count("/") == 1})
            session = set(self.call("session.get_rbac_permissions", self.root,
                                    self.sessions[role]))
            self.assertEqual(session, listed | {role})


if __name__ == "__main__":
    tap.main()
