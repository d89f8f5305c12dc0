# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the benches against the stand-in share: the server, the programs, the table.

A bench prints one table, and names the bars that were missed: how fast this machine is passes or fails
nothing. A shot that was lost or paid for twice does.
"""
import json
import os
import resource
import shutil
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


def run(command, env):
    """Wall seconds and peak MiB; `memory` is sampled four times a second."""
    start = time.monotonic()
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               stdin=subprocess.DEVNULL)
    memory = []

    def watch():
        while process.poll() is None:
            try:
                with open(f"/proc/{process.pid}/statm") as statm:
                    memory.append(int(statm.read().split()[1]) * resource.getpagesize() / 2**20)
            except (OSError, IndexError):
                return
            time.sleep(0.25)

    watcher = threading.Thread(target=watch)
    watcher.start()
    output = process.stdout.read()
    status = process.wait()
    wall = time.monotonic() - start
    watcher.join()
    if status != 0:
        sys.exit(f"{' '.join(command)} failed:\n{output.decode(errors='replace')}")
    return wall, memory


def prices_file(path, limits):
    """The built-in price file, for an account with other limits."""
    with open(os.path.join(ROOT, "gst/service/prices.json")) as file:
        prices = json.load(file)
    prices["limits"] = limits
    with open(path, "w") as file:
        json.dump(prices, file)
    return path


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
