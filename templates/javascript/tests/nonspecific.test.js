import assert from "node:assert/strict";
import { test } from "node:test";
import * as events from "./support/events.js";
import { startPlugin } from "./support/plugin.js";

// src/plugin/perform/nonspecific.js. Replace these tests when you change perform.

test("a direct call gets back what it sent", async (t) => {
  const { handler } = await startPlugin(t);

  const answer = await handler(events.http());

  assert.deepEqual(JSON.parse(String(answer.body)), { received: { question: "How are you?" } });
});

test("the schedule is named in the log", async (t) => {
  const { handler, log } = await startPlugin(t);

  const answer = await handler(events.cron());

  assert.equal(answer.statusCode, 200);
  assert.match(log.join("\n"), /The schedule of 2026-01-01T02:00:00Z/);
});
