import { readFileSync } from "node:fs";
import { test } from "node:test";
import { hooks as generatedHooks } from "../src/plugin/hooks.js";
import { checkAlways, checkExpectation } from "./support/checks.js";
import { performDoubles } from "./support/performDoubles.js";
import { startPlugin } from "./support/plugin.js";
import { makeToken } from "./support/tokens.js";

// What every plugin answers in which situation. The same table is run by plugins written in Python.
const { cases } = JSON.parse(readFileSync(new URL("cases.json", import.meta.url), "utf8"));

for (const row of cases.filter(isForThisPlugin)) {
  test(row.name, async (t) => {
    const options = { hooks: makeHooks(row), behaviour: row.biot, environment: row.settings };
    const { handler, biot, log } = await startPlugin(t, options);
    const context = { getRemainingTimeInMillis: () => (row.remaining_seconds ?? 30) * 1000 };
    let answer;
    for (const token of tokensOf(row)) {
      log.length = 0;
      answer = await handler(makeEvent(row.event, token), context);
      checkAlways(answer, log, token);
    }
    checkExpectation(row.expect, answer, log, biot.requests);
  });
}

/** @param {any} row */
function isForThisPlugin({ hook }) {
  return hook === null || Object.hasOwn(generatedHooks, hook);
}

/**
 * @param {any} row
 * @returns {string[]} The token of every call of the row, in their order.
 */
function tokensOf({ token, earlier_tokens: earlier = [], calls = 1 }) {
  const own = token === null ? "" : makeToken(token);
  return [...earlier.map(makeToken), ...Array(calls).fill(own)];
}

/**
 * The hooks of this plugin, with a double in the place of what the author wrote.
 *
 * @param {any} row
 * @returns {import("../src/plugin/flow.js").Hooks}
 */
function makeHooks({ hook, absent, perform = "echo", open = false, direct_scopes: scopes = [] }) {
  const double = {
    perform: performDoubles[perform],
    REQUIRE_TOKEN_FOR_DIRECT_CALLS: !open,
    DIRECT_CALL_SCOPES: scopes,
  };
  const names = Object.keys(generatedHooks).filter((name) => !(absent && name === hook));
  return Object.fromEntries(names.map((name) => [name, double]));
}

/**
 * The event of a row, with its token in place and its body as Lambda passes it on.
 *
 * @param {unknown} event
 * @param {string} token
 */
function makeEvent(event, token) {
  const copy = JSON.parse(JSON.stringify(event).replaceAll("<token>", () => token));
  if (copy?.json_body === undefined && copy?.base64_body === undefined) {
    return copy;
  }
  const { json_body: json, base64_body: base64, ...rest } = copy;
  if (base64 === undefined) {
    return { ...rest, body: JSON.stringify(json) };
  }
  return { ...rest, body: Buffer.from(JSON.stringify(base64)).toString("base64"), isBase64Encoded: true };
}
