import assert from "node:assert/strict";
import { test } from "node:test";
import * as events from "./support/events.js";
import { startPlugin } from "./support/plugin.js";

// src/plugin/perform/interceptor_post.js. Replace this test when you change perform.

test("the response stays as it was", async (t) => {
  const { handler } = await startPlugin(t);
  const event = events.interceptorPost();

  const answer = await handler(event);

  assert.deepEqual(JSON.parse(String(answer.body)), { response: JSON.parse(event.body).response });
});
