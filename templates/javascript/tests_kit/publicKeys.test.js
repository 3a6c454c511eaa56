import assert from "node:assert/strict";
import { test } from "node:test";
import { configureLogger } from "../src/plugin/configureLogger.js";
import { PublicKeys } from "../src/plugin/publicKeys.js";
import { readSettings } from "../src/plugin/settings.js";
import { verifyToken } from "../src/plugin/verifyToken.js";
import { startFakeBiot } from "../tests/support/fakeBiot.js";
import { makeToken } from "../tests/support/tokens.js";

// The limit for fetching BioT's key, with a clock that the tests control.

const GENUINE = { like: "user", key: "rotated" };
const FORGED = { like: "user", key: "foreign" };

/** @param {import("node:test").TestContext} t */
async function start(t) {
  const biot = await startFakeBiot();
  t.after(() => biot.close());
  const clock = { seconds: 1000 };
  const publicKeys = new PublicKeys(() => clock.seconds);
  const settings = readSettings(biot.environment());
  const log = configureLogger(settings, "", () => undefined);
  const call = { settings, traceId: "", traceparent: "", log, remainingSeconds: () => 30 };
  /** @type {Map<string | typeof GENUINE, string>} A flood repeats one token: signing hundreds would take seconds. */
  const tokens = new Map();

  /**
   * @param {string | typeof GENUINE} token
   * @returns {Promise<number>} The status that a call with such a token gets.
   */
  async function statusOf(token) {
    const signed = tokens.get(token) ?? makeToken(token);
    tokens.set(token, signed);
    try {
      await verifyToken(signed, publicKeys, call);
      return 200;
    } catch (error) {
      return /** @type {any} */ (error).status;
    }
  }

  /** @param {number} times */
  async function flood(times, pause = 0) {
    const statuses = new Set();
    for (let sent = 0; sent < times; sent += 1) {
      statuses.add(await statusOf(FORGED));
      clock.seconds += pause;
    }
    return [...statuses];
  }

  return { biot, clock, statusOf, flood };
}

test("a few forged tokens do not delay a genuine one", async (t) => {
  const { biot, clock, statusOf, flood } = await start(t);
  assert.equal(await statusOf("user"), 200);
  assert.deepEqual(await flood(3), [401]);
  biot.behaviour = { public_key: "rotated" };

  assert.equal(await statusOf(GENUINE), 200);
  assert.equal(clock.seconds, 1000);
});

test("a flood of forged tokens makes few fetches", async (t) => {
  const { biot, flood } = await start(t);

  assert.deepEqual(await flood(500, 0.01), [401]);

  assert.ok(biot.counts["public-key"] >= 5 && biot.counts["public-key"] <= 5 + 5);
});

test("during a flood a genuine token is refused for a second at most", async (t) => {
  const { biot, clock, statusOf, flood } = await start(t);
  await flood(200, 0.01);
  biot.behaviour = { public_key: "rotated" };
  const changedAt = clock.seconds;

  while ((await statusOf(GENUINE)) !== 200) {
    await flood(1, 0.01);
  }

  assert.ok(clock.seconds - changedAt <= 1.01);
});

test("a flood while BioT does not give its key makes few fetches", async (t) => {
  const { biot, clock, statusOf, flood } = await start(t);
  biot.behaviour = { public_key: "down" };
  assert.deepEqual(await flood(50), [503]);
  assert.equal(biot.counts["public-key"], 5);

  biot.behaviour = {};
  clock.seconds += 1;
  assert.equal(await statusOf("user"), 200);
});

test("after a flood all fetches are allowed again", async (t) => {
  const { biot, clock, flood } = await start(t);
  await flood(50);
  assert.equal(biot.counts["public-key"], 5);
  clock.seconds += 3600;

  await flood(50);
  assert.equal(biot.counts["public-key"], 10);
});
