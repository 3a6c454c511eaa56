/** @import { Context } from "../context.js" */
/** @import { ScheduledEvent } from "../hookData.js" */

/**
 * The plugin's URL is public. With true, a direct call needs a valid BioT token of a user or a service. With false,
 * anybody on the internet can call the code below.
 */
export const REQUIRE_TOKEN_FOR_DIRECT_CALLS = true;

/**
 * The scopes that this token must have, for example ["PROTECTED_API"]. Without any, every BioT token is accepted.
 *
 * @type {readonly string[]}
 */
export const DIRECT_CALL_SCOPES = [];

/**
 * What this plugin does when it is called directly by HTTP, or by its cron schedule.
 *
 * @param {any} data Direct call: the parsed JSON body, or null without a body. Cron: the whole event.
 * @param {Context} context context.trigger is "http" or "cron". In a direct call context.metadata has method, path,
 *   queryParameters and headers, and context.claims identifies the caller.
 * @returns {Promise<unknown>} Any JSON; it becomes the body of a 200. To choose the status and headers, return Lambda's
 *   own form, such as `{ statusCode: 201, headers: {}, body: { id: 7 } }`. undefined gives a 200 without a body.
 */
export async function perform(data, context) {
  if (context.trigger === "cron") {
    // AWS repeats a scheduled call that failed, so it must be safe to do the work twice.
    /** @type {ScheduledEvent} */
    const event = data;
    context.log.info("The schedule of %s", event.time);
    return undefined;
  }
  context.log.info("%s %s", context.metadata.method, context.metadata.path);
  return { received: data };
}
