#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints one table of speed and memory beside the yardsticks of the same run.

Usage: bench.py BUILD_DIR. Each figure is the best of three runs; nothing here passes or fails.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(sys.argv[1])
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RUNS = 3
CLIP_SECONDS = 5
WORDS = "一位穿汉服的女孩在樱花树下弹古筝，花瓣随风飘落"
SIZE = ["width=1280", "height=720"]


def environment(work):
    env = dict(os.environ)
    for name in list(env):
        if name.startswith(("DEEPSEEK_", "DASHSCOPE_", "OPENAI_")):
            del env[name]
    env["GST_PLUGIN_PATH_1_0"] = os.path.join(BUILD, "elements")
    env["GST_REGISTRY_1_0"] = os.path.join(work, "registry")
    env["AIGC_PIPELINES"] = os.path.join(ROOT, "pipelines")
    env["AIGC_CACHE_DIR"] = os.path.join(work, "cache")
    return env


def run(command, env):
    """Wall seconds, peak MiB and seconds to the first line of output."""
    start = time.monotonic()
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    first_line = process.stdout.readline()
    first = time.monotonic() - start
    rest = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    if status != 0:
        sys.exit(f"{' '.join(command)} failed:\n{(first_line + rest).decode(errors='replace')}")
    return wall, usage.ru_maxrss / 1024, first


def best(command, env, prepare=lambda: None):
    results = []
    for _ in range(RUNS):
        prepare()
        results.append(run(command, env))
    return [min(column) for column in zip(*results)]


def row(what, figure, bar, note=""):
    print(f"| {what:<46} | {figure:>16} | {bar:<26} | {note}")


def main():
    work = tempfile.mkdtemp(prefix="aigc-bench-")
    env = environment(work)
    cache = env["AIGC_CACHE_DIR"]
    fresh = lambda: shutil.rmtree(cache, ignore_errors=True)
    launch = ["gst-launch-1.0", "-q"]
    run(["gst-inspect-1.0", "identity"], env)  # the registry is written once

    row("what", "figure", "bar", "yardstick, same run")
    row("-" * 46, "-" * 16, "-" * 26)

    clip = best(launch + ["wanxvideogen", f"prompt={WORDS}", *SIZE, f"duration={CLIP_SECONDS}", "!",
                          "fakesink", "sync=false"], env, fresh)
    picture = os.path.join(work, "key.png")
    run(launch + ["qwenimagesrc", f"prompt={WORDS}", *SIZE, "!", "filesink",
                  f"location={picture}"], env)
    zoompan = best(["ffmpeg", "-v", "error", "-y", "-loop", "1", "-i", picture, "-vf",
                    "zoompan=z='min(zoom+0.0015,1.5)':d=150:s=1280x720:fps=30", "-frames:v", "150",
                    "-c:v", "libx264", "-preset", "ultrafast", os.path.join(work, "zoom.mp4")], env)
    row("preview clip 1280x720, 150 frames, fakesink", f"{CLIP_SECONDS / clip[0]:.1f}x real time",
        "at least 4x", f"ffmpeg zoompan {CLIP_SECONDS / zoompan[0]:.1f}x")
    row("  its peak memory", f"{clip[1]:.0f} MiB", "at most 250 MiB",
        f"ffmpeg zoompan {zoompan[1]:.0f} MiB")

    film_file = os.path.join(work, "film.mp4")
    film = best([os.path.join(BUILD, "pipelines/aigc/aigc"), "film", f"prompt={WORDS}",
                 f"out={film_file}"], env, fresh)
    encode = best(launch + ["filesrc", f"location={film_file}", "!", "qtdemux", "!", "h264parse",
                            "!", "avdec_h264", "!", "x264enc", "!", "h264parse", "!", "mp4mux", "!",
                            "filesink", f"location={os.path.join(work, 'again.mp4')}"], env)
    row("aigc film, first line of output", f"{film[2]:.2f} s", "at most 1 s")
    row("aigc film, 5 s at 1280x720", f"{film[0]:.2f} s", "encode alone + 2 s",
        f"encode alone {encode[0]:.2f} s (+{film[0] - encode[0]:.2f} s)")

    ours = best(["gst-inspect-1.0", "qwenimagesrc"], env)
    stock = best(["gst-inspect-1.0", "identity"], env)
    row("gst-inspect-1.0 qwenimagesrc", f"{ours[0] * 1000:.0f} ms", "stock + 60 ms",
        f"identity {stock[0] * 1000:.0f} ms (+{(ours[0] - stock[0]) * 1000:.0f} ms)")
    shutil.rmtree(work)


main()
