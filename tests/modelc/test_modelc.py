"""modelc against its golden outputs, and against one bad file per diagnostic.

    test_modelc.py            the cases, as TAP
    test_modelc.py --update   writes the golden files anew; look at the difference before you keep it
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import tap

HERE = Path(__file__).resolve().parent
MODELC = HERE.parent.parent / 'tools' / 'modelc'
PROLOGUE = ['good/roles.model', 'good/releases.model']


def modelc(*args):
    """Runs the generator in the folder of the tests, so that messages show short paths."""
    return subprocess.run([sys.executable, MODELC, *args], cwd=HERE, text=True,
                          capture_output=True, check=False)


def good_files():
    return sorted(str(p.relative_to(HERE)) for p in (HERE / 'good').glob('*.model'))


def golden_names():
    return sorted(n for n in os.listdir(HERE / 'golden') if not n.startswith('.'))


class Golden(unittest.TestCase):
    def test_outputs(self):
        with tempfile.TemporaryDirectory() as out:
            run = modelc('--generate', '--out', out, *good_files())
            self.assertEqual(run.stderr, '')
            for name in sorted(os.listdir(out)):
                with self.subTest(name):
                    wanted = (HERE / 'golden' / name).read_text()
                    self.assertEqual(Path(out, name).read_text(), wanted)
            self.assertEqual(sorted(os.listdir(out)), golden_names())

    def test_list_outputs(self):
        run = modelc('--list-outputs', *good_files())
        self.assertEqual(sorted(run.stdout.split()), golden_names())

    def test_coverage(self):
        run = modelc('--coverage', *good_files())
        self.assertEqual(run.stdout.splitlines()[-3:],
                         ['not there yet, lacks a brush:', '    Lamp.paint',
                          '6.2 explicit: 6 of 7; all: 8 of 10'])

    def test_unchanged_outputs_keep_their_time(self):
        with tempfile.TemporaryDirectory() as out:
            modelc('--generate', '--out', out, *good_files())
            path = Path(out, 'schema.c')
            os.utime(path, (1, 1))
            modelc('--generate', '--out', out, *good_files())
            self.assertEqual(path.stat().st_mtime, 1)


class Bad(unittest.TestCase):
    """One test a file, made below."""

    def test_tab(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, 'tab.model')
            path.write_text('class Lamp\n\tpersistent\n')
            run = modelc('--list-outputs', str(path))
            self.assertEqual(run.stderr, f'{path}:2: tabs are not used here\n')


def bad_test(path):
    def test(self):
        run = modelc('--list-outputs', *PROLOGUE, str(path.relative_to(HERE)))
        self.assertEqual(run.stderr, path.with_suffix('.err').read_text())
        self.assertNotEqual(run.returncode, 0)
    return test


for bad_file in sorted((HERE / 'bad').glob('*.model')):
    setattr(Bad, 'test_' + re.sub(r'\W', '_', bad_file.stem), bad_test(bad_file))


if __name__ == '__main__':
    if sys.argv[1:] == ['--update']:
        sys.exit(modelc('--generate', '--out', 'golden', *good_files()).stderr or 0)
    tap.main()
