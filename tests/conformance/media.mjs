// SPDX-License-Identifier: LGPL-2.1-or-later
// OpenAI's own client drives the stand-in's routes of pictures and clips: what it understands, the
// stand-in speaks. Usage: node --test-reporter=tap media.mjs AIGC-STANDIN
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import OpenAI, { toFile } from "openai";
import { all, at, control, key } from "./standin.mjs";

const small = { image: { width: 64, height: 48 },
                video: { width: 64, height: 48, duration: 0.2, seconds: 0.2 } };
const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC";
const wan = "Wan-AI/Wan2.2-T2V-A14B-Diffusers";

beforeEach(async () => {
  await control("reset", {});
  await control("config", small);
});

const client = (profile = "openai", more = {}) =>
  new OpenAI({ apiKey: key, baseURL: at[profile], maxRetries: 0, ...more });
const picture = (name = "k.png") => toFile(Buffer.from(png, "base64"), name, { type: "image/png" });
const bytes = (item) => Buffer.from(item.b64_json, "base64");
const kind = (data) =>
  data.toString("latin1", 1, 4) === "PNG" ? "png" : data.toString("latin1", 4, 8) === "ftyp" ? "mp4"
    : data.toString("latin1", 8, 12) === "WEBP" ? "webp"
    : data.subarray(0, 2).toString("hex") === "ffd8" ? "jpeg" : "?";

async function finished(openai, video) {
  const seen = new Set([video.status]);
  while (video.status === "queued" || video.status === "in_progress") {
    await new Promise((resume) => setTimeout(resume, 20));
    video = await openai.videos.retrieve(video.id);
    seen.add(video.status);
  }
  return { video, seen };
}

test("openai: pictures of each format", async () => {
  for (const output_format of ["png", "jpeg", "webp"]) {
    const order = { model: "gpt-image-1", prompt: "a harbour", n: 2, output_format };
    const made = await client().images.generate(order);
    assert.equal(made.output_format, output_format);
    assert.deepEqual(made.data.map((item) => kind(bytes(item))), [output_format, output_format]);
  }
});

test("openai: a picture at an address", async () => {
  const made = await client().images.generate({ model: "dall-e-3", prompt: "a harbour" });
  const reply = await fetch(made.data[0].url);
  assert.equal(kind(Buffer.from(await reply.arrayBuffer())), "png");
});

test("openai: an edit of one picture and of two", async () => {
  const edit = { model: "gpt-image-1", prompt: "at night" };
  for (const image of [await picture(), [await picture(), await picture("l.png")]]) {
    const made = await client().images.edit({ ...edit, image });
    assert.equal(kind(bytes(made.data[0])), "png");
  }
});

test("openai: a clip, its content, the list, its end", async () => {
  const openai = client();
  const order = { model: "sora-2", prompt: "a harbour", seconds: "4", size: "1280x720" };
  const created = await openai.videos.create(order);
  assert.equal(created.object, "video");
  assert.equal(created.status, "queued");
  await assert.rejects(openai.videos.downloadContent(created.id), OpenAI.NotFoundError);
  const { video, seen } = await finished(openai, created);
  assert.ok(seen.has("in_progress"));
  assert.equal(video.status, "completed");
  assert.equal(video.progress, 100);
  assert.equal(video.seconds, "4");
  assert.ok(video.expires_at > video.completed_at);
  const content = await openai.videos.downloadContent(video.id);
  assert.equal(content.headers.get("content-type"), "video/mp4");
  assert.equal(kind(Buffer.from(await content.arrayBuffer())), "mp4");
  const ids = [video.id];
  for (let i = 0; i < 3; ++i) ids.unshift((await openai.videos.create(order)).id);
  const listed = await all(openai.videos.list({ limit: 2 }));
  assert.deepEqual(listed.map((one) => one.id), ids);
  assert.deepEqual(await openai.videos.delete(video.id),
                   { id: video.id, object: "video.deleted", deleted: true });
  await assert.rejects(openai.videos.retrieve(video.id), OpenAI.NotFoundError);
});

test("openai: a clip that begins with a picture must have its size", async () => {
  const order = { prompt: "a harbour", input_reference: await picture() };
  await assert.rejects(client().videos.create(order),
                       (error) => error.status === 400 && /must match/.test(error.message));
});

test("openai: a clip that fails", async () => {
  const failure = { route: "openai-video", kind: "task-state", state: "FAILED", message: "no" };
  await control("config", { faults: [failure] });
  const { video } = await finished(client(), await client().videos.create({ prompt: "x" }));
  assert.equal(video.status, "failed");
  assert.equal(video.error.message, "no");
  assert.ok(video.error.code);
});

test("openai: refusals by their status", async () => {
  const stranger = client("openai", { apiKey: "sk-other" });
  await assert.rejects(stranger.images.generate({ prompt: "x" }), OpenAI.AuthenticationError);
  await assert.rejects(client().images.generate({ prompt: "x", size: "640x480" }),
                       (error) => error.status === 400 && error.code === "invalid_value");
  await assert.rejects(client().videos.create({ prompt: "x", seconds: "5" }),
                       OpenAI.BadRequestError);
  await assert.rejects(client().videos.create({ prompt: "x", model: "nobody" }),
                       (error) => error.status === 404 && error.code === "model_not_found");
  const busy = { route: "openai-video", kind: "status", status: 429, retry_after: 3 };
  await control("config", { faults: [busy] });
  await assert.rejects(client().videos.create({ prompt: "x" }), (error) =>
    error instanceof OpenAI.RateLimitError && error.headers.get("retry-after") === "3");
});

test("openai: a retry after a 429, and after a connection that was closed", async () => {
  await control("config", { faults: [
    { route: "openai-image", kind: "status", status: 429, retry_after: 0 },
    { route: "openai-image", kind: "close-after" }] });
  const openai = client("openai", { maxRetries: 2 });
  for (let i = 0; i < 2; ++i) {
    const made = await openai.images.generate({ model: "gpt-image-1", prompt: "x" });
    assert.equal(made.data.length, 1);
  }
});

for (const [profile, type] of [["vllm-omni", "png"], ["sglang", "jpeg"], ["localai", "png"],
                               ["sdcpp", "png"]]) {
  test(`${profile}: a picture, and the models`, async () => {
    const openai = client(profile);
    const model = (await all(openai.models.list()))[0].id;
    const order = { model, prompt: "x", size: "64x64", response_format: "b64_json" };
    const made = await openai.images.generate(order);
    assert.equal(kind(bytes(made.data[0])), type);
  });
}

for (const profile of ["vllm-omni", "sglang"]) {
  test(`${profile}: a clip by the form of openai's client`, async () => {
    const openai = client(profile);
    const order = { model: wan, prompt: "a harbour", seconds: "4", size: "832x480",
                    input_reference: await picture() };
    const created = await openai.videos.create(order);
    await assert.rejects(openai.videos.downloadContent(created.id), OpenAI.NotFoundError);
    const { video } = await finished(openai, created);
    assert.equal(video.status, "completed");
    const content = await openai.videos.downloadContent(video.id);
    assert.equal(kind(Buffer.from(await content.arrayBuffer())), "mp4");
    await openai.videos.delete(video.id);
    await assert.rejects(openai.videos.retrieve(video.id), OpenAI.NotFoundError);
  });
}

test("localai and sd.cpp have no clips that openai's client could order", async () => {
  for (const profile of ["localai", "sdcpp"])
    await assert.rejects(client(profile).videos.create({ prompt: "x" }), OpenAI.NotFoundError);
});
