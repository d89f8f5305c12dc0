#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Live playlists through good and bad days, held to the rules all the while.

Usage: hls_scenarios_test.py fast|real  (gst-launch-1.0 and the plugin must be on the paths)

fast: streams that are written faster than they play. real: restarts, a full disk and the like, which
happen while a stream runs.
"""
import resource
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from hls_rig import run_all, wait_segments, watched
from hls_rules import Checked, check

LONG = 120  # seconds: then a channel that was forgotten ends by itself


ZERO_LATENCY = "speed-preset=ultrafast tune=zerolatency"


def line(folder, seconds, target=2, live=False, offset=0, sound_first=False, encoder=f"x264enc {ZERO_LATENCY}",
         parser="h264parse"):
    live, frames, blocks = str(live).lower(), int(seconds * 25), int(seconds * 100)
    picture = f"""videotestsrc is-live={live} num-buffers={frames} timestamp-offset={offset}
 ! video/x-raw,format=I420,width=160,height=96,framerate=25/1 ! {encoder}
 key-int-max=250 ! {parser} ! hls.video"""
    sound = f"""audiotestsrc is-live={live} samplesperbuffer=480 num-buffers={blocks}
 timestamp-offset={offset} ! audio/x-raw,rate=48000,channels=2 ! avenc_aac ! aacparse ! hls.audio"""
    sink = f"""livehlssink name=hls target-duration={target} location={folder}/s%05d.ts
 playlist-location={folder}/live.m3u8"""
    # A pad is requested where it is linked first, so the sink stands before.
    return f"-e {sink} {sound} {picture}" if sound_first else f"-e {sink} {picture} {sound}"


class Channel:
    """A gst-launch-1.0 that writes to a folder."""

    def __init__(self, folder, seconds=LONG, **more):
        # SIGXFSZ stays ignored, as it is in Python: a write beyond the limit then fails, as on a full
        # disk. What it says goes to a pipe, to which that limit does not apply.
        self.program = subprocess.Popen(["gst-launch-1.0", *line(folder, seconds, **more).split()],
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        restore_signals=False)

    def end(self, how=signal.SIGINT):
        self.program.send_signal(how)
        return self.program.wait(30)

    def said(self):
        """Once it has ended."""
        return self.program.stdout.read()


def written(folder, seconds, **more):
    """Of a stream that is written as fast as it goes."""
    with watched(folder) as recording:
        channel = Channel(folder, seconds, **more)
        assert channel.program.wait(60) == 0, channel.said()
        return recording()


# ------------------------------------------------------------------------------------------- fast


def two_minutes(folder):
    checked = Checked(written(folder, 120), real_time=False)
    assert len(checked.listed) == 60, len(checked.listed)
    return check(checked)


def sound_first(folder):
    return check(Checked(written(folder, 30, sound_first=True), real_time=False))


def b_frames(folder):
    recording = written(folder, 60, encoder="x264enc speed-preset=veryfast")
    checked = Checked(recording, real_time=False)
    broken = check(checked)
    assert any(frame.pts != frame.dts for frame in checked.media[3].video.frames), "there are none"
    return broken


def h265(folder):
    encoder = f"x265enc {ZERO_LATENCY}"
    checked = Checked(written(folder, 14, encoder=encoder, parser="h265parse"), real_time=False)
    broken = check(checked)
    assert {segment.video.codec for segment in checked.media.values()} == {"h265"}
    return broken


def the_end_of_33_bits(folder):
    # mpegtsmux begins at an hour.
    wrap = (2**33 / 90000 - 3600 - 20) * 1e9
    checked = Checked(written(folder, 40, offset=int(wrap)), real_time=False)
    broken = check(checked)
    times = [frame.pts for segment in checked.media.values() for frame in segment.video.frames]
    assert max(times) > 2**33 - 10000 and min(times) < 10000, "the wrap was not crossed"
    return broken


def another_show(folder):
    with watched(folder) as recording:
        for _ in range(2):
            channel = Channel(folder, 30)
            assert channel.program.wait(60) == 0, channel.said()
        # The first one, written faster than it plays, ends in the future.
        checked = Checked(recording(), real_time=False, drift=0.1)
    assert len(checked.listed) == 30, len(checked.listed)
    return check(checked)


def round_trip(folder):
    """GStreamer's own player gets every frame."""
    written(folder, 10)
    handler = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        source = f"souphttpsrc location=http://127.0.0.1:{server.server_port}/live.m3u8"
        play = f"-v {source} ! hlsdemux ! tsdemux ! h264parse ! avdec_h264 ! fakesink silent=false"
        ran = subprocess.run(["gst-launch-1.0", *play.split()], capture_output=True, text=True, timeout=60,
                             check=True)
        server.shutdown()
    frames = ran.stdout.count("last-message = chain")
    return [] if frames == 250 else [("round trip", f"{frames} of 250 frames came")]


# ------------------------------------------------------------------------------------------- real


def a_restart(folder):
    """kill -9, and again: numbers go on, one DISCONTINUITY."""
    with watched(folder) as recording:
        for _ in range(2):
            channel = Channel(folder, live=True)
            wait_segments(folder, 9)
            channel.end(signal.SIGKILL)
        checked = Checked(recording(), pauses=1)
    marks = sum(segment.discontinuity for segment in checked.listed.values())
    return check(checked) + ([] if marks == 1 else [("22", f"{marks} discontinuities")])


def a_full_disk(folder):
    with watched(folder) as recording:
        channel = Channel(folder, live=True)
        wait_segments(folder, 4)
        # Nothing fits, not even the playlist.
        before = resource.prlimit(channel.program.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        time.sleep(7)
        resource.prlimit(channel.program.pid, resource.RLIMIT_FSIZE, before)
        wait_segments(folder, 8)
        channel.end()
        checked = Checked(recording(), gaps=True, pauses=1)
    gaps = sum(segment.gap for segment in checked.listed.values())
    broken = [] if 2 <= gaps <= 6 else [("21", f"{gaps} gaps")]
    said = channel.said()
    if said.count("WARNING: from element") != 1 or "ERROR" in said:
        broken.append(("one warning", said[-500:]))
    return check(checked) + broken


def a_folder_that_goes(folder):
    with watched(folder) as recording:
        channel = Channel(folder, live=True)
        wait_segments(folder, 3)
        folder.rename(folder.with_name("gone"))
        time.sleep(4)
        wait_segments(folder, 5)
        channel.end(signal.SIGKILL)
        checked = Checked(recording(), gaps=True, pauses=1)
    broken = check(checked)
    # Who takes the folder away breaks these.
    return [(rule, what) for rule, what in broken if rule.split()[0] not in ("11", "12", "13")]


SCENARIOS = {
    "fast": [two_minutes, sound_first, b_frames, h265, the_end_of_33_bits, another_show, round_trip],
    "real": [a_restart, a_full_disk, a_folder_that_goes],
}


if __name__ == "__main__":
    # Those that wait for the clock wait together.
    sys.exit(run_all(SCENARIOS[sys.argv[1]], together=sys.argv[1] == "real"))
