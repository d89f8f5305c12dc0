#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts the cases of one `meson test` run: tally.py LOGBASE prints "passed failed skipped".

A program that failed without a failed case (a leak, a crash at the end) counts as one failure.
Skipped cases are named with their reason on standard error."""
import collections
import json
import sys
import xml.etree.ElementTree as xml

BAD = {"FAIL", "ERROR", "TIMEOUT", "INTERRUPT", "UNEXPECTEDPASS"}


def main(base):
    passed, failed, skipped = collections.Counter(), collections.Counter(), collections.Counter()
    for suite in xml.parse(base + ".junit.xml").iter("testsuite"):
        for case in suite.iter("testcase"):
            # PROJECT.PROGRAM.SUITE with gtest, PROJECT:SUITE otherwise
            parts = suite.get("name").split(".")
            program = parts[1] if len(parts) > 1 else case.get("name")
            if case.find("failure") is not None or case.find("error") is not None:
                failed[program] += 1
            elif case.find("skipped") is not None or case.get("result") == "skipped":
                skipped[program] += 1
                reason = case.find("skipped")
                text = (reason.get("message") or reason.text or "") if reason is not None else ""
                print(f"skipped: {program} {case.get('name')}: {text.strip()}", file=sys.stderr)
            else:
                passed[program] += 1
    with open(base + ".json") as log:
        for run in map(json.loads, log):
            name = run["name"].split(" / ")[-1]
            if run["result"] in BAD and not failed[name]:
                failed[name] += 1
    print(sum(passed.values()), sum(failed.values()), sum(skipped.values()))


main(sys.argv[1])
