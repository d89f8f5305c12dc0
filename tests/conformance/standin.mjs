// SPDX-License-Identifier: LGPL-2.1-or-later
// The stand-in as a child of the tests that import this: its addresses and its control.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { after, before } from "node:test";

export const key = "sk-standin";
export let at; // addresses by name, once the tests run
let program;

before(async () => {
  const options = ["--port", "0", "--exit-on-stdin-eof", "--max-seconds", "120"];
  program = spawn(process.argv.at(-1), options, { stdio: ["pipe", "pipe", "inherit"] });
  for await (const line of createInterface(program.stdout)) {
    at = JSON.parse(line);
    break;
  }
});
after(() => program.stdin.end());

export async function control(name, body) {
  const request = { method: "POST", body: JSON.stringify(body) };
  const reply = await fetch(`${at.control}/${name}`, request);
  assert.equal(reply.status, 200, await reply.text());
}

export async function all(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return parts;
}
