# SPDX-License-Identifier: LGPL-2.1-or-later
"""ComfyUI: what it refuses, its queue and history, what it tells over WebSockets, its files."""
import struct
import time
import urllib.parse
import uuid

from comfy_client import WebSocket, clip, picture, types
from standin_client import Case, main, png


class Comfy(Case):
    def setUp(self):
        super().setUp()
        self.configure(image={"width": 0, "height": 0},
                       video={"width": 0, "height": 0, "duration": 0})
        self.origin = self.at["comfyui"]

    def comfy(self, method, path, body=None, headers=None):
        return self.send(method, self.origin + path, body, headers, key=False)

    def post(self, graph, client="me", **more):
        return self.comfy("POST", "/prompt", {"prompt": graph, "client_id": client, **more})

    def run_graph(self, graph, client="me", **more):
        """The history's entry of a prompt that is over."""
        reply = self.post(graph, client, **more)
        self.assertEqual(reply.status, 200, reply.body)
        return self.wait_history(reply.json["prompt_id"])

    def wait_history(self, prompt, seconds=10):
        end = time.monotonic() + seconds
        while not (found := self.comfy("GET", "/history/" + prompt).json):
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)
        return found[prompt]

    def wait_queue(self, running, pending):
        end = time.monotonic() + 5
        while True:
            queue = self.comfy("GET", "/queue").json
            if (len(queue["queue_running"]), len(queue["queue_pending"])) == (running, pending):
                return queue
            self.assertLess(time.monotonic(), end, queue)
            time.sleep(0.01)

    def view(self, file):
        names = {name: file[name] for name in ("filename", "subfolder", "type")}
        return self.comfy("GET", "/view?" + urllib.parse.urlencode(names))

    def upload(self, name, data, **fields):
        mark = "----edge"
        parts = [f'--{mark}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
                 .encode() for field, value in fields.items()]
        parts.append(f'--{mark}\r\nContent-Disposition: form-data; name="image"; '
                     f'filename="{name}"\r\nContent-Type: image/png\r\n\r\n'.encode()
                     + data + b"\r\n")
        return self.comfy("POST", "/upload/image", b"".join(parts) + f"--{mark}--\r\n".encode(),
                          {"Content-Type": "multipart/form-data; boundary=" + mark})


class Graphs(Comfy):
    def refused(self, graph, kind, words="", **more):
        reply = self.post(graph, **more)
        self.assertEqual((reply.status, reply.json["error"]["type"]), (400, kind), reply.body)
        self.assertIn(words, reply.body.decode())
        self.assertEqual(self.billed(), 0)
        return reply.json

    def node_error(self, graph, node, kind, words=""):
        found = self.refused(graph, "prompt_outputs_failed_validation", words)["node_errors"]
        self.assertEqual([error["type"] for error in found[node]["errors"]], [kind])
        self.assertEqual(found[node]["dependent_outputs"], ["10"])
        self.assertEqual(set(found), {node})

    def test_what_is_no_graph(self):
        self.assertEqual(self.comfy("POST", "/prompt", {}).json["error"]["type"], "no_prompt")
        self.refused({"1": {"inputs": {}}}, "invalid_prompt", "class_type")
        self.refused({"1": {"class_type": "Nonsense", "inputs": {}}}, "invalid_prompt", "Nonsense")
        graph = picture()
        del graph["10"]
        self.refused(graph, "prompt_no_outputs")

    def test_inputs(self):
        for changes, node, kind, words in (
                ({"node_8": {"steps": ...}}, "8", "required_input_missing", "steps"),
                ({"node_8": {"steps": "many"}}, "8", "invalid_input_type", "many"),
                ({"node_8": {"denoise": 1.5}}, "8", "value_bigger_than_max", "denoise"),
                ({"node_7": {"width": 8}}, "7", "value_smaller_than_min", "width"),
                ({"node_8": {"scheduler": "simpel"}}, "8", "value_not_in_list", "simpel"),
                ({"node_1": {"unet_name": "mine.gguf"}}, "1", "value_not_in_list", "mine.gguf"),
                ({"node_8": {"model": "1"}}, "8", "bad_linked_input", "model"),
                ({"node_8": {"model": ["1"]}}, "8", "bad_linked_input", "model"),
                ({"node_8": {"model": ["2", 0]}}, "8", "return_type_mismatch", "CLIP"),
                ({"node_8": {"model": ["99", 0]}}, "8", "exception_during_inner_validation", "99"),
                ({"node_8": {"model": ["1", 1]}}, "8", "exception_during_inner_validation", "1")):
            self.node_error(picture(**changes), node, kind, words)

    def test_a_picture_that_was_not_uploaded(self):
        found = self.refused(clip("nowhere.png"), "prompt_outputs_failed_validation", "nowhere.png")
        self.assertEqual(found["node_errors"]["20"]["errors"][0]["type"],
                         "custom_validation_failed")

    def test_a_graph_that_bites_its_tail(self):
        self.refused(picture(node_7={"width": ["9", 0]}), "prompt_outputs_failed_validation")
        self.refused(picture(node_4={"model": ["4", 0]}), "prompt_outputs_failed_validation")

    def test_numbers_in_quotes_and_models_of_ones_own(self):
        self.configure(profiles={"comfyui": {"models": ["mine.gguf"]}})
        entry = self.run_graph(picture(node_8={"seed": "7"}, node_1={"unet_name": "mine.gguf"}))
        self.assertEqual(entry["status"]["status_str"], "success")

    def test_one_good_output_is_enough(self):
        graph = picture()
        graph["30"] = {"class_type": "PreviewImage", "inputs": {}}
        reply = self.post(graph)
        self.assertEqual(reply.status, 200)
        self.assertEqual(set(reply.json["node_errors"]), {"30"})
        self.assertEqual(set(self.wait_history(reply.json["prompt_id"])["outputs"]), {"10"})

    def test_prompt_ids(self):
        wanted = str(uuid.uuid4())
        self.refused(picture(), "invalid_prompt_id", prompt_id=wanted.upper())
        self.refused(picture(), "invalid_prompt_id", prompt_id="one")
        self.assertEqual(self.post(picture(), prompt_id=wanted).json["prompt_id"], wanted)
        self.assertEqual(self.post(picture(), prompt_id=wanted).status, 409)
        self.wait_history(wanted)
        self.assertEqual(self.post(picture(), prompt_id=wanted).status, 409)
        self.assertEqual(self.billed(), 1)


class Results(Comfy):
    def test_a_picture(self):
        entry = self.run_graph(picture())
        self.assertEqual(entry["status"]["status_str"], "success")
        self.assertTrue(entry["status"]["completed"])
        file, = entry["outputs"]["10"]["images"]
        self.assertEqual((file["subfolder"], file["type"]), ("frames", "output"))
        self.assertRegex(file["filename"], r"^harbour_\d{5}_\.png$")
        reply = self.view(file)
        self.assertEqual(reply.headers["Content-Type"], "image/png")
        self.assertEqual(struct.unpack(">II", reply.body[16:24]), (96, 64))
        self.assertEqual(len(self.comfy("GET", "/history").json), 1)

    def test_a_batch_and_a_size_from_a_node(self):
        graph = picture(node_7={"batch_size": 3, "width": ["40", 0]})
        graph["40"] = {"class_type": "PrimitiveInt", "inputs": {"value": 160}}
        files = self.run_graph(graph)["outputs"]["10"]["images"]
        self.assertEqual(len({file["filename"] for file in files}), 3)
        self.assertEqual(struct.unpack(">II", self.view(files[0]).body[16:24]), (160, 64))

    def test_a_clip_from_a_picture(self):
        name = self.upload("first.png", png(96, 64)).json["name"]
        output = self.run_graph(clip(name))["outputs"]["11"]
        self.assertEqual(output["animated"], [True])
        file, = output["images"]
        self.assertEqual(file["subfolder"], "video")
        reply = self.view(file)
        self.assertEqual(reply.headers["Content-Type"], "video/mp4")
        self.assertEqual(reply.body[4:8], b"ftyp")

    def test_other_savers(self):
        for name, inputs, key, kind in (
                ("VHS_VideoCombine", {
                    "frame_rate": 8, "loop_count": 0, "filename_prefix": "v", "pingpong": False,
                    "format": "video/h264-mp4", "save_output": True}, "gifs", "video/mp4"),
                ("SaveWEBM", {"filename_prefix": "w", "codec": "vp9", "fps": 8, "crf": 32},
                 "images", "video/webm")):
            graph = clip()
            del graph["10"]
            graph["11"] = {"class_type": name, "inputs": {"images": ["9", 0], **inputs}}
            file, = self.run_graph(graph)["outputs"]["11"][key]
            reply = self.view(file)
            self.assertEqual(reply.headers["Content-Type"], kind)
            self.assertEqual(reply.body[4:8] == b"ftyp", kind == "video/mp4")
            self.assertEqual(reply.body[:4] == b"\x1a\x45\xdf\xa3", kind == "video/webm")

    def test_a_preview_is_temporary(self):
        graph = picture()
        graph["10"] = {"class_type": "PreviewImage", "inputs": {"images": ["9", 0]}}
        file, = self.run_graph(graph)["outputs"]["10"]["images"]
        self.assertEqual(file["type"], "temp")
        self.assertEqual(self.view(file).status, 200)
        self.assertEqual(self.view({**file, "type": "output"}).status, 404)

    def test_bills(self):
        self.run_graph(picture())
        entry = self.run_graph(clip())
        found = self.control("GET", "/billed")["generations"]
        self.assertEqual([(one["route"], one["model"][:7], one["prompt"], one["seed"])
                          for one in found], [("comfyui-prompt", "qwen_im", "a harbour", 7),
                                              ("comfyui-prompt", "wan2.2_", "a harbour", 11)])
        self.assertEqual(found[1]["task_id"], entry["prompt"][1])


class Queue(Comfy):
    def setUp(self):
        super().setUp()
        self.configure(image={"seconds": 3600})

    def test_one_after_the_other(self):
        ids = [self.post(picture()).json["prompt_id"] for _ in range(3)]
        ids.insert(1, self.post(picture(), front=True).json["prompt_id"])
        queue = self.wait_queue(1, 3)
        self.assertEqual([one[1] for one in queue["queue_running"] + queue["queue_pending"]], ids)
        number, _, graph, extra, outputs = queue["queue_running"][0]
        self.assertEqual((number, graph, extra, outputs), (1, picture(), {"client_id": "me"},
                                                           ["10"]))
        self.assertEqual(self.comfy("GET", "/prompt").json["exec_info"]["queue_remaining"], 4)
        self.assertEqual(self.comfy("GET", "/history/" + ids[0]).json, {})
        self.assertEqual(self.comfy("POST", "/queue", {"delete": [ids[1]]}).status, 200)
        self.wait_queue(1, 2)
        self.comfy("POST", "/queue", {"clear": True})
        self.wait_queue(1, 0)

    def test_interrupt(self):
        first, second = (self.post(picture()).json["prompt_id"] for _ in range(2))
        self.wait_queue(1, 1)
        self.comfy("POST", "/interrupt", {"prompt_id": second})
        self.wait_queue(1, 1)
        self.comfy("POST", "/interrupt", {"prompt_id": first})
        status = self.wait_history(first)["status"]
        self.assertEqual((status["status_str"], status["completed"], status["messages"][-1][0]),
                         ("error", False, "execution_interrupted"))
        self.assertEqual(self.wait_queue(1, 0)["queue_running"][0][1], second)
        self.comfy("POST", "/interrupt")
        self.wait_queue(0, 0)

    def test_the_clock(self):
        self.configure(image={"seconds": 0.4})
        start = time.monotonic()
        for prompt in [self.post(picture()).json["prompt_id"] for _ in range(2)]:
            self.wait_history(prompt)
        self.took(start, 0.8)


class Server(Comfy):
    def test_with_and_without_api(self):
        for path in ("/queue", "/prompt", "/system_stats", "/object_info/KSampler", "/history",
                     "/history/x"):
            self.assertEqual(self.comfy("GET", path).json, self.comfy("GET", "/api" + path).json)
        for path in ("/v1/models", "/api/v1/tasks/x", "/"):
            self.assertEqual(self.comfy("GET", path).status, 404)
        self.assertEqual(self.comfy("GET", "/interrupt").status, 405)

    def test_nodes(self):
        nodes = self.comfy("GET", "/object_info").json
        sampler = nodes["KSampler"]
        self.assertEqual(sampler["input"]["required"]["steps"], ["INT", {"min": 1, "max": 10000}])
        self.assertEqual((sampler["output"], sampler["output_node"]), (["LATENT"], False))
        self.assertTrue(nodes["SaveVideo"]["output_node"])
        self.assertIn("start_image", nodes["WanImageToVideo"]["input"]["optional"])
        self.assertEqual(self.comfy("GET", "/object_info/Nonsense").json, {})

    def test_pages_of_other_origins(self):
        for path in ("/queue", "/api/prompt"):
            refused = self.comfy("GET", path, headers={"Origin": "http://h.example"})
            self.assertEqual(refused.status, 403)
            self.assertEqual(self.comfy("GET", path, headers={"Origin": self.origin}).status, 200)
        with WebSocket(self.origin, headers=["Origin: http://h.example"]) as socket:
            self.assertEqual(socket.status, 403)

    def test_uploads_are_renamed(self):
        self.assertEqual(self.upload("a.png", png(8, 8)).json,
                         {"name": "a.png", "subfolder": "", "type": "input"})
        self.assertEqual(self.upload("a.png", png(8, 8)).json["name"], "a.png") # the same picture
        self.assertEqual(self.upload("a.png", png(9, 8)).json["name"], "a (1).png")
        self.assertEqual(self.upload("a.png", png(10, 8)).json["name"], "a (2).png")
        self.assertEqual(self.upload("a.png", png(11, 8), overwrite="true").json["name"], "a.png")
        file = {"filename": "a.png", "subfolder": "", "type": "input"}
        self.assertEqual(self.view(file).body, png(11, 8))
        inside = self.upload("b.png", png(8, 8), subfolder="x", type="temp").json
        self.assertEqual(self.view({"filename": inside["name"], **inside}).body, png(8, 8))
        for wrong in ({"subfolder": "../x"}, {"type": "elsewhere"}):
            self.assertEqual(self.upload("b.png", png(8, 8), **wrong).status, 400)
        self.assertEqual(self.comfy("POST", "/upload/image", b"x").status, 400)

    def test_views_that_are_refused(self):
        for name, folder, kind, status in (("../a", "", "output", 400), ("a", "", "model", 400),
                                           ("a", "../..", "output", 403), ("a", "", "output", 404),
                                           ("", "", "output", 404)):
            reply = self.view({"filename": name, "subfolder": folder, "type": kind})
            self.assertEqual(reply.status, status)


class Sockets(Comfy):
    def connect(self, client="me", path="/ws"):
        socket = WebSocket(self.origin, "clientId=" + client if client else "", path)
        self.assertTrue(socket.accepted)
        first = socket.message()
        self.assertEqual(first["type"], "status")
        return socket, first["data"]["sid"]

    def test_the_story_of_a_run(self):
        socket, sid = self.connect()
        with socket:
            self.assertEqual(sid, "me")
            prompt = self.post(picture()).json["prompt_id"]
            told = socket.until("executing", None) + socket.until("execution_success", prompt)
            names = [name for name in types(told) if name != "status"]
            self.assertEqual(names[:3], ["execution_start", "execution_cached", "executing"])
            self.assertEqual(names[-2:], ["executed", "execution_success"])
            steps = [one["data"] for one in told if one["type"] == "progress"]
            self.assertEqual([(one["value"], one["max"], one["node"]) for one in steps],
                             [(i, 4, "8") for i in range(1, 5)])
            # The history may come later than the message.
            last = socket.until("status")
            self.assertIsNone(last[-2]["data"]["node"])
            self.assertEqual(last[-1]["data"]["status"]["exec_info"]["queue_remaining"], 0)
            entry = self.wait_history(prompt)
            done = [one["data"] for one in told if one["type"] == "executed"]
            self.assertEqual({one["node"]: one["output"] for one in done}, entry["outputs"])

    def test_progress_on_the_clock(self):
        self.configure(image={"seconds": 0.8})
        with self.connect()[0] as socket:
            start = time.monotonic()
            self.post(picture())
            socket.until("progress")
            self.took(start, 0.2)
            socket.until("execution_success")
            self.took(start, 0.8)

    def test_only_the_one_who_asked_is_told(self):
        with self.connect("me")[0] as mine, self.connect("other", "/api/ws")[0] as other:
            self.post(picture(), "other")
            other.until("execution_success")
            prompt = self.post(picture(), "me").json["prompt_id"]
            told = mine.until("execution_success")
            ids = {one["data"].get("prompt_id") for one in told if one["type"] != "status"}
            self.assertEqual(ids, {prompt})

    def test_a_client_comes_back(self):
        self.configure(image={"seconds": 3600})
        with self.connect()[0] as first:
            self.post(picture())
            first.until("executing")
        with self.connect()[0] as second:
            again = second.message()
            self.assertEqual((again["type"], again["data"]["node"]), ("executing", "8"))
        socket, sid = self.connect("")
        with socket:
            self.assertEqual(len(sid), 36)

    def test_previews(self):
        for kind in (1, 4):
            self.configure(profiles={"comfyui": {"previews": kind}})
            with self.connect()[0] as socket:
                self.post(picture())
                told = socket.until("execution_success")
                seen = [one for one in told if isinstance(one, bytes)]
                self.assertEqual(len(seen), 4)
                event, second = struct.unpack(">II", seen[0][:8])
                self.assertEqual(event, kind)
                if kind == 1:
                    self.assertEqual(second, 2)
                picture_at = 8 + (second if kind == 4 else 0)
                self.assertEqual(seen[0][picture_at:picture_at + 4], b"\x89PNG")
                self.assertLess(types(told).index("progress"), len(told) - 1 -
                                types(told)[::-1].index("binary"))

    def test_pings_closes_and_mistakes(self):
        with self.connect()[0] as socket:
            socket.send(9, b"hello")
            self.assertEqual(socket.frame(), (True, 10, b"hello"))
            socket.send(8, struct.pack(">H", 1000))
            self.assertIsNone(socket.message())
            self.assertEqual(socket.closed, 1000)
        with self.connect()[0] as socket:
            socket.send(1, b"{}", mask=b"")
            self.assertIsNone(socket.message())
            self.assertEqual(socket.closed, 1002)
        self.assertEqual(self.comfy("GET", "/ws").status, 400)


class Faults(Comfy):
    def story(self, kind, graph=None, **more):
        """What a client is told of a prompt with that fault, and the history's entry, if any."""
        self.fault("comfyui-prompt", kind, **more)
        with WebSocket(self.origin, "clientId=me") as socket:
            socket.message()
            reply = self.post(graph or picture())
            self.assertEqual(reply.status, 200, reply.body)
            prompt = reply.json["prompt_id"]
            told = []
            while (message := socket.message()) is not None:
                told.append(message)
                if (isinstance(message, dict) and message["type"] == "executing"
                        and message["data"]["node"] is None
                        and message["data"]["prompt_id"] == prompt):
                    break
            self.socket = socket
        self.prompt = prompt
        self.assertEqual(self.billed(), 1)
        return types(told), told

    def test_a_lost_socket(self):
        names, _ = self.story("ws-drop")
        self.assertIn("execution_start", names)
        self.assertNotIn("execution_success", names)
        self.assertEqual(self.wait_history(self.prompt)["status"]["status_str"], "success")

    def test_no_socket(self):
        self.fault("comfyui-ws", "ws-refuse")
        with WebSocket(self.origin) as socket:
            self.assertEqual(socket.status, 400)
        self.fault("comfyui-ws", "status", status=403)
        with WebSocket(self.origin) as socket:
            self.assertEqual(socket.status, 403)

    def test_all_cached(self):
        names, told = self.story("fully-cached")
        self.assertFalse({"progress", "progress_state"} & set(names))
        self.assertEqual(names.count("executing"), 1) # the end
        cached = [one["data"]["nodes"] for one in told if one["type"] == "execution_cached"]
        self.assertEqual(set(cached[0]), set(picture()))
        self.assertIn("10", self.wait_history(self.prompt)["outputs"])

    def test_errors_of_nodes(self):
        names, told = self.story("execution-error", node="VAEDecode", message="out of memory")
        self.assertIn("execution_error", names)
        error = [one["data"] for one in told if one["type"] == "execution_error"][0]
        self.assertEqual((error["node_id"], error["node_type"], error["exception_message"]),
                         ("9", "VAEDecode", "out of memory"))
        entry = self.wait_history(self.prompt)
        self.assertEqual((entry["status"]["status_str"], entry["outputs"]), ("error", {}))
        self.assertEqual(entry["status"]["messages"][-1], ["execution_error", error])

    def test_interrupted(self):
        self.assertIn("execution_interrupted", self.story("interrupted")[0])
        self.assertFalse(self.wait_history(self.prompt)["status"]["completed"])

    def test_outputs(self):
        self.story("missing-outputs")
        self.assertEqual(self.wait_history(self.prompt)["outputs"], {})
        self.control("POST", "/reset")
        self.story("two-outputs", clip())
        self.assertEqual(len(self.wait_history(self.prompt)["outputs"]["11"]["images"]), 2)

    def test_files_that_are_not_there(self):
        self.story("view-404")
        file, = self.wait_history(self.prompt)["outputs"]["10"]["images"]
        self.assertEqual([self.view(file).status for _ in range(2)], [404, 404])
        self.control("POST", "/reset")
        file, = self.run_graph(picture())["outputs"]["10"]["images"]
        self.fault("comfyui-view", "view-404")
        self.assertEqual([self.view(file).status for _ in range(2)], [404, 200])

    def test_files_that_are_something_else(self):
        self.story("not-a-clip", clip())
        file, = self.wait_history(self.prompt)["outputs"]["11"]["images"]
        self.assertNotEqual(self.view(file).body[4:8], b"ftyp")

    def test_a_restart(self):
        names, _ = self.story("forget")
        self.assertNotIn("execution_success", names)
        self.assertEqual(self.comfy("GET", "/history").json, {})
        self.wait_queue(0, 0)
        self.control("POST", "/reset")
        self.run_graph(picture())
        self.fault("comfyui-history", "forget")
        self.assertEqual(self.comfy("GET", "/history").json, {})
        self.run_graph(picture())
        self.control("POST", "/forget", {"profile": "comfyui"})
        self.assertEqual(self.comfy("GET", "/history").json, {})

    def test_messages_of_other_prompts(self):
        names, told = self.story("foreign-messages")
        others = [one for one in told if isinstance(one, dict)
                  and one["data"].get("prompt_id") not in (None, self.prompt)]
        self.assertIn("execution_success", types(others))
        self.assertTrue(any(one["type"] == "executing" and one["data"]["node"] is None
                            for one in others))
        self.assertLess(names.index("execution_success"), len(names) - 3)

    def test_frames_in_pieces(self):
        self.configure(profiles={"comfyui": {"previews": 1}})
        names, _ = self.story("fragmented-frames")
        self.assertIn("binary", names)
        self.assertEqual(self.socket.pieces, 3)
        self.assertGreater(len(self.socket.pings), 10)

    def test_the_usual_ones(self):
        self.fault("comfyui-prompt", "status", status=500)
        reply = self.post(picture())
        self.assertEqual(reply.status, 500)
        self.assertIn("told to refuse", reply.json["error"]["message"])
        self.assertEqual(self.billed(), 0)
        self.fault("comfyui-prompt", "bad-json")
        self.assertEqual(self.post(picture()).status, 200)
        self.assertEqual(self.billed(), 1)


if __name__ == "__main__":
    main()
