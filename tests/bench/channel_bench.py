#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a channel takes: clips on air for a minute, encoded and muxed, by itself and four at once.

The clips are there before: whoever makes them, it is not this machine. Judged is processor time, which
a busy machine changes little; on one that is too busy frames are missing, which is said as well.

Usage: channel_bench.py BUILD_DIR
"""
import os
import signal
import subprocess
import time

from bench_tools import BUILD, ROOT, judge, row, run_parts

RATE = 25
CLIP = 5  # seconds
SECONDS = 60
MEMORY = 400  # MiB at most, at its peak
SOURCES = ["smpte", "ball", "smpte75", "colors", "gamut"]


def environment(work):
    return dict(os.environ, GST_PLUGIN_PATH_1_0=os.path.join(BUILD, "elements"),
                GST_PRESET_PATH=os.path.join(ROOT, "elements/presets"),
                GST_REGISTRY_1_0=os.path.join(work, "registry"), AIGC_CACHE_DIR=os.path.join(work, "cache"))


def gst(work, *words):
    return ["gst-launch-1.0", "-q", "-e", *" ".join(words).split()]


def make_clips(work, width, height):
    """As services deliver them: a moving picture with sound. Returns a list of more than the bench airs."""
    clips = []
    for pattern in SOURCES:
        clip = os.path.join(work, f"{pattern}.mp4")
        subprocess.run(gst(
            work, f"videotestsrc pattern={pattern} horizontal-speed=3 num-buffers={CLIP * RATE}",
            f"! video/x-raw,width={width},height={height},framerate={RATE}/1 ! x264enc speed-preset=superfast ! h264parse ! mux.",
            f"audiotestsrc num-buffers={CLIP * 48000 // 1024} ! audio/x-raw,rate=48000,channels=2",
            f"! avenc_aac ! mp4mux name=mux ! filesink location={clip}"), env=environment(work), check=True)
        clips.append(clip)
    path = os.path.join(work, "clips.txt")
    with open(path, "w") as file:
        file.write("\n".join(clips * (2 * SECONDS // CLIP // len(clips) + 1)) + "\n")
    return path


def start(work, clips, width, height, bitrate, name):
    caps = f"video/x-raw,width={width},height={height},framerate={RATE}/1"
    return subprocess.Popen(gst(
        work, f"filesrc location={clips} ! text/uri-list ! clipplayout name=air video-caps={caps}",
        f"air.video ! queue ! x264enc speed-preset=ultrafast tune=zerolatency bitrate={bitrate} key-int-max=50",
        "! h264parse ! queue ! mux. air.audio ! queue ! audioconvert ! avenc_aac ! aacparse ! queue ! mux.",
        f"mpegtsmux name=mux alignment=7 ! filesink location={os.path.join(work, name)}"),
        env=environment(work), stdout=subprocess.DEVNULL)


def end(process):
    """Returns the processor time it took."""
    process.send_signal(signal.SIGINT)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"the channel ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def frames(path):
    shown = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v", "-count_packets", "-show_entries",
         "stream=nb_read_packets", "-of", "csv=p=0", path], stdout=subprocess.PIPE, text=True, check=True)
    return int(shown.stdout.split()[0].strip(","))


def measure(work, count, width, height, bitrate, bar):
    clips = make_clips(work, width, height)
    began = time.monotonic()
    channels = [start(work, clips, width, height, bitrate, f"{number}.ts") for number in range(count)]
    time.sleep(SECONDS)
    wall = time.monotonic() - began
    ended = [end(channel) for channel in channels]
    cores = sum(seconds for seconds, _ in ended) / wall
    on_air = [frames(os.path.join(work, f"{number}.ts")) for number in range(count)]
    what = f"{count} channels of {height}p{RATE}" if count > 1 else f"a channel of {height}p{RATE}"
    memory = max(resident for _, resident in ended)
    judge(cores <= bar and memory <= MEMORY, what)
    row(f"{what}, x264 ultrafast, {SECONDS} s", f"{cores:.2f} cores", f"at most {bar}, {MEMORY} MiB",
        f"{min(on_air)} of {SECONDS * RATE} frames, {memory:.0f} MiB each")


def one(work):
    measure(work, 1, 1280, 720, 3000, 0.6)


def four(work):
    measure(work, 4, 640, 360, 1000, 2.0)


if __name__ == "__main__":
    run_parts(one, four)
