import assert from "node:assert/strict";
import { test } from "node:test";
import { PluginError } from "../src/plugin/errors.js";
import { hooks } from "../src/plugin/hooks.js";
import * as events from "../tests/support/events.js";
import { startPlugin } from "../tests/support/plugin.js";
import { alwaysDifferences, ERROR_KEYS } from "./expect.js";

// Every example event of this plugin goes through the flow and your own perform. Change the answer or refuse as you
// like: only a crash and what BioT cannot read are errors.

const OPEN = hooks.nonspecific?.REQUIRE_TOKEN_FOR_DIRECT_CALLS === false;

/**
 * How perform ended: with an answer, with a refusal, or with an error that nobody caught.
 *
 * @typedef {object} Performed
 * @property {unknown[]} answers
 * @property {PluginError[]} refusals
 * @property {unknown[]} crashes
 */

/**
 * @param {import("../src/plugin/hook.js").Hook} hook
 * @param {Performed} performed
 * @returns {import("../src/plugin/hook.js").Hook}
 */
function watch(hook, performed) {
  return {
    ...hook,
    perform: async (data, context) => {
      try {
        const answer = await hook.perform(data, context);
        performed.answers.push(answer);
        return answer;
      } catch (error) {
        if (error instanceof PluginError) {
          performed.refusals.push(error);
        } else {
          performed.crashes.push(error);
        }
        throw error;
      }
    },
  };
}

/**
 * @param {Performed} performed
 * @returns {number} The status that the caller must get: the author's own, or 200.
 */
function statusOf({ answers, refusals }) {
  const own = /** @type {any} */ (answers[0])?.statusCode;
  return refusals[0]?.status ?? (Number.isInteger(own) ? own : 200);
}

for (const name of events.NAMES) {
  test(`the example event ${name} is answered as perform wants`, async (t) => {
    /** @type {Performed} */
    const performed = { answers: [], refusals: [], crashes: [] };
    const watched = Object.entries(hooks).map(([hookName, hook]) => [hookName, watch(hook, performed)]);
    const { handler, log } = await startPlugin(t, { hooks: Object.fromEntries(watched) });

    const answer = await handler(events.example(name));

    if (performed.crashes.length > 0) {
      throw performed.crashes[0];
    }
    assert.deepEqual(alwaysDifferences(answer, [], ""), []);
    assert.equal(performed.answers.length + performed.refusals.length, 1, `perform was not called: ${answer.body}`);
    assert.equal(answer.statusCode, statusOf(performed), `${answer.body}\n${log.join("\n")}`);
    if (performed.refusals.length > 0) {
      const body = JSON.parse(String(answer.body));
      assert.deepEqual([Object.keys(body), body.code], [ERROR_KEYS, performed.refusals[0].code]);
    }
  });
}

for (const name of events.NAMES.filter((each) => !(OPEN && events.isDirect(each)))) {
  test(`the example event ${name} is refused without its token`, async (t) => {
    const { handler, biot } = await startPlugin(t);
    const event = events.example(name, "");
    if (events.isCron(event)) {
      // This makes it an HTTP request, and no longer an event of the schedule.
      event.requestContext = {};
    }

    const answer = await handler(event);

    assert.equal(answer.statusCode, 401);
    assert.equal(JSON.parse(String(answer.body)).code, "NO_TOKEN");
    assert.equal(biot.counts["public-key"], 0);
  });
}

test("what Lambda calls answers every call", async () => {
  process.env.LOG_LEVEL = "ERROR";
  const { handler } = await import("../src/index.js");

  assert.equal((await handler(null)).statusCode, 400);
});
