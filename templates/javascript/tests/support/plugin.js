import { createHandler } from "../../src/plugin/flow.js";
import { hooks as generatedHooks } from "../../src/plugin/hooks.js";
import { answers as authorsAnswers } from "../answers.js";
import { startFakeBiot } from "./fakeBiot.js";

/**
 * Starts the plugin as in a fresh Lambda process, and a fake BioT that ends with the test. A test adds `biot.answers`;
 * the handler throws when the plugin sends a request that has no answer.
 *
 * @param {import("node:test").TestContext} t
 * @param {object} [options]
 * @param {import("../../src/plugin/hook.js").Hooks} [options.hooks] Default: this plugin's own.
 * @param {import("./fakeBiot.js").Behaviour} [options.behaviour]
 * @param {Record<string, string | null>} [options.environment] Changes to the environment; null removes a variable.
 */
export async function startPlugin(t, { hooks = generatedHooks, behaviour = {}, environment = {} } = {}) {
  const biot = await startFakeBiot(behaviour, authorsAnswers);
  t.after(() => biot.close());
  /** @type {string[]} */
  const log = [];
  const handle = createHandler({
    hooks,
    environment: biot.environment(environment),
    writeLine: (line) => log.push(line),
  });

  /**
   * @param {unknown} event
   * @param {import("../../src/plugin/context.js").LambdaContext} [lambdaContext]
   */
  async function handler(event, lambdaContext) {
    const answer = await handle(event, lambdaContext);
    biot.checkAnswers();
    return answer;
  }

  return { handler, biot, log };
}
