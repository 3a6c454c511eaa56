import { createHandler } from "./plugin/flow.js";
import { hooks } from "./plugin/hooks.js";

const answer = createHandler({ hooks });

/**
 * What Lambda calls: `handler = "index.handler"` in plugin.toml.
 *
 * It answers every call and never throws. What your plugin does is in plugin/perform.
 *
 * @param {unknown} event What BioT, a caller of the plugin's URL, or the schedule sent.
 * @param {import("./plugin/context.js").LambdaContext} [context] Lambda's own context.
 */
export async function handler(event, context) {
  return answer(event, context);
}
