# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads what the rules ask of the sequence parameter set of H.264 (ITU-T H.264, 7.3.2.1.1, E.1.1)."""
from dataclasses import dataclass

HIGH_PROFILES = (100, 110, 122, 244, 44, 83, 86, 118, 128)
# level -> most macroblocks in a second, and in a picture (table A-1)
LEVELS = {10: (1485, 99), 11: (3000, 396), 12: (6000, 396), 13: (11880, 396), 20: (11880, 396), 21: (19800, 792),
          22: (20250, 1620), 30: (40500, 1620), 31: (108000, 3600), 32: (216000, 5120), 40: (245760, 8192),
          41: (245760, 8192), 42: (522240, 8704), 50: (589824, 22080), 51: (983040, 36864), 52: (2073600, 36864)}


class Bits:
    def __init__(self, unit):
        data = unit.replace(b"\0\0\3", b"\0\0")
        self.text = "".join(f"{byte:08b}" for byte in data)
        self.at = 0

    def take(self, count=1):
        self.at += count
        return int(self.text[self.at - count:self.at] or "0", 2)

    def golomb(self):
        zeros = self.text.index("1", self.at) - self.at
        self.at += zeros
        return self.take(zeros + 1) - 1

    def signed(self):
        value = self.golomb()
        return (value + 1) // 2 if value % 2 else -(value // 2)


@dataclass
class Sps:
    profile: int
    level: int
    macroblocks: int              # in a picture
    colour: tuple | None = None   # primaries, transfer, matrix
    full_range: bool = False
    fixed_rate: float | None = None


def skip_scaling_lists(bits, count):
    for i in range(count):
        if not bits.take():
            continue
        last, following = 8, 8
        for _ in range(16 if i < 6 else 64):
            if following:
                following = (last + bits.signed()) % 256
            last = following or last


def skip_picture_order(bits):
    kind = bits.golomb()
    if kind == 0:
        bits.golomb()
    elif kind == 1:
        bits.take()
        bits.signed()
        bits.signed()
        for _ in range(bits.golomb()):
            bits.signed()


def read_vui(bits, sps):
    if bits.take() and bits.take(8) == 255:  # sample aspect ratio, Extended_SAR
        bits.take(32)
    if bits.take():                          # overscan
        bits.take()
    if bits.take():                          # video signal type
        bits.take(3)
        sps.full_range = bool(bits.take())
        if bits.take():
            sps.colour = (bits.take(8), bits.take(8), bits.take(8))
    if bits.take():                          # chroma location
        bits.golomb()
        bits.golomb()
    if bits.take():                          # timing
        units, scale = bits.take(32), bits.take(32)
        if bits.take() and units:
            sps.fixed_rate = scale / units / 2


def read_sps(unit):
    bits = Bits(unit[1:])
    profile, _, level = bits.take(8), bits.take(8), bits.take(8)
    bits.golomb()
    if profile in HIGH_PROFILES:
        chroma = bits.golomb()
        if chroma == 3:
            bits.take()
        bits.golomb()
        bits.golomb()
        bits.take()
        if bits.take():
            skip_scaling_lists(bits, 12 if chroma == 3 else 8)
    bits.golomb()
    skip_picture_order(bits)
    bits.golomb()
    bits.take()
    width, height = bits.golomb() + 1, bits.golomb() + 1
    frames_only = bits.take()
    if not frames_only:
        height *= 2
        bits.take()
    bits.take()
    if bits.take():                          # cropping
        for _ in range(4):
            bits.golomb()
    sps = Sps(profile, level, width * height)
    if bits.take():
        read_vui(bits, sps)
    return sps
