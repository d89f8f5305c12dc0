# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files, signed addresses, uploads."""
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import urllib.parse

from standin_client import ASYNC, KEY, Case, main, png


def boxes(data, at=0, end=None):
    """The boxes of an MP4: name -> place and size of its content."""
    out, end = {}, end or len(data)
    while at + 8 <= end:
        size, name = struct.unpack(">I4s", data[at:at + 8])
        out.setdefault(name.decode(), (at + 8, at + size))
        at += size
    return out


def mp4_seconds(data):
    moov = boxes(data)["moov"]
    at = boxes(data, *moov)["mvhd"][0]
    scale, length = struct.unpack(">II", data[at + 12:at + 20])
    return length / scale


def mp4_size(data):
    inner = boxes(data, *boxes(data)["moov"])
    at = boxes(data, *inner["trak"])["tkhd"][1]
    width, height = struct.unpack(">II", data[at - 8:at])
    return width >> 16, height >> 16


class Files(Case):
    def setUp(self):
        super().setUp()
        self.configure(image={"width": 0, "height": 0}, video={"width": 0, "height": 0,
                                                               "duration": 0})

    def fetch(self, url):
        reply = self.send("GET", url, key=False)
        self.assertEqual(reply.status, 200)
        self.assertEqual(int(reply.headers["Content-Length"]), len(reply.body))
        return reply

    def test_picture_has_the_asked_size(self):
        for size in ("1104*1472", "928*1664"):
            url = self.image({"size": size}).pictures[0]["image"]
            reply = self.fetch(url)
            self.assertEqual(reply.headers["Content-Type"], "image/png")
            width, height, depth, colour = struct.unpack(">IIBB", reply.body[16:26])
            self.assertEqual((f"{width}*{height}", depth, colour), (size, 8, 2))

    def test_a_picture_that_is_there_is_delivered_as_it_is(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        given = os.path.join(folder, "given.png")
        with open(given, "wb") as file:
            file.write(png(48, 32))
        self.configure(image={"file": given})
        self.addCleanup(self.configure, image={"file": ""})
        url = self.image({"size": "1104*1472"}).pictures[0]["image"]
        self.assertEqual(self.fetch(url).body, png(48, 32))
        for wrong in (os.path.join(folder, "none.png"), folder, __file__):
            reply = self.send("POST", self.at["control"] + "/config", {"image": {"file": wrong}}, key=False)
            self.assertEqual(reply.status, 400)
            self.assertIn(b"image.file", reply.body)

    def clip(self, model, parameters):
        return self.fetch(self.wait(self.video(model, parameters), 60)["output"]["video_url"]).body

    def test_clip(self):
        clip = self.clip("wan2.2-t2v-plus", {"size": "832*480"})
        self.assertEqual((mp4_size(clip), mp4_seconds(clip)), ((832, 480), 5))
        order = list(boxes(clip))
        self.assertLess(order.index("moov"), order.index("mdat"))
        self.assertIn(b"avc1", clip)
        self.assertNotIn(b"mp4a", clip)

    def test_clip_with_sound(self):
        clip = self.clip("wan2.6-t2v", {"size": "1280*720", "duration": 2})
        self.assertEqual((mp4_size(clip), mp4_seconds(clip)), ((1280, 720), 2))
        self.assertIn(b"mp4a", clip)

    def test_prompts_make_different_files(self):
        def clip(prompt):
            return self.fetch(self.wait(self.video(prompt=prompt))["output"]["video_url"]).body
        self.configure(video={"width": 64, "height": 48, "duration": 0.2})
        self.assertEqual(len({clip(str(i)) for i in range(12)}), 4)


class Addresses(Case):
    def setUp(self):
        super().setUp()
        self.url = self.wait(self.video())["output"]["video_url"]

    def get(self, url=None, **headers):
        return self.send("GET", url or self.url, headers=headers, key=False)

    def test_another_origin(self):
        self.assertTrue(self.url.startswith(self.at["results"] + "/"))
        self.assertNotEqual(self.at["results"], self.at["api"])

    def test_the_key_is_refused(self):
        reply = self.get(**KEY)
        self.assertEqual(reply.status, 400)
        self.assertIn(b"<Error>", reply.body)

    def test_the_query_counts_letter_for_letter(self):
        parts = urllib.parse.urlsplit(self.url)
        for query in ("", parts.query.replace("%3D", "="), urllib.parse.quote(parts.query,
                                                                              safe="=&"),
                      "x=1&" + parts.query,
                      "&".join(reversed(parts.query.split("&")))):
            if query != parts.query:
                self.assertEqual(self.get(parts._replace(query=query).geturl()).status, 403, query)
        path = parts.path.replace("-0/", "-1/")
        self.assertIn(b"SignatureDoesNotMatch", self.get(parts._replace(path=path).geturl()).body)
        self.assertEqual(self.get().status, 200)

    def test_expiry(self):
        self.configure(url_ttl_seconds=2)
        url = self.wait(self.video())["output"]["video_url"]
        self.assertEqual(self.get(url).status, 200)
        time.sleep(2.1)
        reply = self.get(url)
        self.assertEqual(reply.status, 403)
        self.assertIn(b"<Code>AccessDenied</Code>", reply.body)

    def test_ranges(self):
        whole = self.get().body
        size = len(whole)
        for text, begin, end in (("0-9", 0, 10), ("10-", 10, size), ("-7", size - 7, size),
                                 (f"5-{size + 99}", 5, size)):
            reply = self.get(Range="bytes=" + text)
            self.assertEqual((reply.status, reply.body), (206, whole[begin:end]))
            self.assertEqual(reply.headers["Content-Range"], f"bytes {begin}-{end - 1}/{size}")
            self.assertEqual(int(reply.headers["Content-Length"]), end - begin)
        self.assertEqual(self.get(Range=f"bytes={size}-").status, 416)
        self.assertEqual(self.get(Range="lines=0-9").status, 200)

    def test_head(self):
        reply = self.send("HEAD", self.url, key=False)
        self.assertEqual((reply.status, reply.body), (200, b""))
        self.assertEqual(int(reply.headers["Content-Length"]), len(self.get().body))


class Uploads(Case):
    model = "wan2.2-i2v-flash"

    def policy(self):
        return self.native("GET", f"/uploads?action=getPolicy&model={self.model}").json["data"]

    def upload(self, policy, picture=None, order=None, headers=None, changes=None):
        fields = {"OSSAccessKeyId": policy["oss_access_key_id"], "Signature": policy["signature"],
                  "policy": policy["policy"], "x-oss-object-acl": policy["x_oss_object_acl"],
                  "x-oss-forbid-overwrite": policy["x_oss_forbid_overwrite"],
                  "key": policy["upload_dir"] + "/a.png", "success_action_status": "200",
                  "x-oss-content-type": "image/png", **(changes or {})}
        parts = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
                 for name, value in fields.items()]
        file = (b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n'
                b"Content-Type: image/png\r\n\r\n" + (picture or png(400, 400)) + b"\r\n")
        parts.insert(0 if order == "first" else len(parts), file)
        return self.send("POST", policy["upload_host"], b"".join(parts) + b"--b--\r\n",
                         {"Content-Type": "multipart/form-data; boundary=b",
                          **(headers or {})}, key=False)

    def use(self, address, model=None, resolve=True):
        headers = {**ASYNC, **({"X-DashScope-OssResourceResolve": "enable"} if resolve else {})}
        return self.video(model or self.model, headers=headers, img_url=address)

    def test_the_whole_way(self):
        policy = self.policy()
        self.assertEqual(self.upload(policy).status, 200)
        address = f"oss://{policy['upload_dir']}/a.png"
        self.assertEqual(self.use(address).status, 200)
        self.refuse(self.use(address, resolve=False), 400, "InvalidParameter.DataInspection")
        self.refuse(self.use(address, "wan2.2-i2v-plus"), 400, "InvalidParameter.DataInspection")
        self.refuse(self.use(address + "x"), 400, "InvalidParameter.DataInspection")
        self.assertEqual(self.upload(policy).status, 409)

    def test_what_was_uploaded_is_checked(self):
        policy = self.policy()
        self.upload(policy, png(400, 400, 6))
        self.refuse(self.use(f"oss://{policy['upload_dir']}/a.png"), 400, "InvalidImageFormat",
                    "alpha")

    def test_refusals(self):
        policy = self.policy()
        for more in ({"OSSAccessKeyId": "x"}, {"Signature": "x"}, {"policy": "x"}, {"key": "a.png"},
                     {"x-oss-object-acl": "public-read"}, {"x-oss-forbid-overwrite": "false"}):
            self.assertEqual(self.upload(policy, changes=more).status, 403, more)
        self.assertEqual(self.upload(policy, order="first").status, 400)
        self.assertEqual(self.upload(policy, headers=KEY).status, 400)
        self.assertEqual(self.send("POST", policy["upload_host"], b"x", key=False).status, 400)
        self.refuse(self.native("GET", "/uploads?action=put&model=x"), 400, "InvalidParameter")
        self.refuse(self.native("GET", "/uploads?action=getPolicy&model=x"), 400,
                    "InvalidParameter")


class Program(Case):
    def start(self, *options, **environment):
        return subprocess.Popen([sys.argv[1], *options], stdout=subprocess.PIPE,
                                stdin=subprocess.PIPE,
                                stderr=subprocess.PIPE, env={**os.environ, **environment})

    def test_ends_by_itself(self):
        process = self.start("--port", "0", "--max-seconds", "0.2")
        out, _ = process.communicate(timeout=10)
        self.assertEqual((process.returncode, len(out.splitlines())), (0, 1))
        self.assertEqual(set(json.loads(out)), {"api", "deepseek", "dashscope", "compatible",
                                                "openai", "vllm-omni", "sglang", "localai",
                                                "sdcpp", "comfyui", "results", "control"})

    def test_bad_options(self):
        for options in (["--nonsense"], ["x"], ["--port", "70000"], ["--config", "/nowhere.json"]):
            process = self.start(*options)
            _, error = process.communicate(timeout=10)
            self.assertEqual(process.returncode, 2, options)
            self.assertTrue(error.startswith(b"aigc-standin: "), error)

    def test_a_taken_port_is_named(self):
        port = self.at["api"].rsplit(":", 1)[1]
        process = self.start("--port", port)
        _, error = process.communicate(timeout=10)
        self.assertEqual(process.returncode, 1)
        self.assertIn(port.encode(), error)

    def test_configuration_file_and_cache(self):
        folder = tempfile.mkdtemp()
        try:
            with open(folder + "/c.json", "w") as file:
                json.dump({"keys": ["sk-mine"], "image": {"width": 64, "height": 48}}, file)
            process = self.start("--port", "0", "--config", folder + "/c.json",
                                 "--exit-on-stdin-eof",
                                 AIGC_STANDIN_CACHE=folder + "/cache")
            at = json.loads(process.stdout.readline())
            self.control("POST", "/reset")
            body = {"model": "qwen-image", "input": {"messages": [
                {"role": "user", "content": [{"text": "x"}]}]}}
            url = at["dashscope"] + "/services/aigc/multimodal-generation/generation"
            self.assertEqual(self.send("POST", url, body).status, 401)
            reply = self.send("POST", url, body, {"Authorization": "Bearer sk-mine"}, key=False)
            self.assertEqual(reply.status, 200)
            process.communicate(timeout=10)
            self.assertEqual(len(os.listdir(folder + "/cache")), 1)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
