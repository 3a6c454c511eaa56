/**
 * The URL of a plugin is public. While this is true, a direct call needs a valid token of BioT. Set it to false only
 * when anybody on the internet may call this plugin.
 */
export const REQUIRE_TOKEN_FOR_DIRECT_CALLS = true;

/**
 * The scopes that the token of a direct call must hold, all of them.
 *
 * @type {readonly string[]}
 */
export const DIRECT_CALL_SCOPES = [];

/**
 * Called by whoever calls the plugin's URL (context.trigger is "http") and by the plugin's schedule, cronSchedule in
 * plugin.toml ("cron"). Lambda repeats a scheduled call that failed: doing the work twice must do no harm.
 *
 * @param {any} data The JSON of the request, null when it has none; the event of the schedule.
 * @param {import("../flow.js").PerformContext} context context.metadata holds method, path, queryParameters, headers.
 * @returns The JSON to answer with; or `{ statusCode, headers, body }` to choose the whole answer; or nothing.
 */
export async function perform(data, context) {
  if (context.trigger === "cron") {
    context.log.info("Called by the schedule");
    return undefined;
  }
  return { received: data };
}
