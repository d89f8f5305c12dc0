# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every fault: what arrives, and what was billed."""
import base64
import json
import socket
import tempfile
import threading
import time

from standin_client import Case, main, raw_get


class Before(Case):
    """The request's work is not done and nothing is billed."""

    def test_status_is_in_the_style_of_the_route(self):
        self.configure(faults=[
            {"route": "chat", "kind": "status", "status": 429, "retry_after": 3},
            {"route": "image-sync", "kind": "status", "status": 400, "code": "DataInspectionFailed",
             "message": "no"}])
        reply = self.chat()
        self.refuse(reply, 429, "rate_limit_exceeded")
        self.assertEqual(reply.headers["Retry-After"], "3")
        self.refuse(self.image(), 400, "DataInspectionFailed", "no")
        self.assertEqual(self.billed(), 0)
        self.assertEqual(self.calls("chat")[0]["fault"], "status")
        self.assertEqual(self.chat().status, 200)

    def test_skip_times_and_match(self):
        self.fault("video", "status", status=503, skip=1, times=2,
                   match={"model": "wan2.2-t2v-plus"})
        models = ["wan2.2-t2v-plus", "wan2.5-t2v-preview"] + ["wan2.2-t2v-plus"] * 3
        self.assertEqual([self.video(model).status for model in models], [200, 200, 503, 503, 200])

    def test_for_ever(self):
        self.fault("chat", "status", status=500, times=-1)
        self.assertEqual([self.chat().status for _ in range(4)], [500] * 4)

    def test_the_first_rule_that_still_counts_is_played(self):
        self.configure(faults=[{"route": "task", "kind": "status", "status": 500},
                               {"route": "task", "kind": "html", "status": 504}])
        self.assertEqual([self.poll("x").status for _ in range(3)], [500, 504, 200])

    def test_html(self):
        self.fault("task", "html", status=502)
        reply = self.poll("x")
        self.assertEqual((reply.status, reply.headers["Content-Type"]), (502, "text/html"))
        self.assertIn(b"<html>", reply.body)

    def test_top_level_code(self):
        self.fault("image-sync", "top-level-code", code="InternalError.Algo")
        reply = self.image()
        self.assertEqual((reply.status, reply.code), (200, "InternalError.Algo"))

    def test_close_and_hang_before_headers(self):
        self.fault("task", "close-before-headers")
        request = raw_get(self.at["dashscope"] + "/tasks/x")
        self.assertEqual(self.raw(request), (b"", True))
        self.fault("task", "hang-before-headers")
        self.assertEqual(self.raw(request, timeout=0.6), (b"", False))
        self.assertEqual([call["status"] for call in self.calls("task")], [0, 0])

    def test_redirects(self):
        places = {"same": self.at["api"], "results": self.at["results"],
                  "private": "http://10.255.255.1"}
        for to, origin in places.items():
            self.fault("task", "redirect", to=to)
            reply = self.poll("x")
            self.assertEqual(reply.status, 302)
            self.assertEqual(reply.headers["Location"], origin + "/api/v1/tasks/x")
        self.fault("task", "redirect", to="http://h.example/y", status=307)
        reply = self.poll("x")
        self.assertEqual((reply.status, reply.headers["Location"]), (307, "http://h.example/y"))

    def test_a_fault_that_does_not_exist_is_named(self):
        for fault, words in (({"route": "chat", "kind": "nonsense"}, "nonsense"),
                             ({"route": "elsewhere", "kind": "status"}, "elsewhere"),
                             ({"route": "chat", "kind": "status", "time": 1}, "time")):
            reply = self.send("POST", self.at["control"] + "/config", {"faults": [fault]})
            self.assertEqual(reply.status, 400)
            self.assertIn(words, reply.json["error"])


class OnTheAnswer(Case):
    """The request is accepted and billed; the answer suffers."""

    def request(self):
        return raw_get(self.at["dashscope"] + "/quotas")

    def parts(self, timeout=5):
        out, closed = self.raw(self.request(), timeout=timeout)
        head, _, body = out.partition(b"\r\n\r\n")
        length = [int(line.split(b":")[1]) for line in head.split(b"\r\n")
                  if line.lower().startswith(b"content-length")]
        return head, body, length[0] if length else None, closed

    def test_accept_then_hang_and_close_are_billed(self):
        body = (b'{"model":"wan2.2-t2v-plus","input":{"prompt":"x"}}')
        request = (b"POST /api/v1/services/aigc/video-generation/video-synthesis HTTP/1.1\r\n"
                   b"Host: h\r\nX-DashScope-Async: enable\r\nAuthorization: Bearer sk-standin\r\n"
                   b"Content-Length: %d\r\n\r\n" % len(body)) + body
        self.fault("video", "accept-then-hang")
        self.assertEqual(self.raw(request, timeout=0.6), (b"", False))
        self.fault("video", "accept-then-close")
        self.assertEqual(self.raw(request), (b"", True))
        self.assertEqual(self.billed(), 2)
        tasks = self.native("GET", "/tasks/?model_name=wan2.2-t2v-plus").json
        self.assertEqual(tasks["total"], 2)
        self.assertEqual({call["task_id"] for call in self.calls("video")},
                         {task["task_id"] for task in tasks["data"]})

    def test_hang_in_headers(self):
        self.fault("quotas", "hang-in-headers")
        head, _, _, closed = self.parts(0.6)
        self.assertTrue(head.startswith(b"HTTP/1.1 200 OK\r\n"))
        self.assertFalse(closed)

    def test_hang_in_body_and_truncate(self):
        for kind, closes in (("hang-in-body", False), ("truncate", True)):
            self.fault("quotas", kind, after_bytes=10)
            _, body, length, closed = self.parts(0.6)
            self.assertEqual(len(body), 10)
            self.assertGreater(length, 10)
            self.assertEqual(closed, closes)

    def test_wrong_length(self):
        self.fault("quotas", "wrong-length")
        _, body, length, closed = self.parts()
        self.assertEqual(length, len(body) // 2)
        self.assertTrue(closed)

    def test_slow_drip(self):
        self.fault("quotas", "slow-drip", bytes_per_second=2000)
        start = time.monotonic()
        _, body, length, _ = self.parts()
        self.assertEqual(len(body), length)
        self.took(start, 0.9 * length / 2000)

    def test_wrong_type_empty_and_bad_json(self):
        self.fault("quotas", "wrong-type", type="text/plain")
        reply = self.native("GET", "/quotas")
        self.assertEqual(reply.headers["Content-Type"], "text/plain")
        self.assertIn("data", reply.json)
        self.fault("quotas", "empty")
        reply = self.native("GET", "/quotas")
        self.assertEqual((reply.status, reply.body), (200, b""))
        self.fault("quotas", "bad-json")
        with self.assertRaises(ValueError):
            self.native("GET", "/quotas").json

    def test_huge(self):
        self.fault("quotas", "huge", bytes=3000000)
        reply = self.native("GET", "/quotas")
        self.assertEqual(len(reply.body), 3000000)

    def test_a_stream_that_is_cut(self):
        self.fault("chat", "truncate", after_bytes=100)
        self.configure(chat={"seconds": 0})
        body = (b'{"model":"deepseek-flash","stream":true,'
                b'"messages":[{"role":"user","content":"x"}]}')
        out, closed = self.raw(b"POST /chat/completions HTTP/1.1\r\nHost: h\r\n"
                               b"Authorization: Bearer sk-standin\r\nContent-Length: %d\r\n\r\n"
                               % len(body) + body)
        self.assertEqual(len(out.partition(b"\r\n\r\n")[2]), 100)
        self.assertTrue(closed)

    def test_others_are_served_meanwhile(self):
        self.fault("quotas", "hang-before-headers")
        hanging = threading.Thread(target=lambda: self.raw(self.request(), timeout=2))
        hanging.start()
        start = time.monotonic()
        self.assertEqual(self.poll("x").status, 200)
        self.assertLess(time.monotonic() - start, 1.5)
        hanging.join()


class Leaving(Case):
    """Clients that go away in the middle: the others notice nothing."""

    def leave(self, path, body, after, headers=""):
        body = json.dumps(body).encode()
        host, port = self.at["api"].removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as peer:
            peer.sendall(f"POST {path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer sk-standin\r\n"
                         f"{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            time.sleep(after)

    def test_during_a_wait_a_stream_and_a_fault(self):
        chat = {"model": "deepseek-flash", "messages": [{"role": "user", "content": "x"}]}
        content = [{"text": "x"}]
        image = {"model": "qwen-image",
                 "input": {"messages": [{"role": "user", "content": content}]}}
        generation = "/api/v1/services/aigc/multimodal-generation/generation"
        self.configure(chat={"seconds": 0.4}, image={"seconds": 0.4})
        for _ in range(3):
            self.leave("/chat/completions", chat, 0)
            self.leave("/chat/completions", {**chat, "stream": True}, 0.1)
            self.leave(generation, image, 0.1)
        for kind in ("slow-drip", "hang-in-body", "huge", "accept-then-hang", "stall-in-stream"):
            self.fault("chat", kind, bytes_per_second=50)
            self.leave("/chat/completions", {**chat, "stream": True}, 0.1)
        time.sleep(0.5)
        self.assertEqual(self.chat().status, 200)
        self.assertIsNone(self.process.poll())


class OfTasks(Case):
    def state(self, state, route="video", **more):
        self.fault(route, "task-state", state=state, **more)
        created = self.video() if route == "video" else self.image_task()
        return self.wait(created)

    def test_failed_with_code(self):
        output = self.state("FAILED", code="DataInspectionFailed", message="not this")["output"]
        self.assertEqual((output["task_status"], output["code"], output["message"]),
                         ("FAILED", "DataInspectionFailed", "not this"))
        self.assertIn("end_time", output)

    def test_failed_bare(self):
        output = self.state("FAILED-bare")["output"]
        self.assertEqual(output["task_status"], "FAILED")
        self.assertNotIn("code", output)
        self.assertNotIn("message", output)

    def test_other_states(self):
        for state in ("CANCELED", "SUSPENDED", "NEWSTATE"):
            self.assertEqual(self.state(state)["output"]["task_status"], state)
        unknown = self.state("UNKNOWN")
        self.assertEqual(set(unknown["output"]), {"task_id", "task_status"})

    def test_success_without_url(self):
        output = self.state("SUCCEEDED-without-url")["output"]
        self.assertEqual(output["task_status"], "SUCCEEDED")
        self.assertNotIn("video_url", output)
        self.assertEqual(self.state("SUCCEEDED-empty")["output"]["video_url"], "")
        self.assertEqual(self.state("SUCCEEDED-empty", "image-async")["output"]["results"], [])

    def test_one_poll_only(self):
        created = self.video()
        self.fault("task", "task-state", state="UNKNOWN")
        task = created.json["output"]["task_id"]
        self.assertEqual(self.poll(task).json["output"]["task_status"], "UNKNOWN")
        self.assertEqual(self.wait(created)["output"]["task_status"], "SUCCEEDED")

    def test_mixed_results(self):
        self.fault("image-async", "mixed-results")
        results = self.wait(self.image_task())["output"]["results"]
        self.assertIn("code", results[0])
        self.assertIn("url", results[1])


class OfFiles(Case):
    def test_base64_garbage(self):
        self.fault("image-sync", "base64-garbage")
        content = self.image().json["output"]["choices"][0]["message"]["content"]
        self.assertTrue(content[0]["image"].startswith("data:image/png;base64,"))
        with self.assertRaises(ValueError):
            base64.b64decode(content[0]["image"].split(",")[1], validate=True)

    def fetch(self, created):
        return self.send("GET", self.wait(created)["output"]["video_url"], key=False)

    def test_picture_bomb(self):
        self.fault("image-sync", "picture-bomb")
        content = self.image().json["output"]["choices"][0]["message"]["content"]
        reply = self.send("GET", content[0]["image"], key=False)
        self.assertEqual(reply.body[16:24], (60000).to_bytes(4, "big") * 2)
        self.assertLess(len(reply.body), 10000)

    def test_not_a_clip_and_broken_clip(self):
        self.fault("video", "not-a-clip")
        reply = self.fetch(self.video())
        self.assertEqual(reply.headers["Content-Type"], "video/mp4")
        self.assertNotIn(b"ftyp", reply.body[:16])
        good = self.fetch(self.video()).body
        self.fault("video", "broken-clip")
        broken = self.fetch(self.video()).body
        self.assertEqual(len(good), len(broken))
        self.assertEqual(good[:len(good) // 2], broken[:len(good) // 2])
        self.assertNotEqual(good, broken)

    def test_on_the_download_itself(self):
        self.fault("result", "not-a-clip")
        created = self.video()
        bad, good = self.fetch(created), self.fetch(created)
        self.assertNotIn(b"ftyp", bad.body[:16])
        self.assertIn(b"ftyp", good.body[:16])

    def test_a_file_of_yours(self):
        with tempfile.NamedTemporaryFile() as given:
            given.write(b"\0clip" * 50000)
            given.flush()
            self.fault("result", "file", path=given.name)
            created = self.video()
            reply = self.fetch(created)
            self.assertEqual((reply.headers["Content-Type"], reply.body),
                             ("video/mp4", b"\0clip" * 50000))
            self.assertIn(b"ftyp", self.fetch(created).body[:16])
        wrong = {"faults": [{"route": "result", "kind": "file", "path": given.name}]}
        self.assertEqual(self.send("POST", self.at["control"] + "/config", wrong, key=False).status,
                         400)

    def test_expired_url(self):
        for route in ("video", "result"):
            self.fault(route, "expired-url")
            reply = self.fetch(self.video())
            self.assertEqual(reply.status, 403)
            self.assertIn(b"<Code>AccessDenied</Code>", reply.body)

    def test_garbage_for_an_html_page(self):
        self.fault("result", "html", status=200)
        reply = self.fetch(self.video())
        self.assertEqual((reply.status, reply.headers["Content-Type"]), (200, "text/html"))


class OfTheChat(Case):
    def content(self, kind):
        self.fault("chat", kind)
        choice = self.chat().json["choices"][0]
        return choice["message"]["content"], choice["finish_reason"]

    def test_contents(self):
        content, finish = self.content("blank-content")
        self.assertEqual((content.strip(), finish), ("", "stop"))
        content, finish = self.content("truncated-content")
        self.assertTrue(content.startswith('{"prompt"') and not content.endswith("}"))
        self.assertEqual(finish, "length")
        content, finish = self.content("plain-text-content")
        self.assertFalse(content.startswith("{"))
        self.assertEqual(self.content("content-filter")[1], "content_filter")
        self.assertEqual(self.content("insufficient-resource")[1], "insufficient_system_resource")

    def test_error_in_stream(self):
        self.fault("chat", "error-in-stream")
        reply = self.chat(stream=True)
        self.assertEqual(reply.status, 200)
        last = reply.body.decode().strip().split("\n\n")[-1]
        self.assertIn('"error"', last)
        self.assertNotIn("[DONE]", reply.body.decode())

    def test_stall_in_stream(self):
        self.fault("chat", "stall-in-stream", after_chunks=2)
        body = (b'{"model":"deepseek-flash","stream":true,'
                b'"messages":[{"role":"user","content":"x"}]}')
        out, closed = self.raw(b"POST /chat/completions HTTP/1.1\r\nHost: h\r\n"
                               b"Authorization: Bearer sk-standin\r\nContent-Length: %d\r\n\r\n"
                               % len(body) + body, timeout=0.6)
        self.assertEqual(out.count(b"data: "), 2)
        self.assertFalse(closed)


if __name__ == "__main__":
    main()
