# SPDX-License-Identifier: LGPL-2.1-or-later
"""A small RFC 6455 client, and the workflows that the tests send to ComfyUI's stand-in."""
import base64
import copy
import hashlib
import json
import os
import socket
import struct
import urllib.parse

PICTURE = {
    "1": {"class_type": "UNETLoader", "inputs": {
        "unet_name": "qwen_image_fp8_e4m3fn.safetensors", "weight_dtype": "default"}},
    "2": {"class_type": "CLIPLoader", "inputs": {
        "clip_name": "qwen_2.5_vl_7b_fp8_scaled.safetensors", "type": "qwen_image"}},
    "3": {"class_type": "VAELoader", "inputs": {"vae_name": "qwen_image_vae.safetensors"}},
    "4": {"class_type": "ModelSamplingAuraFlow", "inputs": {"model": ["1", 0], "shift": 3.1}},
    "5": {"class_type": "CLIPTextEncode", "inputs": {"text": "a harbour", "clip": ["2", 0]}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "blur", "clip": ["2", 0]}},
    "7": {"class_type": "EmptySD3LatentImage", "inputs": {
        "width": 96, "height": 64, "batch_size": 1}},
    "8": {"class_type": "KSampler", "inputs": {
        "model": ["4", 0], "seed": 7, "steps": 4, "cfg": 2.5, "sampler_name": "euler",
        "scheduler": "simple", "positive": ["5", 0], "negative": ["6", 0],
        "latent_image": ["7", 0], "denoise": 1.0}},
    "9": {"class_type": "VAEDecode", "inputs": {"samples": ["8", 0], "vae": ["3", 0]}},
    "10": {"class_type": "SaveImage", "inputs": {"images": ["9", 0],
                                                 "filename_prefix": "frames/harbour"}},
}


def picture(**changes):
    """The picture's workflow; changes are node_NUMBER={input: value}, ... takes an input away."""
    graph = copy.deepcopy(PICTURE)
    for node, inputs in changes.items():
        for name, value in inputs.items():
            if value is ...:
                del graph[node[5:]]["inputs"][name]
            else:
                graph[node[5:]]["inputs"][name] = value
    return graph


def clip(image=None, length=9):
    """Wan 2.2 with two samplers, from a picture or from words."""
    graph = copy.deepcopy(PICTURE)
    for node, name in (("1", "high"), ("4", "low")):
        graph[node] = {"class_type": "UNETLoader", "inputs": {
            "unet_name": f"wan2.2_i2v_{name}_noise_14B_fp8_scaled.safetensors",
            "weight_dtype": "default"}}
    graph["2"]["inputs"] = {"clip_name": "umt5_xxl_fp8_e4m3fn_scaled.safetensors", "type": "wan"}
    graph["3"]["inputs"] = {"vae_name": "wan_2.1_vae.safetensors"}
    graph["7"] = {"class_type": "WanImageToVideo", "inputs": {
        "positive": ["5", 0], "negative": ["6", 0], "vae": ["3", 0], "width": 96, "height": 64,
        "length": length, "batch_size": 1}}
    if image:
        graph["20"] = {"class_type": "LoadImage", "inputs": {"image": image}}
        graph["7"]["inputs"]["start_image"] = ["20", 0]
    for node, model, latent, noise, first, last in (("8", "1", ["7", 2], "enable", 0, 3),
                                                    ("12", "4", ["8", 0], "disable", 3, 10000)):
        graph[node] = {"class_type": "KSamplerAdvanced", "inputs": {
            "model": [model, 0], "add_noise": noise, "noise_seed": 11, "steps": 6, "cfg": 3.5,
            "sampler_name": "euler", "scheduler": "simple", "positive": ["7", 0],
            "negative": ["7", 1], "latent_image": latent, "start_at_step": first,
            "end_at_step": last, "return_with_leftover_noise": noise}}
    graph["9"]["inputs"]["samples"] = ["12", 0]
    graph["10"] = {"class_type": "CreateVideo", "inputs": {"images": ["9", 0], "fps": 16}}
    graph["11"] = {"class_type": "SaveVideo", "inputs": {
        "video": ["10", 0], "filename_prefix": "video/take", "format": "auto", "codec": "auto"}}
    return graph


class WebSocket:
    """Reads whole messages; keeps the pings and how many pieces each message had."""

    def __init__(self, origin, query="", path="/ws", timeout=10, headers=()):
        host, port = urllib.parse.urlsplit(origin).netloc.split(":")
        self.peer = socket.create_connection((host, int(port)), timeout)
        self.stream = self.peer.makefile("rb")
        self.pings, self.pieces, self.closed = [], 0, None
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path}{'?' + query if query else ''} HTTP/1.1", f"Host: {host}:{port}",
                 "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                 "Sec-WebSocket-Key: " + key, *headers]
        self.peer.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.status = int(self.stream.readline().split()[1])
        self.headers = {}
        while (line := self.stream.readline().strip()):
            name, value = line.decode().split(":", 1)
            self.headers[name.lower()] = value.strip()
        accept = base64.b64encode(hashlib.sha1(
            (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
        self.accepted = self.status == 101 and self.headers["sec-websocket-accept"] == accept

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stream.close()
        self.peer.close()

    def send(self, opcode, payload=b"", mask=b"\x01\x02\x03\x04"):
        head = bytes([0x80 | opcode, (0x80 if mask else 0) | len(payload)])
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)) if mask else payload
        self.peer.sendall(head + mask + masked)

    def frame(self):
        """(last, opcode, payload); nothing at the end."""
        head = self.stream.read(2)
        if len(head) < 2:
            return None
        length = head[1]
        if length > 125:
            length, = struct.unpack(*((">H", self.stream.read(2)) if length == 126
                                      else (">Q", self.stream.read(8))))
        return bool(head[0] & 0x80), head[0] & 0x0f, self.stream.read(length)

    def message(self):
        """A dictionary for a text, bytes for a binary, nothing at the end."""
        kind, whole, self.pieces = None, b"", 0
        try:
            while (frame := self.frame()):
                last, opcode, payload = frame
                if opcode == 9:
                    self.pings.append(payload)
                    self.send(10, payload)
                elif opcode == 8:
                    self.closed = struct.unpack(">H", payload[:2])[0] if payload else 1005
                    return None
                elif opcode < 3:
                    kind = kind or opcode
                    whole += payload
                    self.pieces += 1
                    if last:
                        return json.loads(whole) if kind == 1 else whole
        except ConnectionResetError:
            pass
        return None

    def until(self, kind, prompt=None):
        """All messages to the one of that type (and prompt), or to the end."""
        out = []
        while (message := self.message()) is not None:
            out.append(message)
            if isinstance(message, dict) and message["type"] == kind and (
                    prompt in (None, message["data"].get("prompt_id"))):
                break
        return out


def types(messages):
    return [message["type"] if isinstance(message, dict) else "binary" for message in messages]
