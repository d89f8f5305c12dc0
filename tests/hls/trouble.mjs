// SPDX-License-Identifier: LGPL-2.1-or-later
// hls.js plays on behind parts that are missing, and behind a restart.
// Usage: node --test-reporter=tap trouble.mjs (gst-launch-1.0 and the plugin must be on the paths)
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { open_viewer } from "./viewer.mjs";

const target = 2;
let folder, source, viewer;

const line = (into) => `-q -e videotestsrc is-live=true pattern=ball
  ! video/x-raw,format=I420,width=640,height=360,framerate=25/1,colorimetry=bt709
  ! x264enc speed-preset=ultrafast tune=zerolatency bitrate=400 key-int-max=250 ! h264parse ! hls.video
  audiotestsrc is-live=true volume=0.1 ! audio/x-raw,rate=48000,channels=2 ! avenc_aac ! aacparse ! hls.audio
  livehlssink name=hls target-duration=${target} playlist-location=${into}/live.m3u8
  location=${into}/s%05d.ts`.split(/\s+/);

// A write beyond a limit of the file size then fails, as on a full disk.
const go_on_air = () => spawn("sh", ["-c", "trap '' XFSZ; exec gst-launch-1.0 \"$@\"", "sh", ...line(folder)],
                              { stdio: ["ignore", "ignore", "inherit"] });
const limit_files = (bytes) => execFileSync("prlimit", ["--pid", source.pid, `--fsize=${bytes}:unlimited`]);
const listed = () => readFile(path.join(folder, "live.m3u8"), "utf8").catch(() => "");

async function wait_for(what, fits, seconds = 40) {
  for (const from = Date.now(); Date.now() - from < 1000 * seconds; await sleep(100)) if (await fits()) return;
  assert.fail(`${what} did not come: ${JSON.stringify(await viewer.look())}\n${await listed()}`);
}

/// What is seen was on air after `moment`, and moves.
async function plays_on(moment) {
  const before = await viewer.look();
  await wait_for("what was on air later", async () => (await viewer.look()).airtime > moment + 1000 * target);
  const from = await viewer.look();
  await sleep(4000);
  const to = await viewer.look();
  const errors = to.errors.slice(before.errors.length);
  console.log(`# played ${(to.time - from.time).toFixed(2)} s in ${(to.wall - from.wall).toFixed(2)} s, ` +
              `latency ${to.latencies.at(-1).toFixed(2)} s, errors ${JSON.stringify(errors)}`);
  assert.ok(to.time - from.time > 2, "the picture stands still");
  assert.ok(!to.errors.some(({ fatal }) => fatal), JSON.stringify(to.errors));
}

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "aigc-hls-"));
  source = go_on_air();
  viewer = await open_viewer(folder);
  await wait_for("a window", async () => (await listed()).split("#EXTINF").length > 4);
  await viewer.watch();
  await wait_for("a picture", async () => (await viewer.look()).started !== null);
});

after(async () => {
  source.kill("SIGKILL");
  await viewer?.close();
  await rm(folder, { recursive: true });
});

test("hls.js plays on behind a GAP", async () => {
  limit_files(0);
  await sleep(2500 * target);
  limit_files("unlimited");
  const mended = Date.now();
  await wait_for("a GAP", async () => (await listed()).includes("#EXT-X-GAP"));
  await plays_on(mended);
});

test("hls.js plays on behind a restart", async () => {
  source.kill("SIGKILL");
  source = go_on_air();
  const restarted = Date.now();
  await wait_for("a DISCONTINUITY", async () => (await listed()).includes("#EXT-X-DISCONTINUITY\n"));
  await plays_on(restarted);
});
