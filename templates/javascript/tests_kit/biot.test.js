import assert from "node:assert/strict";
import { test } from "node:test";
import { Biot } from "../src/plugin/biot.js";
import { configureLogger } from "../src/plugin/configureLogger.js";
import { BiotError } from "../src/plugin/errors.js";
import { readSettings } from "../src/plugin/settings.js";
import { answer, errorAnswer, SERVICE_TOKEN, searchAnswer, startFakeBiot } from "../tests/support/fakeBiot.js";
import { PATIENT, PATIENT_ID, PATIENTS } from "./performs.js";

// context.biot: calls from the plugin to BioT.

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-00`;

/**
 * @param {import("node:test").TestContext} t
 * @param {Record<string, unknown>} [answers]
 */
async function connect(t, answers = {}, remaining = 30) {
  const fake = await startFakeBiot({}, answers);
  t.after(() => fake.close());
  const settings = readSettings(fake.environment());
  const log = configureLogger(settings, TRACE_ID, () => undefined);
  const call = { settings, traceId: TRACE_ID, traceparent: TRACEPARENT, log, remainingSeconds: () => remaining };
  return { fake, biot: new Biot({ accessToken: "", useUntil: 0 }, call) };
}

test("a call carries the service user's token and the trace id", async (t) => {
  const { fake, biot } = await connect(t, { [`GET ${PATIENTS}/${PATIENT_ID}`]: PATIENT });

  assert.deepEqual(await biot.get(`${PATIENTS}/${PATIENT_ID}`), PATIENT);

  assert.equal(fake.requests.at(-1)?.headers.authorization, `Bearer ${SERVICE_TOKEN}`);
  assert.equal(fake.requests.at(-1)?.headers.traceparent, TRACEPARENT);
});

test("a body is sent as JSON", async (t) => {
  const { fake, biot } = await connect(t, { [`POST ${PATIENTS}`]: {}, [`PATCH ${PATIENTS}/1`]: {} });
  const body = { _name: { firstName: "Zoë" } };

  await biot.post(PATIENTS, body);
  await biot.patch(`${PATIENTS}/1`, body);

  const [post, patch] = fake.requests;
  assert.deepEqual([post.method, post.body], ["POST", body]);
  assert.deepEqual([patch.method, patch.body], ["PATCH", body]);
});

test("delete sends no body", async (t) => {
  const { fake, biot } = await connect(t, { [`DELETE ${PATIENTS}/${PATIENT_ID}`]: undefined });

  assert.equal(await biot.delete(`${PATIENTS}/${PATIENT_ID}`), undefined);

  assert.equal(fake.requests.at(-1)?.method, "DELETE");
  assert.equal(fake.requests.at(-1)?.body, undefined);
});

test("a search goes through all pages and keeps the limit", async (t) => {
  const answers = { [`GET ${PATIENTS}`]: searchAnswer([{ _id: "0" }, { _id: "1" }, { _id: "2" }]) };
  const { fake, biot } = await connect(t, answers);
  const found = [];

  for await (const patient of biot.search(PATIENTS, { limit: 2 })) {
    found.push(patient._id);
  }

  assert.deepEqual(found, ["0", "1", "2"]);
  assert.equal(fake.requests.length, 2);
});

test("an error of BioT says which call failed and how, without the query", async (t) => {
  const { biot } = await connect(t, { [`GET ${PATIENTS}/1`]: errorAnswer(404, "ENTITY_NOT_FOUND") });

  await assert.rejects(biot.get(`${PATIENTS}/1`, { searchRequest: "{}" }), (error) => {
    assert.ok(error instanceof BiotError);
    assert.equal(error.message, `BioT answered 404 ENTITY_NOT_FOUND to GET ${PATIENTS}/1`);
    assert.deepEqual([error.status, error.code], [404, "ENTITY_NOT_FOUND"]);
    return true;
  });
});

test("a redirect is not followed: it would carry the token elsewhere", async (t) => {
  const { fake, biot } = await connect(t, {
    [`GET ${PATIENTS}`]: answer({}, { status: 307, headers: { location: `${PATIENTS}/1` } }),
  });

  await assert.rejects(biot.get(PATIENTS), { name: "BiotError", status: 307 });

  assert.equal(fake.requests.length, 1);
});

test("a get is sent twice when the connection breaks, a change is not", async (t) => {
  const drop = answer(undefined, { drop: true });
  const { fake, biot } = await connect(t, { [`GET ${PATIENTS}/1`]: drop, [`PATCH ${PATIENTS}/1`]: drop });

  await assert.rejects(biot.get(`${PATIENTS}/1`), TypeError);
  assert.equal(fake.requests.length, 2);
  await assert.rejects(biot.patch(`${PATIENTS}/1`, {}), TypeError);
  assert.equal(fake.requests.length, 3);
});

test("a slow BioT is given up while Lambda still has time", async (t) => {
  const { fake, biot } = await connect(t, {}, 1.3);
  fake.behaviour = { login: "slow" };
  const start = Date.now();

  await assert.rejects(biot.get(PATIENTS), { name: "TimeoutError" });

  assert.ok(Date.now() - start < 1000);
  assert.equal(fake.counts.login, 1);
});

test("a late answer is given up while Lambda still has time", async (t) => {
  const { biot } = await connect(t, { [`GET ${PATIENTS}/1`]: answer({}, { delaySeconds: 5 }) }, 1.3);

  await assert.rejects(biot.get(`${PATIENTS}/1`), { name: "TimeoutError" });
});

for (const path of ["https://example.com/", "@example.com/", ""]) {
  test(`the token goes to BioT only, not to "${path}"`, async (t) => {
    const { fake, biot } = await connect(t);

    await assert.rejects(biot.get(path), /starts with a slash/);

    assert.deepEqual(fake.requests, []);
  });
}
