# SPDX-License-Identifier: LGPL-2.1-or-later
"""Requests to the profiles of servers that people run themselves, and to OpenAI's routes."""
import base64
import time

from standin_client import Case, png

def form(fields, files=None):
    """A multipart body and its headers; files: name -> (file name, type, bytes)."""
    body = b""
    for name, value in fields.items():
        body += (f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
                 f"{value}\r\n").encode()
    for name, (file, kind, data) in (files or {}).items():
        body += (f'--edge\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
                 f"Content-Type: {kind}\r\n\r\n").encode() + data + b"\r\n"
    return body + b"--edge--\r\n", {"Content-Type": "multipart/form-data; boundary=edge"}


def picture(width=64, height=48):
    return ("k.png", "image/png", png(width, height))


def kind_of(data):
    return ("png" if data.startswith(b"\x89PNG") else "jpeg" if data.startswith(b"\xff\xd8") else
            "webp" if data[8:12] == b"WEBP" else "mp4" if data[4:8] == b"ftyp" else
            "webm" if data.startswith(b"\x1aE\xdf\xa3") else "avi" if data[8:12] == b"AVI " else
            "?")


def decoded(reply, index=0):
    return base64.b64decode(reply.json["data"][index]["b64_json"], validate=True)


class ProfileCase(Case):
    profile = "openai"
    key = False

    def call(self, method, path, body=None, headers=None, root=False):
        base = self.at[self.profile]
        if root:
            base = base.removesuffix("/v1")
        return self.send(method, base + path, body, headers, key=self.key)

    def post(self, path, fields, files=None, **more):
        body, headers = form(fields, files)
        return self.call("POST", path, body, headers, **more)

    def clip(self, files=None, **fields):
        return self.post("/videos", {"prompt": "a drone over fields", **fields}, files)

    def picture(self, **fields):
        return self.call("POST", "/images/generations",
                         {"prompt": "paper lanterns", "response_format": "b64_json", **fields})

    def until(self, path, root=False, seconds=15):
        """The reply in which a job is over."""
        end = time.monotonic() + seconds
        while True:
            reply = self.call("GET", path, root=root)
            if reply.status != 200 or reply.json["status"] not in ("queued", "in_progress",
                                                                   "generating"):
                return reply
            self.assertLess(time.monotonic(), end, reply.body)
            time.sleep(0.02)

    def over(self, created):
        self.assertEqual(created.status, 200, created.body)
        return self.until("/videos/" + created.json["id"])

    def content(self, created, query=""):
        return self.call("GET", f"/videos/{created.json['id']}/content{query}")

    def generations(self):
        return self.control("GET", "/billed")["generations"]
