"""The REST face by curl, with nothing but the OpenAPI document to know it by."""

import json
import shutil
import subprocess
import unittest

import npm_packages
import tap
from fixture import PASSWORD, USER, Server

TIMEOUT = 60


@unittest.skipUnless(shutil.which("curl"), "curl is not installed")
class Rest(unittest.TestCase):
    """A program made from the document does these things."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.daemon.destroy)
        _, text = cls.curl("GET", "/rest/v1/openapi.json")
        cls.document = json.loads(text)
        cls.operations = {operation["operationId"]: (method.upper(), path)
                          for path, item in cls.document["paths"].items()
                          for method, operation in item.items() if method != "parameters"}

    @classmethod
    def curl(cls, method, path, *options, data=None):
        """(status, body)"""
        body = [] if data is None else ["-H", "Content-Type: application/json",
                                        "-d", json.dumps(data)]
        done = subprocess.run(
            ["curl", "-sS", "--cacert", cls.server.certificate, "-X", method, *body, *options,
             "-w", "\n%{http_code}", f"https://{cls.server.address}{path}"],
            check=True, capture_output=True, text=True, timeout=TIMEOUT)
        text, _, status = done.stdout.rpartition("\n")
        return int(status), text

    def call(self, operation, ident="", data=None, query="", status=200):
        """Does an operation of the document with the token; the answer's JSON."""
        method, path = self.operations[operation]
        got, text = self.curl(method, path.replace("{id}", ident) + query,
                              "-H", f"Authorization: Bearer {self.token}", data=data)
        self.assertEqual(got, status, text)
        return json.loads(text) if text else None

    def setUp(self):
        method, path = self.operations["api_token_create"]
        status, text = self.curl(method, path, "-u", f"{USER}:{PASSWORD}",
                                 data={"name_label": "curl", "role": "pool-admin"})
        self.assertEqual(status, 201, text)
        self.token = json.loads(text)["result"]

    def test_document_is_valid(self):
        if not shutil.which("node"):
            self.skipTest("node is not installed")
        npm_packages.install()
        path = self.server.daemon.root / "openapi.json"
        path.write_text(json.dumps(self.document), "utf-8")
        done = subprocess.run(
            ["node", npm_packages.HERE / "openapi.mjs", npm_packages.FOLDER, path], check=False,
            capture_output=True, text=True, timeout=TIMEOUT)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_operations_answer(self):
        """Whatever the document reads is there."""
        for path, item in self.document["paths"].items():
            if "get" in item and "{" not in path and path != "/rest/v1/events":
                with self.subTest(path):
                    page = self.call(item["get"]["operationId"])
                    schema = self.document["components"]["schemas"][path.rsplit("/", 1)[1]]
                    for record in page["items"]:
                        self.assertLessEqual(set(record), set(schema["properties"]))

    def test_life_of_a_vm(self):
        templates = self.call("VM_list", query="?name_label=Other%20install%20media&fields=uuid")
        vm = self.call("VM_clone", templates["items"][0]["uuid"], {"new_name": "rest"})["result"]
        self.call("VM_provision", vm, status=204)
        self.call("VM_start", vm, status=204)
        self.assertEqual(self.call("VM_read", vm)["power_state"], "Running")
        changed = self.call("VM_patch", vm, {"name_description": "by curl",
                                             "other_config": {"key": "value"}})
        self.assertEqual(changed["name_description"], "by curl")
        self.assertEqual(changed["other_config"]["key"], "value")
        problem = self.call("VM_destroy", vm, status=409)
        self.assertEqual(problem["code"], "VM_BAD_POWER_STATE")
        self.call("VM_hard_shutdown", vm, status=204)
        self.call("VM_destroy", vm, status=204)
        self.assertEqual(self.call("VM_read", vm, status=404)["code"], "UUID_INVALID")


if __name__ == "__main__":
    tap.main()
