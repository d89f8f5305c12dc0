#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the as-run log says was on air is what viewers see, to the frame, and when they see it.

Clips that flash and beep at a known moment go through clipplayout and livehlssink, with a time between
them in which there are none. (gst-launch-1.0 and the plugin must be on the paths)
"""
import array
import signal
import subprocess
import sys
import time
from bisect import bisect_right
from functools import partial

from hls_aired import ranges_and_log, read_log
from hls_playlist import seconds_of
from hls_rig import run_all, watched
from hls_rules import Checked, check
from hls_ts import CLOCK, unwrapped

FPS = 25
MUX_BASE = 3600 * CLOCK  # mpegtsmux begins at an hour
RATE = 48000
AAC = 1024 / RATE
# name, pictures a second, seconds, flash (a slot of the grid, and a picture of the clip)
CLIPS = [("a", 25, 1.6, 0.40), ("b", 30, 1.8, 0.80), ("c", 24, 2.0, 1.00), ("d", 25, 1.4, 0.00),
         ("e", 50, 1.52, 0.60)]
BEFORE_THE_GAP = 3


def make_clip(path, fps, seconds, flash):
    on = rf"between(t\,{flash - 0.001}\,{flash + 0.199})"
    picture = f"color=black:s=160x96:r={fps}:d={seconds},drawbox=c=white:t=fill:enable='{on}'"
    sound = rf"aevalsrc='if(between(t\,{flash}\,{flash + 0.2})\,0.5*sin(2*PI*1000*t)\,0)':s={RATE}:d={seconds}"
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound,
                    "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", path], check=True)


def line(folder, encoder):
    return f"""-q -e fdsrc ! text/uri-list ! clipplayout name=air as-run={folder}/aired.jsonl
 video-caps=video/x-raw,format=I420,width=160,height=96,framerate={FPS}/1
 air.video ! x264enc {encoder} key-int-max=250 ! h264parse ! hls.video
 air.audio ! avenc_aac ! aacparse ! hls.audio
 livehlssink name=hls target-duration=2 playlist-length=60 location={folder}/s%05d.ts
 playlist-location={folder}/live.m3u8"""


def wait_until_over(folder, count):
    """Until so many more items were on air, and the last picture of the last one stayed on."""
    log = folder / "aired.jsonl"
    tiers = lambda: [row["tier"] for row in read_log(log)] if log.exists() else []
    wanted, end = tiers().count("item") + count, time.monotonic() + 60
    while tiers().count("item") < wanted or tiers()[-1] != "repeat":
        assert time.monotonic() < end, f"on air were {tiers()}"
        time.sleep(0.1)


def on_air(folder, encoder):
    """The recording, and the lines of the log."""
    uris = []
    for name, fps, seconds, flash in CLIPS:
        make_clip(folder / f"{name}.mp4", fps, seconds, flash)
        uris.append((folder / f"{name}.mp4").as_uri() + "\n")
    with watched(folder) as recording:
        channel = subprocess.Popen(["gst-launch-1.0", *line(folder, encoder).split()], stdin=subprocess.PIPE,
                                   text=True)
        for part in (uris[:BEFORE_THE_GAP], uris[BEFORE_THE_GAP:]):
            channel.stdin.writelines(part)
            channel.stdin.flush()
            wait_until_over(folder, len(part))
            time.sleep(1)  # nothing but a slate
        channel.send_signal(signal.SIGINT)
        assert channel.wait(60) == 0, f"gst-launch-1.0 ended with {channel.returncode}"
        return Checked(recording(), bt709=True), read_log(folder / "aired.jsonl")


def decoded(media, *how):
    ran = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-f", "mpegts", "-i", "-", *how, "-"], input=media,
                         capture_output=True, check=True)
    return ran.stdout


class Media:
    """What a viewer gets, on the grid of the channel."""

    def __init__(self, checked):
        segments = sorted(checked.media.items())
        self.times, self.starts = [], []
        for number, segment in segments:
            times = sorted(unwrapped(frame.pts, MUX_BASE) - MUX_BASE for frame in segment.video.frames)
            self.starts.append((times[0], checked.listed[number].start))
            self.times += times
        first_sound = segments[0][1].audio.frames[0].pts
        self.sound_start = (unwrapped(first_sound, MUX_BASE) - MUX_BASE) / CLOCK
        data = b"".join(checked.recording.segments[checked.listed[n].uri].data for n, _ in segments)
        self.lumas = decoded(data, "-map", "v", "-vf", "scale=1:1", "-fps_mode", "passthrough", "-pix_fmt", "gray",
                             "-f", "rawvideo")
        self.samples = array.array("h", decoded(data, "-map", "a", "-ac", "1", "-f", "s16le"))

    def flashes(self):
        """Slots of the grid in which one begins."""
        is_white = [luma > 128 for luma in self.lumas]
        return [self.times[i] * FPS / CLOCK for i, white in enumerate(is_white) if white and not is_white[i - 1]]

    def beeps(self):
        """Seconds of channel time."""
        found, last = [], -RATE
        for i, sample in enumerate(self.samples):
            if abs(sample) > 3000:
                if i - last > RATE // 4:
                    found.append(self.sound_start + i / RATE)
                last = i
        return found

    def airtime(self, slot):
        """What PROGRAM-DATE-TIME says."""
        ticks = slot * CLOCK / FPS
        start, utc = self.starts[bisect_right(self.starts, (ticks, float("inf"))) - 1]
        return utc + (ticks - start) / CLOCK


def agree(media, aired):
    flash_of = {name: round(flash * FPS) for name, _, _, flash in CLIPS}
    items = [row for row in aired if row["tier"] == "item"]
    names = [row["uri"].rsplit("/", 1)[1][0] for row in items]
    if sorted(names) != [clip[0] for clip in CLIPS]:
        yield "36 as-run", f"on air were {names}"
    said = [row["start_frame"] + flash_of[name] for row, name in zip(items, names)]
    if media.flashes() != said:
        yield "36 as-run", f"flashes are in slots {media.flashes()}, the log says {said}"
    for row in aired:
        late = media.airtime(row["start_frame"]) - seconds_of(row["start"])
        if abs(late) >= 1 / FPS:
            yield "16 airtime", f"frame {row['start_frame']} is {late:.3f} s later in the playlist than in the log"
    beeps = media.beeps()
    if len(beeps) != len(said) or any(abs(at - slot / FPS) > 1.5 * AAC for at, slot in zip(beeps, said)):
        yield "29 sound", f"beeps are at {beeps}, the log says {[slot / FPS for slot in said]}"
    for before, after in zip(aired, aired[1:]):
        if before["start_frame"] + before["frames"] != after["start_frame"]:
            yield "36 as-run", f"frame {after['start_frame']} does not follow frame {before['start_frame']}"
    if not {"repeat", "slate"} <= {row["tier"] for row in aired}:
        yield "scenario", f"there was no time without clips: {[row['tier'] for row in aired]}"


def log_and_media(encoder, folder):
    checked, aired = on_air(folder, encoder)
    broken = check(checked)
    return broken + list(agree(Media(checked), aired)) + list(ranges_and_log(checked, aired, FPS))


def scenario(name, encoder):
    function = partial(log_and_media, encoder)
    function.__name__ = name
    return function


SCENARIOS = [scenario("an_encoder_without_delay", "speed-preset=ultrafast tune=zerolatency"),
             scenario("an_encoder_with_b_frames", "speed-preset=veryfast rc-lookahead=20")]

if __name__ == "__main__":
    sys.exit(run_all(SCENARIOS, together=True))
