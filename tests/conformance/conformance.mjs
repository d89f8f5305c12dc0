// SPDX-License-Identifier: LGPL-2.1-or-later
// Clients that others wrote drive the stand-in: what they understand, it speaks.
// Usage: node --test-reporter=tap conformance.mjs AIGC-STANDIN
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { createAlibaba } from "@ai-sdk/alibaba";
import { createDeepSeek } from "@ai-sdk/deepseek";
import OpenAI from "openai";
import { all, at, control, key } from "./standin.mjs";

const question = [{ role: "user", content: "a harbour at dawn, as one json object" }];
const prompt = [{ role: "user", content: [{ type: "text", text: question[0].content }] }];
const quiet = { thinking: { type: "disabled" } };

beforeEach(() => control("reset", {}));

const fault = (status, more = {}) =>
  control("config", { faults: [{ route: "chat", kind: "status", status, times: -1, ...more }] });
const openai = (more = {}) =>
  new OpenAI({ apiKey: key, baseURL: at.openai, maxRetries: 0, ...more });
const deepseek = (more = {}) =>
  createDeepSeek({ apiKey: key, baseURL: at.deepseek, ...more })("deepseek-flash");
const chat = (client, more = {}) => client.chat.completions.create(
  { model: "deepseek-flash", messages: question, ...quiet, ...more });
const fields = ["keyframe", "mood", "motion_prompt", "negative_prompt", "prompt"];

test("openai: an answer", async () => {
  const answer = await chat(openai(), { response_format: { type: "json_object" } });
  assert.deepEqual(Object.keys(JSON.parse(answer.choices[0].message.content)).sort(), fields);
  assert.equal(answer.choices[0].finish_reason, "stop");
  assert.ok(answer.usage.total_tokens > 0);
});

for (const chat_config of [{}, { newline: "crlf", keepalive_comments: 3, leading_blank_lines: 2 },
                           { chunk_bytes: 7, keepalive_comments: 1 }]) {
  test(`openai: a stream with ${JSON.stringify(chat_config)}`, async () => {
    await control("config", { chat: chat_config });
    const counted = { stream: true, stream_options: { include_usage: true } };
    const parts = await all(await chat(openai(), counted));
    const text = parts.map((part) => part.choices[0]?.delta.content ?? "").join("");
    assert.deepEqual(Object.keys(JSON.parse(text)).sort(), fields);
    assert.ok(parts.at(-1).usage.completion_tokens > 0);
  });
}

test("openai: blank lines before an answer", async () => {
  await control("config", { chat: { leading_blank_lines: 5 } });
  assert.ok((await chat(openai())).choices[0].message.content);
});

test("openai: an error inside a stream", async () => {
  await control("config", { faults: [{ route: "chat", kind: "error-in-stream" }] });
  await assert.rejects(async () => all(await chat(openai(), { stream: true })), OpenAI.APIError);
});

test("openai: errors by their status", async () => {
  await assert.rejects(chat(openai({ apiKey: "sk-other" })), OpenAI.AuthenticationError);
  await assert.rejects(chat(openai(), { temperature: 3 }), OpenAI.UnprocessableEntityError);
  await assert.rejects(chat(openai(), { model: "deepseek-chat" }), OpenAI.BadRequestError);
  await fault(402, { message: "Insufficient Balance" });
  await assert.rejects(chat(openai()), (error) => error.status === 402 &&
                                                  /Insufficient Balance/.test(error.message));
  await fault(429, { retry_after: 1 });
  await assert.rejects(chat(openai()), (error) => error instanceof OpenAI.RateLimitError &&
                                                  error.headers.get("retry-after") === "1");
  await fault(503);
  await assert.rejects(chat(openai()), OpenAI.InternalServerError);
});

test("openai: retries after a 429", async () => {
  await fault(429, { times: 1, retry_after: 0 });
  assert.ok((await chat(openai({ maxRetries: 1 }))).choices.length);
});

test("openai: models, and the compatible path", async () => {
  const models = await all(await openai().models.list());
  assert.ok(models.some((model) => model.id === "deepseek-flash"));
  const other = openai({ baseURL: at.compatible });
  assert.ok((await chat(other, { model: "qwen-plus" })).choices[0].message.content);
  await assert.rejects(chat(other, { model: "nobody" }), OpenAI.NotFoundError);
});

test("deepseek: an answer", async () => {
  const answer = await deepseek().doGenerate(
    { prompt, responseFormat: { type: "json" }, providerOptions: { deepseek: quiet } });
  const text = answer.content.find((part) => part.type === "text").text;
  assert.deepEqual(Object.keys(JSON.parse(text)).sort(), fields);
  assert.equal(answer.finishReason.unified ?? answer.finishReason, "stop");
});

test("deepseek: a stream that thinks first", async () => {
  await control("config", { chat: { keepalive_comments: 2 } });
  const { stream } = await deepseek().doStream({ prompt });
  const parts = await all(stream);
  const kinds = parts.map((part) => part.type);
  assert.ok(!kinds.includes("error"), JSON.stringify(parts.find((part) => part.type === "error")));
  assert.ok(kinds.indexOf("reasoning-delta") >= 0);
  assert.ok(kinds.indexOf("reasoning-delta") < kinds.indexOf("text-delta"));
  const said = parts.filter((part) => part.type === "text-delta");
  const text = said.map((part) => part.delta).join("");
  assert.deepEqual(Object.keys(JSON.parse(text)).sort(), fields);
  const finish = parts.find((part) => part.type === "finish");
  assert.ok((finish.usage.outputTokens.total ?? finish.usage.outputTokens) > 0);
});

test("deepseek: errors by their status", async () => {
  await assert.rejects(deepseek({ apiKey: "sk-other" }).doGenerate({ prompt }),
                       (error) => error.statusCode === 401 && /Authentication/.test(error.message));
  for (const [status, again] of [[402, false], [429, true], [500, true]]) {
    await fault(status);
    await assert.rejects(deepseek().doGenerate({ prompt }),
                         (error) => error.statusCode === status && error.isRetryable === again);
  }
});

function wan(model, more) {
  const maker = createAlibaba({ apiKey: key, videoBaseURL: at.api }).videoModel(model);
  const providerOptions = { alibaba: { pollIntervalMs: 50 } };
  return maker.doGenerate({ prompt: "a harbour at dawn", n: 1, providerOptions, ...more });
}

test("alibaba: a clip from words, and its download", async () => {
  await control("config", { video: { width: 64, height: 48, duration: 0.2, seconds: 0.2 } });
  const made = await wan("wan2.6-t2v", { duration: 2, seed: 7, resolution: "1280x720" });
  assert.equal(made.providerMetadata.alibaba.usage.size, "1280*720");
  const reply = await fetch(made.videos[0].url);
  assert.equal(reply.status, 200);
  assert.equal(Buffer.from(await reply.arrayBuffer()).toString("latin1", 4, 8), "ftyp");
});

test("alibaba: failures of a clip", async () => {
  await control("config", { video: { width: 64, height: 48, duration: 0.2 } });
  await assert.rejects(wan("wan2.6-t2v", { resolution: "1024x576" }),
                       (error) => error.statusCode === 400);
  const failure = { route: "video", kind: "task-state", state: "FAILED", message: "not this" };
  await control("config", { faults: [failure] });
  await assert.rejects(wan("wan2.6-t2v", {}), /not this/);
});
