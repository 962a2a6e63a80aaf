// Node 20: npm install smpp, then node --test. The emulator is a subprocess, or what SMSC_API and SMSC_PORT name.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import smpp from "smpp";

const account = `test-${process.pid}`; // a namespace: what other tests do is not seen
let host = process.env.SMSC_HOST ?? "127.0.0.1";
let port = process.env.SMSC_PORT ?? "2775";
let api = process.env.SMSC_API;
let emulator;

before(async () => {
  if (api) return;
  const journal = join(mkdtempSync(join(tmpdir(), "smsc-")), "journal.sqlite");
  emulator = spawn("smsc", ["serve", "--port", "0", "--http", "0", "--journal", journal, "--quiet", "--until-eof"]);
  emulator.stdout.setEncoding("utf8");
  for await (const line of emulator.stdout) {
    [, host, port, api] = line.match(/ready on (.+):(\d+) .* inbox at (\S+)\//);
    break;
  }
});

after(() => emulator?.kill());

async function ask(path, body) {
  const headers = { "Content-Type": "application/json" };
  if (process.env.SMSC_TOKEN) headers.Authorization = `Bearer ${process.env.SMSC_TOKEN}`;
  const response = await fetch(api + path, { method: "POST", headers, body: JSON.stringify(body) });
  const answer = JSON.parse((await response.text()) || "{}");
  assert.ok(response.ok, `${answer.detail} ${JSON.stringify(answer.near_misses ?? "")}`);
  return answer;
}

// --- your program, as far as this test is concerned
function send(to, text) {
  return new Promise((resolve, reject) => {
    const session = smpp.connect({ url: `smpp://${host}:${port}` });
    session.on("error", reject);
    session.on("connect", () => {
      session.bind_transceiver({ system_id: account, password: "secret" }, () => {
        const message = { source_addr: "SHOP", destination_addr: to, short_message: text, registered_delivery: 1 };
        session.submit_sm(message, (response) => {
          session.unbind(() => session.close());
          resolve(response.command_status);
        });
      });
    });
  });
}

test("an order is confirmed", async () => {
  try {
    assert.equal(await send("77011234567", "Your order 17 is ready"), 0);
    const { items } = await ask("/api/messages/wait", {
      filters: { system_id: account, to: "77011234567", text: "order 17", state: "DELIVRD" },
      timeout: 10,
    });
    assert.equal(items[0].text, "Your order 17 is ready");
    assert.equal(items[0].from, "SHOP");
    await ask("/api/messages/verify", { filters: { system_id: account }, equals: 1 });
  } finally {
    await ask("/api/reset", { system_id: account });
  }
});
