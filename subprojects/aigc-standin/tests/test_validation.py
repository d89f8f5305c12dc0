# SPDX-License-Identifier: LGPL-2.1-or-later
"""What requests of pictures and clips must look like."""
from standin_client import Case, data_uri, main, png

LONG = "长" * 6000


class Pictures(Case):
    def test_sizes_of_a_list(self):
        for size in ("1664*928", "1472*1104", "1328*1328", "1104*1472", "928*1664"):
            self.assertEqual(self.image({"size": size}).status, 200, size)
        for size in ("1024*576", "1664x928", "1664*928*1", "-1*5", "*", ""):
            self.refuse(self.image({"size": size}), 400, "InvalidParameter")

    def test_sizes_by_area(self):
        def size(text, model="qwen-image-2.0"):
            return self.image({"size": text}, model=model).status
        self.assertEqual([size("1024*576"), size("2048*2048"), size("512*512")], [200] * 3)
        self.assertEqual([size("511*512"), size("2049*2048")], [400] * 2)
        self.assertEqual([size("2560*2560", "qwen-image-3.0"), size("4096*256", "qwen-image-3.0")],
                         [200, 400])

    def test_counts(self):
        self.refuse(self.image({"n": 2}), 400, "InvalidParameter",
                    "num_images_per_prompt must be 1")
        content = self.image({"n": 3},
                             model="qwen-image-2.0").pictures
        self.assertEqual(len({item["image"] for item in content}), 3)
        for n in (0, 7, "1", 1.0, True):
            self.refuse(self.image({"n": n}, model="qwen-image-2.0"), 400, "InvalidParameter")

    def test_parameters(self):
        for bad in ({"seed": -1}, {"seed": 2147483648}, {"seed": "7"}, {"prompt_extend": "no"},
                    {"watermark": 0}, {"negative_prompt": "x" * 501}, {"negative_prompt": 5},
                    {"size": 5}, {"resolution": "720P"}):
            self.refuse(self.image(bad), 400, "InvalidParameter")
        good = {"seed": 2147483647, "negative_prompt": "x" * 500, "watermark": True, "n": 1}
        self.assertEqual(self.image(good).status, 200)

    def test_messages(self):
        text = {"text": "x"}
        for content in ([text, text], [{"image": data_uri(png(400, 400))}, text], [{"text": 5}],
                        [{"words": "x"}], "x"):
            self.refuse(self.image(content=content), 400, "InvalidParameter")
        self.refuse(self.image(content=[{"text": "  "}]), 400, "BadRequest.EmptyInput")
        path = "/services/aigc/multimodal-generation/generation"
        message = {"role": "user", "content": [text]}
        for messages, words in (([message] * 2, "messages length only support 1"), ([], "length"),
                                ([{**message, "role": "system"}], "role"), ("x", "messages")):
            reply = self.native("POST", path, {"model": "qwen-image",
                                               "input": {"messages": messages}})
            self.refuse(reply, 400, "InvalidParameter", words)
        self.refuse(self.native("POST", path, {"model": "qwen-image"}), 400, "InvalidParameter",
                    "input")
        self.refuse(self.native("POST", path, b"{"), 400, "InvalidParameter")

    def test_models(self):
        self.refuse(self.image(model="qwen-image-9"), 404, "ModelNotFound")
        self.refuse(self.image(model="wan2.2-t2v-plus"), 404, "ModelNotFound")
        self.refuse(self.image_task(model="qwen-image-max"), 403, "AccessDenied")
        self.assertEqual(self.image_task(model="qwen-image-plus").status, 200)

    def test_negative_prompt_in_either_place_of_a_task(self):
        self.assertEqual(self.image_task(negative_prompt="x").status, 200)
        self.assertEqual(self.image_task({"negative_prompt": "x"}).status, 200)
        self.refuse(self.image_task(negative_prompt="x" * 501), 400, "InvalidParameter")

    def test_long_prompts_are_cut(self):
        self.assertEqual(self.image(content=[{"text": LONG}]).status, 200)
        result = self.wait(self.image_task(prompt=LONG))["output"]["results"][0]
        self.assertEqual(len(result["orig_prompt"]), 800)

    def test_edits(self):
        picture, text = {"image": data_uri(png(640, 480))}, {"text": "make it night"}

        def edit(content, parameters=None, model="qwen-image-edit"):
            return self.image(parameters, content, model)
        reply = edit([picture, text])
        self.assertEqual((reply.status, reply.json["usage"]["width"]), (200, 640))
        self.assertEqual(edit([picture] * 3 + [text]).status, 200)
        for content in ([text], [picture] * 4 + [text], [text, picture], [picture]):
            self.refuse(edit(content), 400, "InvalidParameter")
        self.refuse(edit([picture, text], {"n": 2}), 400, "InvalidParameter")
        reply = edit([picture, text], {"size": "1000*600", "n": 2}, "qwen-image-edit-plus")
        self.assertEqual((reply.json["usage"]["width"], reply.json["usage"]["height"]), (1008, 608))
        self.refuse(edit([picture, text], {"size": "400*600"}, "qwen-image-edit-plus"), 400,
                    "InvalidParameter")


class Clips(Case):
    def test_sizes(self):
        for model, good, bad in (
                ("wan2.2-t2v-plus", ["832*480", "1920*1080", "624*624"], ["1280*720", "1024*576",
                                                                          "480P"]),
                ("wan2.5-t2v-preview", ["832*480", "1280*720", "1248*1632"], ["1664*928"]),
                ("wan2.6-t2v", ["1280*720"], ["832*480"]),
                ("wan2.1-t2v-turbo", ["832*480", "720*1280"], ["1920*1080"]),
                ("wanx2.1-t2v-plus", ["1088*832"], ["832*480"])):
            for size in good:
                self.assertEqual(self.video(model, {"size": size}).status, 200, (model, size))
            for size in bad:
                self.refuse(self.video(model, {"size": size}), 400, "InvalidParameter", "size")

    def test_durations(self):
        image = {"img_url": data_uri(png(400, 400))}
        for model, inputs, good, bad in (
                ("wan2.6-t2v", {}, [2, 15], [1, 16]), ("wan2.6-t2v-us", {}, [5, 15], [6]),
                ("wan2.5-t2v-preview", {}, [5, 10], [7]), ("wan2.2-t2v-plus", {}, [5], [4, 10]),
                ("wanx2.1-i2v-turbo", image, [3, 4, 5], [2, 6])):
            for seconds in good:
                self.assertEqual(self.video(model, {"duration": seconds}, **inputs).status, 200)
            for seconds in bad + ["5", 5.0]:
                self.refuse(self.video(model, {"duration": seconds}, **inputs), 400,
                            "InvalidParameter")

    def test_mixed_up_shapes(self):
        image = {"img_url": data_uri(png(400, 400)), "prompt": "x"}
        for reply in (self.video(parameters={"resolution": "480P"}),
                      self.video("wan2.2-i2v-flash", {"size": "832*480"}, **image),
                      self.video("wan2.2-i2v-flash", {"resolution": "480p"}, **image),
                      self.video("wan2.2-i2v-plus", {"resolution": "720P"}, **image),
                      self.video("wan2.2-t2v-plus", {"shot_type": "multi"}),
                      self.video("wan2.6-t2v", {"shot_type": "triple"}),
                      self.video("wan2.6-t2v", {"audio": True}),
                      self.video("wan2.2-t2v-plus", prompt="x", audio_url="https://h/a.mp3"),
                      self.video("wan2.7-t2v", {"size": "1280*720"}),
                      self.video("wan2.7-t2v", {"shot_type": "multi"}),
                      self.video(**image)):
            self.refuse(reply, 400, "InvalidParameter")
        self.assertEqual(self.video("wan2.6-t2v", {"shot_type": "multi"}, prompt="x",
                                    audio_url="https://h/a.mp3").status, 200)
        self.assertEqual(self.video("wan2.6-i2v-flash", {"audio": False}, **image).status, 200)

    def test_required(self):
        self.refuse(self.video("wan2.2-i2v-flash", prompt="x"), 400, "InvalidParameter",
                    "Field required: input.img_url")
        self.refuse(self.video("wan2.7-i2v", prompt="x"), 400, "InvalidParameter",
                    "Field required: input.media")
        self.refuse(self.video("wan2.2-kf2v-flash", prompt="x"), 400, "InvalidParameter",
                    "Field required: input.first_frame_url")
        self.refuse(self.video(negative_prompt="x"), 400, "InvalidParameter", "input.prompt")
        self.refuse(self.video("wan9-t2v"), 404, "ModelNotFound")

    def test_path_by_name(self):
        frames = {"first_frame_url": data_uri(png(400, 400))}
        self.assertEqual(self.video("wan2.2-kf2v-flash", **frames).status, 200)
        self.refuse(self.video("wan2.2-kf2v-flash", path="video-generation", **frames), 400,
                    "InvalidParameter", "url error")
        self.refuse(self.video(path="image2video"), 400, "InvalidParameter", "url error")

    def test_common(self):
        for bad in ({"seed": "1"}, {"seed": -1}, {"prompt_extend": 1}, {"watermark": "x"},
                    {"n": 2}):
            self.refuse(self.video(parameters=bad), 400, "InvalidParameter")
        self.refuse(self.video(prompt="x", negative_prompt="x" * 501), 400, "InvalidParameter")
        self.refuse(self.video(prompt=5), 400, "InvalidParameter")

    def test_long_prompts_are_cut(self):
        for model, characters in (("wan2.2-t2v-plus", 800), ("wan2.6-t2v", 1500), ("wan2.7-t2v",
                                                                                   5000)):
            output = self.wait(self.video(model, prompt=LONG))["output"]
            self.assertEqual(len(output["orig_prompt"]), characters)


class Inputs(Case):
    """The pictures that clips begin with."""

    def first(self, url, model="wan2.2-i2v-flash", headers=None):
        inputs = {"first_frame_url": url} if "kf2v" in model else {"img_url": url}
        headers = {"X-DashScope-Async": "enable", **(headers or {})}
        return self.video(model, headers=headers, **inputs)

    def test_alpha(self):
        self.refuse(self.first(data_uri(png(400, 400, 6))), 400, "InvalidImageFormat", "alpha")

    def test_sides(self):
        for width, height, status in ((240, 240, 200), (239, 400, 400), (400, 8001, 400)):
            self.assertEqual(self.first(data_uri(png(width, height))).status, status)
        for side, status in ((359, 400), (360, 200), (2001, 400)):
            self.assertEqual(self.first(data_uri(png(side, 400)), "wan2.2-kf2v-flash").status,
                             status)
        self.refuse(self.first(data_uri(png(100, 100))), 400, "InvalidImageResolution")

    def test_addresses(self):
        good = data_uri(png(400, 400))
        self.assertEqual(self.first("https://h.example/a.png").status, 200)
        for bad in ("file:///a.png", "/a.png", "", 5, good.replace("base64", "base46"),
                    good[:-2] + "!=", "data:image/png;base64,AAAA", "data:text/plain;base64,AAAA",
                    data_uri(png(400, 400), "jpeg")):
            self.assertEqual(self.first(bad).status, 400, str(bad)[:40])

    def test_ceilings(self):
        big = png(400, 400, bytes_more=7 * 1024 * 1024)
        self.assertEqual(self.first(data_uri(big)).status, 200)
        bigger = png(400, 400, bytes_more=8 * 1024 * 1024)
        self.refuse(self.first(data_uri(bigger)), 400, "InvalidParameter", "data-uri")

    def test_the_log_shortens_them(self):
        uri = data_uri(png(400, 400))
        self.first(uri)
        logged = self.calls("video")[0]["body"]["input"]["img_url"]
        self.assertEqual(logged, f"data:image/png;base64,<{len(uri)} characters>")
        self.configure(log_data_uris=True)
        self.first(uri)
        self.assertEqual(self.calls("video")[1]["body"]["input"]["img_url"], uri)

    def test_aspect_follows(self):
        self.configure(video={"width": 0, "height": 0})
        reply = self.wait(self.video("wan2.6-i2v", {"resolution": "720P", "duration": 2},
                                     img_url=data_uri(png(1000, 500)), prompt="x"))
        width, height = map(int, reply["usage"]["size"].split("*"))
        self.assertAlmostEqual(width / height, 2, delta=0.01)
        self.assertAlmostEqual(width * height, 1280 * 720, delta=3000)
        self.assertEqual((width % 2, height % 2), (0, 0))

    def test_own_results_are_known(self):
        content = self.image({"size": "1328*1328"}).pictures
        self.refuse(self.first(content[0]["image"]), 400, "InvalidImageResolution", "64x48")


class NewProtocol(Case):
    def media(self, *types, model="wan2.7-i2v", parameters=None, **more):
        picture = data_uri(png(600, 300))
        items = [{"type": kind, "url": "https://h.example/x.mp4"
                  if "audio" in kind or "clip" in kind or kind.endswith("_voice") else picture}
                 for kind in types]
        return self.video(model, parameters, media=items, prompt="x", **more)

    def test_sets(self):
        for types in (["first_frame"], ["first_frame", "driving_audio"], ["first_frame",
                                                                          "last_frame"],
                      ["first_frame", "last_frame", "driving_audio"], ["first_clip"],
                      ["first_clip", "last_frame"]):
            self.assertEqual(self.media(*types).status, 200, types)
        for types in ([], ["last_frame"], ["first_frame"] * 2, ["first_frame", "first_clip"],
                      ["reference_image"], ["driving_audio"]):
            self.refuse(self.media(*types), 400, "InvalidParameter", "input.media")

    def test_ratio_of_pictures(self):
        wide = [{"type": "first_frame", "url": data_uri(png(2400, 250))}]
        self.refuse(self.video("wan2.7-i2v", media=wide), 400, "InvalidImageResolution")

    def test_references(self):
        def refer(*types):
            return self.media(*types, model="wan2.7-r2v")
        self.assertEqual(refer("reference_image", "reference_voice").status, 200)
        self.refuse(refer(*["reference_image"] * 6), 400, "InvalidParameter")
        self.refuse(refer("first_frame"), 400, "InvalidParameter")
        self.refuse(self.media("reference_image", model="wan2.7-r2v", parameters={"duration": 11}),
                    400,
                    "InvalidParameter")

    def test_text(self):
        reply = self.wait(self.video("wan2.7-t2v", {"resolution": "720P", "ratio": "9:16",
                                                    "duration": 2}))
        width, height = map(int, reply["usage"]["size"].split("*"))
        self.assertAlmostEqual(width / height, 9 / 16, delta=0.01)
        for bad in ({"resolution": "480P"}, {"ratio": "21:9"}, {"ratio": "adaptive"},
                    {"duration": 16}):
            self.refuse(self.video("wan2.7-t2v", bad), 400, "InvalidParameter")

    def test_one_model_for_all(self):
        three = "wan3.0-video"
        self.assertEqual(self.video(three, {"resolution": "480P", "ratio": "adaptive",
                                            "duration": 30,
                                            "audio": False}).status, 200)
        self.assertEqual(self.media("first_frame", "last_frame", model=three).status, 200)
        self.assertEqual(self.media("reference_image", model=three).status, 200)
        self.refuse(self.video(three, {"duration": 31}), 400, "InvalidParameter")


if __name__ == "__main__":
    main()
