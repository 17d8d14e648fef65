"""What a host saves and takes back: the archive of its state, and the dump of its database.

Restores take place at the next start, whole or not at all; what is not right changes nothing."""

import gzip
import io
import re
import subprocess
import tarfile
import unittest

import tap

from language.daemon import Daemon, find_binary
from language.failure import Failure
from language.http import Client

XE = find_binary().parent.parent / "xe/xe"
DEADLINE = 20


def entries(body):
    """The names in a backup and their contents."""
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(body))) as archive:
        return [(m, archive.extractfile(m).read()) for m in archive]


def packed(members, compress=True):
    """The opposite; members as entries() gives them."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return gzip.compress(out.getvalue()) if compress else out.getvalue()


def rows(dump, table):
    """The rows of a table, sorted, without the generations in them."""
    text = re.search(rb'<table name="' + table.encode() + rb'">(.*?)</table>', dump, re.S)[1]
    return sorted(re.sub(rb'__[cm]time="\d+"|last_updated="[^"]*"', b"", text).split(b"<"))


class Backup(unittest.TestCase):
    def setUp(self):
        self.daemon = self.new_daemon()

    def new_daemon(self):
        daemon = Daemon("fake", ["--pam-service", ""])
        self.addCleanup(daemon.destroy)
        daemon.set_account("root", "secret")
        daemon.start()
        return daemon

    def restart(self, kill=False):
        (self.daemon.kill if kill else self.daemon.stop)()
        self.daemon.start()

    def call(self, method, *params, daemon=None):
        return (daemon or self.daemon).call(method, *params)

    def get(self, path):
        client = Client("unix", self.daemon.addresses["unix"])
        client.send(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        reply = client.receive()
        self.assertEqual(reply.status, 200)
        return reply.body

    def put(self, path, body, daemon=None):
        """Uploads, and gives what became of the task: [] or an error."""
        task = self.call("task.create", "upload", "", daemon=daemon)
        client = Client("unix", (daemon or self.daemon).addresses["unix"])
        mark = "&" if "?" in path else "?"
        client.send(f"PUT {path}{mark}task_id={task} HTTP/1.1\r\nHost: here\r\n"
                    f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        try:
            self.assertEqual(client.receive().status, 200)
        except Failure:  # what fails after its 200 breaks the connection off
            pass
        record = self.call("task.get_record", task, daemon=daemon)
        self.assertIn(record["status"], ("success", "failure"))
        self.assertEqual(record["status"] == "success", record["error_info"] == [])
        return record["error_info"]

    def xe(self, *words):
        return subprocess.run([XE, *words], capture_output=True, text=True, timeout=DEADLINE,
                              env={"CLEARWATER_ROOT": str(self.daemon.root)}, check=False)

    def label(self, name, value):
        self.call("pool.set_name_label", self.call("pool.get_all")[0], value)
        (self.daemon.root / "etc/clearwater/certs").mkdir(exist_ok=True)
        (self.daemon.root / "etc/clearwater/plugins").mkdir(exist_ok=True)
        plugin = self.daemon.root / f"etc/clearwater/plugins/{name}"
        plugin.write_text(value)
        plugin.chmod(0o755)

    def expect(self, name, value, other):
        self.assertEqual(self.call("pool.get_name_label", self.call("pool.get_all")[0]), value)
        plugins = self.daemon.root / "etc/clearwater/plugins"
        self.assertEqual((plugins / name).read_text(), value)
        self.assertEqual((plugins / name).stat().st_mode & 0o777, 0o755)
        self.assertFalse((plugins / other).exists())

    def left_over(self):
        found = []
        for folder in ("var/lib/clearwater", "etc/clearwater"):
            found += (self.daemon.root / folder).glob("restore*")
        return found

    def test_round_trip(self):
        self.label("one", "before")
        uuid = self.call("host.get_uuid", self.call("host.get_all")[0])
        body = self.get("/host_backup")
        names = [info.name for info, _ in entries(body)]
        self.assertEqual(names[0], "clearwater-backup")
        for name in ("state/state.db", "state/host-uuid", "etc/xapi-ssl.pem", "etc/accounts",
                     "etc/plugins/one"):
            self.assertIn(name, names)
        self.assertEqual(self.left_over(), [])
        self.label("two", "after")
        (self.daemon.root / "etc/clearwater/plugins/one").unlink()
        for kill in (False, True):
            self.assertEqual(self.put("/host_restore", body), [])
            self.expect("two", "after", "one")
            self.restart(kill)
            self.expect("one", "before", "two")
            self.assertEqual(self.left_over(), [])
            self.label("two", "after")
            (self.daemon.root / "etc/clearwater/plugins/one").unlink()
        self.assertEqual(self.call("host.get_uuid", self.call("host.get_all")[0]), uuid)

    def test_secrets_stay_secret(self):
        key = (self.daemon.root / "etc/clearwater/xapi-ssl.pem").read_bytes()
        body = self.get("/host_backup")
        self.assertEqual(self.put("/host_restore", body), [])
        for folder in ("var/lib/clearwater", "etc/clearwater"):
            drafts = list((self.daemon.root / folder).glob("restore-*"))
            self.assertTrue(drafts)
            for draft in drafts:
                self.assertEqual(draft.stat().st_mode & 0o777, 0o700)
        self.restart()
        path = self.daemon.root / "etc/clearwater/xapi-ssl.pem"
        self.assertEqual(path.read_bytes(), key)
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        state = self.daemon.root / "var/lib/clearwater/state.db"
        self.assertEqual(state.stat().st_mode & 0o777, 0o600)

    def test_what_is_refused(self):
        self.label("one", "before")
        good = entries(self.get("/host_backup"))

        def without(name):
            return [e for e in good if e[0].name != name]

        def with_entry(name, content=b"", kind=tarfile.REGTYPE):
            info = tarfile.TarInfo(name)
            info.type = kind
            info.linkname = "/etc/passwd"
            return [*good, (info, content)]

        def instead(name, content):
            return [(i, content if i.name == name else c) for i, c in good]

        whole = packed(good)
        bad = {
            "nothing": b"",
            "text": b"x" * 5000,
            "another archive": packed([(tarfile.TarInfo("readme"), b"hello")]),
            "another format": packed(instead("clearwater-backup", b"format 2\n")),
            "half": whole[:len(whole) // 2],
            "half of a plain one": packed(good, compress=False)[:4096],
            "damaged": whole[:-8] + b"\0" * 8,
            "no database": packed(without("state/state.db")),
            "no key": packed(without("etc/xapi-ssl.pem")),
            "no host": packed(without("state/host-uuid")),
            "a wrong host": packed(instead("state/host-uuid", b"me\n")),
            "a wrong key": packed(instead("etc/xapi-ssl.pem", b"none")),
            "a wrong database": packed(instead("state/state.db", b"none" * 2000)),
            "way out": packed(with_entry("etc/plugins/../../../outside")),
            "absolute": packed(with_entry("/etc/passwd")),
            "link": packed(with_entry("etc/plugins/link", kind=tarfile.SYMTYPE)),
            "twice": packed(with_entry("etc/plugins/one")),
            "unknown": packed(with_entry("state/something")),
        }
        for name, body in bad.items():
            with self.subTest(name):
                self.assertEqual(self.put("/host_restore", body)[0], "RESTORE_SCRIPT_FAILED")
                self.assertEqual(self.left_over(), [])
        self.assertEqual(self.put("/host_restore", packed(good, compress=False)), [])
        self.restart()
        self.expect("one", "before", "two")

    def test_state_that_does_not_open_gives_way(self):
        self.label("one", "before")
        good = entries(self.get("/host_backup"))
        conf = tarfile.TarInfo("etc/clearwater.conf")
        self.assertEqual(self.put("/host_restore", packed([*good, (conf, b"no such key = 1\n")])),
                         [])
        self.label("two", "after")
        self.restart()
        self.assertEqual(self.call("pool.get_name_label", self.call("pool.get_all")[0]), "after")
        self.assertFalse((self.daemon.root / "etc/clearwater/clearwater.conf").exists())
        self.assertEqual(self.left_over(), [])

    def test_settings_are_restored(self):
        (self.daemon.root / "etc/clearwater/clearwater.conf").write_text("host-name = other\n")
        self.restart()
        body = self.get("/host_backup")
        (self.daemon.root / "etc/clearwater/clearwater.conf").write_text("host-name = third\n")
        self.restart()
        self.assertEqual(self.call("host.get_hostname", self.call("host.get_all")[0]), "third")
        self.assertEqual(self.put("/host_restore", body), [])
        self.restart()
        self.assertEqual(self.call("host.get_hostname", self.call("host.get_all")[0]), "other")

    def test_only_a_pool_admin(self):
        client = Client("http", self.daemon.addresses["http"])
        for method, path in (("GET", "/host_backup"), ("PUT", "/host_restore"),
                             ("PUT", "/pool/xmldbdump")):
            client = Client("http", self.daemon.addresses["http"])
            client.send(f"{method} {path} HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n"
                        .encode())
            self.assertEqual(client.receive().status, 401)

    def test_xe_host_backup(self):
        self.label("one", "before")
        file = self.daemon.root / "backup.tar.gz"
        done = self.xe("host-backup", f"file-name={file}", "host=" +
                       self.call("host.get_name_label", self.call("host.get_all")[0]))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.label("two", "after")
        (self.daemon.root / "etc/clearwater/plugins/one").unlink()
        done = self.xe("host-restore", f"file-name={file}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.restart()
        self.expect("one", "before", "two")
        file.write_bytes(b"nonsense")
        done = self.xe("host-restore", f"file-name={file}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("could not be restored", done.stderr)

    # The database alone.

    def new_vm(self, label):
        template = self.call("VM.get_by_name_label", "Other install media")[0]
        vm = self.call("VM.clone", template, label)
        self.call("VM.set_name_description", vm, "a  b\tc\n100% <\"&'>")
        self.call("VM.add_to_other_config", vm, "it's", "(a 'b')")
        return vm

    def test_database_round_trip(self):
        vm = self.new_vm("saved")
        before = self.call("VM.get_record", vm)
        secret = self.call("secret.create", {"value": "hidden", "other_config": {}})
        dump = self.get("/pool/xmldbdump")
        other = self.new_vm("made later")
        self.call("VM.destroy", vm)
        self.assertEqual(self.put("/pool/xmldbdump?dry_run=true", dump), [])
        self.assertEqual(self.left_over(), [])
        self.assertEqual(self.put("/pool/xmldbdump", dump), [])
        self.assertEqual(self.call("VM.get_name_label", other), "made later")
        self.restart(kill=True)
        after = self.call("VM.get_record", vm)
        self.assertEqual(before, after)
        self.assertEqual(self.call("secret.get_value", secret), "hidden")
        self.assertNotIn(other, self.call("VM.get_all"))
        self.assertEqual(len(self.call("host.get_all")), 1)
        self.assertEqual(len(self.call("VM.get_all_records_where",
                                       'field "is_control_domain" = "true"')), 1)
        self.assertEqual(self.left_over(), [])
        restored = self.get("/pool/xmldbdump")
        for table in ("VM", "VM_metrics", "network", "PIF", "SR", "secret", "pool"):
            self.assertEqual(rows(restored, table), rows(dump, table))

    def test_database_of_another_host(self):
        self.new_vm("theirs")
        dump = self.get("/pool/xmldbdump")
        here = self.new_daemon()
        uuid = self.call("host.get_uuid", self.call("host.get_all", daemon=here)[0], daemon=here)
        self.assertEqual(self.put("/pool/xmldbdump", dump, daemon=here), [])
        here.kill()
        here.start()
        hosts = self.call("host.get_all_records", daemon=here)
        self.assertEqual([h["uuid"] for h in hosts.values()], [uuid])
        self.assertEqual(len(self.call("VM.get_by_name_label", "theirs", daemon=here)), 1)

    def test_management_interface_is_this_hosts_choice(self):
        [there] = self.call("PIF.get_all_where", 'field "device" = "eth0"')
        self.call("PIF.reconfigure_ip", there, "Static", "10.0.0.3", "255.255.255.0", "", "")
        self.call("host.management_reconfigure", there)
        dump = self.get("/pool/xmldbdump")
        here = self.new_daemon()
        before = self.call("host.get_all_records", daemon=here)
        self.assertEqual(self.put("/pool/xmldbdump", dump, daemon=here), [])
        here.kill()
        here.start()
        after = self.call("host.get_all_records", daemon=here)
        self.assertEqual([h["address"] for h in after.values()],
                         [h["address"] for h in before.values()])
        chosen = 'field "management" = "true"'
        self.assertEqual(self.call("PIF.get_all_where", chosen), [there])
        self.assertEqual(self.call("PIF.get_all_where", chosen, daemon=here), [])

    def test_databases_that_are_refused(self):
        dump = self.get("/pool/xmldbdump")
        device = re.search(rb'<table name="PIF"><row [^>]*\bdevice="(\w+)"', dump)[1]
        other_device = re.sub(rb'(\bdevice=")\w+', rb"\1eth77", dump)
        virtual = re.sub(rb'(\bdevice=")\w+', rb"\1bond77", dump).replace(
            b'physical="true"', b'physical="false"')
        cases = [
            (dump.replace(b'schema_minor_vsn" value="', b'schema_minor_vsn" value="1'),
             ["RESTORE_INCOMPATIBLE_VERSION"]),
            (b"<database></database>", ["RESTORE_INCOMPATIBLE_VERSION"]),
            (other_device, ["RESTORE_TARGET_MISSING_DEVICE", "eth77"]),
            (b"no xml", ["INTERNAL_ERROR"]),
            (dump[:-20], ["INTERNAL_ERROR"]),
            (dump.replace(b"<database>", b'<!DOCTYPE a [<!ENTITY e "x">]><database>'),
             ["INTERNAL_ERROR"]),
            (dump.replace(b"<manifest>", b"<nonsense/><manifest>"), ["INTERNAL_ERROR"]),
            (re.sub(rb'(<table name="VM"><row ref=")[^"]*', rb"\1me", dump), ["INTERNAL_ERROR"]),
            (re.sub(rb'power_state="\w+"', b'power_state="Flying"', dump), ["INTERNAL_ERROR"]),
        ]
        pif = self.call("PIF.get_all_records_where", 'field "management" = "true"')
        if pif:
            cases.append((virtual, ["RESTORE_TARGET_MGMT_IF_NOT_IN_BACKUP"]))
        self.assertTrue(device)
        for body, error in cases:
            for path in ("/pool/xmldbdump?dry_run=true", "/pool/xmldbdump"):
                self.assertEqual(self.put(path, body)[:len(error)], error)
            self.assertEqual(self.left_over(), [])

    def test_xe_pool_restore_database(self):
        file = self.daemon.root / "dump.xml"
        done = self.xe("pool-dump-database", f"file-name={file}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(file.read_bytes().startswith(b"<?xml"))
        vm = self.new_vm("made later")
        done = self.xe("pool-restore-database", f"file-name={file}", "dry-run=true")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.restart()
        self.assertEqual(self.call("VM.get_name_label", vm), "made later")
        done = self.xe("pool-restore-database", f"file-name={file}", "--force")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.restart()
        self.assertNotIn(vm, self.call("VM.get_all"))


if __name__ == "__main__":
    tap.main()
