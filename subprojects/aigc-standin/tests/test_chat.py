# SPDX-License-Identifier: LGPL-2.1-or-later
"""DeepSeek chat and DashScope's compatible path."""
import json
import re
import threading
import time

from standin_client import Case, main


def events(reply):
    """The data of a stream, JSON parsed but for [DONE]."""
    blocks = re.split(r"\r?\n\r?\n", reply.body.decode())
    lines = [line for block in blocks for line in block.splitlines()]
    data = [line[6:] for line in lines if line.startswith("data: ")]
    return [item if item == "[DONE]" else json.loads(item) for item in data]


def text(chunks, name="content"):
    return "".join(chunk["choices"][0]["delta"].get(name) or "" for chunk in chunks
                   if chunk != "[DONE]" and chunk["choices"])


class Whole(Case):
    def test_json_answer(self):
        body = self.chat(response_format={"type": "json_object"}).json
        choice = body["choices"][0]
        self.assertEqual((body["object"], choice["finish_reason"]), ("chat.completion", "stop"))
        answer = json.loads(choice["message"]["content"])
        self.assertEqual(set(answer), {"prompt", "negative_prompt", "motion_prompt", "keyframe",
                                       "mood"})
        self.assertIn("a harbour at dawn", answer["prompt"])
        usage = body["usage"]
        self.assertEqual(usage["total_tokens"], usage["prompt_tokens"] + usage["completion_tokens"])
        self.assertEqual(usage["completion_tokens_details"], {"reasoning_tokens": 0})

    def test_prose_when_nobody_says_json(self):
        reply = self.chat(messages=[{"role": "user", "content": "a harbour"}])
        self.assertTrue(reply.json["choices"][0]["message"]["content"].startswith("a harbour, "))

    def test_thinking_is_the_default(self):
        self.assertIn("reasoning_content", self.chat(thinking=...).json["choices"][0]["message"])
        self.assertNotIn("reasoning_content", self.chat().json["choices"][0]["message"])

    def test_max_tokens_cut(self):
        choice = self.chat(max_tokens=5).json["choices"][0]
        self.assertEqual(choice["finish_reason"], "length")
        self.assertLessEqual(len(choice["message"]["content"]), 20)

    def test_blank_lines_before_the_body(self):
        self.configure(chat={"leading_blank_lines": 3})
        reply = self.chat()
        self.assertTrue(reply.body.startswith(b"\n\n\n{"))
        self.assertEqual(reply.headers["Transfer-Encoding"], "chunked")

    def test_content_and_finish_reason_by_configuration(self):
        self.configure(chat={"content": "hello", "finish_reason": "tool_calls"})
        choice = self.chat().json["choices"][0]
        self.assertEqual((choice["message"]["content"], choice["finish_reason"]),
                         ("hello", "tool_calls"))

    def test_time(self):
        self.configure(chat={"seconds": 0.3})
        start = time.monotonic()
        self.chat()
        self.took(start, 0.3)

    def test_paths(self):
        for path in ("/chat/completions", "/v1/chat/completions"):
            self.assertEqual(self.chat(path).status, 200)
        for path in ("/models", "/v1/models"):
            models = self.send("GET", self.at["api"] + path).json["data"]
            self.assertIn("deepseek-flash", [model["id"] for model in models])
        self.assertTrue(self.send("GET", self.at["api"] + "/user/balance").json["is_available"])

    def test_extra_models(self):
        self.assertEqual(self.chat(model="my-model").status, 400)
        self.configure(chat={"models": ["my-model"]})
        self.assertEqual(self.chat(model="my-model").status, 200)


class Stream(Case):
    def test_events(self):
        reply = self.chat(stream=True)
        self.assertTrue(reply.headers["Content-Type"].startswith("text/event-stream"))
        chunks = events(reply)
        self.assertEqual(chunks[-1], "[DONE]")
        self.assertEqual(chunks[0]["choices"][0]["delta"]["role"], "assistant")
        self.assertEqual(chunks[-2]["choices"][0]["finish_reason"], "stop")
        self.assertIn("a harbour at dawn", json.loads(text(chunks))["prompt"])

    def test_usage_chunk(self):
        chunks = events(self.chat(stream=True, stream_options={"include_usage": True}))
        self.assertEqual(chunks[-2]["choices"], [])
        self.assertGreater(chunks[-2]["usage"]["completion_tokens"], 0)

    def test_reasoning_comes_first(self):
        chunks = events(self.chat(stream=True, thinking=...))
        names = [name for chunk in chunks[1:-2] for name, value in
                 chunk["choices"][0]["delta"].items() if value]
        self.assertEqual(names, sorted(names, reverse=True))
        self.assertIn("reasoning_content", names)
        self.assertIsNone(chunks[1]["choices"][0]["delta"]["content"])

    def test_lines_and_comments(self):
        self.configure(chat={"newline": "crlf", "keepalive_comments": 2, "leading_blank_lines": 2})
        reply = self.chat(stream=True)
        start = b"\r\n\r\n: keep-alive\r\n\r\n: keep-alive\r\n\r\ndata"
        self.assertTrue(reply.body.startswith(start))
        self.assertGreater(reply.body.count(b": keep-alive"), 2)
        self.assertNotIn(b"\n", reply.body.replace(b"\r\n", b""))
        self.assertEqual(events(reply)[-1], "[DONE]")

    def test_no_done_marker(self):
        self.configure(chat={"done_marker": False})
        self.assertNotIn(b"[DONE]", self.chat(stream=True).body)

    def test_chunks_cut_characters(self):
        self.configure(chat={"chunk_bytes": 5})
        body = json.dumps({"model": "deepseek-flash", "stream": True, "messages": [
            {"role": "user", "content": "樱花树下"}]}).encode()
        out, _ = self.raw(b"POST /chat/completions HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                          b"Authorization: Bearer sk-standin\r\nContent-Length: %d\r\n\r\n"
                          % len(body) + body)
        sizes = re.findall(rb"\r\n([0-9a-f]+)\r\n", out)
        self.assertEqual(set(sizes[:-2]), {b"5"})
        self.assertIn("樱花树下", self.chat(stream=True, messages=[
            {"role": "user", "content": "樱花树下"}]).body.decode())

    def test_time(self):
        self.configure(chat={"seconds": 0.4, "first_byte_seconds": 0.2})
        start = time.monotonic()
        self.chat(stream=True)
        self.took(start, 0.4)


class Refusals(Case):
    def test_keys(self):
        body = {"model": "deepseek-flash", "messages": []}
        for key in (None, "Bearer sk-other", "sk-standin", "Basic sk-standin"):
            headers = {"Authorization": key} if key else {}
            reply = self.send("POST", self.at["api"] + "/chat/completions", body, headers,
                              key=False)
            self.assertEqual(reply.status, 401)
            self.assertIn("Authentication", reply.json["error"]["message"])
        self.configure(keys=["sk-other"])
        self.assertEqual(self.chat().status, 401)

    def test_models(self):
        for model in ("deepseek-chat", "deepseek-reasoner"):
            reply = self.chat(model=model)
            self.assertEqual(reply.status, 400)
            self.assertIn("retired", reply.json["error"]["message"])
        self.assertEqual(self.chat(model="gpt-4o").status, 400)
        self.assertEqual(self.chat(model="wan2.2-t2v-plus").status, 400)

    def test_bad_json(self):
        for body in (b"{", b"[]", b"", b"{'a': 1}", b'{"a": 1,}'):
            reply = self.send("POST", self.at["api"] + "/chat/completions", body)
            self.assertEqual(reply.status, 400, body)

    def test_values(self):
        for more in ({"temperature": 2.5}, {"temperature": "1"}, {"top_p": 1.1}, {"max_tokens": 0},
                     {"max_tokens": 393217}, {"max_tokens": 1.5}, {"stop": ["x"] * 17},
                     {"response_format": {"type": "json_schema"}}, {"stream": "true"},
                     {"thinking": {"type": "off"}}, {"reasoning_effort": "most"},
                     {"user_id": "a b"}, {"top_logprobs": 21, "logprobs": True},
                     {"messages": [{"role": "robot", "content": "x"}]},
                     {"messages": [{"role": "user", "content": 5}]}, {"messages": ...}):
            self.assertEqual(self.chat(**more).status, 422, more)
        self.assertEqual(self.billed(), 0)

    def test_rules(self):
        for more in ({"messages": []}, {"stream_options": {"include_usage": True}},
                     {"thinking": {"type": "enabled"}, "tool_choice": "required"},
                     {"response_format": {"type": "json_object"},
                      "messages": [{"role": "user", "content": "a harbour"}]}):
            self.assertEqual(self.chat(**more).status, 400, more)

    def test_concurrency(self):
        self.configure(limits={"deepseek-flash": {"concurrent": 1}}, chat={"seconds": 0.5})
        replies = []
        threads = [threading.Thread(target=lambda: replies.append(self.chat().status))
                   for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(replies), [200, 429])
        self.assertEqual(self.chat().status, 200)


class Compatible(Case):
    def test_answers_and_errors(self):
        path = "/compatible-mode/v1/chat/completions"
        self.assertEqual(self.chat(path, model="qwen-plus").status, 200)
        self.assertEqual(self.chat(path, model="qwen-plus", temperature=3).status, 400)
        reply = self.chat(path, model="nobody")
        self.refuse(reply, 404, "model_not_found")
        reply = self.send("POST", self.at["api"] + path, {}, key=False)
        self.refuse(reply, 401, "invalid_api_key")
        self.assertIn("request_id", reply.json)


class Log(Case):
    def test_calls_and_bills(self):
        self.chat()
        self.chat(temperature=9)
        calls = self.calls("chat")
        self.assertEqual([call["n"] for call in calls], [1, 2])
        self.assertEqual([call["status"] for call in calls], [200, 422])
        self.assertEqual([call["billed"] for call in calls], [True, False])
        self.assertEqual(calls[0]["body"]["model"], "deepseek-flash")
        self.assertEqual(calls[0]["headers"]["Authorization"], "Bearer sk-standin")
        billed = self.control("GET", "/billed")
        self.assertEqual((billed["count"], billed["generations"][0]["route"]), (1, "chat"))

    def test_configuration_errors_change_nothing(self):
        before = self.control("GET", "/config")
        for bad in ({"chats": {}}, {"chat": {"second": 1}}, {"chat": {"seconds": "1"}},
                    {"limits": "on"}, {"limits": {"wan9": {}}}, {"poll_qps": -1}, [1],
                    {"poll_qps": 5, "clock": "virtual"}, {"video": {"lognormal": {"median": 1}}}):
            reply = self.send("POST", self.at["control"] + "/config", bad)
            self.assertEqual(reply.status, 400, bad)
        self.assertEqual(self.control("GET", "/config"), before)

    def test_reset(self):
        self.configure(chat={"content": "x"})
        self.chat()
        self.control("POST", "/reset")
        self.assertEqual(self.calls(), [])
        self.assertEqual(self.billed(), 0)
        self.assertIsNone(self.control("GET", "/config")["chat"]["content"])


if __name__ == "__main__":
    main()
