#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rule checker finds what is wrong: a good recording is doctored for each rule.

Usage: hls_rules_test.py  (gst-launch-1.0 and the plugin must be on the paths)
"""
import copy
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from hls_record import Recorder
from hls_rules import RULES, Checked, check
from hls_ts import PACKET

LINE = """-e videotestsrc num-buffers=1625 ! video/x-raw,format=I420,width=64,height=64,framerate=25/1
 ! taginject tags=title=\\"A-cat\\",extended-comment=\\"id=shot-1\\" ! x264enc speed-preset=ultrafast key-int-max=250
 ! h264parse ! hls.video audiotestsrc samplesperbuffer=480 num-buffers=6500
 ! audio/x-raw,rate=48000,channels=2 ! avenc_aac ! aacparse ! hls.audio
 livehlssink name=hls target-duration=2"""


def record():
    """A stream of 33 segments, the last of 1 s, as it was written."""
    with tempfile.TemporaryDirectory() as folder:
        line = f"{LINE} location={folder}/s%05d.ts playlist-location={folder}/live.m3u8"
        with subprocess.Popen(["gst-launch-1.0", "-q", *line.split()]) as running:
            recording = Recorder(f"{folder}/live.m3u8").run(lambda: running.poll() is not None)
        assert running.returncode == 0
    return recording


class Doctor:
    """One copy of the recording, to be spoiled. A version is changed by its number, -1 the last."""

    def __init__(self, recording):
        self.recording = copy.deepcopy(recording)
        self.bt709 = False

    def edit(self, which, pattern, text, count=1):
        version = self.recording.versions[which]
        changed = re.sub(pattern.encode(), text.encode(), version.data, count=count)
        assert changed != version.data, (pattern, version.data)
        version.data = changed

    def edit_all(self, pattern, text, count=1):
        for which in range(len(self.recording.versions)):
            self.edit(which, pattern, text, count)

    def edit_listed(self, uri, pattern, text):
        """Changes what stands before a segment in all versions that list it."""
        for version in self.recording.versions:
            if uri.encode() in version.data:
                head, tail = version.data.split(uri.encode(), 1)
                at = head.rfind(b".ts\n") + 4 if b".ts\n" in head else head.find(b"SEGMENTS\n") + 9
                part = re.sub(pattern.encode(), text.encode(), head[at:], count=1)
                version.data = head[:at] + part + uri.encode() + tail

    def packets(self, uri, change):
        """Lets `change` see (and replace) the list of packets of a segment."""
        seen = self.recording.segments[uri]
        packets = [bytearray(seen.data[at:at + PACKET]) for at in range(0, len(seen.data), PACKET)]
        seen.data = b"".join(change(packets) or packets)
        if seen.later is not None:
            seen.later = seen.data

    def first_version_with(self, uri):
        return next(i for i, v in enumerate(self.recording.versions) if uri.encode() in v.data)


def pid_of(packet):
    return (packet[1] & 0x1F) << 8 | packet[2]


def drop_key_frame(packets):
    """The first picture's slice is no IDR any more."""
    for packet in packets:
        if pid_of(packet) == 65:
            at = packet.find(b"\0\0\1\x65")
            if at >= 0:
                packet[at + 3] = 0x61
                return


def one_key_in_two(doctor):
    """A segment goes on with what is in the next one, without its key frame."""
    here, there = (doctor.recording.segments[uri] for uri in ("s00010.ts", "s00011.ts"))
    kept = there.data
    doctor.packets("s00011.ts", drop_key_frame)
    here.data += there.data
    there.data = kept


def spoil_sps(packets):
    for packet in packets:
        if pid_of(packet) == 65:
            at = packet.find(b"\0\0\1\x67")
            if at >= 0:
                packet[at + 5] ^= 0x40
                return


def other_profile(packets):
    """High 4:4:4 Predictive."""
    for packet in packets:
        if pid_of(packet) == 65:
            at = packet.find(b"\0\0\1\x67")
            if at >= 0:
                packet[at + 4] = 244


def low_level(packets):
    """Lower than any there is."""
    for packet in packets:
        if pid_of(packet) == 65:
            at = packet.find(b"\0\0\1\x67")
            if at >= 0:
                packet[at + 6] = 9


def lose_sound(packets):
    """The last sixth of the sound."""
    keep = len(packets) * 5 // 6
    return packets[:keep] + [packet for packet in packets[keep:] if pid_of(packet) != 66]


def lose_tables(packets):
    return packets[:2] + [packet for packet in packets[2:] if pid_of(packet) != 32]


def shift_pts(packets):
    for packet in packets:
        if pid_of(packet) == 66 and packet[1] & 0x40:
            at = packet.find(b"\0\0\1\xc0") + 13
            packet[at] ^= 0x08  # 1024 ticks
            return


def mono(packets):
    for packet in packets:
        if pid_of(packet) == 66 and packet[1] & 0x40:
            at = packet.find(b"\xff\xf1")
            packet[at + 3] ^= 0xC0
            return


def short_gone(doctor):
    seen = doctor.recording.segments["s00004.ts"]
    seen.newest_when_gone = 10
    seen.gone = seen.gone or seen.listed + 20


def late_version(doctor):
    for version in doctor.recording.versions[10:]:
        version.seen += 100


def forget_window(doctor):
    """One segment too many leaves."""
    doctor.edit(12, r"MEDIA-SEQUENCE:(\d+)", "MEDIA-SEQUENCE:8")
    doctor.edit(12, r"(?s)(#EXT-X-PROGRAM-DATE-TIME[^\n]*\n)(#EXT-X-DATERANGE[^\n]*\n)"
                    r"#EXTINF:[^\n]*\n[^\n]*\n", r"\2")


def mark(doctor):
    doctor.edit_listed("s00014.ts", r"^", "#EXT-X-DISCONTINUITY\n")


SPOILED = [
    ("1", lambda d: d.edit(3, r"^#EXTM3U", "\ufeff#EXTM3U")),
    ("2", lambda d: d.edit_all(r"VERSION:3", "VERSION:2")),
    ("3", lambda d: d.edit(9, r"TARGETDURATION:2", "TARGETDURATION:3")),
    ("4", lambda d: d.edit_listed("s00009.ts", r"EXTINF:2\.0", "EXTINF:2.5")),
    ("5", lambda d: d.edit_listed("s00009.ts", r"EXTINF:2\.00", "EXTINF:2.05")),
    ("6", lambda d: d.edit(20, r"MEDIA-SEQUENCE:\d+", "MEDIA-SEQUENCE:3")),
    ("6", lambda d: setattr(d.recording.segments["s00002.ts"], "later", b"other")),
    ("7", lambda d: d.edit(11, r"EXTINF:2\.000000", "EXTINF:1.990000")),
    ("7", lambda d: d.edit(8, r"X-TITLE=\"A-cat\"", "X-TITLE=\"A dog\"")),
    ("8", lambda d: d.edit(14, r"\Z", "#EXT-X-ENDLIST\n")),
    ("8", lambda d: d.edit_all(r"#EXT-X-INDEP", "#EXT-X-PLAYLIST-TYPE:EVENT\n#EXT-X-INDEP")),
    ("9", forget_window),
    ("10", late_version),
    ("11", lambda d: d.edit(7, r"\ns\d+.ts\n\Z", "")),
    ("12", lambda d: setattr(d.recording.segments["s00006.ts"], "data",
                             d.recording.segments["s00006.ts"].data[:PACKET * 50])),
    ("13", short_gone),
    ("14", mark),
    ("15", lambda d: d.edit(18, r"DISCONTINUITY-SEQUENCE:0", "DISCONTINUITY-SEQUENCE:1")),
    ("15", lambda d: d.edit_all(r"#EXT-X-DISCONTINUITY-SEQUENCE:0\n", "")),
    ("16", lambda d: d.edit_listed("s00011.ts", r"#EXT-X-PROGRAM-DATE-TIME[^\n]*\n", "")),
    ("17", lambda d: d.edit_listed("s00011.ts", r"DATE-TIME:2(...)", r"DATE-TIME:3\1")),
    ("18", lambda d: d.edit_all(r"#EXT-X-INDEPENDENT-SEGMENTS\n", "")),
    ("19", lambda d: d.edit(15, r"#EXT-X-DATERANGE[^\n]*\n", "")),
    ("19", lambda d: d.edit_all(r"X-GENERATED=\"YES\"", "X-GENERATED=\"NO\"")),
    ("21", lambda d: d.edit_listed("s00012.ts", r"#EXTINF", "#EXT-X-GAP\n#EXTINF")),
    ("26", lambda d: d.packets("s00010.ts", drop_key_frame)),
    ("26", one_key_in_two),
    ("27", lambda d: d.packets("s00010.ts", lambda packets: packets[:40] + packets[41:])),
    ("27", lambda d: d.packets("s00010.ts", shift_pts)),
    ("28", lambda d: d.packets("s00010.ts", lose_tables)),
    ("28", lambda d: d.packets("s00010.ts", lambda packets: packets[1:])),
    ("29", lambda d: d.packets("s00010.ts", lose_sound)),
    ("30", lambda d: d.packets("s00010.ts", spoil_sps)),
    ("30", lambda d: [d.packets(uri, other_profile) for uri in d.recording.segments]),
    ("30", lambda d: [d.packets(uri, low_level) for uri in d.recording.segments]),
    ("30", lambda d: setattr(d, "bt709", True)),  # so small a picture has colours of BT.601
    ("31", lambda d: d.packets("s00010.ts", mono)),
    ("39", lambda d: d.packets("s00010.ts", lambda packets: packets[:300] + packets[400:])),
]


def main():
    recording = record()
    print(f"1..{len(SPOILED) + 2}")
    # Written faster than it plays, it is looked at as if each version had come in time.
    for number, version in enumerate(recording.versions):
        version.seen = 2.0 * number
    for seen in recording.segments.values():
        seen.gone, seen.unlisted = (seen.gone and 1e9), (seen.unlisted and 0)
    failed = 0
    found = check(Checked(recording))
    failed += bool(found)
    print(f"{'not ok' if found else 'ok'} 1 - a good recording keeps all rules {found}")
    for number, (rule, spoil) in enumerate(SPOILED, 2):
        doctor = Doctor(recording)
        spoil(doctor)
        broken = check(Checked(doctor.recording, bt709=doctor.bt709), rule)
        failed += not broken
        print(f"{'ok' if broken else 'not ok'} {number} - {broken[0] if broken else 'rule ' + rule}")
    untested = {name.split()[0] for name, _ in RULES} - {rule for rule, _ in SPOILED}
    failed += bool(untested)
    print(f"{'not ok' if untested else 'ok'} {len(SPOILED) + 2} - each rule was broken {untested or ''}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    sys.exit(main())
