# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keys, the async header, states, limits, cancel, list."""
import re
import time

from standin_client import ASYNC, Case, main


class Headers(Case):
    def test_every_route_wants_the_key(self):
        for method, path in (("POST", "/services/aigc/multimodal-generation/generation"),
                             ("POST", "/services/aigc/text2image/image-synthesis"),
                             ("POST", "/services/aigc/video-generation/video-synthesis"),
                             ("POST", "/services/aigc/image2video/video-synthesis"),
                             ("GET", "/tasks/x"), ("POST", "/tasks/x/cancel"), ("GET", "/tasks/"),
                             ("GET", "/quotas"), ("GET", "/uploads?action=getPolicy&model=x")):
            reply = self.native(method, path, {} if method == "POST" else None, key=False)
            self.refuse(reply, 401, "InvalidApiKey")
            self.assertEqual(set(reply.json), {"request_id", "code", "message"})

    def test_async_header_both_ways(self):
        self.refuse(self.video(headers={}), 403, "AccessDenied", "does not support synchronous")
        self.refuse(self.image_task(headers={}), 403, "AccessDenied",
                    "does not support synchronous")
        self.refuse(self.image(headers=ASYNC), 403, "AccessDenied", "does not support asynchronous")
        self.assertEqual(self.billed(), 0)

    def test_nothing_there(self):
        self.assertEqual(self.native("GET", "/nothing").status, 404)
        self.assertEqual(self.native("POST", "/tasks/x").status, 405)
        self.assertEqual(self.native("GET",
                                     "/services/aigc/multimodal-generation/generation").status,
                         405)


class States(Case):
    def test_clip(self):
        self.configure(video={"seconds": 0.5, "pending_seconds": 0.5})
        created = self.video()
        self.assertEqual(created.json["output"]["task_status"], "PENDING")
        task = created.json["output"]["task_id"]
        seen = []
        while not seen or seen[-1] != "SUCCEEDED":
            output = self.poll(task).json["output"]
            if not seen or seen[-1] != output["task_status"]:
                seen.append(output["task_status"])
            time.sleep(0.02)
        self.assertEqual(seen, ["PENDING", "RUNNING", "SUCCEEDED"])
        for name in ("submit_time", "scheduled_time", "end_time"):
            self.assertRegex(output[name], r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$")
        self.assertEqual(output["orig_prompt"], "a drone over fields")
        self.assertTrue(output["actual_prompt"].startswith("a drone over fields, "))

    def test_picture_task(self):
        reply = self.wait(self.image_task({"prompt_extend": False}))
        result = reply["output"]["results"][0]
        self.assertEqual(set(result), {"orig_prompt", "url"})
        self.assertEqual(reply["usage"], {"image_count": 1})
        reply = self.wait(self.image_task({"prompt_extend": True}))
        self.assertIn("actual_prompt", reply["output"]["results"][0])

    def test_usage_by_family(self):
        frame = {"first_frame_url": "https://h.example/a.png", "prompt": "x"}
        for model, inputs, usage in (
                ("wan2.2-t2v-plus", {}, {"video_duration": 5, "video_ratio": "1920*1080",
                                         "video_count": 1}),
                ("wan2.1-t2v-plus", {}, {"video_duration": 5, "video_ratio": "standard",
                                         "video_count": 1}),
                ("wan2.2-i2v-flash", {"img_url": "https://h.example/a.png"},
                 {"duration": 5, "SR": 720, "video_count": 1}),
                ("wan2.2-kf2v-flash", frame, {"video_duration": 5, "SR": "720", "video_count": 1}),
                ("wan2.6-t2v", {}, {"duration": 5, "size": "1920*1080", "input_video_duration": 0,
                                    "output_video_duration": 5, "video_count": 1, "SR": 1080})):
            reply = self.wait(self.video(model, **inputs))
            self.assertEqual(reply["usage"], usage, model)
            self.assertEqual("actual_prompt" in reply["output"], model != "wan2.6-t2v", model)

    def test_unknown(self):
        reply = self.poll("d6b8d7a4")
        self.assertEqual((reply.status, reply.json["output"]),
                         (200, {"task_id": "d6b8d7a4", "task_status": "UNKNOWN"}))

    def test_tasks_grow_old(self):
        created = self.video()
        self.wait(created)
        self.configure(task_ttl_seconds=0)
        self.assertEqual(self.wait(created)["output"]["task_status"], "UNKNOWN")

    def test_seconds_by_list(self):
        self.configure(video={"seconds_list": [0, 3600]})
        self.assertEqual(self.wait(self.video())["output"]["task_status"], "SUCCEEDED")
        slow = self.video().json["output"]["task_id"]
        self.assertEqual(self.wait(self.video())["output"]["task_status"], "SUCCEEDED")
        self.assertEqual(self.poll(slow).json["output"]["task_status"], "RUNNING")

    def test_seconds_by_chance_are_the_same_for_a_seed(self):
        def draw():
            self.configure(video={"lognormal": {"median": 0.1, "sigma": 0.5, "seed": 1}})
            for reply in [self.video() for _ in range(6)]:
                self.wait(reply)
            data = self.native("GET", "/tasks/?page_size=6").json["data"]
            return [one["end_time"] - one["start_time"] for one in data]
        first, second = draw(), draw()
        for one, other in zip(first, second):
            self.assertAlmostEqual(one, other, delta=2)
        self.assertGreater(max(first), 1.3 * min(first))


class Limits(Case):
    def setUp(self):
        super().setUp()
        self.configure(limits={}, poll_qps=20)

    def test_submit_rate(self):
        replies = [self.video() for _ in range(3)]
        self.assertEqual([reply.status for reply in replies], [200, 200, 429])
        self.refuse(replies[2], 429, "Throttling.RateQuota")
        time.sleep(1.05)
        self.assertEqual(self.video().status, 200)
        self.assertEqual(self.billed(), 3)

    def test_a_group_shares_its_rate(self):
        image = {"img_url": "https://h.example/a.png"}
        statuses = [self.video("wan2.2-t2v-plus").status, self.video("wan2.2-i2v-flash",
                                                                     **image).status,
                    self.video("wan2.2-i2v-plus", **image).status, self.video("wan2.6-t2v").status]
        self.assertEqual(statuses, [200, 200, 429, 200])

    def test_two_a_minute(self):
        statuses = [self.image(model="qwen-image-max").status for _ in range(3)]
        self.assertEqual(statuses, [200, 200, 429])

    def test_the_refused_do_not_count(self):
        for _ in range(5):
            self.assertEqual(self.image({"n": 9}).status, 400)
        self.assertEqual(self.image().status, 200)

    def test_concurrency_keeps_tasks_pending(self):
        self.configure(limits={"wan2.2": {"submits": 0, "concurrent": 2}}, video={"seconds": 1})
        tasks = [self.video().json["output"]["task_id"] for _ in range(5)]

        def states():
            return [self.poll(task).json["output"]["task_status"][0] for task in tasks]
        self.assertEqual("".join(states()), "RRPPP")
        self.configure(poll_qps=0)
        time.sleep(1.3)
        self.assertEqual("".join(states()), "SSRRP")
        time.sleep(1.9)
        self.assertEqual("".join(states()), "SSSSS")
        ends = [self.poll(task).json["output"]["end_time"] for task in tasks]
        seconds = [float(end[-6:]) for end in ends]
        self.assertAlmostEqual((seconds[4] - seconds[0]) % 60, 2, delta=0.1)

    def test_queries(self):
        statuses = [self.poll("x").status for _ in range(25)]
        self.assertEqual(statuses, [200] * 20 + [429] * 5)
        self.refuse(self.native("GET", "/tasks/"), 429, "Throttling.RateQuota")


class Cancel(Case):
    def test_only_while_pending(self):
        self.configure(video={"pending_seconds": 3600})
        task = self.video().json["output"]["task_id"]
        reply = self.native("POST", f"/tasks/{task}/cancel")
        self.assertEqual((reply.status, set(reply.json)), (200, {"request_id"}))
        self.assertEqual(self.poll(task).json["output"]["task_status"], "CANCELED")
        self.refuse(self.native("POST", f"/tasks/{task}/cancel"), 400, "UnsupportedOperation",
                    "PENDING")
        self.configure(video={"pending_seconds": 0, "seconds": 3600})
        task = self.video().json["output"]["task_id"]
        self.refuse(self.native("POST", f"/tasks/{task}/cancel"), 400, "UnsupportedOperation")
        self.assertEqual(self.poll(task).json["output"]["task_status"], "RUNNING")

    def test_the_next_one_starts(self):
        self.configure(limits={"wan2.2": {"submits": 0, "concurrent": 1}}, video={"seconds": 0.6})
        first, second, third = (self.video().json["output"]["task_id"] for _ in range(3))
        self.assertEqual(self.native("POST", f"/tasks/{second}/cancel").status, 200)
        time.sleep(0.8)
        self.assertEqual(self.poll(third).json["output"]["task_status"], "RUNNING")


class List(Case):
    def test_pages_and_filters(self):
        created = [self.video() for _ in range(3)] + [self.video("wan2.6-t2v")]
        for reply in created:
            self.wait(reply)
        body = self.native("GET", "/tasks/?page_size=3").json
        self.assertEqual((body["total"], body["total_page"], body["page_no"], body["page_size"]),
                         (4, 2, 1, 3))
        self.assertEqual(body["data"][0]["task_id"], created[3].json["output"]["task_id"])
        entry = body["data"][0]
        self.assertEqual((entry["status"], entry["model_name"]), ("SUCCEEDED", "wan2.6-t2v"))
        self.assertNotIn("task_status", entry)
        self.assertIsInstance(entry["gmt_create"], int)
        self.assertEqual(len(self.native("GET", "/tasks/?page_size=3&page_no=2").json["data"]), 1)
        self.assertEqual(self.native("GET", "/tasks/?model_name=wan2.6-t2v").json["total"], 1)
        self.assertEqual(self.native("GET", "/tasks/?status=FAILED").json["total"], 0)
        self.assertEqual(self.native("GET", "/tasks?task_id=" + entry["task_id"]).json["total"], 1)

    def test_window(self):
        self.video()

        def stamp(offset):
            return time.strftime("%Y%m%d%H%M%S", time.localtime(time.time() + offset))
        for start, end, total in ((-60, 60, 1), (-120, -60, 0), (60, 120, 0)):
            query = f"/tasks/?start_time={stamp(start)}&end_time={stamp(end)}"
            self.assertEqual(self.native("GET", query).json["total"], total)
        for query in (f"start_time={stamp(-90000)}&end_time={stamp(0)}", "start_time=yesterday",
                      "page_no=0", "page_size=x"):
            self.refuse(self.native("GET", "/tasks/?" + query), 400, "InvalidParameter")

    def test_quotas(self):
        body = self.native("GET", "/quotas?model=wan2.6-t2v").json
        self.assertEqual([entry["model"] for entry in body["data"]], ["wan2.6-t2v"])


class Bills(Case):
    def test_the_key_for_no_paid_call_twice(self):
        self.video(parameters={"seed": 7})
        self.image({"seed": 8})
        found = self.control("GET", "/billed")["generations"]
        self.assertEqual([(one["route"], one["model"], one["prompt"],
                           one["seed"]) for one in found],
                         [("video", "wan2.2-t2v-plus", "a drone over fields", 7),
                          ("image-sync", "qwen-image-plus", "paper lanterns", 8)])
        self.assertTrue(re.fullmatch(r"[0-9a-f-]{36}", found[0]["task_id"]))


if __name__ == "__main__":
    main()
