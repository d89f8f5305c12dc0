# SPDX-License-Identifier: LGPL-2.1-or-later
"""Faults on the routes of the profiles."""
import base64
import http.client
import struct
import urllib.parse

from profiles_client import ProfileCase, decoded, form, kind_of
from standin_client import main
from test_results import boxes


class Faults(ProfileCase):
    profile = "vllm-omni"

    def test_the_errors_of_each_style(self):
        for profile, path, body in (
                ("openai", "/videos", {"error": {"message": "no", "type": "server_error",
                                                 "param": None, "code": "internal_error"}}),
                ("vllm-omni", "/videos", {"detail": "no"}), ("sglang", "/videos", {"detail": "no"}),
                ("sdcpp", "/images/generations", {"error": "no"})):
            route = f"{profile}-image" if profile == "sdcpp" else f"{profile}-video"
            self.fault(route, "status", status=503, message="no", retry_after=2)
            data, headers = form({"prompt": "x"})
            reply = self.send("POST", self.at[profile] + path, data, headers)
            self.assertEqual((reply.status, reply.json, reply.headers["Retry-After"]),
                             (503, body, "2"))
        self.assertEqual(self.billed(), 0)

    def test_an_error_without_a_code(self):
        self.fault("openai-image", "status", status=429, code=None)
        reply = self.send("POST", self.at["openai"] + "/images/generations", {"prompt": "x"})
        self.assertEqual((reply.status, reply.json["error"]["code"]), (429, None))

    def test_by_model(self):
        self.fault("vllm-omni-video", "status", match={"model": "nobody"}, status=418)
        self.assertEqual(self.clip().status, 200)
        self.assertEqual(self.clip(model="nobody").status, 418)

    def test_answers_without_pictures(self):
        self.fault("vllm-omni-image", "data-empty")
        self.assertEqual(self.picture().json["data"], [])
        self.fault("vllm-omni-image", "item-without-content")
        self.assertEqual([item.get("b64_json") for item in self.picture().json["data"]], [None])
        self.assertEqual(self.billed(), 2)

    def test_odd_base64(self):
        self.fault("vllm-omni-image", "base64-newlines")
        text = self.picture().json["data"][0]["b64_json"]
        self.assertIn("\n", text)
        self.assertEqual(kind_of(base64.b64decode(text)), "png")
        self.fault("vllm-omni-image", "base64-data-uri")
        self.assertTrue(self.picture().json["data"][0]["b64_json"].startswith(
            "data:image/png;base64,iVBOR"))
        self.fault("vllm-omni-image", "base64-garbage")
        self.assertIn("@", self.picture().json["data"][0]["b64_json"])

    def test_other_pictures_than_asked_for(self):
        for kind in ("jpeg", "webp"):
            self.fault("vllm-omni-image", "other-type", type=kind)
            self.assertEqual(kind_of(decoded(self.picture())), kind)
        self.fault("vllm-omni-image", "other-size", width=32, height=16)
        self.assertEqual(struct.unpack(">II", decoded(self.picture())[16:24]), (32, 16))

    def test_other_clips_than_asked_for(self):
        self.fault("openai-video", "silent")
        self.profile, self.key = "openai", True
        created = self.clip()
        self.over(created)
        self.assertNotIn(b"mp4a", self.content(created).body)
        self.fault("openai-video", "moov-at-end")
        created = self.clip()
        self.over(created)
        order = list(boxes(self.content(created).body))
        self.assertGreater(order.index("moov"), order.index("mdat"))
        self.profile = "sdcpp"
        self.fault("sdcpp-video", "item-without-content")
        job = self.call("POST", "/sdcpp/v1/vid_gen", {"prompt": "x"}, root=True)
        self.assertNotIn("b64_json", self.until(job.json["poll_url"], root=True).json["result"])

    def test_content_that_is_none(self):
        created = self.clip()
        self.over(created)
        self.fault("vllm-omni-video-content", "not-a-clip")
        self.assertEqual(kind_of(self.content(created).body), "?")
        self.assertEqual(kind_of(self.content(created).body), "mp4")
        self.fault("vllm-omni-video-content", "status", status=404, times=2)
        self.assertEqual([self.content(created).status for _ in range(3)], [404, 404, 200])

    def test_states(self):
        for state, word in (("paused", "paused"), ("CANCELED", "cancelled"),
                            ("FAILED-bare", "failed")):
            self.fault("sglang-video", "task-state", state=state)
            self.profile = "sglang"
            over = self.over(self.clip()).json
            self.assertEqual((over["status"], over["error"]), (word, None))
        self.fault("sglang-video", "task-state", state="SUCCEEDED-without-url")
        created = self.clip()
        self.assertEqual(self.over(created).json["status"], "completed")
        self.assertEqual(self.content(created).status, 404)
        self.fault("sglang-video", "task-state", state="SUCCEEDED-empty")
        created = self.clip()
        self.over(created)
        self.assertEqual(self.content(created).body, b"")

    def test_one_odd_look(self):
        self.configure(video={"seconds": 9})
        created = self.clip()
        self.fault("vllm-omni-video-task", "task-state", state="FAILED")
        path = "/videos/" + created.json["id"]
        self.assertEqual([self.call("GET", path).json["status"] for _ in range(2)],
                         ["failed", "in_progress"])

    def test_chunked(self):
        created = self.clip()
        self.over(created)
        whole = self.content(created).body
        self.fault("vllm-omni-video-content", "chunked")
        reply = self.content(created)
        self.assertEqual((reply.headers["Transfer-Encoding"], reply.headers["Content-Length"]),
                         ("chunked", None))
        self.assertEqual(reply.body, whole)

    def test_the_connection_is_closed_between_requests(self):
        self.fault("vllm-omni-models", "close-after")
        host = urllib.parse.urlsplit(self.at["vllm-omni"]).netloc
        connection = http.client.HTTPConnection(host, timeout=10)
        connection.request("GET", "/v1/models")
        reply = connection.getresponse()
        self.assertEqual((reply.status, reply.headers["Connection"]), (200, None))
        reply.read()
        connection.sock.settimeout(10)
        self.assertEqual(connection.sock.recv(1), b"")
        connection.close()
        self.assertEqual(self.call("GET", "/models").status, 200)

    def test_accepted_and_lost(self):
        self.fault("vllm-omni-video", "accept-then-close")
        body, headers = form({"prompt": "x"})
        with self.assertRaises((http.client.RemoteDisconnected, ConnectionResetError)):
            self.send("POST", self.at["vllm-omni"] + "/videos", body, headers)
        self.assertEqual(self.billed(), 1)


if __name__ == "__main__":
    main()
