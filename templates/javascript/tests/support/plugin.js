import { createHandler } from "../../src/plugin/flow.js";
import { hooks as generatedHooks } from "../../src/plugin/hooks.js";
import { testEnvironment } from "./environment.js";
import { startFakeBiot } from "./fakeBiot.js";

/**
 * Starts a plugin as in a fresh Lambda process, and a BioT for it that ends with the test.
 *
 * @param {import("node:test").TestContext} t
 * @param {object} [options]
 * @param {import("../../src/plugin/flow.js").Hooks} [options.hooks] This plugin's own, unless others are given.
 * @param {import("./fakeBiot.js").Behaviour} [options.behaviour]
 * @param {Record<string, string | null>} [options.environment] Changes to the environment; null removes a variable.
 */
export async function startPlugin(t, { hooks = generatedHooks, behaviour = {}, environment = {} } = {}) {
  const biot = await startFakeBiot(behaviour);
  t.after(biot.close);
  /** @type {string[]} */
  const log = [];
  const handler = createHandler({
    hooks,
    environment: testEnvironment(biot.url, environment),
    writeLine: (line) => log.push(line),
  });
  return { handler, biot, log };
}
