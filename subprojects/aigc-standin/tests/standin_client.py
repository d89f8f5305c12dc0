# SPDX-License-Identifier: LGPL-2.1-or-later
"""Starts the stand-in and talks to it in raw HTTP; runs test classes and reports in TAP."""
import base64
import http.client
import json
import socket
import struct
import subprocess
import sys
import time
import unittest
import urllib.parse
import zlib

ASYNC = {"X-DashScope-Async": "enable"}
KEY = {"Authorization": "Bearer sk-standin"}
SMALL = {"image": {"width": 64, "height": 48}, "video": {"width": 64, "height": 48,
                                                         "duration": 0.2}}


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def pictures(self):
        return self.json["output"]["choices"][0]["message"]["content"]

    @property
    def code(self):
        return self.json.get("code") or self.json["error"]["code"]


class Case(unittest.TestCase):
    """A test with the stand-in as at its start, without limits, with small media."""

    config = {}

    @classmethod
    def setUpClass(cls):
        cls.process = subprocess.Popen(
            [sys.argv[1], "--port", "0", "--exit-on-stdin-eof", "--max-seconds", "120"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        cls.at = json.loads(cls.process.stdout.readline())

    @classmethod
    def tearDownClass(cls):
        cls.process.stdin.close()
        assert cls.process.wait(10) == 0
        cls.process.stdout.close()

    def setUp(self):
        self.control("POST", "/reset")
        self.configure(limits="off", poll_qps=0, **SMALL)

    # Talking

    def send(self, method, url, body=None, headers=None, key=True, timeout=20):
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=timeout)
        headers = {**(KEY if key else {}), **(headers or {})}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        path = parts.path + ("?" + parts.query if parts.query else "")
        try:
            connection.request(method, path, body, headers)
            reply = connection.getresponse()
            return Reply(reply.status, reply.headers, reply.read())
        finally:
            connection.close()

    def control(self, method, path, body=None):
        reply = self.send(method, self.at["control"] + path, body, key=False)
        self.assertEqual(reply.status, 200, reply.body)
        return reply.json

    def configure(self, **config):
        return self.control("POST", "/config", config)

    def fault(self, route, kind, **more):
        self.configure(faults=[{"route": route, "kind": kind, **more}])

    def calls(self, route=None):
        calls = self.control("GET", "/calls")["calls"]
        return [call for call in calls if route in (None, call["route"])]

    def billed(self):
        return self.control("GET", "/billed")["count"]

    def native(self, method, path, body=None, headers=None, **more):
        return self.send(method, self.at["dashscope"] + path, body, headers, **more)

    # The usual requests

    def chat(self, path="/chat/completions", **more):
        body = {"model": "deepseek-flash", "thinking": {"type": "disabled"},
                "messages": [{"role": "user", "content": "a harbour at dawn, as json"}], **more}
        body = {name: value for name, value in body.items() if value is not ...}
        return self.send("POST", self.at["api"] + path, body)

    def image(self, parameters=None, content=None, model="qwen-image-plus", headers=None):
        content = content or [{"text": "paper lanterns"}]
        return self.native("POST", "/services/aigc/multimodal-generation/generation", {
            "model": model, "input": {"messages": [{"role": "user", "content": content}]},
            "parameters": parameters or {}}, headers)

    def image_task(self, parameters=None, model="qwen-image", headers=ASYNC, **more):
        return self.native("POST", "/services/aigc/text2image/image-synthesis", {
            "model": model, "input": {"prompt": "paper lanterns", **more},
            "parameters": parameters or {}}, headers)

    def video(self, model="wan2.2-t2v-plus", parameters=None, headers=ASYNC, path=None, **inputs):
        inputs = inputs or {"prompt": "a drone over fields"}
        path = path or ("image2video" if "kf2v" in model else "video-generation")
        return self.native("POST", f"/services/aigc/{path}/video-synthesis", {
            "model": model, "input": inputs, "parameters": parameters or {}}, headers)

    def poll(self, task):
        return self.native("GET", "/tasks/" + task)

    def wait(self, created, seconds=15):
        """The last poll of a task that was created by that reply."""
        self.assertEqual(created.status, 200, created.body)
        end = time.monotonic() + seconds
        while True:
            reply = self.poll(created.json["output"]["task_id"])
            if reply.json["output"]["task_status"] not in ("PENDING", "RUNNING"):
                return reply.json
            self.assertLess(time.monotonic(), end, reply.body)
            time.sleep(0.02)

    def took(self, start, seconds):
        """At least that long, and not much longer even on a busy machine."""
        passed = time.monotonic() - start
        self.assertGreaterEqual(passed, seconds - 0.02)
        self.assertLess(passed, seconds + 2)

    def refuse(self, reply, status, code, words=""):
        self.assertEqual(reply.status, status, reply.body)
        self.assertEqual(reply.code, code, reply.body)
        self.assertIn(words, reply.body.decode())

    def raw(self, request, origin=None, timeout=5):
        """All bytes that come back, and whether the connection was closed."""
        host, port = urllib.parse.urlsplit(origin or self.at["api"]).netloc.split(":")
        with socket.create_connection((host, int(port)), timeout) as peer:
            peer.sendall(request)
            peer.settimeout(timeout)
            out = b""
            try:
                while data := peer.recv(65536):
                    out += data
                return out, True
            except TimeoutError:
                return out, False
            except ConnectionResetError:
                return out, True


def raw_get(url, headers=KEY):
    parts = urllib.parse.urlsplit(url)
    lines = [f"GET {parts.path}{'?' + parts.query if parts.query else ''} HTTP/1.1",
             "Host: " + parts.netloc] + [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def png(width, height, colour=2, bytes_more=0):
    def chunk(kind, data):
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check
    row = {2: 3, 6: 4, 0: 1}[colour] * width + 1
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour,
                                                              0, 0, 0))
            + (chunk(b"teXt", bytes(bytes_more)) if bytes_more else b"")
            + chunk(b"IDAT", zlib.compress(bytes(row * height))) + chunk(b"IEND", b""))


def data_uri(picture, kind="png"):
    return f"data:image/{kind};base64," + base64.b64encode(picture).decode()


class Tap(unittest.TestResult):
    count = 0

    def line(self, word, test, reason=""):
        self.count += 1
        name = test.id().replace("__main__.", "")
        print(f"{word} {self.count} - {name}{reason}", flush=True)

    def addSuccess(self, test):
        self.line("ok", test)

    def problem(self, test, error):
        self.line("not ok", test)
        print("# " + self._exc_info_to_string(error, test).replace("\n", "\n# "), file=sys.stderr)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.problem(test, error)

    def addError(self, test, error):
        super().addError(test, error)
        self.problem(test, error)


def main():
    """Usage: test_NAME.py STANDIN [Class.test ...]"""
    names = sys.argv[2:]
    module = sys.modules["__main__"]
    loader = unittest.defaultTestLoader
    suite = (loader.loadTestsFromNames(names, module) if names
             else loader.loadTestsFromModule(module))
    result = Tap()
    suite.run(result)
    print(f"1..{result.count}")
    sys.exit(not result.wasSuccessful())
