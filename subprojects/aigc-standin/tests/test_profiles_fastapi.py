# SPDX-License-Identifier: LGPL-2.1-or-later
"""vLLM-Omni and SGLang."""
from profiles_client import ProfileCase, decoded, kind_of, picture
from standin_client import KEY, main


class Vllm(ProfileCase):
    profile = "vllm-omni"

    def field(self, reply):
        detail = reply.json["detail"][0]
        return detail["loc"], detail["type"]

    def test_what_it_is(self):
        self.assertEqual(self.call("GET", "/health", root=True).body, b"")
        self.assertIn("version", self.call("GET", "/version", root=True).json)
        self.assertEqual(self.call("GET", "/models").json["data"][0]["owned_by"], "vllm")
        self.assertEqual(self.call("GET", "/sdcpp/v1/capabilities", root=True).json,
                         {"detail": "Not Found"})
        self.assertEqual(self.call("GET", "/images/generations").json,
                         {"detail": "Method Not Allowed"})

    def test_a_key_when_one_is_set(self):
        self.configure(profiles={"vllm-omni": {"key": True}})
        reply = self.clip()
        self.assertEqual((reply.status, reply.json), (401, {"error": "Unauthorized"}))
        self.assertEqual(self.call("GET", "/health", root=True).status, 200)
        self.assertEqual(self.call("GET", "/models", headers=KEY).status, 200)

    def test_pictures(self):
        reply = self.picture(seed=5, num_inference_steps=4, negative_prompt="y", size="64x48")
        self.assertEqual(kind_of(decoded(reply)), "png")
        self.assertEqual(reply.json["data"][0]["url"], None)
        self.assertEqual(self.generations()[0]["seed"], 5)
        raw = self.picture(response_format="file")
        self.assertEqual((kind_of(raw.body), raw.headers["Content-Type"]), ("png", "image/png"))

    def test_refusals_of_pictures(self):
        for fields, name in (({"response_format": "url"}, "response_format"), ({"n": 11}, "n"),
                             ({"size": "512"}, "size"), ({"seed": "1"}, "seed"),
                             ({"num_inference_steps": 201}, "num_inference_steps"),
                             ({"guidance_scale": 21}, "guidance_scale")):
            reply = self.picture(**fields)
            self.assertEqual((reply.status, self.field(reply)[0]), (422, ["body", name]))
        self.assertEqual(self.picture(size="ax5").json["detail"][:19], "Invalid size format")
        self.assertIn("Model mismatch", self.picture(model="nobody").json["detail"])
        self.assertEqual(self.billed(), 0)

    def test_edits_are_jpeg_unless_asked_for_png(self):
        fields = {"prompt": "x", "size": "64x48"}
        reply = self.post("/images/edits", fields, {"image": picture()})
        self.assertEqual(kind_of(decoded(reply)), "jpeg")
        reply = self.post("/images/edits", {**fields, "output_format": "png"},
                          {"image": picture()})
        self.assertEqual(kind_of(decoded(reply)), "png")
        self.assertEqual(self.post("/images/edits", fields).status, 400)

    def test_clips(self):
        self.configure(video={"seconds": 0.4, "width": 64, "height": 48, "duration": 0.2})
        created = self.clip(size="832x480", seconds="2", seed="7")
        self.assertEqual((created.json["status"], created.json["seconds"]), ("queued", "2"))
        progress = set()
        while (job := self.call("GET", "/videos/" + created.json["id"]).json)["status"] in (
                "queued", "in_progress"):
            progress.add(job["progress"])
        self.assertGreater(len(progress), 5)
        self.assertEqual((job["status"], job["media_type"]), ("completed", "video/mp4"))
        self.assertEqual(kind_of(self.content(created).body), "mp4")
        billed = self.generations()
        self.assertEqual([(b["route"], b["seed"]) for b in billed], [("vllm-omni-video", 7)])

    def test_the_size_and_length_asked_for(self):
        from test_results import mp4_seconds, mp4_size
        self.configure(video={"width": 0, "height": 0, "duration": 0})
        for fields, size, seconds in (
                ({"size": "96x64", "seconds": "1"}, (96, 64), 1),
                ({"width": "64", "height": "96", "num_frames": "10", "fps": "20"}, (64, 96), 0.5)):
            created = self.clip(**fields)
            self.over(created)
            clip = self.content(created).body
            self.assertEqual((mp4_size(clip), mp4_seconds(clip)), (size, seconds))

    def test_json_is_refused(self):
        reply = self.call("POST", "/videos", {"prompt": "x"})
        self.assertEqual((reply.status, self.field(reply)), (400, (["body", "prompt"], "missing")))

    def test_errors_as_objects(self):
        self.configure(profiles={"vllm-omni": {"errors": "object"}})
        reply = self.call("POST", "/videos", {"prompt": "x"})
        error = reply.json["error"]
        self.assertEqual((reply.status, error["code"], error["type"]), (400, 400, "Bad Request"))
        self.assertEqual(self.call("GET", "/videos/x").json["error"]["message"], "Video not found")

    def test_refusals_of_clips(self):
        for fields, name in (({"seconds": "0"}, "seconds"), ({"seconds": "1.5"}, "seconds"),
                             ({"size": "832*480"}, "size"), ({"size": "832X480"}, "size"),
                             ({"fps": "x"}, "fps"), ({"num_frames": "0"}, "num_frames")):
            reply = self.clip(**fields)
            self.assertEqual((reply.status, self.field(reply)[0]), (422, ["body", name]), fields)
        i2v = {"model": "Wan-AI/Wan2.2-I2V-A14B-Diffusers"}
        self.assertIn("requires an input image", self.clip(**i2v).json["detail"])
        self.assertEqual(self.clip({"input_reference": picture()}, **i2v).status, 200)
        self.assertEqual(self.clip({"input_reference": ("a", "image/png", b"x")}).status, 400)
        both = self.clip({"input_reference": picture()}, image_reference='{"image_url":"data:"}')
        self.assertIn("not both", both.json["detail"])
        self.assertEqual(self.clip(model="nobody").status, 400)

    def test_sync(self):
        reply = self.post("/videos/sync", {"prompt": "x"})
        self.assertEqual((kind_of(reply.body), reply.headers["Content-Type"]),
                         ("mp4", "video/mp4"))
        self.assertIn("X-Inference-Time-S", reply.headers)
        self.assertEqual(self.generations()[0]["route"], "vllm-omni-video-sync")

    def test_early_content_and_failures(self):
        self.configure(video={"seconds": 0.2})
        self.fault("vllm-omni-video", "task-state", state="FAILED", message="out of memory")
        created = self.clip()
        self.assertEqual(self.content(created).status, 404)
        over = self.over(created)
        self.assertEqual((over.status, over.json["status"]), (500, "failed"))
        self.assertEqual(over.json["error"], {"code": 500, "message": "out of memory"})
        self.assertEqual(self.content(created).status, 422)
        self.configure(profiles={"vllm-omni": {"http_failures": False}})
        self.assertEqual(self.over(created).status, 200)

    def test_delete_cancels(self):
        self.configure(video={"seconds": 9})
        created = self.clip()
        gone = self.call("DELETE", "/videos/" + created.json["id"])
        self.assertEqual((gone.json["deleted"], gone.json["object"]), (True, "video.deleted"))
        self.assertEqual(self.over(created).status, 404)

    def test_a_restart_loses_the_jobs(self):
        created = self.clip()
        self.over(created)
        self.control("POST", "/forget", {"profile": "sglang"})
        self.assertEqual(self.over(created).status, 200)
        self.control("POST", "/forget", {"profile": "vllm-omni"})
        self.assertEqual(self.over(created).status, 404)


class Sglang(ProfileCase):
    profile = "sglang"

    def test_what_it_is(self):
        self.assertEqual(self.call("GET", "/health", root=True).json, {"status": "ok"})
        self.assertEqual(self.call("GET", "/models").json["data"][0]["owned_by"], "sglang")
        self.assertEqual(self.call("GET", "/version", root=True).status, 404)

    def test_pictures_are_jpeg_and_never_addresses(self):
        self.assertEqual(kind_of(decoded(self.picture())), "jpeg")
        self.assertEqual(kind_of(decoded(self.picture(output_format="png"))), "png")
        for format in ("url", None):
            reply = self.picture(response_format=format)
            self.assertEqual((reply.status, reply.json),
                             (400, {"detail": "response_format=url is not supported"}))

    def test_edits_at_relative_addresses(self):
        reply = self.post("/images/edits", {"prompt": "x", "response_format": "url"},
                          {"image": picture()})
        url = reply.json["data"][0]["url"]
        self.assertRegex(url, "^/v1/images/[^/]+/content$")
        self.assertEqual(kind_of(self.call("GET", url, root=True).body), "jpeg")
        self.assertEqual(self.post("/images/edits", {"prompt": "x"}).status, 422)

    def test_clips_by_form_and_by_json(self):
        self.configure(video={"seconds": 0.2, "width": 64, "height": 48, "duration": 0.2})
        fields = {"prompt": "x", "size": "832x480"}
        for create in (lambda: self.post("/videos", {**fields, "seconds": "2"}),
                       lambda: self.call("POST", "/videos", {**fields, "seconds": 2})):
            created = create()
            self.assertEqual(created.json["seconds"], "2")
            self.assertEqual(self.call("GET", "/videos/" + created.json["id"]).json["status"],
                             "queued")
            early = self.content(created)
            self.assertEqual((early.status, early.json["detail"]),
                             (404, "Generation is still in-progress"))
            over = self.over(created).json
            self.assertEqual((over["status"], over["progress"]), ("completed", 100))
            self.assertEqual(kind_of(self.content(created).body), "mp4")
            self.assertEqual(self.content(created, "?variant=thumbnail").status, 404)

    def test_refusals(self):
        self.assertEqual(self.call("POST", "/videos", {"seconds": 2}).json,
                         {"detail": "prompt is required"})
        self.assertEqual(self.post("/videos", {"seconds": "2"}).status, 400)
        self.assertEqual(self.clip(seconds="x").status, 422)
        self.assertEqual(self.call("POST", "/videos", {"prompt": "x", "fps": "y"}).status, 400)
        i2v = {"prompt": "x", "model": "Wan-AI/Wan2.2-I2V-A14B-Diffusers"}
        self.assertEqual(self.call("POST", "/videos", i2v).status, 400)
        self.assertEqual(self.call("POST", "/videos", {**i2v, "input_reference": "data:x"}).status,
                         400)
        self.assertEqual(self.call("POST", "/videos", {
            **i2v, "reference_url": "data:image/png;base64,AA=="}).status, 200)

    def test_errors_have_no_code(self):
        self.fault("sglang-video", "task-state", state="FAILED", message="boom")
        self.assertEqual(self.over(self.clip()).json["error"], {"message": "boom"})

    def test_delete_answers_with_the_object(self):
        created = self.clip()
        self.assertEqual(self.call("GET", "/videos").json["data"][0]["id"], created.json["id"])
        gone = self.call("DELETE", "/videos/" + created.json["id"]).json
        self.assertEqual((gone["id"], gone["status"]), (created.json["id"], "deleted"))
        self.assertEqual(self.over(created).json, {"detail": "Video not found"})


if __name__ == "__main__":
    main()
