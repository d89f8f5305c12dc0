#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A whole channel on a bad day: nothing to show, clips that cannot be shown, operators, kill -9.

The playlist is held to the rules all the while, and to the as-run log afterwards.
(AIGC_TOOL is the program aigc, AIGC_JOBS the folder of the jobs; the plugin must be on the paths)
"""
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from urllib.parse import unquote, urlsplit

from hls_air_test import make_clip
from hls_aired import ranges_and_log, read_log
from hls_rig import run_all, wait_segments, watched
from hls_rules import Checked, check

FPS = 25


class Channel:
    """In the folder beside that of the playlist."""

    def __init__(self, folder):
        self.place = folder.parent
        jobs = self.place / "jobs"
        shutil.copytree(os.environ["AIGC_JOBS"], jobs, dirs_exist_ok=True, ignore=shutil.ignore_patterns("aigc"))
        job = (jobs / "channel.launch").read_text()
        (jobs / "channel.launch").write_text(job.replace("name=hls ", "name=hls target-duration=2 ", 1))
        self.env = {**os.environ, "AIGC_PIPELINES": str(jobs), "AIGC_CACHE_DIR": str(self.place / "cache")}
        self.program = None

    def start(self):
        words = ["channel", "shots=day.txt", "loop=1", "duration=2", "hls=live", "state=state", "backend=preview",
                 "width=160", "height=96", f"fps={FPS}", "preset=ultrafast", "filler=filler", "reair-gap=6"]
        self.program = subprocess.Popen([os.environ["AIGC_TOOL"], *words], cwd=self.place, env=self.env,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self):
        if self.program:
            self.program.kill()
            self.program.wait()

    def tell(self, *words):
        ran = subprocess.run([os.environ["AIGC_TOOL"], "ctl", "--socket", "state/control", "--json", *words],
                             cwd=self.place, env=self.env, capture_output=True, text=True, check=False, timeout=20)
        return json.loads(ran.stdout or "{}")

    def add(self, text, limit=30):
        """Once it takes requests. Gives the id."""
        end = time.monotonic() + limit
        while not (answer := self.tell("add", text, "duration=2")).get("ok"):
            assert time.monotonic() < end, f"{text} is refused: {answer}"
            time.sleep(0.1)
        return answer["id"]

    def wait_on_air(self, tier, limit=30):
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if self.tell("status").get("on-air", {}).get("tier") == tier:
                return
            time.sleep(0.2)
        raise AssertionError(f"no {tier} comes: {self.tell('status')}")

    def items(self):
        return {item["id"]: item for item in self.tell("list")["items"]}

    def spoil(self, limit=30):
        """What was found good, and is held open by nobody, is cut in the middle. Gives its id."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            for item in self.items().values():
                if item["state"] == "ready":
                    clip = unquote(urlsplit(item["uri"]).path)
                    os.truncate(clip, os.stat(clip).st_size // 2)
                    return item["id"]
            time.sleep(0.1)
        raise AssertionError(f"no clip gets ready: {self.tell('list')}")

    def wait_over(self, shots, limit=30):
        """Until none of them is to come any more. Gives how each that was on air ended."""
        end = time.monotonic() + limit
        while set(shots) & set(self.items()):
            assert time.monotonic() < end, f"they stay: {self.tell('list')}"
            time.sleep(0.1)
        time.sleep(0.5)  # the log is written behind
        log = read_log(self.place / "state" / "as-run.jsonl")
        return {row["id"]: row["end"] for row in log if row.get("id") in shots and row["tier"] == "item"}


def fillers(folder):
    folder.mkdir()
    make_clip(folder / "b.mp4", FPS, 2, 1)
    (folder / "a.mp4").write_bytes((folder / "b.mp4").read_bytes()[:3000])
    (folder / "c.mp4").write_text("no clip")


def a_bad_day(folder):
    fillers(folder.parent / "filler")
    (folder.parent / "day.txt").write_text("".join(f"a fox in the snow {i}\n" for i in range(4)))
    channel = Channel(folder)
    with watched(folder) as recording:
        try:
            channel.start()
            wait_segments(folder, 1)
            channel.tell("skip")
            channel.wait_on_air("filler")
            channel.tell("hold")
            requests = [channel.add(f"an otter {i}") for i in range(5)]
            spoiled = channel.spoil()
            channel.tell("resume")
            ends = channel.wait_over(requests)
            whole = {request: "played" for request in requests if request != spoiled}
            assert {request: ends.pop(request, None) for request in whole} == whole, f"{spoiled} is spoiled, {ends}"
            assert ends in ({}, {spoiled: "damaged"}), f"{spoiled} is spoiled, {ends}"
            channel.kill()
            channel.start()
            channel.add("a heron")
            wait_segments(folder, 3)
            channel.wait_on_air("reair")
            channel.tell("skip")
            wait_segments(folder, 3)
            channel.tell("end")
            assert channel.program.wait(20) == 0, f"the channel ended with {channel.program.returncode}"
        finally:
            channel.kill()
        checked = Checked(recording(), pauses=1, bt709=True)
    aired = read_log(folder.parent / "state" / "as-run.jsonl")
    tiers = Counter(row["tier"] for row in aired)
    print(f"# {len(checked.listed)} segments, {dict(tiers)}, {dict(Counter(row['end'] for row in aired))}")
    broken = check(checked) + list(ranges_and_log(checked, aired, FPS))
    marks = sum(segment.discontinuity for segment in checked.listed.values())
    if marks != 1:
        broken.append(("22 restart", f"{marks} discontinuities"))
    for tier in ("item", "repeat", "reair", "filler", "slate"):
        if not tiers[tier]:
            broken.append(("scenario", f"no {tier} was on air"))
    return broken


if __name__ == "__main__":
    sys.exit(run_all([a_bad_day], together=False))
