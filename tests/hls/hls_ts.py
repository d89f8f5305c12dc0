# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads a segment of an MPEG transport stream, for the rules: packets, tables, times, formats."""
from dataclasses import dataclass, field

PACKET = 188
WRAP = 1 << 33
CLOCK = 90000
VIDEO_TYPES = {0x1B: "h264", 0x24: "h265"}
AUDIO_TYPES = {0x0F: "aac"}


def unwrapped(ticks, near):
    """The time `ticks` stands for that is nearest to `near`."""
    return near + (ticks - near + WRAP // 2) % WRAP - WRAP // 2


def read_time(data):
    return ((data[0] >> 1 & 7) << 30 | data[1] << 22 | data[2] >> 1 << 15 | data[3] << 7 | data[4] >> 1)


@dataclass
class Frame:
    """One PES packet; times in ticks, as they stand there."""
    pts: int
    dts: int
    data: bytearray


@dataclass
class Stream:
    pid: int
    codec: str
    frames: list = field(default_factory=list)
    step: int = 0                 # ticks from picture to picture

    @property
    def is_video(self):
        return self.codec in VIDEO_TYPES.values()


class Segment:
    """Everything the rules ask of one file. Faults of the packets themselves are in `faults`."""

    def __init__(self, data):
        self.faults = []
        self.pids = []            # of the packets, in order
        self.first_counters = {}  # pid -> counter of the first packet with payload
        self.counters = {}        # pid -> counter of the last one
        self.pcrs = []            # (place, 27 MHz base / 300, so in ticks)
        self.tables = {"PAT": [], "PMT": []}  # places
        self.streams = {}
        self.pmt_pid = None
        self.size = len(data)
        if len(data) % PACKET or not data:
            self.faults.append(f"{len(data)} bytes are no whole packets")
        for place in range(0, len(data) - PACKET + 1, PACKET):
            self._packet(data[place:place + PACKET], place // PACKET)

    def _packet(self, packet, place):
        if packet[0] != 0x47:
            self.faults.append(f"packet {place} does not begin with 0x47")
            return
        pid = (packet[1] & 0x1F) << 8 | packet[2]
        begins, has_field, has_payload = packet[1] & 0x40, packet[3] & 0x20, packet[3] & 0x10
        self.pids.append(pid)
        if has_payload and pid != 0x1FFF:
            counter = packet[3] & 15
            last = self.counters.get(pid)
            if last is None:
                self.first_counters[pid] = counter
            elif counter != (last + 1) & 15:
                self.faults.append(f"pid {pid}: continuity counter {counter} after {last}")
            self.counters[pid] = counter
        body = packet[4:]
        if has_field:
            if body[0] and body[1] & 0x10:
                self.pcrs.append((place, int.from_bytes(body[2:7], "big") >> 7))
            body = body[1 + body[0]:]
        if has_payload:
            self._payload(pid, body, begins, place)

    def _payload(self, pid, body, begins, place):
        if pid == 0:
            self.tables["PAT"].append(place)
            section = body[1 + body[0]:]
            self.pmt_pid = (section[10] & 0x1F) << 8 | section[11]
        elif pid == self.pmt_pid:
            self.tables["PMT"].append(place)
            self._pmt(body[1 + body[0]:])
        elif pid in self.streams:
            stream = self.streams[pid]
            if begins:
                times = body[7] >> 6
                pts = read_time(body[9:14])
                dts = read_time(body[14:19]) if times == 3 else pts
                stream.frames.append(Frame(pts, dts, bytearray(body[9 + body[8]:])))
            elif stream.frames:
                stream.frames[-1].data += body

    def _pmt(self, section):
        end = 3 + ((section[1] & 15) << 8 | section[2]) - 4
        at = 12 + ((section[10] & 15) << 8 | section[11])
        while at < end:
            kind, pid = section[at], (section[at + 1] & 0x1F) << 8 | section[at + 2]
            codec = VIDEO_TYPES.get(kind) or AUDIO_TYPES.get(kind) or f"type {kind:#x}"
            if pid not in self.streams:
                self.streams[pid] = Stream(pid, codec)
            at += 5 + ((section[at + 3] & 15) << 8 | section[at + 4])

    @property
    def video(self):
        return next((s for s in self.streams.values() if s.is_video), None)

    @property
    def audio(self):
        return next((s for s in self.streams.values() if not s.is_video), None)


def nal_units(data):
    """Of an Annex B byte stream."""
    starts = []
    at = data.find(b"\0\0\1")
    while at >= 0:
        starts.append(at + 3)
        at = data.find(b"\0\0\1", at + 3)
    for start, end in zip(starts, starts[1:] + [len(data) + 3]):
        yield bytes(data[start:end - 3]).rstrip(b"\0")


def nal_type(unit, codec):
    return unit[0] & 31 if codec == "h264" else unit[0] >> 1 & 63


PARAMETERS = {"h264": {7: "SPS", 8: "PPS"}, "h265": {32: "VPS", 33: "SPS", 34: "PPS"}}
RANDOM_ACCESS = {"h264": {5}, "h265": {16, 17, 18, 19, 20, 21}}
SLICES = {"h264": {1, 5}, "h265": set(range(0, 22))}


def parameter_sets(frame, codec):
    """name -> bytes, of what stands before the first slice, and whether that one is an IDR."""
    sets = {}
    for unit in nal_units(frame.data):
        if not unit:
            continue
        kind = nal_type(unit, codec)
        if kind in PARAMETERS[codec]:
            sets[PARAMETERS[codec][kind]] = unit
        elif kind in SLICES[codec]:
            return sets, kind in RANDOM_ACCESS[codec]
    return sets, False


RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350]


def adts_frames(data):
    """(profile, rate, channels) of each ADTS frame; None for what is none."""
    at, found = 0, []
    while at + 7 <= len(data):
        if data[at] != 0xFF or data[at + 1] & 0xF6 != 0xF0:
            return None
        length = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
        rate = data[at + 2] >> 2 & 15
        if length < 7 or rate >= len(RATES):
            return None
        found.append((data[at + 2] >> 6, RATES[rate], (data[at + 2] & 1) << 2 | data[at + 3] >> 6))
        at += length
    return found if at == len(data) else None
