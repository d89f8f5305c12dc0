# SPDX-License-Identifier: LGPL-2.1-or-later
"""One version of a media playlist, read for the rules."""
import re
from dataclasses import dataclass, field
from datetime import datetime

ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",]*)(?:,|$)')


def seconds_of(date):
    return datetime.fromisoformat(date.replace("Z", "+00:00")).timestamp()


@dataclass
class Listed:
    uri: str = ""
    extinf: str = ""
    date: str = ""
    discontinuity: bool = False
    gap: bool = False

    @property
    def duration(self):
        return float(self.extinf)

    @property
    def start(self):
        return seconds_of(self.date)


@dataclass
class Playlist:
    data: bytes
    tags: list = field(default_factory=list)      # (name, value) of all but those of segments
    segments: list = field(default_factory=list)
    ranges: list = field(default_factory=list)    # attributes, unquoted
    rest: bool = False                            # there are tags after the last URI

    def value(self, name, otherwise=None):
        return next((value for tag, value in self.tags if tag == name), otherwise)

    def number(self, name, otherwise=0):
        value = self.value(name)
        return int(value) if value and value.isdigit() else otherwise

    def has(self, name):
        return any(tag == name for tag, _ in self.tags)

    @property
    def target(self):
        return self.number("EXT-X-TARGETDURATION")

    @property
    def first(self):
        return self.number("EXT-X-MEDIA-SEQUENCE")

    @property
    def last(self):
        return self.first + len(self.segments) - 1

    @property
    def ended(self):
        return self.has("EXT-X-ENDLIST")

    def at(self, number):
        return self.segments[number - self.first]

    @property
    def duration(self):
        return sum(segment.duration for segment in self.segments)


def parse(data):
    playlist = Playlist(data)
    listed, touched = Listed(), False
    for line in data.decode("utf-8", "replace").splitlines():
        name, _, value = line[1:].partition(":")
        if not line.startswith("#"):
            if line:
                listed.uri = line
                playlist.segments.append(listed)
                listed, touched = Listed(), False
            continue
        if name == "EXTINF":
            listed.extinf, touched = value.split(",")[0], True
        elif name == "EXT-X-PROGRAM-DATE-TIME":
            listed.date, touched = value, True
        elif name == "EXT-X-DISCONTINUITY":
            listed.discontinuity, touched = True, True
        elif name == "EXT-X-GAP":
            listed.gap, touched = True, True
        elif name == "EXT-X-DATERANGE":
            playlist.ranges.append({key: text.strip('"') for key, text in ATTRIBUTE.findall(value)})
        else:
            playlist.tags.append((name, value))
    playlist.rest = touched
    return playlist
