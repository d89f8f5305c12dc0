# SPDX-License-Identifier: LGPL-2.1-or-later
"""LocalAI and stable-diffusion.cpp."""
import base64
import time

from profiles_client import ProfileCase, decoded, kind_of, picture
from standin_client import KEY, data_uri, main, png

PLAIN = base64.b64encode(png(64, 48)).decode()


class LocalAi(ProfileCase):
    profile = "localai"

    def video(self, headers=None, **fields):
        return self.call("POST", "/video", {"model": "wan2.2-t2v", "prompt": "x", **fields},
                         headers, root=True)

    def test_what_it_is(self):
        self.assertEqual(self.call("GET", "/readyz", root=True).body, b"OK")
        self.assertEqual(self.call("GET", "/models").json["data"][0],
                         {"id": "qwen-image", "object": "model"})
        self.assertEqual(self.post("/videos", {"prompt": "x"}).status, 404)

    def test_a_clip_at_an_absolute_or_relative_address(self):
        url = self.video().json["data"][0]["url"]
        self.assertTrue(url.startswith("http://127.0.0.1:"), url)
        self.assertEqual(kind_of(self.send("GET", url, key=False).body), "mp4")
        self.configure(profiles={"localai": {"relative_url": True}})
        url = self.video().json["data"][0]["url"]
        self.assertTrue(url.startswith("/generated-videos/"), url)
        self.assertEqual(kind_of(self.call("GET", url, root=True).body), "mp4")
        self.assertEqual([b["route"] for b in self.generations()], ["localai-video"] * 2)

    def test_it_blocks(self):
        self.configure(video={"seconds": 0.5})
        start = time.monotonic()
        self.assertEqual(kind_of(decoded(self.video(response_format="b64_json"))), "mp4")
        self.took(start, 0.5)

    def test_size_is_read_by_nobody(self):
        from test_results import mp4_seconds, mp4_size
        self.configure(video={"width": 0, "height": 0, "duration": 0})
        clip = decoded(self.video(response_format="b64_json", size="640x360", width=96, height=64,
                                  num_frames=12, fps=12))
        self.assertEqual((mp4_size(clip), mp4_seconds(clip)), ((96, 64), 1))

    def test_refusals(self):
        self.assertEqual(self.video(model="").json["error"]["code"], 400)
        self.assertEqual(self.video(model="nobody").status, 404)
        self.assertEqual(self.video(width="64").status, 400)
        self.assertEqual(self.video(start_image=PLAIN).status, 200)
        reply = self.video(start_image=data_uri(png(64, 48)))
        self.assertEqual((reply.status, "illegal base64" in reply.json["error"]["message"]),
                         (500, True))
        self.assertEqual(self.video(start_image="AAAA").status, 500)

    def test_pictures(self):
        fields = {"model": "qwen-image", "prompt": "good|bad"}
        reply = self.call("POST", "/images/generations", fields)
        self.assertEqual(kind_of(self.send("GET", reply.json["data"][0]["url"]).body), "png")
        self.assertEqual(kind_of(decoded(self.picture(model="qwen-image"))), "png")
        self.assertEqual(self.picture(model=None).status, 400)
        self.assertEqual(self.picture(model="qwen-image", size="512xa").status, 500)

    def test_keys(self):
        self.configure(profiles={"localai": {"key": True}})
        refused = self.video()
        self.assertEqual((refused.status, refused.json["error"]["code"]), (401, 401))
        url = self.video(headers=KEY).json["data"][0]["url"]
        self.assertEqual(self.send("GET", url, key=False).status, 401)
        self.assertEqual(self.send("GET", url, headers={"x-api-key": "sk-standin"},
                                   key=False).status, 200)


class SdCpp(ProfileCase):
    profile = "sdcpp"

    def job(self, kind="vid_gen", **fields):
        return self.call("POST", "/sdcpp/v1/" + kind, {"prompt": "x", **fields}, root=True)

    def over(self, created):
        self.assertEqual(created.status, 202, created.body)
        return self.until(created.json["poll_url"], root=True)

    def poll(self, created):
        return self.call("GET", created.json["poll_url"], root=True)

    def cancel(self, created):
        return self.call("POST", created.json["poll_url"] + "/cancel", b"", root=True)

    def test_what_it_is(self):
        self.assertEqual(self.call("GET", "/models").json["data"][0]["id"], "sd-cpp-local")
        told = self.call("GET", "/sdcpp/v1/capabilities", root=True).json
        self.assertEqual((told["supported_modes"], told["limits"]["max_queue_size"]),
                         (["img_gen", "vid_gen"], 64))

    def test_clips(self):
        for format, mime in (("webm", "video/webm"), ("avi", "video/x-msvideo")):
            created = self.job(output_format=format, fps=8, video_frames=10, seed=3)
            self.assertEqual((created.json["status"], created.json["kind"]), ("queued", "vid_gen"))
            self.assertTrue(created.json["poll_url"].startswith("/sdcpp/v1/jobs/"))
            result = self.over(created).json["result"]
            self.assertEqual((result["mime_type"], result["fps"], result["frame_count"]),
                             (mime, 8, 13))
            self.assertEqual(kind_of(base64.b64decode(result["b64_json"])), format)
        self.assertEqual([(b["route"], b["seed"]) for b in self.generations()],
                         [("sdcpp-video", 3)] * 2)

    def test_pictures_as_jobs(self):
        images = self.over(self.job("img_gen", batch_count=2)).json["result"]["images"]
        self.assertEqual([image["index"] for image in images], [0, 1])
        self.assertEqual(kind_of(base64.b64decode(images[1]["b64_json"])), "png")
        self.assertEqual(self.generations()[0]["route"], "sdcpp-img-gen")

    def test_refusals(self):
        for fields in ({"width": 32}, {"width": "64"}, {"seed": -2}, {"init_image": "AAAA"},
                       {"prompt": ""}):
            reply = self.job(**fields)
            self.assertEqual((reply.status, reply.json),
                             (400, {"error": "invalid generation parameters"}), fields)
        self.assertEqual(self.job(output_format="mp4").json, {"error": "invalid output_format"})
        self.assertEqual(self.job(init_image=data_uri(png(64, 48)), end_image=PLAIN).status, 202)
        broken = self.call("POST", "/sdcpp/v1/vid_gen", b"{", root=True)
        self.assertEqual((broken.status, broken.json["error"]), (400, "invalid json"))

    def test_one_at_a_time_and_cancel(self):
        self.configure(limits={}, video={"seconds": 9})
        first, second = self.job(), self.job()
        self.assertEqual(self.poll(first).json["status"], "generating")
        waiting = self.poll(second).json
        self.assertEqual((waiting["status"], waiting["queue_position"]), ("queued", 1))
        self.assertEqual(self.cancel(first).status, 409)
        gone = self.cancel(second)
        self.assertEqual((gone.status, gone.json["status"], gone.json["error"]["code"]),
                         (200, "cancelled", "cancelled"))

    def test_the_queue_is_full(self):
        self.configure(video={"seconds": 9}, profiles={"sdcpp": {"queue": 2}})
        self.assertEqual([self.job().status for _ in range(3)], [202, 202, 429])
        self.assertEqual(self.job().json, {"error": "job queue is full"})
        self.assertEqual(self.billed(), 2)

    def test_results_are_kept_for_a_time(self):
        self.configure(profiles={"sdcpp": {"keep_seconds": 1}})
        created = self.job()
        self.over(created)
        time.sleep(1.1)
        self.assertEqual((self.poll(created).status, self.poll(created).json),
                         (410, {"error": "job expired"}))
        self.assertEqual(self.cancel(created).status, 410)
        unknown = self.call("GET", "/sdcpp/v1/jobs/none", root=True)
        self.assertEqual((unknown.status, unknown.json), (404, {"error": "job not found"}))

    def test_pictures_of_the_openai_route(self):
        for format in ("png", "jpeg", "webp"):
            reply = self.call("POST", "/images/generations", {
                "prompt": 'x<sd_cpp_extra_args>{"seed": 9}</sd_cpp_extra_args>', "size": "64x64",
                "output_format": format})
            self.assertEqual(kind_of(decoded(reply)), format)
        billed = self.generations()[0]
        self.assertEqual((billed["route"], billed["prompt"], billed["seed"]),
                         ("sdcpp-image", "x", 9))
        self.assertEqual(self.call("POST", "/images/generations", {"size": "64x64"}).json,
                         {"error": "prompt required"})
        edit = self.post("/images/edits", {"prompt": "x"}, {"image[]": picture()})
        self.assertEqual(kind_of(decoded(edit)), "png")
        self.assertEqual(self.post("/images/edits", {"prompt": "x"}).status, 400)


if __name__ == "__main__":
    main()
