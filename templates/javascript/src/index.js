import { createHandler } from "./plugin/flow.js";
import { hooks } from "./plugin/hooks.js";

const answer = createHandler({ hooks });

/**
 * The entry point: Lambda calls it for every event (`handler = "index.handler"` in plugin.toml).
 *
 * It answers every call and never throws. The steps are in plugin/flow.js; your own code is in plugin/perform.
 *
 * @param {unknown} event The event from BioT, from a caller of the plugin's URL, or from the schedule.
 * @param {import("./plugin/context.js").LambdaContext} [context] Lambda's own context.
 */
export async function handler(event, context) {
  return answer(event, context);
}
