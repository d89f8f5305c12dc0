#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Watches a live HLS playlist while it is written and holds it to the rules.

  hls_rules.py PLAYLIST --while PID     until that process is gone
  hls_rules.py PLAYLIST --seconds N     for N seconds

Rules are those of RFC 8216 (and its successor, rfc8216bis) and of Apple's HLS authoring
specification that hold for a single variant in MPEG-TS. Exit code 0: all are kept; 1: each broken one
is named.
"""
import argparse
import os
import sys
import time

import hls_text_rules
import hls_ts_rules
from hls_playlist import parse
from hls_record import Recorder


class Checked:
    """What the rules look at: all versions, and one table of all segments that were listed."""

    def __init__(self, recording, real_time=True, gaps=False, pauses=0, bt709=False, drift=0):
        self.recording = recording
        self.real_time = real_time  # the stream was made at the speed it is played at
        self.gaps = gaps            # parts were lost, and are marked so
        self.bt709 = bt709          # the pictures are, and must say so
        self.drift = drift          # seconds by which airtimes may come nearer to the clock with each segment
        self.pauses = pauses        # how many times nothing was on air, as for a restart
        self.versions = [parse(version.data) for version in recording.versions]
        self.listed = {}            # media sequence number -> Listed
        for version in self.versions:
            for number, segment in enumerate(version.segments, version.first):
                self.listed.setdefault(number, segment)
        self.window = max((len(version.segments) for version in self.versions), default=0)


RULES = hls_text_rules.RULES + hls_ts_rules.RULES


def check(checked, only=None):
    """(rule, what is wrong) of all that is broken, or of those rules whose number is `only`."""
    broken = []
    for rule, function in RULES:
        if only and rule.split()[0] != only:
            continue
        try:
            broken += [(rule, what) for what in function(checked)]
        except (ValueError, IndexError, KeyError, AttributeError, TypeError) as error:
            broken.append((rule, f"cannot be checked: {error!r}"))
    return broken


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("playlist")
    until = parser.add_mutually_exclusive_group(required=True)
    until.add_argument("--while", dest="pid", type=int, help="until this process is gone")
    until.add_argument("--seconds", type=float)
    parser.add_argument("--fast", action="store_true", help="the stream is not made in real time")
    parser.add_argument("--gaps", action="store_true", help="parts may be missing, marked as GAP")
    parser.add_argument("--bt709", action="store_true", help="the colours are BT.709")
    parser.add_argument("--pauses", type=int, default=0, help="times nothing was on air (restarts)")
    options = parser.parse_args()
    end = time.monotonic() + (options.seconds or 0)
    is_over = (lambda: not is_running(options.pid)) if options.pid else (
        lambda: time.monotonic() > end)
    recording = Recorder(options.playlist).run(is_over)
    return report(Checked(recording, not options.fast, options.gaps, options.pauses,
                          options.bt709))


def report(checked):
    broken = check(checked)
    for rule, what in broken:
        print(f"rule {rule}: {what}")
    print(f"{len(checked.versions)} versions, {len(checked.listed)} segments, "
          f"{sum(s.duration for s in checked.listed.values()):.1f} s: "
          f"{len(broken)} breaks of {len(RULES)} rules")
    return 1 if broken or not checked.listed else 0


if __name__ == "__main__":
    sys.exit(main())
