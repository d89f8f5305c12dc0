// SPDX-License-Identifier: LGPL-2.1-or-later
// A viewer: hls.js in headless Chromium, and a web server for a live folder.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import puppeteer from "puppeteer-core";

const types = { ".m3u8": "application/vnd.apple.mpegurl", ".ts": "video/mp2t", ".js": "text/javascript" };
const page_text = `<!doctype html><title>live</title><body style="margin:0;background:#000">
<video muted autoplay playsinline style="width:640px;height:360px"></video>
<script src="/hls.js"></script>`;

async function serve(folder, request, reply) {
  const name = new URL(request.url, "http://localhost").pathname.slice(1);
  try {
    if (name === "") return reply.writeHead(200, { "Content-Type": "text/html" }).end(page_text);
    const place = name === "hls.js" ? "node_modules/hls.js/dist/hls.min.js" : path.join(folder, path.basename(name));
    const data = await readFile(place);
    reply.writeHead(200, { "Content-Type": types[path.extname(name)] ?? "application/octet-stream",
                           "Cache-Control": "no-store" }).end(data);
  } catch {
    reply.writeHead(404).end();
  }
}

/// In the page: plays, and notes what a viewer would.
function watch() {
  const video = document.querySelector("video");
  const seen = { errors: [], waiting: 0, latencies: [], started: null };
  const hls = new Hls({ maxLiveSyncPlaybackRate: 1.2 }); // as live players do: a busy machine plays slowly
  hls.on(Hls.Events.ERROR, (_, { fatal, details }) => seen.errors.push({ fatal, details, at: video.currentTime }));
  video.addEventListener("playing", () => { seen.started ??= performance.now(); });
  video.addEventListener("waiting", () => { if (seen.started !== null) seen.waiting += 1; });
  setInterval(() => { if (seen.started !== null) seen.latencies.push(hls.latency); }, 1000);
  hls.loadSource("/live.m3u8");
  hls.attachMedia(video);
  window.look = () => {
    const { totalVideoFrames: frames, droppedVideoFrames: dropped } = video.getVideoPlaybackQuality();
    const wall = seen.started === null ? 0 : (performance.now() - seen.started) / 1000;
    const canvas = new OffscreenCanvas(64, 36);
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0, 64, 36);
    const brightest = Math.max(...context.getImageData(0, 0, 64, 36).data.filter((_, i) => i % 4 < 3));
    return { ...seen, frames, dropped, wall, brightest, time: video.currentTime, width: video.videoWidth,
             airtime: hls.playingDate?.getTime() };
  };
}

/// A page that is about to watch what is in the folder; close() ends it.
export async function open_viewer(folder) {
  const server = createServer((request, reply) => serve(folder, request, reply)).listen(0, "127.0.0.1");
  const browser = await puppeteer.launch({
    executablePath: "/usr/bin/chromium",
    headless: true,
    defaultViewport: { width: 640, height: 360 },
    args: ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
  });
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  return {
    page,
    watch: () => page.evaluate(watch),
    look: () => page.evaluate(() => look()),
    async close() {
      await browser.close();
      server.close();
    },
  };
}
