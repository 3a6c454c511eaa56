/**
 * What perform gets in addition to its data.
 *
 * @typedef {object} Context
 * @property {import("./checkRequestType.js").HookName} hook
 * @property {import("./checkRequestType.js").Trigger} trigger The caller: biot, http (a direct call) or cron.
 * @property {import("./hookData.js").Metadata} metadata What came with the data: BioT's metadata of a notification; the other keys
 *   of an interceptor's body; method, path, queryParameters and headers of a direct call; nothing for cron.
 * @property {string} traceId
 * @property {string} traceparent
 * @property {import("./verifyToken.js").Claims} claims The claims of the caller's token; empty when none was needed.
 * @property {import("./biot.js").Biot} biot Calls BioT's APIs.
 * @property {import("./configureLogger.js").Logger} log
 * @property {() => number} remainingSeconds Returns how many seconds Lambda still gives this call.
 *
 * @typedef {{ getRemainingTimeInMillis?: () => number }} LambdaContext
 */

/** How long a call may take outside of Lambda, which sets no limit there. */
const LOCAL_CALL_SECONDS = 60;

/**
 * @param {LambdaContext | undefined} lambdaContext
 * @returns {() => number} Says how many seconds are left for this call.
 */
export function remainingTime(lambdaContext) {
  const end = Date.now() + LOCAL_CALL_SECONDS * 1000;
  return () => (lambdaContext?.getRemainingTimeInMillis?.() ?? end - Date.now()) / 1000;
}
