#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# The schema in docs takes every valid example of a brand file and refuses every invalid one, as the
# reader does (brand_test.cpp). Skipped where there is no jsonschema for Python.
import json
import pathlib
import sys

try:
    import jsonschema
except ImportError:
    sys.exit(77)

schema = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
examples = pathlib.Path(sys.argv[2])
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
wrong = []
for folder, expected in (("valid", True), ("invalid", False)):
    for path in sorted((examples / folder).glob("*.json")):
        if validator.is_valid(json.loads(path.read_text(encoding="utf-8"))) != expected:
            wrong.append(f"{path.name} should be {folder}")
for path in sys.argv[3:]:
    if not validator.is_valid(json.loads(pathlib.Path(path).read_text(encoding="utf-8"))):
        wrong.append(f"{path} should be valid")
print("\n".join(wrong))
sys.exit(1 if wrong else 0)
