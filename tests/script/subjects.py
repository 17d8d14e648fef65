"""Users of the system by PAM and NSS: who gets in, as what, and for how long."""

import unittest

import tap

from accounts import PASSWORD, SERVICE, Accounts, find_wrappers
from language import rpc
from language.daemon import Daemon
from language.http import Client

GUESSERS = 80  # more than there are threads for calls
WRAPPERS, MISSING = find_wrappers()


def error_of(call, *args):
    try:
        call(*args)
    except rpc.ApiError as error:
        return [error.code, *error.params]
    return None


@unittest.skipUnless(WRAPPERS, f"there is no {MISSING}")
class Subjects(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon("fake", ["--pam-service", SERVICE])
        self.addCleanup(self.daemon.destroy)
        self.accounts = Accounts(self.daemon.root / "accounts", WRAPPERS)
        for user in ("alice", "bob", "carol"):
            self.accounts.add_user(user)
        self.accounts.set_group("staff", ["bob"])
        self.daemon.environment = self.accounts.environment()
        self.start()
        self.root_call("pool.enable_external_auth", self.pool, {}, "the system", "PAM")

    def start(self):
        self.daemon.start()
        self.client = Client("http", self.daemon.addresses["http"])
        self.root = self.login("root")
        self.pool = self.root_call("pool.get_all")[0]
        self.host = self.root_call("host.get_all")[0]

    def call(self, method, *params):
        self.client.send(rpc.json_request(method, list(params)))
        return rpc.json_result(self.client.receive())

    def root_call(self, method, *params):
        return self.call(method, self.root, *params)

    def login(self, user, password=PASSWORD):
        return self.call("session.login_with_password", user, password, "1.0", "tests")

    def role(self, name):
        return self.root_call("role.get_by_name_label", name)[0]

    def add_subject(self, name, *roles):
        sid = self.root_call("auth.get_subject_identifier", name)
        about = self.root_call("auth.get_subject_information_from_identifier", sid)
        subject = self.root_call("subject.create",
                                 {"subject_identifier": sid, "other_config": about})
        for role in roles:
            self.root_call("subject.add_to_roles", subject, self.role(role))
        return subject

    def audit(self):
        return (self.daemon.root / "var/log/clearwater/audit.log").read_text("utf-8")

    def test_directory(self):
        self.assertEqual(self.root_call("auth.get_subject_identifier", "alice"),
                         self.accounts.sid("alice"))
        self.assertEqual(self.root_call("auth.get_subject_identifier", "staff"),
                         self.accounts.sid("staff"))
        about = self.root_call("auth.get_subject_information_from_identifier",
                               self.accounts.sid("alice"))
        self.assertEqual(about["subject-name"], "alice")
        self.assertEqual(about["subject-is-group"], "false")
        self.assertEqual(about["subject-displayname"], "alice of the test")
        self.assertEqual(about["subject-account-disabled"], "false")
        groups = self.root_call("auth.get_group_membership", self.accounts.sid("bob"))
        self.assertEqual(sorted(groups), ["g5999", self.accounts.sid("staff")])
        self.assertEqual(self.root_call("auth.get_group_membership", self.accounts.sid("staff")),
                         [self.accounts.sid("staff")])
        for method in ("get_subject_identifier", "get_group_membership",
                       "get_subject_information_from_identifier"):
            for wrong in ("nobody-here", "", "u", "u99999", "x1", "u1x"):
                self.assertEqual(error_of(self.root_call, f"auth.{method}", wrong),
                                 ["SUBJECT_CANNOT_BE_RESOLVED"])

    def test_wrong_passwords_wait_and_hold_up_nobody(self):
        guessers = [Client("http", self.daemon.addresses["http"]) for _ in range(GUESSERS)]
        for guesser in guessers:
            guesser.send(rpc.json_request("session.login_with_password", ["alice", "wrong"]))
        self.assertEqual(self.root_call("pool.get_all"), [self.pool])
        self.login("root")
        for guesser in guessers:
            guesser.expect_waiting()
        for guesser in guessers:
            answer = error_of(rpc.json_result, guesser.receive())
            self.assertEqual(answer[:2], ["SESSION_AUTHENTICATION_FAILED", "alice"])
        guessers[0].send(rpc.json_request("session.login_with_password", ["alice", "wrong"]))
        self.daemon.stop()  # does not wait for it

    def test_who_gets_in(self):
        self.assertEqual(error_of(self.login, "alice", "wrong")[:2],
                         ["SESSION_AUTHENTICATION_FAILED", "alice"])
        self.assertEqual(error_of(self.login, "nobody-here")[:2],
                         ["SESSION_AUTHENTICATION_FAILED", "nobody-here"])
        self.assertEqual(error_of(self.login, "alice"),
                         ["SESSION_AUTHENTICATION_FAILED", "alice",
                          "no subject gives access to this pool"])
        subject = self.add_subject("alice")
        sid = self.accounts.sid("alice")
        self.assertEqual(error_of(self.login, "alice"),
                         ["RBAC_PERMISSION_DENIED", "session.login_with_password",
                          f"Subject alice (identifier {sid}) has no roles in this pool"])
        self.root_call("subject.add_to_roles", subject, self.role("vm-operator"))
        session = self.login("alice")
        record = self.root_call("session.get_record", session)
        self.assertFalse(record["is_local_superuser"])
        self.assertEqual(record["subject"], subject)
        self.assertEqual(record["auth_user_sid"], sid)
        self.assertEqual(record["auth_user_name"], "alice")
        self.assertIn("vm.start", record["rbac_permissions"])
        self.assertIn("vm-operator", record["rbac_permissions"])
        self.assertIn("http/connect_console", record["rbac_permissions"])
        self.assertIn("vm.add_to_other_config/key:folder", record["rbac_permissions"])
        self.assertNotIn("vm.destroy", record["rbac_permissions"])
        self.assertEqual(error_of(self.call, "host.disable", session, self.host)[:2],
                         ["RBAC_PERMISSION_DENIED", "host.disable"])
        self.assertIn(f"'{sid}' 'alice' 'ALLOWED' 'OK' 'API' 'session.create' "
                      "(('uname' 'alice' '' '') ('originator' 'tests' '' ''))", self.audit())
        self.assertIn(f"'{sid}' 'alice' 'DENIED' '' 'API' 'host.disable'", self.audit())
        self.call("session.logout", session)
        self.assertIn("'API' 'session.destroy'", self.audit())

    def test_groups_and_unions(self):
        self.add_subject("staff", "vm-operator")
        session = self.login("bob")
        self.assertEqual(error_of(self.call, "VM.destroy", session, "OpaqueRef:NULL")[:2],
                         ["RBAC_PERMISSION_DENIED", "vm.destroy"])
        self.assertIsNotNone(error_of(self.login, "carol"))
        self.assertIn(self.accounts.sid("staff"),
                      self.root_call("session.get_all_subject_identifiers"))
        self.add_subject("bob", "vm-admin")
        union = self.login("bob")
        self.assertEqual(error_of(self.call, "VM.destroy", union, "OpaqueRef:NULL")[0],
                         "HANDLE_INVALID")
        identifiers = self.root_call("session.get_all_subject_identifiers")
        self.assertEqual(sorted(set(identifiers)), sorted(identifiers))
        self.assertIn(self.accounts.sid("bob"), identifiers)
        self.root_call("session.logout_subject_identifier", self.accounts.sid("bob"))
        self.assertEqual(error_of(self.call, "VM.get_all", session)[0], "SESSION_INVALID")
        self.assertEqual(error_of(self.call, "VM.get_all", union)[0], "SESSION_INVALID")

    def test_changes_count_at_once(self):
        subject = self.add_subject("alice", "read-only", "vm-admin")
        session = self.login("alice")
        self.root_call("subject.remove_from_roles", subject, self.role("vm-admin"))
        self.assertEqual(error_of(self.call, "VM.destroy", session, "OpaqueRef:NULL")[:2],
                         ["RBAC_PERMISSION_DENIED", "vm.destroy"])
        self.call("VM.get_all", session)
        self.root_call("subject.destroy", subject)
        self.assertEqual(error_of(self.call, "VM.get_all", session),
                         ["SESSION_INVALID", session])

    def test_local_users(self):
        self.daemon.set_account("local", "word")
        session = self.login("local", "word")
        self.assertTrue(self.root_call("session.get_is_local_superuser", session))
        self.add_subject("alice", "pool-admin")
        admin = self.login("alice")
        self.assertEqual(error_of(self.call, "session.change_password", admin, "a", "b")[0],
                         "RBAC_PERMISSION_DENIED")
        self.assertEqual(
            error_of(self.call, "session.slave_local_login_with_password", "alice", PASSWORD)[0],
            "SESSION_AUTHENTICATION_FAILED")
        self.call("session.slave_local_login_with_password", "root", PASSWORD)

    def test_disabling(self):
        self.add_subject("alice", "pool-admin")
        session = self.login("alice")
        self.assertEqual(error_of(self.root_call, "pool.enable_external_auth", self.pool, {},
                                  "again", "PAM"), ["POOL_AUTH_ALREADY_ENABLED", self.host])
        self.assertEqual(error_of(self.root_call, "host.enable_external_auth", self.host, {},
                                  "again", "PAM"), ["AUTH_ALREADY_ENABLED", "PAM", "the system"])
        self.daemon.kill()
        self.start()
        session = self.login("alice")
        self.root_call("pool.disable_external_auth", self.pool, {})
        self.assertEqual(error_of(self.call, "VM.get_all", session)[0], "SESSION_INVALID")
        self.assertEqual(self.root_call("host.get_external_auth_type", self.host), "")
        self.assertEqual(error_of(self.root_call, "pool.enable_external_auth", self.pool, {},
                                  "example.org", "AD"), ["AUTH_UNKNOWN_TYPE", "AD"])
        self.assertEqual(error_of(self.root_call, "auth.get_subject_identifier", "alice"),
                         ["SUBJECT_CANNOT_BE_RESOLVED"])


if __name__ == "__main__":
    tap.main()
