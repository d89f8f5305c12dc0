# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rules for the text of a live playlist, its versions and the files it lists."""
from itertools import pairwise

from hls_playlist import seconds_of

RULES = []


def rule(name):
    def keep(function):
        RULES.append((name, function))
        return function
    return keep


@rule("1 text")
def text(checked):
    for version in checked.versions:
        if version.data.splitlines()[:1] != [b"#EXTM3U"]:
            yield "the first line is not #EXTM3U"
        if version.data.decode("utf-8", "replace").encode() != version.data:
            yield "the text is not UTF-8"
        if any(byte < 0x20 and byte not in b"\r\n" for byte in version.data):
            yield "there are control characters"


@rule("2 version")
def version_number(checked):
    for version in checked.versions:
        needed = 3 if any("." in s.extinf for s in version.segments) else 1
        if version.number("EXT-X-VERSION", 1) != needed:
            yield f"EXT-X-VERSION is {version.value('EXT-X-VERSION')}, the tags need {needed}"


@rule("3 target duration")
def target(checked):
    values = {version.value("EXT-X-TARGETDURATION") for version in checked.versions}
    if len(values) != 1:
        yield f"TARGETDURATION has changed: {values}"
    if not all(value and value.isdigit() for value in values):
        yield f"TARGETDURATION is no whole number: {values}"


@rule("4 longest segment")
def longest(checked):
    for number, segment in checked.listed.items():
        limit = checked.versions[0].target
        if int(segment.duration + 0.5) > limit or segment.duration > limit + 0.5:
            yield f"segment {number} lasts {segment.extinf} s, TARGETDURATION is {limit}"


@rule("6 media sequence")
def media_sequence(checked):
    for before, after in pairwise(checked.versions):
        if after.first < before.first:
            yield f"MEDIA-SEQUENCE went from {before.first} to {after.first}"
    for version in checked.versions:
        if not version.has("EXT-X-MEDIA-SEQUENCE"):
            yield "there is no MEDIA-SEQUENCE"
        for number, segment in enumerate(version.segments, version.first):
            if checked.listed[number].uri != segment.uri:
                yield f"segment {number} was {checked.listed[number].uri}, then {segment.uri}"
    uris = [segment.uri for segment in checked.listed.values()]
    for uri in {uri for uri in uris if uris.count(uri) > 1}:
        yield f"{uri} stands for more than one segment"
    for uri, seen in checked.recording.segments.items():
        if seen.later is not None and seen.data is not None and seen.later != seen.data:
            yield f"the bytes of {uri} have changed"


@rule("7 edits")
def edits(checked):
    for before, after in pairwise(checked.versions):
        if before.ended:
            continue
        if after.last < before.last:
            yield f"segments {after.last + 1} to {before.last} were taken from the end"
        for number in range(max(before.first, after.first), min(before.last, after.last) + 1):
            if before.at(number) != after.at(number):
                yield f"segment {number} was changed: {before.at(number)}, {after.at(number)}"
        known = {item["ID"]: item for item in before.ranges}
        for item in after.ranges:
            for name, value in known.get(item["ID"], {}).items():
                if item.get(name) != value:
                    yield f"{name} of {item['ID']} was changed from {value} to {item.get(name)}"


@rule("8 end")
def end(checked):
    for before, after in pairwise(checked.versions):
        is_new_show = after.first > before.last and after.segments and after.at(
            after.first).discontinuity
        if before.ended and not is_new_show:
            yield "the playlist changed after ENDLIST"
    for version in checked.versions:
        if version.has("EXT-X-PLAYLIST-TYPE"):
            yield "a sliding window has no PLAYLIST-TYPE"


@rule("9 window")
def window(checked):
    for before, after in pairwise(checked.versions):
        if after.first == before.first or before.ended:
            continue
        if len(after.segments) < 6 or after.duration < 3 * after.target:
            yield f"{len(after.segments)} segments of {after.duration:.1f} s are left"


@rule("10 new versions")
def in_time(checked):
    if not checked.real_time:
        return
    limit = 1.5 * checked.versions[0].target
    late = []
    for (before, after), version in zip(pairwise(checked.recording.versions), checked.versions):
        if after.seen - before.seen > limit and not version.ended:
            late.append(f"nothing new came for {after.seen - before.seen:.1f} s")
    yield from late[checked.pauses:]


@rule("11 whole versions")
def whole(checked):
    for version in checked.versions:
        if not version.data.endswith(b"\n") or version.rest or not version.segments:
            yield f"a part of a version was seen: ...{version.data[-60:]!r}"
    if checked.recording.missing:
        yield f"at {checked.recording.missing} looks there was no playlist"


@rule("12 whole segments")
def whole_segments(checked):
    for uri, seen in checked.recording.segments.items():
        if seen.data is None:
            yield f"{uri} was not there when it was listed"
        elif seen.later is not None and len(seen.later) != len(seen.data):
            yield f"{uri} had {len(seen.data)} bytes when it was listed, later {len(seen.later)}"


@rule("13 segments stay")
def stay(checked):
    longest_list = max(version.duration for version in checked.versions)
    numbers = {segment.uri: number for number, segment in checked.listed.items()}
    for uri, seen in checked.recording.segments.items():
        if seen.gone is None:
            continue
        number = numbers[uri]
        if seen.unlisted is None or seen.newest_when_gone < number + 2 * checked.window:
            yield (f"{uri} was deleted when segment {seen.newest_when_gone} was the newest, "
                   f"the window is {checked.window}")
        stays = checked.listed[number].duration + longest_list
        if checked.real_time and seen.unlisted and seen.gone - seen.unlisted < stays - 1:
            yield f"{uri} was deleted {seen.gone - seen.unlisted:.1f} s after it left the list"


@rule("15 discontinuity sequence")
def discontinuity_sequence(checked):
    for version in checked.versions:
        if not version.has("EXT-X-DISCONTINUITY-SEQUENCE"):
            yield "there is no DISCONTINUITY-SEQUENCE"
    for before, after in pairwise(checked.versions):
        left = [checked.listed[number] for number in range(before.first, after.first)
                if number in checked.listed]
        name = "EXT-X-DISCONTINUITY-SEQUENCE"
        step = after.number(name) - before.number(name)
        if step != sum(segment.discontinuity for segment in left):
            yield f"DISCONTINUITY-SEQUENCE rose by {step} as {[s.uri for s in left]} left"


@rule("16 airtime")
def airtime(checked):
    for number, segment in checked.listed.items():
        if not segment.date:
            yield f"segment {number} has no PROGRAM-DATE-TIME"
    for (_, before), (number, after) in pairwise(sorted(checked.listed.items())):
        if before.date and after.date and after.start <= before.start:
            yield f"segment {number} is on air at {after.date}, the one before at {before.date}"


@rule("17 airtime goes on")
def airtime_goes_on(checked):
    for (_, before), (number, after) in pairwise(sorted(checked.listed.items())):
        gap = after.start - before.start - before.duration
        if after.discontinuity:
            if gap < -0.002:
                yield f"segment {number} overlaps the one before by {-gap:.3f} s"
        elif abs(gap) > 0.002 + checked.drift:
            yield f"there are {gap:.3f} s between segment {number} and the one before"


@rule("18 independent segments")
def independent(checked):
    if not all(v.has("EXT-X-INDEPENDENT-SEGMENTS") for v in checked.versions):
        yield "there is no INDEPENDENT-SEGMENTS"


def range_end(item):
    start = seconds_of(item["START-DATE"])
    return start + float(item["DURATION"]) if "DURATION" in item else float("inf")


@rule("19 date ranges")
def date_ranges(checked):
    starts = {}
    for version in checked.versions:
        ids = [item["ID"] for item in version.ranges]
        if len(ids) != len(set(ids)):
            yield f"an ID stands twice in one version: {ids}"
        if sum("DURATION" not in item for item in version.ranges) > 1:
            yield "more than one item is on air"
        for item in version.ranges:
            if starts.setdefault(item["ID"], item["START-DATE"]) != item["START-DATE"]:
                yield f"the ID {item['ID']} was used before"
            if item.get("X-GENERATED") != "YES" or not item.get("X-ITEM-ID"):
                yield f"{item['ID']} does not say what it is"
            if version.segments and range_end(item) <= version.segments[0].start - 0.001:
                yield f"{item['ID']} was over before the first segment"
        for before, after in pairwise(version.ranges):
            if range_end(before) > seconds_of(after["START-DATE"]) + 0.002:
                yield f"{before['ID']} and {after['ID']} overlap"
    for before, after in pairwise(checked.versions):
        if not after.segments or before.ended:
            continue
        kept = {item["ID"] for item in after.ranges}
        for item in before.ranges:
            if item["ID"] not in kept and range_end(item) > after.segments[0].start + 0.001:
                yield f"{item['ID']} left before its segments"


@rule("21 gaps")
def gaps(checked):
    if checked.gaps:
        return
    for number, segment in checked.listed.items():
        if segment.gap:
            yield f"segment {number} is missing"
