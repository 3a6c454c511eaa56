/**
 * The plugin's URL is public. With true a direct call needs a valid token of BioT, of a user or of a service. With
 * false anybody on the internet can call the code below.
 */
export const REQUIRE_TOKEN_FOR_DIRECT_CALLS = true;

/**
 * The scopes that this token must hold, for example ["PROTECTED_API"]. Without any, every token of BioT will do.
 *
 * @type {readonly string[]}
 */
export const DIRECT_CALL_SCOPES = [];

/**
 * What this plugin does when it is called directly by HTTP, or by its cron schedule.
 *
 * @param {any} data Direct call: the parsed JSON body, null without one. Cron: the whole event.
 * @param {import("../context.js").Context} context context.trigger is "http" or "cron". Of a direct call
 *   context.metadata holds method, path, queryParameters and headers; context.claims says who calls.
 * @returns {Promise<unknown>} Any JSON: it becomes the body of a 200. To choose the status and headers return Lambda's
 *   own form, such as `{ statusCode: 201, headers: {}, body: { id: 7 } }`. undefined answers 200 without a body.
 */
export async function perform(data, context) {
  if (context.trigger === "cron") {
    // AWS repeats a scheduled call that failed: the work should do no harm when it is done twice.
    context.log.info("The schedule of %s", data.time);
    return undefined;
  }
  context.log.info("%s %s", context.metadata.method, context.metadata.path);
  return { received: data };
}
