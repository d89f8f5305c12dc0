#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a channel takes: clips on air for a minute, encoded and muxed, by itself and four at once.

The clips are there before: whoever makes them, it is not this machine. Each item is a file of its own, as
of a file that comes again the channel knows what is in it. Judged is processor time, of which the encoder
takes a part whatever the channel does, so it is told apart; on a machine that is too busy frames are
missing, which is said as well.

Usage: channel_bench.py BUILD_DIR
"""
import json
import os
import shutil
import signal
import subprocess
import time

from bench_tools import BUILD, ROOT, failed, judge, row, run_parts

RATE = 25
CLIP = 5  # seconds
SECONDS = 60
MEMORY = 400  # MiB at most, at its peak
SOURCES = ["smpte", "pinwheel", "smpte75", "colors", "gamut"]
ENCODER = "encoder"


def environment(work):
    return dict(os.environ, GST_PLUGIN_PATH_1_0=os.path.join(BUILD, "elements"),
                GST_PRESET_PATH=os.path.join(ROOT, "elements/presets"),
                GST_REGISTRY_1_0=os.path.join(work, "registry"), AIGC_CACHE_DIR=os.path.join(work, "cache"))


def gst(work, *words):
    return ["gst-launch-1.0", "-q", "-e", *" ".join(words).split()]


def make_clips(work, width, height):
    """As services deliver them: a moving picture of 8 bits in 4:2:0, with sound."""
    clips = []
    for pattern in SOURCES:
        clip = os.path.join(work, f"{pattern}.mp4")
        subprocess.run(gst(
            work, f"videotestsrc pattern={pattern} horizontal-speed=3 num-buffers={CLIP * RATE}",
            f"! video/x-raw,format=I420,width={width},height={height},framerate={RATE}/1",
            "! x264enc speed-preset=superfast ! h264parse ! mux.",
            f"audiotestsrc num-buffers={CLIP * 48000 // 1024} ! audio/x-raw,rate=48000,channels=2",
            f"! avenc_aac ! mp4mux name=mux ! filesink location={clip}"), env=environment(work), check=True)
        clips.append(clip)
    return clips


def copy_clips(work, clips, name):
    """More than the bench airs."""
    files = []
    for number in range(2 * SECONDS // CLIP + 1):
        files.append(os.path.join(work, f"{name}-{number}.mp4"))
        shutil.copy(clips[number % len(clips)], files[-1])
    return files


class Channel:
    def __init__(self, work, name, clips, width, height, bitrate):
        caps = f"video/x-raw,width={width},height={height},framerate={RATE}/1"
        self.film = os.path.join(work, f"{name}.ts")
        self.log = os.path.join(work, f"{name}.jsonl")
        self.files = copy_clips(work, clips, name)
        items = os.path.join(work, f"{name}.txt")
        with open(items, "w") as file:
            file.write("\n".join(self.files) + "\n")
        self.process = subprocess.Popen(gst(
            work, f"filesrc location={items} ! text/uri-list",
            f"! clipplayout name=air video-caps={caps} as-run={self.log}",
            f"air.video ! queue name={ENCODER} ! x264enc speed-preset=ultrafast tune=zerolatency",
            f"bitrate={bitrate} key-int-max=50 ! h264parse ! queue ! mux.",
            "air.audio ! queue ! audioconvert ! avenc_aac ! aacparse ! queue ! mux.",
            f"mpegtsmux name=mux alignment=7 ! filesink location={self.film}"),
            env=environment(work), stdout=subprocess.DEVNULL)

    def encoder_seconds(self):
        """Of the thread in front of x264 and of those x264 starts, which bear its name."""
        ticks = 0
        for thread in os.scandir(f"/proc/{self.process.pid}/task"):
            with open(os.path.join(thread.path, "stat")) as stat:
                head, _, tail = stat.read().rpartition(")")
            if head.partition("(")[2] == f"{ENCODER}:src":
                ticks += sum(map(int, tail.split()[11:13]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def end(self):
        self.encoding = self.encoder_seconds()
        self.process.send_signal(signal.SIGINT)
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        if self.process.returncode != 0:
            raise SystemExit(f"the channel ended with {self.process.returncode}")
        self.seconds, self.memory = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024

    def frames(self):
        shown = subprocess.run(
            ["ffprobe", "-v", "error", "-select_streams", "v", "-count_packets", "-show_entries",
             "stream=nb_read_packets", "-of", "csv=p=0", self.film],
            stdout=subprocess.PIPE, text=True, check=True)
        return int(shown.stdout.split()[0].strip(","))

    def skipped(self):
        """Clips that were not on air although the one after was: refused, or never shown to their end."""
        with open(self.log) as log:
            aired = [json.loads(line) for line in log]
        whole = {os.path.basename(entry["uri"]) for entry in aired
                 if entry["tier"] == "item" and entry["end"] in ("played", "stopped")}
        if not whole:
            return ["all"]
        names = [os.path.basename(file) for file in self.files]
        return [name for name in names[:max(map(names.index, whole))] if name not in whole]


def measure(work, count, width, height, bitrate, bar):
    clips = make_clips(work, width, height)
    began = time.monotonic()
    channels = [Channel(work, str(number), clips, width, height, bitrate) for number in range(count)]
    time.sleep(SECONDS)
    wall = time.monotonic() - began
    for channel in channels:
        channel.end()
    what = f"{count} channels of {height}p{RATE}" if count > 1 else f"a channel of {height}p{RATE}"
    cores = sum(channel.seconds for channel in channels) / wall
    encoding = sum(channel.encoding for channel in channels) / wall
    memory = max(channel.memory for channel in channels)
    skipped = [name for channel in channels for name in channel.skipped()]
    if skipped:
        failed.append(f"{what}: not on air: {', '.join(skipped)}")
    judge(cores <= bar, f"{what}: {cores:.2f} cores, at most {bar}")
    judge(memory <= MEMORY, f"{what}: {memory:.0f} MiB, at most {MEMORY}")
    on_air = min(channel.frames() for channel in channels)
    row(f"{what}, x264 ultrafast, {SECONDS} s", f"{cores:.2f} cores", f"at most {bar}, {MEMORY} MiB",
        f"{encoding:.2f} of it x264; {on_air} of {SECONDS * RATE} frames, {memory:.0f} MiB each")


def one(work):
    measure(work, 1, 1280, 720, 3000, 0.6)


def four(work):
    measure(work, 4, 640, 360, 1000, 2.0)


if __name__ == "__main__":
    run_parts(one, four)
