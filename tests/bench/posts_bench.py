#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Speed of `aigc batch post` where the services take no time: what a picture costs by itself.

Usage: posts_bench.py BUILD_DIR
"""
import json
import os

from bench_tools import AIGC, Standin, environment, judge, judge_calls, no_limits, row, run, run_parts

COUNT = 200
BARS = {".jpg": 20, ".png": 8}  # a second
SIDE = 1024
SIZE = [f"width={SIDE}", f"height={SIDE}"]


def painted(work):
    """A picture as busy as those of a service: what it takes to unpack and pack depends on that."""
    path = os.path.join(work, "painted.png")
    with Standin({}) as standin:
        run(["gst-launch-1.0", "-q", "qwenimagesrc", "backend=preview", "prompt=雨夜的港口，灯塔，樱花",
             *SIZE, "!", "image/png", "!", "filesink", f"location={path}"], environment(work, standin))
    return path


def list_of(work, ending, count):
    path = os.path.join(work, "posts.jsonl")
    with open(path, "w") as file:
        for number in range(count):
            file.write(json.dumps({"prompt": f"第{number}张海报，海边的灯塔", "out": f"{number}{ending}"}) + "\n")
    return path


def posts(work, ending, count):
    """Makes so many of them, their words and pictures by services. Returns the run, and what processor
    time the stand-in took meanwhile."""
    out = os.path.join(work, "out")
    with Standin({"limits": "off", "poll_qps": 0, "image": {"file": painted(work)}}) as standin:
        env = environment(work, standin, no_limits(work))
        before = standin.seconds()
        made = run([AIGC, "batch", "post", list_of(work, ending, count), f"out-dir={out}", *SIZE], env)
        served = standin.seconds() - before
        files = sum(1 for name in os.listdir(out) if name.endswith(ending))
        judge_calls(standin, files, count, 2 * count)
    return made, served


def measure(work, ending):
    bar = BARS[ending]
    made, served = posts(work, ending, COUNT)
    rate = COUNT / made.wall
    judge(rate >= bar, f"posts as {ending}")
    row(f"{COUNT} posts of {SIDE}x{SIDE} as {ending}, zero latency", f"{rate:.1f} rows/s",
        f"at least {bar}/s", f"x {rate / bar:.2f} of the bar")
    row("  processor time of aigc", f"{1000 * made.seconds / COUNT:.0f} ms a row", "",
        f"stand-in {1000 * served / COUNT:.0f} ms")
    judge(made.growth() < 15, f"memory of posts as {ending}")
    row("  its memory", f"{max(made.memory):.0f} MiB", "no growth",
        f"the last quarter is {made.growth():+.0f} MiB above the second")


def jpeg(work):
    measure(work, ".jpg")


def png(work):
    measure(work, ".png")


if __name__ == "__main__":
    run_parts(jpeg, png)
