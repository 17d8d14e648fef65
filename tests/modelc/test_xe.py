"""backend_xe.py: the tables of the real model, and one bad statement per diagnostic."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import tap

ROOT = Path(__file__).resolve().parent.parent.parent
BACKEND = ROOT / 'tools' / 'modelc' / 'backend_xe.py'
sys.path.insert(0, str(BACKEND.parent))

import backend_xe
from lexer import ModelError
from parse import parse_file, parse_model

CLASSES = sorted(str(path) for path in (ROOT / 'model').glob('*.model'))
TABLES = sorted(str(path) for path in (ROOT / 'model' / 'cli').glob('*.model'))

RECORD = 'record vm of VM\n    uuid = uuid\n    name-label = name_label : s\n'

# text of a model file -> what is said about it
BAD = {
    'record vm of Vm\n': "unknown class 'Vm'",
    'record vm of VM\n    a = nonsense\n': "unknown field 'VM.nonsense'",
    'record vm of VM\n    a = name_label.uuid\n': "'VM.name_label' is no reference",
    'record vm of VM\n    a = guest_metrics.nonsense\n': "unknown field 'VM_guest_metrics.nonsense'",
    'record vm of VM\n    a = call VM.nonsense\n': "unknown message 'VM.nonsense'",
    'record vm of VM\n    a = uuid : s\n': "unknown message 'VM.set_uuid'",
    'record vm of VM\n    a = uuid : z\n': "unknown flags ['z']",
    'record vm of VM\n    a = platform : Mm\n':
        'the flag m and set-key or set-map belong together',
    'record vm of VM\n    a = uuid\n    a = uuid\n': "'a' stands here twice",
    'record vm of VM\n    a = power_state texts none\n': "unknown texts 'none'",
    RECORD + 'family vm of vms\n': "unknown record 'vms'",
    RECORD + 'family vm of vm\n    columns nonsense\n': "record vm has no field 'nonsense'",
    RECORD + 'family vm of vm\n    nonsense\n': "'nonsense' is no clause of a family",
    'command x\n    run\n': 'the doc of x is no sentence',
    'command x\n    doc "X."\n': 'x needs one of call, run and lacks',
    'command x\n    doc "X."\n    flags nonsense\n    run\n': "unknown flag 'nonsense'",
    'command x\n    doc "X."\n    call VM.pause()\n': 'x gives too few arguments',
    'command x\n    doc "X."\n    call VM.pause(self, self)\n': 'x gives too many arguments',
    'command x\n    doc "X."\n    call VM.pause(uuid)\n':
        "'uuid' is neither a parameter nor a literal",
    'command x\n    doc "X."\n    optional uuid\n    call VM.pause(uuid)\n':
        "x: 'uuid' needs a default",
    'command x\n    doc "X."\n    nonsense\n': "'nonsense' is no clause of a command",
}


def generate(*files):
    """Runs the back end; (what it wrote, what it said)."""
    with tempfile.TemporaryDirectory() as out:
        run = subprocess.run([sys.executable, str(BACKEND), '--out', out, *files], text=True,
                             capture_output=True, check=False)
        return {path.name: path.read_text() for path in Path(out).iterdir()}, run.stderr


class Tables(unittest.TestCase):
    def test_outputs(self):
        outputs, errors = generate(*CLASSES, *TABLES)
        self.assertEqual(errors, '')
        self.assertEqual(sorted(outputs), ['xe.1', 'xe.bash', 'xe_table.c', 'xe_table.h'])
        self.assertIn('CliRun cmd_vm_start;', outputs['xe_table.h'])

    def test_completion_is_a_script(self):
        outputs, _ = generate(*CLASSES, *TABLES)
        run = subprocess.run(['bash', '-n'], input=outputs['xe.bash'], text=True,
                             capture_output=True, check=False)
        self.assertEqual((run.returncode, run.stderr), (0, ''))
        self.assertIn("vif-move) echo 'uuid= network-uuid=' ;;", outputs['xe.bash'])
        self.assertNotIn('vbd-pause', outputs['xe.bash'])
        for name in ('vm\\-start', 'vif\\-move', 'host\\-disable'):
            self.assertIn(f'\\fB{name}\\fP', outputs['xe.1'])
        self.assertNotIn('vbd\\-pause', outputs['xe.1'])


class Bad(unittest.TestCase):
    def test_diagnostics(self):
        model = parse_model(CLASSES)
        for text, complaint in BAD.items():
            with self.subTest(complaint), tempfile.NamedTemporaryFile(
                    'w', suffix='.model') as file:
                file.write(text)
                file.flush()
                model.extra = {}
                with self.assertRaises(ModelError) as caught:
                    parse_file(model, file.name, backend_xe.STATEMENTS)
                    backend_xe.generate(model)
                self.assertIn(complaint, str(caught.exception))

    def test_message_names_the_line(self):
        with tempfile.NamedTemporaryFile('w', suffix='.model') as file:
            file.write('command x\n    doc "X."\n\n    nonsense\n')
            file.flush()
            outputs, errors = generate(*CLASSES, file.name)
            self.assertIn(":4: 'nonsense' is no clause of a command", errors)
            self.assertEqual(outputs, {})


if __name__ == '__main__':
    tap.main()
