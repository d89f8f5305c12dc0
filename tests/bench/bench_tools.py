# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the benches against the stand-in share: the server, the programs, the table.

A bench prints one table, and names the bars that were missed: how fast this machine is passes or fails
nothing. A shot that was lost or paid for twice does.
"""
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

BUILD = os.path.abspath(sys.argv[1])
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
AIGC = os.path.join(BUILD, "pipelines/aigc/aigc")
KEY = "sk-standin"
GROUPS = ("polls", "qwen-image", "wan2.2")  # of the model table, and of looks at tasks
missed, failed = [], []


def row(what, figure, bar, note=""):
    print(f"| {what:<54} | {figure:>18} | {bar:<18} | {note}", flush=True)


def judge(ok, what):
    if not ok:
        missed.append(what)


def judge_calls(standin, made, count, calls):
    """Fails the bench for results that are missing and for calls that were paid for twice."""
    billed = standin.get("billed")["count"]
    if made != count or billed != calls:
        failed.append(f"{made} results of {count}, and {billed} billed calls where {calls} do")
    return billed


class Standin:
    """The server program, ended with the block."""

    def __init__(self, config):
        self.process = subprocess.Popen(
            [os.environ["AIGC_STANDIN"], "--port", "0", "--exit-on-stdin-eof", "--max-seconds", "600"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.urls = json.loads(self.process.stdout.readline())
        self.post("config", config)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)

    def post(self, route, body):
        request = urllib.request.Request(self.urls["control"] + "/" + route,
                                         json.dumps(body).encode(), method="POST")
        return json.load(urllib.request.urlopen(request))

    def get(self, route):
        return json.load(urllib.request.urlopen(self.urls["control"] + "/" + route))

    def seconds(self):
        """Processor time until now."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def environment(work, standin, prices=None):
    env = dict(os.environ)
    env.update({
        "GST_PLUGIN_PATH_1_0": os.path.join(BUILD, "elements"),
        "GST_REGISTRY_1_0": os.path.join(work, "registry"),
        "AIGC_PIPELINES": os.path.join(ROOT, "pipelines"),
        "AIGC_CACHE_DIR": os.path.join(work, "cache"),
        "DEEPSEEK_API_KEY": KEY, "DASHSCOPE_API_KEY": KEY,
        "DEEPSEEK_BASE_URL": standin.urls["deepseek"],
        "DASHSCOPE_BASE_URL": standin.urls["dashscope"],
    })
    if prices:
        env["AIGC_PRICES"] = prices
    return env


class Ran:
    """What a program took: wall and processor seconds, and its MiB as they were four times a second."""

    def __init__(self, began, wall, seconds, memory):
        self.began, self.wall, self.seconds, self.memory = began, wall, seconds, memory

    def growth(self):
        """MiB by which the last quarter of the run is above the second."""
        quarter = max(1, len(self.memory) // 4)
        return statistics.mean(self.memory[-quarter:]) - statistics.mean(self.memory[quarter:2 * quarter])


def run(command, env):
    began, start = time.time(), time.monotonic()
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               stdin=subprocess.DEVNULL)
    memory, ended = [0], threading.Event()

    def watch():
        while not ended.is_set():
            with open(f"/proc/{process.pid}/statm") as statm:
                memory.append(int(statm.read().split()[1]) * resource.getpagesize() / 2**20)
            ended.wait(0.25)

    watcher = threading.Thread(target=watch)
    watcher.start()
    output = process.stdout.read()
    wall = time.monotonic() - start
    ended.set()
    watcher.join()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(command)} failed:\n{output.decode(errors='replace')}")
    return Ran(began, wall, usage.ru_utime + usage.ru_stime, memory)


def prices_file(path, limits):
    """The built-in price file, for an account with other limits."""
    with open(os.path.join(ROOT, "gst/service/prices.json")) as file:
        prices = json.load(file)
    prices["limits"] = limits
    with open(path, "w") as file:
        json.dump(prices, file)
    return path


def no_limits(work):
    return prices_file(os.path.join(work, "prices.json"),
                       {group: {"per_second": 0, "concurrent": 0} for group in GROUPS})


def run_parts(*parts):
    """Each in an empty folder of its own."""
    row("what", "figure", "bar", "same run")
    for part in parts:
        work = tempfile.mkdtemp(prefix="aigc-bench-")
        part(work)
        shutil.rmtree(work)
    for what in missed:
        print(f"bar missed: {what}")
    sys.exit("; ".join(failed) if failed else 0)
