#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Speed of the three cloud stages against the stand-in, beside what no client could beat.

Usage: cloud_bench.py BUILD_DIR
"""
import heapq
import json
import math
import os
import random
import statistics

from bench_tools import (AIGC, Standin, environment, judge, judge_calls, no_limits, prices_file, row, run,
                         run_parts)

SIXTY = 60
SIXTY_BAR = 1.05
RUNS = 3
# About as large as the film: what it takes to unpack them is not what is measured.
SMALL_PICTURE = {"width": 320, "height": 180}
SMALL_CLIP = {"width": 160, "height": 90, "duration": 1}


def prepare(work):
    """The stand-in makes its files when they are first ordered; they are of four kinds."""
    with Standin({"limits": "off", "poll_qps": 0}) as standin:
        run(stages_to(os.path.join(work, "warm.uris"), list_of(work, 40), "width=640", "height=360"),
            environment(work, standin, no_limits(work)))


def list_of(work, count):
    """A list of shots of a second."""
    path = os.path.join(work, "shots.jsonl")
    with open(path, "w") as file:
        for number in range(count):
            file.write(json.dumps({"script": f"第{number}个镜头，海边的灯塔", "duration": 1}) + "\n")
    return path


def stages_to(path, shots, *size):
    """The three stages, their clips not joined."""
    return ["gst-launch-1.0", "-q", "aishotsrc", f"location={shots}",
            "!", "aipromptenhance", "max-in-flight=6", "!", "qwenimagesrc", "max-in-flight=6", *size,
            "!", "wanxclipgen", "max-in-flight=6", *size, "!", "filesink", f"location={path}"]


def film_overhead(work):
    """One shot, fixed service times, none of them known before: what the client adds to them."""
    times = {"chat": 2, "image": 8, "video": 20}
    with Standin({name: {"seconds": value} for name, value in times.items()}) as standin:
        env = environment(work, standin)
        run(["gst-inspect-1.0", "identity"], env)  # the registry is written once
        wall = run([AIGC, "film", "prompt=海边的灯塔，暴风雨", f"out={work}/one.mp4", "duration=1",
                    "width=640", "height=360"], env).wall
    added = wall - sum(times.values())
    judge(added <= 1.0, "film overhead")
    row("aigc film on 2 s words, 8 s picture, 20 s clip", f"{wall:.2f} s", "sum + 1.0 s",
        f"sum {sum(times.values())} s (+{added:.2f} s)")


def lognormal(draw, median, count):
    return [round(median * math.exp(0.5 * draw.gauss(0, 1)), 3) for _ in range(count)]


def list_schedule(words, pictures, clips):
    """When the last clip is there if each of two painters and two cameras takes the next shot at once."""
    painters, cameras = [words] * 2, [0.0] * 2
    for picture, clip in zip(pictures, clips):
        painted = heapq.heappop(painters) + picture
        heapq.heappush(painters, painted)
        heapq.heappush(cameras, max(heapq.heappop(cameras), painted) + clip)
    return max(cameras)


def film(work, standin, env, count):
    """A film of so many shots, made of a list. It is small: its encoder is not what is measured."""
    run(["gst-inspect-1.0", "identity"], env)
    made = run([AIGC, "film", f"shots={list_of(work, count)}", f"out={work}/film.mp4", "width=160",
                "height=90"], env)
    judge_calls(standin, count, count, 3 * count)
    return made


def twelve_shots(work):
    """Twelve shots where the service works on two clips at once."""
    clips = lognormal(random.Random(12), 4, 12)
    words, picture = 0.2, 0.5
    with Standin({"chat": {"seconds": words}, "image": {"seconds": picture},
                  "video": {"seconds_list": clips}}) as standin:
        wall = film(work, standin, environment(work, standin), 12).wall
    bound = list_schedule(words, [picture] * 12, clips)
    judge(wall <= 1.05 * bound, "twelve shots")
    row("12 shots, 2 clips at once, log-normal times", f"{wall:.2f} s", "schedule x 1.05",
        f"list schedule {bound:.2f} s (x {wall / bound:.3f})")


class Sixty:
    """One film of sixty shots: its wall seconds, those of the list schedule, and what lies between."""

    def __init__(self, made, calls, pictures, clips):
        self.wall, began = made.wall, made.began
        self.bound = list_schedule(0, pictures, clips)
        looks = {}
        for call in calls:
            if call["route"] == "task":
                looks.setdefault(call["task_id"], []).append(call["time_ms"] / 1000 - began)
        found, late, orders = {}, [], {}
        for route, draws in (("image-async", pictures), ("video", clips)):
            sent = [call for call in calls if call["route"] == route]
            orders[route] = [call["time_ms"] / 1000 - began for call in sent]
            found[route] = [max(looks[call["task_id"]]) for call in sent]
            late += [at - start - draw
                     for at, start, draw in zip(found[route], orders[route], draws)]
        self.first = min(orders["image-async"])
        self.late = statistics.mean(late)
        # Two at once: each but the first two is ordered when one of those before it is found done.
        waits = [start - free for start, free
                 in zip(orders["image-async"][2:], sorted(found["image-async"]))]
        self.next = statistics.median(waits)
        self.last = self.wall - max(found["video"])

    def ratio(self):
        return self.wall / self.bound

    def span_ratio(self):
        """From the first order to the last clip."""
        return (self.wall - self.first - self.last) / self.bound


def make_sixty(work):
    """Sixty shots that take a hundredth of what real ones do, and so of an account without limits of
    calls a second: two pictures and two clips at once are all that binds."""
    draw = random.Random(SIXTY)
    pictures, clips = lognormal(draw, 0.5, SIXTY), lognormal(draw, 0.5, SIXTY)
    at_once = {"submits": 0, "concurrent": 2}
    prices = prices_file(os.path.join(work, "prices.json"), {
        "polls": {"per_second": 0, "concurrent": 0}, "qwen-image": {"per_second": 0, "concurrent": 2},
        "wan2.2": {"per_second": 0, "concurrent": 2}})
    with Standin({"limits": {"qwen-image": at_once, "wan2.2": at_once}, "poll_qps": 0,
                  "image": {"seconds_list": pictures} | SMALL_PICTURE,
                  "video": {"seconds_list": clips} | SMALL_CLIP}) as standin:
        made = film(work, standin, environment(work, standin, prices), SIXTY)
        return Sixty(made, standin.get("calls")["calls"], pictures, clips)


def sixty_shots(work):
    made = []
    for number in range(RUNS):
        folder = os.path.join(work, str(number))
        os.mkdir(folder)
        made.append(make_sixty(folder))
    best = min(made, key=lambda one: one.wall)
    judge(best.ratio() <= SIXTY_BAR, "sixty shots")
    row(f"60 shots, 2 pictures and 2 clips at once, best of {RUNS}", f"x {best.ratio():.3f}",
        f"schedule x {SIXTY_BAR}", f"{best.wall:.2f} s, list schedule {best.bound:.2f} s; all "
        + ", ".join(f"{one.ratio():.3f}" for one in made))
    row("  from the first order to the last clip", f"x {best.span_ratio():.3f}", "",
        f"first order after {best.first:.2f} s, the film's end {best.last:.2f} s after its last clip")
    row("  found done, and the next ordered", f"{1000 * best.late:.0f} + {1000 * best.next:.0f} ms", "",
        "mean after the end, median after that")


def five_hundred(work):
    """What the client itself costs: a service that takes no time."""
    count = 500
    with Standin({"limits": "off", "poll_qps": 0, "image": {"seconds": 0, "width": 640, "height": 360},
                  "video": {"seconds": 0, "width": 320, "height": 180, "duration": 1}}) as standin:
        uris = os.path.join(work, "many.uris")
        made = run(stages_to(uris, list_of(work, count)), environment(work, standin, no_limits(work)))
        with open(uris) as lines:
            clips = sum(1 for _ in lines)
        billed = judge_calls(standin, clips, count, 3 * count)
    rate = count / made.wall
    judge(rate > 30, "five hundred shots")
    judge(max(made.memory) < 150 and made.growth() < 15, "memory")
    row("500 shots at zero latency, three stages to clip files", f"{rate:.1f} shots/s",
        "above 30 shots/s", f"{billed} billed calls")
    row("  its memory", f"{max(made.memory):.0f} MiB", "below 150 MiB",
        f"the last quarter is {made.growth():+.0f} MiB above the second")


if __name__ == "__main__":
    run_parts(prepare, film_overhead, twelve_shots, sixty_shots, five_hundred)
