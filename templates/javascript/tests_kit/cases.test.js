import { test } from "node:test";
import { createHandler } from "../src/plugin/flow.js";
import { hooks } from "../src/plugin/hooks.js";
import { startFakeBiot } from "../tests/support/fakeBiot.js";
import { makeEvent, makeHooks, makeLambdaContext, patientAnswers, readCases, tokensOf } from "./cases.js";
import { alwaysDifferences, expectedDifferences } from "./expect.js";

// The table of cases: how a plugin answers BioT, row by row. The same table holds for plugins in Python and JavaScript.
// It tests the flow, with test doubles in place of your perform: you can change perform, and the table still holds.

const NAMES = Object.keys(hooks);
const ROWS = readCases(NAMES);
const GROUPS = new Set(ROWS.map((row) => row.group));
const MOST_ROWS_SHOWN = 5;

for (const group of GROUPS) {
  test(`cases: ${group}`, async () => {
    const rows = ROWS.filter((row) => row.group === group);
    /** @type {[name: string, lines: string[]][]} */
    const failed = [];
    for (const row of rows) {
      const lines = await differencesOf(row);
      if (lines.length > 0) {
        failed.push([row.name, lines]);
      }
    }
    if (failed.length > 0) {
      throw withoutStack(report(group, rows.length, failed));
    }
  });
}

/**
 * @param {string} group
 * @param {number} rows
 * @param {[name: string, lines: string[]][]} failed
 * @returns {string} The rows that fail, each with what was expected.
 */
function report(group, rows, failed) {
  const lines = [`${group}: ${failed.length} of ${rows} rows of tests_kit/cases.json fail`];
  for (const [name, differences] of failed.slice(0, MOST_ROWS_SHOWN)) {
    lines.push(`  ${name}`, ...differences.map((difference) => `    ${difference}`));
  }
  if (failed.length > MOST_ROWS_SHOWN) {
    lines.push(`  and ${failed.length - MOST_ROWS_SHOWN} more`);
  }
  return lines.join("\n");
}

/** @param {string} message */
function withoutStack(message) {
  const error = new Error(message);
  error.stack = message;
  return error;
}

/**
 * Runs a row as in a fresh Lambda process.
 *
 * @param {any} row
 * @returns {Promise<string[]>} The differences from what the row expects.
 */
async function differencesOf(row) {
  const biot = await startFakeBiot(row.biot, patientAnswers(row));
  /** @type {string[]} */
  const log = [];
  const handler = createHandler({
    hooks: makeHooks(row, NAMES),
    environment: biot.environment(row.settings),
    writeLine: (line) => log.push(line),
  });
  /** @type {string[]} */
  const differences = [];
  let answer;
  for (const token of tokensOf(row)) {
    log.length = 0;
    const event = makeEvent(row.event, token);
    const before = JSON.stringify(event);
    answer = await handler(event, makeLambdaContext(row));
    if (JSON.stringify(event) !== before) {
      differences.push("the event was changed");
    }
    differences.push(...alwaysDifferences(answer, log, token));
  }
  await biot.close();
  return [...differences, ...expectedDifferences(answer, log, row.expect, biot.counts)];
}
