import assert from "node:assert/strict";
import { test } from "node:test";
import { Biot } from "../src/plugin/biot.js";
import { configureLogger } from "../src/plugin/configureLogger.js";
import { BiotError } from "../src/plugin/errors.js";
import { readSettings } from "../src/plugin/settings.js";
import { testEnvironment } from "./support/environment.js";
import { PATIENT, PATIENT_ID, PATIENTS, SERVICE_TOKEN, startFakeBiot } from "./support/fakeBiot.js";

// context.biot: calls from the plugin to BioT.

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-00`;

/**
 * @param {import("node:test").TestContext} t
 * @param {import("./support/fakeBiot.js").Behaviour} [behaviour]
 */
async function connect(t, behaviour = {}, remaining = 30) {
  const fake = await startFakeBiot(behaviour);
  t.after(fake.close);
  const settings = readSettings(testEnvironment(fake.url));
  const log = configureLogger(settings, TRACE_ID, () => undefined);
  const call = { settings, traceId: TRACE_ID, traceparent: TRACEPARENT, log, remainingSeconds: () => remaining };
  return { fake, biot: new Biot({ accessToken: "", useUntil: 0 }, call) };
}

test("a call carries the service user's token and the trace id", async (t) => {
  const { fake, biot } = await connect(t);

  assert.deepEqual(await biot.get(`${PATIENTS}/${PATIENT_ID}`), PATIENT);

  assert.equal(fake.received.at(-1)?.headers.authorization, `Bearer ${SERVICE_TOKEN}`);
  assert.equal(fake.received.at(-1)?.headers.traceparent, TRACEPARENT);
});

test("a body is sent as JSON", async (t) => {
  const { fake, biot } = await connect(t);
  const body = { _name: { firstName: "Zoë" } };

  await biot.post(PATIENTS, body);
  await biot.patch(`${PATIENTS}/1`, body);

  const [, post, patch] = fake.received;
  assert.deepEqual([post.method, post.body], ["POST", body]);
  assert.deepEqual([patch.method, patch.body], ["PATCH", body]);
});

test("delete sends no body", async (t) => {
  const { fake, biot } = await connect(t);

  await biot.delete(`${PATIENTS}/${PATIENT_ID}`);

  assert.equal(fake.received.at(-1)?.method, "DELETE");
  assert.equal(fake.received.at(-1)?.body, undefined);
});

test("a search goes through all pages and keeps the limit", async (t) => {
  const { fake, biot } = await connect(t);
  const found = [];

  for await (const patient of biot.search(PATIENTS, { limit: 2 })) {
    found.push(patient._id);
  }

  assert.deepEqual(found, ["0", "1", "2"]);
  assert.equal(fake.requests.entity, 2);
});

test("an error of BioT says which call failed and how, without the query", async (t) => {
  const { biot } = await connect(t, { entity: "404" });

  await assert.rejects(biot.get(`${PATIENTS}/1`, { searchRequest: "{}" }), (error) => {
    assert.ok(error instanceof BiotError);
    assert.equal(error.message, `BioT answered 404 ENTITY_NOT_FOUND to GET ${PATIENTS}/1`);
    assert.deepEqual([error.status, error.code], [404, "ENTITY_NOT_FOUND"]);
    return true;
  });
});

test("a redirect is not followed: it would carry the token elsewhere", async (t) => {
  const { fake, biot } = await connect(t, { entity: "redirect" });

  await assert.rejects(biot.get(PATIENTS), { name: "BiotError", status: 307 });

  assert.equal(fake.requests.entity, 1);
});

test("a get is sent twice when the connection breaks, a change is not", async (t) => {
  const { fake, biot } = await connect(t, { entity: "drop" });

  await assert.rejects(biot.get(`${PATIENTS}/1`), TypeError);
  assert.equal(fake.requests.entity, 2);
  await assert.rejects(biot.patch(`${PATIENTS}/1`, {}), TypeError);
  assert.equal(fake.requests.entity, 3);
});

test("a slow BioT is given up while Lambda still has time", async (t) => {
  const { fake, biot } = await connect(t, { login: "slow" }, 1.3);
  const start = Date.now();

  await assert.rejects(biot.get(PATIENTS), { name: "TimeoutError" });

  assert.ok(Date.now() - start < 1000);
  assert.equal(fake.requests.login, 1);
});

for (const path of ["https://example.com/", "@example.com/", ""]) {
  test(`the token goes to BioT only, not to "${path}"`, async (t) => {
    const { fake, biot } = await connect(t);

    await assert.rejects(biot.get(path), /starts with a slash/);

    assert.deepEqual(fake.received, []);
  });
}
