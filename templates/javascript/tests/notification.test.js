import assert from "node:assert/strict";
import { test } from "node:test";
import * as events from "./support/events.js";
import { startPlugin } from "./support/plugin.js";

// src/plugin/perform/notification.js. Replace these tests when you change perform.

test("the entity is named in the log", async (t) => {
  const { handler, biot, log } = await startPlugin(t);

  const answer = await handler(events.notification());

  assert.equal(answer.statusCode, 200);
  assert.match(log.join("\n"), /patient _update: 00000000-0000-4000-8000-000000000001/);
  assert.deepEqual(biot.requests, []);
});
