"""What clearwater-setup refuses, and that it does so before it changes anything. That it makes a host of
a machine is seen by `make lab-image`."""

import pathlib
import subprocess
import tempfile
import unittest

import tap

SETUP = pathlib.Path(__file__).resolve().parents[2] / "packaging/clearwater-setup"
# Stands for everything that would change the machine or the host; asked for cards it knows eth0.
STUB = """#!/bin/sh
echo "$(basename "$0") $*" >>"$CALLS"
case $* in
*params=device*) echo eth0 ;;
*device=eth0*) echo a-pif ;;
esac
"""
CHANGING = ("chpasswd", "ln", "systemctl", "touch", "rm", "mkdir", "install", "clearwater-install")


class Setup(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="clearwater-setup-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        for name in ("xe", *CHANGING):
            (self.folder / name).write_text(STUB, encoding="utf-8")
            (self.folder / name).chmod(0o755)

    def calls(self):
        file = self.folder / "calls"
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []

    def set_up(self, answers):
        file = self.folder / "answers"
        file.write_text(answers, encoding="utf-8")
        return subprocess.run([SETUP, file], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False,
                              env={"PATH": f"{self.folder}:/usr/bin:/bin",
                                   "RUNTIME_DIRECTORY": str(self.folder),
                                   "CALLS": str(self.folder / "calls")})

    def assert_refused(self, answers, words):
        done = self.set_up(answers)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(words, done.stderr)
        for call in self.calls():
            self.assertRegex(call, "^xe pif-list ")

    def test_unknown_key(self):
        self.assert_refused("# a comment\n\ncolour = red\n", "line 3: there is no key colour")

    def test_key_is_never_run(self):
        self.assert_refused("x; touch /tmp/x = 1\n", "line 1: there is no key")

    def test_no_value(self):
        self.assert_refused("password\n", "line 1: key = value is expected")

    def test_nobody_to_ask_for_the_password(self):
        self.assert_refused("host-name = a\n", "there is nobody to ask")

    def test_empty_password(self):
        self.assert_refused("password =\n", "the password is empty")

    def test_hash(self):
        self.assert_refused("password-hash = secret\n", "the hash of the password is none")
        self.assert_refused("password-hash = $6$a$b\npassword = x\n", "besides its hash")

    def test_no_script(self):
        self.assert_refused("password = x\nend-script = nowhere\n",
                            f"there is no file {self.folder}/nowhere")

    def test_time_zone(self):
        self.assert_refused("password = $(id) `id` \"'\ntime-zone = Atlantis\n",
                            "no time zone Atlantis")

    def test_storage(self):
        self.assert_refused("password = x\nsr = tape\n", "sr tape: file, ext or none")

    def test_disk(self):
        self.assert_refused("password = x\nsr = ext\nsr-device = /dev/null\n",
                            "there is no disk /dev/null")

    def test_card(self):
        self.assert_refused("password = x\ninterface = eth7\n", "there is no network card eth7")

    def lead_elsewhere(self, answers):
        """Returns answers that lead to these."""
        (self.folder / "served").mkdir()
        (self.folder / "served/answers").write_text(answers, encoding="utf-8")
        (self.folder / "served/done.sh").write_text('echo done.sh "$@" >>"$CALLS"\n',
                                                    encoding="utf-8")
        return f"from = file://{self.folder}/served/answers\naddress = none\nhost-name = here\n"

    def test_elsewhere_is_nothing(self):
        (self.folder / "curl").write_text("#!/bin/sh\nexit 22\n", encoding="utf-8")
        (self.folder / "curl").chmod(0o755)
        self.assert_refused(self.lead_elsewhere("password = x\n"), "answers cannot be fetched")

    def test_elsewhere_is_a_disk(self):
        self.assert_refused(self.lead_elsewhere("disk = /dev/sdz\n"), "disk is answered where")

    def test_elsewhere_leads_on(self):
        self.assert_refused(self.lead_elsewhere("from = file:///x\n"), "to another file of answers")

    def test_elsewhere_is_wrong(self):
        self.assert_refused(self.lead_elsewhere("colour = red\n"), "line 1: there is no key colour")

    # From here on it goes on, as far as the programs that stand for the others let it.

    def write_scripts(self):
        for name in ("start", "end"):
            (self.folder / f"{name}.sh").write_text(f'echo {name}.sh "$@" >>"$CALLS"\n',
                                                    encoding="utf-8")
        return "password = x\nntp =\nsr = none\nstart-script = start.sh\nend-script = end.sh\n"

    def put_on_disk(self):
        (self.folder / "findmnt").write_text("#!/bin/sh\necho clearwater\n", encoding="utf-8")
        (self.folder / "findmnt").chmod(0o755)
        done = self.set_up("disk = /dev/sdz\npassword = x\n")
        return done, [call for call in self.calls() if not call.startswith("xe pif-list ")]

    def test_disk_and_nothing_else(self):
        done, calls = self.put_on_disk()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(calls, ["clearwater-install /dev/sdz", "systemctl poweroff"])

    def test_disk_that_fails(self):
        (self.folder / "clearwater-install").write_text("exit 1\n", encoding="utf-8")
        done, calls = self.put_on_disk()
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(calls, [])

    def test_scripts_of_success(self):
        done = self.set_up(self.write_scripts() + "time-zone = Etc/UTC\naddress = none\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        calls = self.calls()
        changes = [call for call in calls if not call.startswith("xe pif-list ")]
        self.assertEqual(changes[0], "start.sh")
        self.assertLess(calls.index("chpasswd "), calls.index("end.sh 0"))
        self.assertNotIn("end.sh 1", calls)

    def test_scripts_of_failure(self):
        (self.folder / "chpasswd").write_text("exit 1\n", encoding="utf-8")
        done = self.set_up(self.write_scripts() + "address = none\n")
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual([call for call in self.calls() if "end.sh" in call], ["end.sh 1"])

    def test_elsewhere_goes_before_here(self):
        done = self.set_up(self.lead_elsewhere(
            "password = x\nsr = none\naddress = dhcp\nend-script = done.sh\n"))
        self.assertEqual(done.returncode, 0, done.stderr)
        calls = self.calls()
        self.assertIn("xe pif-reconfigure-ip uuid=a-pif mode=dhcp", calls)
        self.assertTrue([call for call in calls if call.endswith("name-label=here")])
        self.assertIn("done.sh 0", calls)

    def test_hash_is_given_as_one(self):
        (self.folder / "chpasswd").write_text('#!/bin/sh\necho "$* $(cat)" >>"$CALLS"\n',
                                              encoding="utf-8")
        done = self.set_up("password-hash = $6$a$b\naddress = none\nsr = none\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("--encrypted root:$6$a$b", self.calls())


if __name__ == "__main__":
    tap.main()
