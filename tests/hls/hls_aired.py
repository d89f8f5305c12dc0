# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds the date ranges of a playlist to the as-run log: what was on air when."""
import json

from hls_playlist import seconds_of


def read_log(path):
    """The rows; a crash may have torn the last."""
    rows = []
    for text in path.read_text().splitlines():
        try:
            rows.append(json.loads(text))
        except ValueError:
            pass
    return rows


class Aired:
    """One date range as it stood last, or one row."""

    def __init__(self, item, tier, start, duration):
        self.item, self.tier, self.start, self.duration = item, tier, start, duration

    def __str__(self):
        return f"{self.item} ({self.tier}) at {self.start:.3f} for {self.duration} s"

    def end(self):
        return self.start + (self.duration or 0)


def ranges_of(checked):
    last = {}
    for version in checked.versions:
        for item in version.ranges:
            last[item["ID"]] = item
    return [Aired(item["X-ITEM-ID"], item.get("X-TIER"), seconds_of(item["START-DATE"]),
                  float(item["DURATION"]) if "DURATION" in item else None) for item in last.values()]


def stretches(checked):
    """From when to when something is listed without a discontinuity."""
    found = []
    for _, segment in sorted(checked.listed.items()):
        if not found or segment.discontinuity:
            found.append([segment.start, segment.start])
        found[-1][1] = segment.start + segment.duration
    return found


def ranges_and_log(checked, rows, fps):
    """What differs. A row whose end is not listed was cut off by a crash."""
    frame = 1 / fps
    ranges = ranges_of(checked)
    spans = stretches(checked)
    for row in rows:
        if "id" not in row:
            continue
        said = Aired(row["id"], row["tier"], seconds_of(row["start"]), row["frames"] / fps)
        if not any(start - frame < said.start and said.end() < end + frame for start, end in spans):
            continue
        same = [r for r in ranges if r.item == said.item and abs(r.start - said.start) < frame]
        if len(same) != 1 or same[0].tier != said.tier:
            yield "19 as-run", f"the log has {said}, the playlist {[str(r) for r in same or ranges]}"
        elif same[0].duration is not None and abs(same[0].duration - said.duration) > frame / 2:
            yield "19 as-run", f"the log has {said}, the playlist {same[0]}"
    logged = [(row.get("id"), seconds_of(row["start"])) for row in rows]
    for found in ranges:
        is_cut = any(found.start < end <= found.end() + frame or found.duration is None for _, end in spans)
        if not is_cut and not any(item == found.item and abs(start - found.start) < frame for item, start in logged):
            yield "19 as-run", f"the playlist has {found}, the log has not"
