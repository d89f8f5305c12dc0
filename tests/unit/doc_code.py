#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the named code blocks of a document ("```cpp NAME") to files, and to size.h how many lines
of code they have without the table. Usage: doc_code.py DOCUMENT FOLDER"""
import pathlib
import re
import sys

document, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
blocks = re.findall(r"^```cpp (\S+)\n(.*?)^```$", document.read_text(encoding="utf-8"), re.M | re.S)
lines = 0
for name, code in blocks:
    (folder / name).write_text(code, encoding="utf-8")
    if name != "models.h":
        lines += sum(1 for line in code.splitlines() if not re.match(r"\s*(//.*)?$", line))
(folder / "size.h").write_text(f"constexpr int kLinesOfCode = {lines};\n", encoding="utf-8")
