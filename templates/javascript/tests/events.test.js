import assert from "node:assert/strict";
import { after, test } from "node:test";
import { handler } from "../src/index.js";
import { testEnvironment } from "./support/environment.js";
import { EVENT_NAMES, loadEvent } from "./support/events.js";
import { startFakeBiot } from "./support/fakeBiot.js";

// Every example event goes through what Lambda calls, with this plugin's own perform.
const biot = await startFakeBiot();
Object.assign(process.env, testEnvironment(biot.url));
after(() => biot.close());

for (const name of EVENT_NAMES) {
  test(`the example event ${name} is answered`, async () => {
    const answer = await handler(loadEvent(name));

    assert.equal(answer.statusCode, 200, answer.body);
    assert.ok(answer.headers.traceparent);
    assert.deepEqual(JSON.parse(JSON.stringify(answer)), answer);
  });

  test(`the example event ${name} is refused without its token`, async () => {
    const answer = await handler(withoutToken(name));

    assert.equal(answer.statusCode, 401);
    assert.equal(JSON.parse(String(answer.body)).code, "NO_TOKEN");
  });
}

/** @param {string} name */
function withoutToken(name) {
  const event = loadEvent(name);
  if (name === "cron") {
    // This makes it an HTTP request, and no longer an event of the schedule.
    return { ...event, requestContext: {} };
  }
  if (name === "notification") {
    return { ...event, body: JSON.stringify({ ...JSON.parse(event.body), jwt: undefined }) };
  }
  return { ...event, headers: { ...event.headers, authorization: undefined } };
}
