import assert from "node:assert/strict";
import { test } from "node:test";
import { PluginError } from "../src/plugin/errors.js";
import { SERVICE_SECRET } from "../tests/support/fakeBiot.js";
import { startPlugin } from "../tests/support/plugin.js";
import { makeToken } from "../tests/support/tokens.js";

// Cases that exist only in JavaScript. Everything else is in the table of cases.

/** @returns {object} What refers to itself: JSON cannot express it. */
function circle() {
  /** @type {Record<string, unknown>} */
  const value = {};
  value.self = value;
  return value;
}

/**
 * @param {() => unknown} action
 * @returns {() => never}
 */
function throwing(action) {
  return () => {
    throw action();
  };
}

/** @type {[what: string, perform: () => unknown][]} */
const BAD_PERFORMS = [
  ["throws a text", throwing(() => "patient-data")],
  ["throws null", throwing(() => null)],
  ["throws undefined", throwing(() => undefined)],
  ["throws an object without prototype", throwing(() => Object.create(null))],
  ["throws an error that is its own cause", throwing(() => Object.assign(new Error("loop"), { cause: circle() }))],
  ["rejects", () => Promise.reject(new Error("later"))],
  ["rejects with nothing", () => Promise.reject()],
  ["returns a circle", circle],
  ["returns Lambda's form with a circle in it", () => ({ statusCode: 200, headers: {}, cookies: circle() })],
  ["returns NaN, which JSON would turn into null", () => ({ weight: Number.NaN })],
  ["returns a function", () => () => undefined],
  ["throws a PluginError whose details are a circle", throwing(() => new PluginError(409, "A", "b", { at: circle() }))],
  ["throws a PluginError with a status of success", throwing(() => new PluginError(200, "A", "b"))],
];

for (const [what, perform] of BAD_PERFORMS) {
  test(`a perform that ${what} gives one answer, a 500`, async (t) => {
    const { handler, log } = await startPlugin(t, { hooks: { nonspecific: { perform } } });

    const answer = await handler({ headers: { authorization: `Bearer ${makeToken("user")}` }, requestContext: {} });

    assert.equal(answer.statusCode, 500);
    assert.equal(JSON.parse(String(answer.body)).code, "INTERNAL_SERVER_ERROR");
    assert.doesNotMatch(log.join("\n"), /patient-data/);
    assert.equal(JSON.parse(String(log.at(-1))).level, "ERROR");
  });
}

test("tokens and the secret are hidden in the log, whatever an error says", async (t) => {
  const token = makeToken("user");
  const perform = (/** @type {any} */ _data, /** @type {any} */ context) => {
    context.log.info(`Called with ${token}`);
    throw new Error(`Refused ${token} and ${SERVICE_SECRET}`, { cause: new Error(SERVICE_SECRET) });
  };
  const { handler, log } = await startPlugin(t, { hooks: { nonspecific: { perform } } });

  await handler({ headers: { authorization: `Bearer ${token}` }, requestContext: {} });

  assert.equal(log.length, 2);
  for (const hidden of [token, SERVICE_SECRET]) {
    assert.ok(!log.join("\n").includes(hidden));
  }
  assert.match(log[1], /Refused <token> and <secret>.*Caused by: Error: <secret>/);
});

test("keys that JavaScript gives a meaning travel back as they came", async (t) => {
  const { handler } = await startPlugin(t, { hooks: { nonspecific: { perform: (data) => data } } });
  const body = '{"__proto__":{"admin":true},"constructor":"c","toJSON":"t","then":"n"}';

  const answer = await handler({
    headers: { authorization: `Bearer ${makeToken("user")}` },
    requestContext: {},
    body,
  });

  assert.equal(answer.body, body);
});

test("the log of one call is not mixed with that of another at the same time", async (t) => {
  const perform = async (/** @type {any} */ data, /** @type {any} */ context) => {
    await new Promise((resolve) => setTimeout(resolve, data.wait));
    context.log.info("done");
  };
  const { handler, log } = await startPlugin(t, { hooks: { nonspecific: { perform } } });
  const authorization = `Bearer ${makeToken("user")}`;
  const traceIds = ["1".repeat(32), "2".repeat(32)];

  await Promise.all(
    traceIds.map((traceId, index) =>
      handler({
        headers: { authorization, traceparent: `00-${traceId}-b7ad6b7169203331-00` },
        requestContext: {},
        body: JSON.stringify({ wait: 20 - 15 * index }),
      }),
    ),
  );

  assert.deepEqual(log.map((line) => JSON.parse(line).traceId).sort(), traceIds);
});
