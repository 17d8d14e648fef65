"""modelc: turns model/*.model into C tables, typed access, documentation and more.

    modelc --list-outputs FILE...          names of what --generate writes
    modelc --generate --out DIR FILE...    writes them; a file that did not change is left alone
    modelc --coverage FILE...              which messages have an implementation

The pipeline: lexer.py (lines to blocks), parse.py (blocks to tree.py), check.py, derive.py (the
methods every class has by itself), then one backend_*.py per output.
"""

import argparse
import os
import sys

sys.dont_write_bytecode = True  # nothing is written beside the sources

import backend_coverage
import backend_db
import backend_dispatch
import backend_doc
import backend_errors
import backend_http
import backend_json
import backend_openapi
import backend_operations
import backend_ops
import backend_schema
import backend_ts
import backend_types
from check import check_model
from lexer import ModelError
from parse import parse_model

# A back end has generate(model) -> {file name: text}; one with statements of its own lists their
# first words in STATEMENTS and finds the blocks in model.extra.
BACKENDS = (backend_errors, backend_types, backend_schema, backend_db, backend_ops,
            backend_dispatch, backend_http, backend_operations, backend_json, backend_openapi,
            backend_ts, backend_doc)


def load(paths):
    words = [word for backend in BACKENDS for word in getattr(backend, 'STATEMENTS', ())]
    model = parse_model(paths, words)
    check_model(model)
    return model


def generate(model):
    outputs = {}
    for backend in BACKENDS:
        outputs.update(backend.generate(model))
    return outputs


def write_if_changed(path, text):
    """Keeps the time stamp of what stayed the same, so that nothing is compiled for it."""
    try:
        with open(path, encoding='utf-8') as file:
            if file.read() == text:
                return
    except FileNotFoundError:
        pass
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


def main():
    parser = argparse.ArgumentParser(prog='modelc', description='the model compiler')
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument('--list-outputs', action='store_true')
    action.add_argument('--generate', action='store_true')
    action.add_argument('--coverage', action='store_true')
    parser.add_argument('--out', default='.', metavar='DIR')
    parser.add_argument('files', nargs='+', metavar='FILE')
    options = parser.parse_args()
    try:
        model = load(options.files)
    except ModelError as error:
        sys.exit(str(error))
    if options.coverage:
        print(backend_coverage.report(model), end='')
    elif options.list_outputs:
        print('\n'.join(generate(model)))
    else:
        for name, text in generate(model).items():
            write_if_changed(os.path.join(options.out, name), text)


main()
