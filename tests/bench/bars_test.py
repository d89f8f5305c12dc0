#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The bars of speed as a test, with room for a machine that has other things to do: what it really
takes is for the benches to say.

Usage: bars_test.py BUILD_DIR
"""
import tempfile

from bench_tools import failed
from cloud_bench import make_sixty
from posts_bench import posts

SHOTS_SLACK = 1.15  # of the list schedule, where the bar is 1.05
POSTS = 60
POSTS_A_SECOND = {".jpg": 10, ".png": 4}  # half the bars


def sixty_shots_take_little_longer_than_their_schedule(work):
    wall, bound = make_sixty(work)
    return wall <= SHOTS_SLACK * bound, f"{wall:.2f} s, the schedule is {bound:.2f} s"


def posts_are_quick(work, ending):
    made, _ = posts(work, ending, POSTS)
    rate = POSTS / made.wall
    return rate >= POSTS_A_SECOND[ending], f"{rate:.1f} rows/s"


def main():
    cases = {"sixty shots": sixty_shots_take_little_longer_than_their_schedule}
    for ending in POSTS_A_SECOND:
        cases[f"posts as {ending}"] = lambda work, ending=ending: posts_are_quick(work, ending)
    print(f"1..{len(cases)}", flush=True)
    for number, (name, case) in enumerate(cases.items(), 1):
        with tempfile.TemporaryDirectory(prefix="aigc-bars-") as work:
            good, figure = case(work)
        good = good and not failed
        print(f"{'ok' if good else 'not ok'} {number} - {name}: {'; '.join([figure, *failed])}", flush=True)
        failed.clear()


main()
