# SPDX-License-Identifier: LGPL-2.1-or-later
"""The services' stand-in as a child of a test: it ends with it."""
import collections
import json
import os
import subprocess
import time
import urllib.request

ROWS = 10
KEY = "sk-standin"


class Standin:
    def __init__(self, program):
        self.process = subprocess.Popen([program, "--port", "0", "--exit-on-stdin-eof"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addresses = json.loads(self.process.stdout.readline())
        self.configure({"limits": "off"})

    def environment(self, folder):
        """For aigc, with the keys in files below `folder`."""
        with open(os.open(f"{folder}/key", os.O_WRONLY | os.O_CREAT, 0o600), "w") as key:
            key.write(KEY + "\n")
        environment = {}
        for role in ("deepseek", "dashscope"):
            environment[role.upper() + "_API_KEY_FILE"] = f"{folder}/key"
            environment[role.upper() + "_BASE_URL"] = self.addresses[role]
        return environment

    def control(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.addresses["control"] + path, data,
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def configure(self, changes):
        self.control("/config", changes)

    def paid(self, route):
        """How often was paid for each row's picture (route image) or words (chat)."""
        times = collections.Counter()
        for call in self.control("/billed")["generations"]:
            if call["route"].startswith(route):
                times.update(row for row in range(1, ROWS + 1) if words(row) in call["prompt"])
        return times

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)


def words(row):
    return f"湖边第{row}棵树"


def write_rows(path):
    with open(path, "w", encoding="utf-8") as rows:
        rows.write("#: width=512\n#: height=512\nout,prompt\n")
        for row in range(1, ROWS + 1):
            rows.write(f"{row:02}.png,{words(row)}\n")


def wait_for(what, ready, seconds=60):
    for _ in range(seconds * 20):
        if ready():
            return
        time.sleep(0.05)
    raise AssertionError(f"waited in vain for {what}")


def expect(held, what):
    if not held:
        raise AssertionError(what)


def check_result(standin, folder, shards):
    """The batch in `folder` is whole, nothing was paid for twice, and the reports fit together."""
    for row in range(1, ROWS + 1):
        with open(f"{folder}/posts/{row:02}.png", "rb") as picture:
            data = picture.read()
        expect(data[:4] == b"\x89PNG" and data[-8:-4] == b"IEND", f"{row:02}.png is not whole")
    for route in ("image", "chat"):
        times = standin.paid(route)
        expect(dict(times) == {row: 1 for row in range(1, ROWS + 1)}, f"{route}: paid {times}")
    seen = {}
    for shard in range(shards):
        with open(f"{folder}/posts-{shard}.json", encoding="utf-8") as file:
            report = json.load(file)
        expect((report["shard"]["index"], report["shard"]["count"]) == (shard, shards),
               f"report of shard {shard}: {report['shard']}")
        for row in report["rows"]:
            expect(row["row"] not in seen, f"row {row['row']} is in two reports")
            expect(row["state"] in ("made", "skipped"), f"row {row}")
            seen[row["row"]] = shard
    expect(seen == {row: (row - 1) % shards for row in range(1, ROWS + 1)}, f"rows: {seen}")
