// SPDX-License-Identifier: LGPL-2.1-or-later
// hls.js in headless Chromium follows a channel through times when it has nothing to show, and the
// rule checker watches the same. Usage: node --test-reporter=tap player.mjs SECONDS RULES SCREENSHOT
// (gst-launch-1.0 and the plugin must be on the paths)
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { open_viewer } from "./viewer.mjs";

const [seconds, rules, screenshot] = [Number(process.argv.at(-3)), ...process.argv.slice(-2)];
const target = 3; // seconds a segment lasts
let folder, feeder, source, checker, checked, viewer;

// The list is sent once and grows: each time the channel first has clips, then none, and shows again
// what is old enough, else its slate.
const line = (into) => `-q -e aishotsrc location=${into}/day.txt watch=true
  ! aipromptenhance backend=preview ! qwenimagesrc backend=preview
  ! wanxclipgen backend=preview order=ready duration=4 width=640 height=360
  ! clipplayout name=air allow-preview=true reair=lru reair-min-gap=${25e9} as-run=${into}/aired.jsonl
  video-caps=video/x-raw,width=640,height=360,framerate=25/1
  air.video ! timeoverlay font-desc=Sans,28
  ! x264enc speed-preset=ultrafast tune=zerolatency bitrate=800 key-int-max=50 ! h264parse ! hls.video
  air.audio ! avenc_aac ! aacparse ! hls.audio
  livehlssink name=hls target-duration=${target} playlist-location=${into}/live.m3u8
  location=${into}/s%05d.ts`.split(/\s+/);
const every = 36; // seconds from one part of the list to the next
let parts = 0;
const more = () => appendFile(path.join(folder, "day.txt"),
                              [1, 2, 3, 4].map((n) => `a lighthouse in the rain, part ${parts * 4 + n}\n`).join(""))
  .then(() => { parts += 1; });

const ended = (child) => new Promise((resolve) => child.on("exit", (code) => resolve(code)));

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "aigc-hls-"));
  await more();
  feeder = setInterval(more, every * 1000);
  source = spawn("gst-launch-1.0", line(folder), { stdio: ["ignore", "inherit", "inherit"] });
  checker = spawn("python3", [rules, path.join(folder, "live.m3u8"), "--bt709", "--while", source.pid],
                  { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  checker.stdout.on("data", (data) => { said += data; });
  checked = ended(checker).then((code) => ({ code, said }));
  viewer = await open_viewer(folder);
});

after(async () => {
  clearInterval(feeder);
  source.kill("SIGINT");
  await viewer?.close();
  await checked;
  await rm(folder, { recursive: true });
});

test("Chromium plays H.264 and AAC", async () => {
  assert.ok(await viewer.page.evaluate(() => MediaSource.isTypeSupported('video/mp4; codecs="avc1.42E01E,mp4a.40.2"')),
            "this Chromium has no H.264 or no AAC; Debian's has");
});

test(`hls.js follows for ${seconds} s`, async () => {
  // A player that comes to a channel that was on air before.
  await sleep(4 * target * 1000);
  await viewer.watch();
  const from = Date.now();
  while (Date.now() - from < 30000 && (await viewer.look()).started === null) await sleep(250);
  const start = await viewer.look();
  assert.notEqual(start.started, null, `nothing is played: ${JSON.stringify(start)}`);
  await sleep(seconds * 1000);
  const end = await viewer.look();
  await viewer.page.screenshot({ path: screenshot });
  const played = end.time - start.time, wall = end.wall - start.wall;
  const steady = end.latencies.slice(5);
  const middle = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
  const quarter = steady.length >> 2;
  const drift = middle(steady.slice(-quarter)) - middle(steady.slice(0, quarter));
  console.log(`# played ${played.toFixed(2)} s in ${wall.toFixed(2)} s, ${end.frames} frames, ${end.dropped} dropped, ` +
              `latency ${Math.min(...steady).toFixed(2)} to ${Math.max(...steady).toFixed(2)} s, ` +
              `errors ${JSON.stringify(end.errors)}`);
  assert.deepEqual(end.errors, []); // a stall is an error of hls.js that is not fatal
  assert.equal(end.waiting, 0);
  assert.ok(Math.abs(played - wall) < target, `played ${played} s in ${wall} s`);
  assert.ok(end.dropped <= 0.05 * end.frames, `${end.dropped} of ${end.frames} frames were dropped`);
  assert.ok(Math.abs(drift) < target, `the latency moved by ${drift} s`);
  assert.equal(end.width, 640);
  assert.ok(end.brightest > 128, "the picture is dark");
  assert.ok(Math.abs(Date.now() - end.airtime - 1000 * steady.at(-1)) < 1500 * target,
            `what is seen was on air ${(Date.now() - end.airtime) / 1000} s ago`);
});

test("the rules are kept meanwhile", async () => {
  source.kill("SIGINT");
  const { code, said } = await checked;
  console.log(said.trim().replace(/^/gm, "# "));
  assert.equal(code, 0, said);
});

test("the channel had clips, then none, and clips again", async () => {
  const aired = (await readFile(path.join(folder, "aired.jsonl"), "utf8")).trim().split("\n").map(JSON.parse);
  const tiers = aired.map(({ tier }) => tier);
  console.log(`# ${tiers.join(" ")}`);
  for (const tier of ["item", "slate", "reair"]) assert.ok(tiers.includes(tier), `there was no ${tier}`);
  assert.ok(tiers.lastIndexOf("item") > tiers.indexOf("slate"), "no clip came back");
});
