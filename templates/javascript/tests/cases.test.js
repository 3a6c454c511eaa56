import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createHandler } from "../src/plugin/flow.js";
import { hooks as generatedHooks } from "../src/plugin/hooks.js";
import { checkAlways, checkExpectation } from "./support/checks.js";
import { testEnvironment } from "./support/environment.js";
import { withToken } from "./support/events.js";
import { startFakeBiot } from "./support/fakeBiot.js";
import { performDoubles } from "./support/performDoubles.js";
import { makeToken } from "./support/tokens.js";

// The table of what every plugin answers in which situation. Its rows are the same for Python and JavaScript.
const { cases } = JSON.parse(readFileSync(new URL("cases.json", import.meta.url), "utf8"));

for (const row of cases.filter(isForThisPlugin)) {
  test(row.name, async (t) => {
    const biot = await startFakeBiot(row.biot);
    t.after(biot.close);
    /** @type {string[]} */
    let lines = [];
    const handler = createHandler({
      hooks: registryFor(row),
      environment: testEnvironment(biot.url, row.settings),
      writeLine: (line) => lines.push(line),
    });
    const token = row.token === null ? "" : makeToken(row.token);
    const context = { getRemainingTimeInMillis: () => (row.remaining_seconds ?? 30) * 1000 };
    let answer;
    for (let call = 0; call < (row.calls ?? 1); call += 1) {
      lines = [];
      answer = await handler(eventOf(row, token), context);
      checkAlways(answer, lines, token);
    }
    checkExpectation(row.expect, answer, lines, biot.requests);
  });
}

/** @param {any} row */
function isForThisPlugin({ hook, absent }) {
  return hook === null || absent === true || Object.hasOwn(generatedHooks, hook);
}

/**
 * The hooks of this plugin, with doubles in the place of what the author wrote.
 *
 * @param {any} row
 * @returns {import("../src/plugin/flow.js").Hooks}
 */
function registryFor({ hook, absent, perform = "echo", open, direct_scopes: scopes = [] }) {
  const names = Object.keys(generatedHooks).filter((name) => !(absent && name === hook));
  const double = {
    perform: performDoubles[perform],
    REQUIRE_TOKEN_FOR_DIRECT_CALLS: open !== true,
    DIRECT_CALL_SCOPES: scopes,
  };
  return Object.fromEntries(names.map((name) => [name, double]));
}

/**
 * @param {any} row
 * @param {string} token
 */
function eventOf(row, token) {
  const event = withToken(row.event, token);
  if (event?.json_body === undefined && event?.base64_body === undefined) {
    return event;
  }
  const { json_body: json, base64_body: base64, ...rest } = event;
  return base64 === undefined
    ? { ...rest, body: JSON.stringify(json) }
    : { ...rest, isBase64Encoded: true, body: Buffer.from(JSON.stringify(base64)).toString("base64") };
}
