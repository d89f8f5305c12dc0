# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rules for the segments of a live playlist, and how they follow each other."""
import subprocess
from itertools import pairwise
from statistics import median

from hls_sps import LEVELS, read_sps
from hls_ts import CLOCK, Segment, adts_frames, parameter_sets, unwrapped

RULES = []
AAC_FRAME = 1024 * CLOCK // 48000
TABLES_EVERY = CLOCK // 2
PROFILES = (66, 77, 100)  # Baseline, Main, High
PCR_EVERY = CLOCK // 10
KEY_FRAMES_EVERY = 2 * CLOCK


def rule(name):
    def keep(function):
        RULES.append((name, function))
        return function
    return keep


def read(checked):
    """media sequence number -> Segment, of those that have a file."""
    if not hasattr(checked, "media"):
        checked.media = {}
        for number, listed in sorted(checked.listed.items()):
            seen = checked.recording.segments.get(listed.uri)
            if seen and seen.data:
                checked.media[number] = Segment(seen.data)
        videos = [segment.video for segment in checked.media.values() if segment.video]
        longest = max(videos, key=lambda video: len(video.frames), default=None)
        for video in videos:
            # A stream may end with a segment of one picture.
            video.step = median_step(video if len(video.frames) > 2 else longest)
    return checked.media


def neighbours(checked):
    """(number, segment before, segment after): both have files, and no other is between them."""
    for (a, before), (b, after) in pairwise(read(checked).items()):
        if b == a + 1:
            yield b, before, after


def median_step(video):
    times = sorted(frame.pts for frame in video.frames)
    return round(median(b - a for a, b in pairwise(times)))


def step_of(stream):
    """Ticks from frame to frame."""
    return stream.step if stream.is_video else AAC_FRAME


def aac_count(frame):
    return len(adts_frames(frame.data) or [0])


def broken_steps(stream):
    for before, after in pairwise(stream.frames):
        step = step_of(stream) if stream.is_video else AAC_FRAME * aac_count(before)
        if abs(unwrapped(after.dts, before.dts) - before.dts - step) > 1:
            yield f"DTS {after.dts} after {before.dts}"


@rule("5 durations")
def durations(checked):
    media = read(checked)
    run = None  # first pts, its number
    for (a, before), (b, after) in pairwise(media.items()):
        if any(checked.listed[n].discontinuity for n in range(a + 1, b + 1)):
            run = None
            continue
        start = before.video.frames[0].pts
        run = run or [a, 0]
        run[1] += unwrapped(after.video.frames[0].pts, start) - start
        said = sum(checked.listed[n].duration for n in range(run[0], b))
        if abs(run[1] / CLOCK - said) >= step_of(after.video) / CLOCK:
            yield f"segments {run[0]} to {b - 1} last {run[1] / CLOCK:.4f} s, EXTINF say {said:.4f}"


def goes_on(before, after):
    """What does not, from one segment to the next."""
    for pid, counter in after.first_counters.items():
        if pid in before.counters and counter != (before.counters[pid] + 1) & 15:
            yield f"pid {pid}: continuity counter {counter} after {before.counters[pid]}"
    for pid, stream in after.streams.items():
        last = before.streams[pid].frames[-1] if pid in before.streams else None
        if last is None:
            yield f"pid {pid} is new"
            continue
        step = step_of(stream) if stream.is_video else AAC_FRAME * aac_count(last)
        late = unwrapped(stream.frames[0].dts, last.dts) - last.dts - step
        if abs(late) > 1:
            yield f"pid {pid}: DTS are {late} ticks apart from the segment before"


@rule("14 discontinuities")
def discontinuities(checked):
    for number, before, after in neighbours(checked):
        if checked.listed[number].discontinuity:
            if not list(goes_on(before, after)) and format_of(before) == format_of(after):
                yield f"segment {number} goes on from the one before, and is marked otherwise"
        elif format_of(before) != format_of(after):
            yield f"segment {number} has another format than the one before"


def longest_without_key(video):
    """Ticks from an IDR to the next one, or to the end."""
    times = [frame.pts for frame in video.frames if parameter_sets(frame, video.codec)[1]]
    end = max((frame.pts for frame in video.frames), key=lambda pts: unwrapped(pts, video.frames[0].pts))
    return max((unwrapped(b, a) - a for a, b in pairwise([*times, end + step_of(video)])), default=0)


@rule("26 key frames")
def key_frames(checked):
    for number, segment in read(checked).items():
        longest = longest_without_key(segment.video)
        if longest > KEY_FRAMES_EVERY + step_of(segment.video):
            yield f"segment {number} goes on for {longest / CLOCK:.2f} s without an IDR"
        sets, is_key = parameter_sets(segment.video.frames[0], segment.video.codec)
        if not is_key or not {"SPS", "PPS"} <= set(sets):
            yield f"segment {number} begins with {sorted(sets)} and {'an' if is_key else 'no'} IDR"


@rule("27 counters and times")
def counters_and_times(checked):
    for number, segment in read(checked).items():
        yield from (f"segment {number}: {fault}" for fault in segment.faults)
        for stream in segment.streams.values():
            yield from (f"segment {number}, pid {stream.pid}: {what}" for what in broken_steps(stream))
            if any(unwrapped(frame.pts, frame.dts) < frame.dts for frame in stream.frames):
                yield f"segment {number}, pid {stream.pid}: PTS before DTS"
    for number, before, after in neighbours(checked):
        if not checked.listed[number].discontinuity:
            yield from (f"segment {number}: {what}" for what in goes_on(before, after))


def clock_at(segment, place):
    times = [pcr for where, pcr in segment.pcrs if where <= place]
    return times[-1] if times else segment.pcrs[0][1]


@rule("28 tables and clock")
def tables_and_clock(checked):
    for number, segment in read(checked).items():
        if segment.pids[:3] != [0, segment.pmt_pid, segment.video.pid] or segment.pcrs[0][0] != 2:
            yield f"segment {number} begins with pids {segment.pids[:3]}, its clock at {segment.pcrs[:1]}"
        for name, places in segment.tables.items():
            times = [clock_at(segment, place) for place in places] + [segment.pcrs[-1][1]]
            if any(unwrapped(b, a) - a > TABLES_EVERY for a, b in pairwise(times)):
                yield f"segment {number}: {name} comes less often than each 0.5 s"
        if any(unwrapped(b, a) - a > PCR_EVERY for (_, a), (_, b) in pairwise(segment.pcrs)):
            yield f"segment {number}: PCR comes less often than each 0.1 s"


@rule("29 sound and picture")
def sound_and_picture(checked):
    last_ones = {version.last for version in checked.versions if version.ended}
    for number, segment in read(checked).items():
        video, audio = segment.video, segment.audio
        if audio is None:
            continue
        start = video.frames[0].pts
        skew = unwrapped(audio.frames[0].pts, start) - start
        ends = [unwrapped(max(s.frames, key=lambda f: unwrapped(f.pts, start)).pts, start)
                for s in (video, audio)]
        video_end = ends[0] + step_of(video)
        audio_end = ends[1] + AAC_FRAME * aac_count(audio.frames[-1])
        if abs(skew) > min(AAC_FRAME + 1, step_of(video)):
            yield f"segment {number}: sound begins {skew / 90:.1f} ms after the picture"
        if number not in last_ones and abs(audio_end - video_end) > AAC_FRAME + 1:
            yield f"segment {number}: sound ends {(audio_end - video_end) / 90:.1f} ms after the picture"


def format_of(segment):
    video, audio = segment.video, segment.audio
    sets, _ = parameter_sets(video.frames[0], video.codec)
    sound = set(adts_frames(audio.frames[0].data) or [None]) if audio else None
    return video.codec, sets.get("SPS"), sets.get("PPS"), audio and audio.codec, sound


def wrong_parameters(sps, rate, bt709):
    if sps.profile not in PROFILES:
        yield f"the profile {sps.profile} is not Baseline, Main or High: many players cannot play it"
    per_second, per_picture = LEVELS.get(sps.level, (0, 0))
    if sps.macroblocks > per_picture or sps.macroblocks * rate > per_second * 1.001:
        yield f"{sps.macroblocks} macroblocks, {rate:.2f} times a second, are too many for level {sps.level / 10}"
    if not sps.fixed_rate:
        yield "the SPS does not say how many pictures a second there are"
    elif abs(sps.fixed_rate - rate) > 0.01 * rate:
        yield f"the SPS says {sps.fixed_rate} pictures a second, there are {rate:.2f}"
    if bt709 and (sps.colour != (1, 1, 1) or sps.full_range):
        yield f"the colours are {sps.colour}, {'full' if sps.full_range else 'limited'} range, and not BT.709"


@rule("30 one picture format")
def one_picture_format(checked):
    formats = {}
    for number, segment in read(checked).items():
        formats.setdefault(format_of(segment)[:3], number)
    steps = [segment.video.step for segment in read(checked).values()]
    for codec, sps, _ in formats:
        if codec == "h264" and sps:
            yield from wrong_parameters(read_sps(sps), CLOCK / min(steps), checked.bt709)
    if len(formats) > 1:
        yield f"another format begins at segments {sorted(formats.values())[1:]}"


@rule("31 one sound format")
def one_sound_format(checked):
    found = set()
    for segment in read(checked).values():
        for frame in segment.audio.frames if segment.audio else []:
            found.update(adts_frames(frame.data) or [None])
    if found - {(1, 48000, 2)}:
        yield f"sound is not all AAC-LC, 48 kHz, stereo: {found}"


@rule("39 decodes")
def decodes(checked):
    """Each run of segments that go on from each other, as ffmpeg sees it."""
    runs, last = [], None
    for number in read(checked):
        if last is None or number != last + 1 or checked.listed[number].discontinuity:
            runs.append(b"")
        runs[-1] += checked.recording.segments[checked.listed[number].uri].data
        last = number
    for run in runs:
        ran = subprocess.run(["ffmpeg", "-nostdin", "-v", "warning", "-f", "mpegts", "-i", "-",
                              "-f", "null", "-"], input=run, capture_output=True, check=False)
        said = ran.stderr.decode("utf-8", "replace").strip()
        if ran.returncode or said:
            yield f"ffmpeg says: {said.splitlines()[:3]}"
