# SPDX-License-Identifier: LGPL-2.1-or-later
"""Watches live folders in tests, and runs scenarios that end in a list of what is broken."""
import re
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from hls_record import Recorder


@contextmanager
def watched(folder):
    """Gives a function that ends the watch and returns the recording."""
    recorder, over = Recorder(folder / "live.m3u8"), threading.Event()
    watch = threading.Thread(target=recorder.run, args=(over.is_set,))
    watch.start()

    def recording():
        over.set()
        watch.join()
        return recorder.recording
    try:
        yield recording
    finally:
        over.set()
        watch.join()


def wait_for(folder, pattern, limit=30):
    """Until the playlist has it."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        try:
            if re.search(pattern, (folder / "live.m3u8").read_text()):
                return
        except OSError:
            pass
        time.sleep(0.02)
    raise AssertionError(f"{pattern} does not come: {list(folder.glob('*'))}")


def sequence(folder):
    """The number of the newest segment."""
    text = (folder / "live.m3u8").read_text()
    return int(re.search(r"MEDIA-SEQUENCE:(\d+)", text)[1]) + text.count("#EXTINF") - 1


def wait_segments(folder, count):
    wait_for(folder, "#EXTINF")
    until = sequence(folder) + count
    end = time.monotonic() + 60
    while sequence(folder) < until and time.monotonic() < end:
        time.sleep(0.02)
    assert sequence(folder) >= until, "no new segments come"


def run(scenario):
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "live"
        folder.mkdir()
        try:
            return scenario(folder)
        except (AssertionError, subprocess.SubprocessError) as error:
            return [("scenario", str(error))]


def run_all(scenarios, together):
    """Says how each went, as TAP, and gives the exit code."""
    print(f"1..{len(scenarios)}")
    failed = 0
    with ThreadPoolExecutor(len(scenarios) if together else 1) as pool:
        for number, (scenario, broken) in enumerate(zip(scenarios, pool.map(run, scenarios)), 1):
            failed += bool(broken)
            for rule, what in broken[:10]:
                print(f"# rule {rule}: {what}".replace("\n", "\n# "))
            print(f"{'not ok' if broken else 'ok'} {number} - {scenario.__name__.replace('_', ' ')}", flush=True)
    return 1 if failed else 0
