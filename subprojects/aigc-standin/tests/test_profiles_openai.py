# SPDX-License-Identifier: LGPL-2.1-or-later
"""OpenAI's own pictures and clips."""
import time

from profiles_client import ProfileCase, decoded, form, kind_of, picture
from standin_client import main, png

REAL = {"image": {"width": 0, "height": 0}, "video": {"width": 0, "height": 0, "duration": 0.2}}


class Pictures(ProfileCase):
    key = True

    def test_models_are_listed_with_the_others(self):
        ids = [model["id"] for model in self.call("GET", "/models").json["data"]]
        self.assertIn("gpt-image-1", ids)
        self.assertIn("deepseek-flash", ids)

    def test_the_key_is_asked_for(self):
        reply = self.send("POST", self.at["openai"] + "/images/generations", {"prompt": "x"},
                          key=False)
        self.refuse(reply, 401, "invalid_api_key")
        self.assertEqual(reply.json["error"]["type"], "invalid_request_error")

    def test_formats_and_counts(self):
        for format in ("png", "jpeg", "webp"):
            reply = self.call("POST", "/images/generations", {
                "prompt": "x", "model": "gpt-image-1", "output_format": format, "n": 2})
            self.assertEqual(reply.status, 200, reply.body)
            self.assertEqual([kind_of(decoded(reply, i)) for i in (0, 1)], [format] * 2)
        self.assertEqual([g["route"] for g in self.generations()], ["openai-image"] * 3)

    def test_size(self):
        self.configure(**REAL)
        data = decoded(self.picture(model="dall-e-2", size="256x256"))
        self.assertEqual(data[16:24], bytes((0, 0, 1, 0, 0, 0, 1, 0)))

    def test_addresses_are_the_default_of_dall_e(self):
        reply = self.call("POST", "/images/generations", {"prompt": "x", "model": "dall-e-3"})
        url = reply.json["data"][0]["url"]
        self.assertTrue(url.startswith(self.at["results"]))
        self.assertEqual(kind_of(self.send("GET", url, key=False).body), "png")

    def test_refusals(self):
        for fields, code in (
                ({"prompt": ...}, "missing_required_parameter"),
                ({"seed": 1}, "unknown_parameter"), ({"n": "1"}, "invalid_type"),
                ({"n": 11}, "invalid_type"), ({"size": "640x480"}, "invalid_value"),
                ({"model": "gpt-image-1", "response_format": "b64_json"}, "unknown_parameter"),
                ({"response_format": "file"}, "invalid_value")):
            body = {"prompt": "x", "model": "dall-e-2", **fields}
            body = {name: value for name, value in body.items() if value is not ...}
            self.refuse(self.call("POST", "/images/generations", body), 400, code)
        self.refuse(self.picture(model="nobody"), 404, "model_not_found")
        self.assertEqual(self.billed(), 0)

    def test_models_of_the_configuration_have_no_rules(self):
        self.configure(profiles={"openai": {"models": ["my/model"]}})
        self.assertEqual(self.picture(model="my/model", size="832x480").status, 200)
        created = self.clip(model="my/model", size="832x480", seconds="5")
        self.assertEqual(created.status, 200, created.body)

    def test_edits(self):
        reply = self.post("/images/edits", {"prompt": "x", "model": "gpt-image-1"},
                          {"image[]": picture()})
        self.assertEqual(kind_of(decoded(reply)), "png")
        self.assertEqual(self.generations()[0]["route"], "openai-edit")
        self.refuse(self.post("/images/edits", {"prompt": "x"}), 400, "missing_required_parameter")
        self.refuse(self.post("/images/edits", {"prompt": "x"},
                              {"image": ("a.png", "application/octet-stream", png(8, 8))}), 400,
                    "unsupported_file_mimetype")
        self.assertEqual(self.call("POST", "/images/edits", {"prompt": "x"}).status, 400)

    def test_the_log_shows_the_fields_of_a_form(self):
        self.post("/images/edits", {"prompt": "x", "model": "gpt-image-1"}, {"image": picture()})
        body = self.calls("openai-edit")[0]["body"]
        self.assertEqual(body["prompt"], "x")
        self.assertRegex(body["image"], r"^<k\.png image/png \d+ bytes>$")


class Clips(ProfileCase):
    key = True

    def test_the_whole_way(self):
        self.configure(video={"seconds": 0.3, "width": 64, "height": 48, "duration": 0.2})
        created = self.clip(seconds="8", size="1280x720")
        self.assertEqual((created.json["status"], created.json["progress"]), ("queued", 0))
        self.assertEqual((created.json["seconds"], created.json["size"]), ("8", "1280x720"))
        path = "/videos/" + created.json["id"]
        self.assertEqual(self.call("GET", path).json["status"], "in_progress")
        early = self.content(created)
        self.assertEqual((early.status, "not ready" in early.body.decode()), (404, True))
        over = self.over(created).json
        self.assertEqual((over["status"], over["progress"]), ("completed", 100))
        self.assertEqual(over["expires_at"], over["completed_at"] + 3600)
        reply = self.content(created)
        self.assertEqual((kind_of(reply.body), reply.headers["Content-Type"]),
                         ("mp4", "video/mp4"))
        self.assertIn(b"mp4a", reply.body)
        billed = self.generations()
        self.assertEqual([(b["route"], b["model"], b["task_id"]) for b in billed],
                         [("openai-video", "sora-2", created.json["id"])])

    def test_early_content_has_the_status_that_is_set(self):
        self.configure(video={"seconds": 9})
        created = self.clip()
        for status in (404, 409, 400):
            self.configure(profiles={"openai": {"early_content": status}})
            self.assertEqual(self.content(created).status, status)

    def test_content_expires(self):
        self.configure(profiles={"openai": {"expires_seconds": 1}})
        created = self.clip()
        self.over(created)
        self.assertEqual(self.content(created).status, 200)
        time.sleep(2.1)
        self.assertEqual(self.content(created).status, 404)

    def test_refusals(self):
        for fields in ({"seconds": "5"}, {"size": "832x480"}, {"size": "1024x1792"},
                       {"fps": "24"}):
            self.assertEqual(self.clip(**fields).status, 400, fields)
        self.assertEqual(self.post("/videos", {"model": "sora-2"}).status, 400)
        self.refuse(self.clip(model="nobody"), 404, "model_not_found")
        self.assertEqual(self.clip(model="sora-2-pro", size="1024x1792").status, 200)
        self.assertEqual(self.call("POST", "/videos", {"prompt": "x", "seconds": 4}).status, 400)
        self.assertEqual(self.call("POST", "/videos", {"prompt": "x", "seconds": "4"}).status, 200)

    def test_the_reference_has_the_size_of_the_clip(self):
        wrong = self.clip({"input_reference": picture()})
        self.assertEqual((wrong.status, b"must match" in wrong.body), (400, True))
        right = self.clip({"input_reference": picture(1280, 720)}, size="1280x720")
        self.assertEqual(right.status, 200)
        noise = self.clip({"input_reference": ("a.txt", "text/plain", b"x")})
        self.assertEqual(noise.code, "unsupported_file_mimetype")

    def test_list_and_delete(self):
        ids = [self.clip().json["id"] for _ in range(3)]
        page = self.call("GET", "/videos?limit=2").json
        self.assertEqual([video["id"] for video in page["data"]], [ids[2], ids[1]])
        self.assertEqual((page["has_more"], page["first_id"], page["last_id"]),
                         (True, ids[2], ids[1]))
        page = self.call("GET", f"/videos?after={ids[1]}").json
        self.assertEqual(([video["id"] for video in page["data"]], page["has_more"]),
                         ([ids[0]], False))
        gone = self.call("DELETE", "/videos/" + ids[0])
        self.assertEqual(gone.json, {"id": ids[0], "object": "video.deleted", "deleted": True})
        self.assertEqual(self.call("GET", "/videos/" + ids[0]).status, 404)
        self.assertEqual(self.call("DELETE", "/videos/" + ids[0]).status, 404)

    def test_the_tasks_of_dashscope_are_others(self):
        created = self.clip()
        self.assertEqual(self.native("GET", "/tasks/").json["total"], 0)
        self.assertEqual(self.poll(created.json["id"]).json["output"]["task_status"], "UNKNOWN")

    def test_expect_100_continue(self):
        body, headers = form({"prompt": "x"})
        path = self.at["openai"].split("/", 3)[3] + "/videos"
        request = (f"POST /{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk-standin\r\n"
                   f"Content-Type: {headers['Content-Type']}\r\nExpect: 100-continue\r\n"
                   f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n").encode()
        out, closed = self.raw(request + body)
        self.assertRegex(out, rb"^HTTP/1.1 100 Continue\r\n[^{]*\r\n\r\nHTTP/1.1 200")
        self.assertTrue(closed)


if __name__ == "__main__":
    main()
