# SPDX-License-Identifier: LGPL-2.1-or-later
"""Looks at a live folder as a player would, only more often, and keeps what it saw."""
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

POLL = 0.005


@dataclass
class Version:
    """One text the playlist had."""
    seen: float
    data: bytes


@dataclass
class Seen:
    """A segment from the version that listed it first."""
    listed: float
    data: bytes | None            # as it was when it was listed; None if it could not be read
    later: bytes | None = None    # as it was when it was seen last
    unlisted: float | None = None
    gone: float | None = None     # when the file was missed first
    newest_when_gone: int = 0     # media sequence of the newest segment then


@dataclass
class Recording:
    versions: list = field(default_factory=list)
    segments: dict = field(default_factory=dict)
    missing: int = 0              # looks at which there was no playlist any more


def listed_uris(text):
    """The URIs of segments that have a file."""
    uris, gap = [], False
    for line in text.splitlines():
        gap |= line == "#EXT-X-GAP"
        if line and not line.startswith("#"):
            if not gap:
                uris.append(line)
            gap = False
    return uris


def newest_of(text):
    first = [line for line in text.splitlines() if line.startswith("#EXT-X-MEDIA-SEQUENCE:")]
    count = sum(1 for line in text.splitlines() if line and not line.startswith("#"))
    return int(first[0].split(":")[1]) + count - 1 if first else 0


class Recorder:
    def __init__(self, playlist):
        self.playlist = Path(playlist)
        self.recording = Recording()
        self.stamp = None
        self.uris, self.newest = [], 0

    def file_of(self, uri):
        return self.playlist.parent / unquote(uri)

    def look(self):
        now = time.monotonic()
        try:
            # One opened file is one version, whatever is renamed over it meanwhile.
            with open(self.playlist, "rb") as file:
                state = os.fstat(file.fileno())
                stamp = (state.st_ino, state.st_mtime_ns, state.st_size)
                if stamp != self.stamp:
                    self.take(now, file.read())
                    self.stamp = stamp
        except FileNotFoundError:
            self.recording.missing += bool(self.recording.versions)
        for uri, seen in self.recording.segments.items():
            if seen.gone is None and not self.file_of(uri).exists():
                seen.gone, seen.newest_when_gone = now, self.newest

    def take(self, now, data):
        versions = self.recording.versions
        if versions and versions[-1].data == data:
            return
        versions.append(Version(now, data))
        text = data.decode("utf-8", "replace")
        uris = listed_uris(text)
        self.newest = newest_of(text)
        for uri in uris:
            if uri not in self.recording.segments:
                self.recording.segments[uri] = Seen(now, self.read(uri))
        for uri in self.uris:
            if uri not in uris:
                seen = self.recording.segments[uri]
                seen.unlisted = now
                seen.later = self.read(uri)
        self.uris = uris

    def read(self, uri):
        try:
            return self.file_of(uri).read_bytes()
        except OSError:
            return None

    def run(self, is_over):
        while not is_over():
            self.look()
            time.sleep(POLL)
        self.look()
        for uri in self.uris:
            self.recording.segments[uri].later = self.read(uri)
        return self.recording
