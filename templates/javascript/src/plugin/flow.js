import { authenticate } from "./authenticate.js";
import { Biot } from "./biot.js";
import { checkEvent, checkRequestType } from "./checkRequestType.js";
import { configureLogger } from "./configureLogger.js";
import { remainingTime } from "./context.js";
import { createErrorResponse } from "./createErrorResponse.js";
import { extractDataFromEvent } from "./extractDataFromEvent.js";
import { getTraceId } from "./getTraceId.js";
import { getHook } from "./hook.js";
import { PublicKeys } from "./publicKeys.js";
import { response } from "./response.js";
import { readSettings } from "./settings.js";

/**
 * Everything that belongs to one call.
 *
 * @typedef {object} Call
 * @property {import("./settings.js").Settings} settings
 * @property {string} traceId
 * @property {string} traceparent
 * @property {import("./configureLogger.js").Logger} log
 * @property {() => number} remainingSeconds
 *
 * What the plugin caches between calls, for as long as Lambda keeps it in memory.
 *
 * @typedef {object} Memory
 * @property {PublicKeys} publicKeys
 * @property {import("./login.js").Session} session
 */

/**
 * Creates the function that answers every call. An error in any step becomes an answer that BioT understands. No
 * exception leaves the plugin: Lambda would answer a crash with a 502, and BioT would block the user's call without
 * saying why.
 *
 * @param {object} options
 * @param {import("./hook.js").Hooks} options.hooks
 * @param {NodeJS.ProcessEnv} [options.environment]
 * @param {(line: string) => void} [options.writeLine] Writes one line of the log.
 */
export function createHandler({ hooks, environment = process.env, writeLine = writeToStandardOutput }) {
  /** @type {Memory} */
  const memory = { publicKeys: new PublicKeys(), session: { accessToken: "", useUntil: 0 } };

  /**
   * @param {unknown} event
   * @param {import("./context.js").LambdaContext} [lambdaContext]
   * @returns {Promise<import("./response.js").LambdaResponse>}
   */
  return async function handle(event, lambdaContext) {
    const settings = readSettings(environment);
    const { traceId, traceparent } = getTraceId(event);
    const log = configureLogger(settings, traceId, writeLine);
    const call = { settings, traceId, traceparent, log, remainingSeconds: remainingTime(lambdaContext) };
    try {
      return await runSteps(event, hooks, memory, call);
    } catch (error) {
      return createErrorResponse(error, call);
    }
  };
}

/**
 * The steps of one call, in order. login is not one of them: it runs when perform first calls BioT.
 *
 * @param {unknown} event
 * @param {import("./hook.js").Hooks} hooks
 * @param {Memory} memory
 * @param {Call} call
 */
async function runSteps(event, hooks, { publicKeys, session }, call) {
  const checked = checkEvent(event);
  const requestType = checkRequestType(checked);
  const hook = getHook(hooks, requestType, call.log);
  const { data, metadata, token } = extractDataFromEvent(checked, requestType);
  const claims = await authenticate(token, requestType, hook, publicKeys, call);
  const context = Object.freeze({
    hook: requestType.hook,
    trigger: requestType.trigger,
    metadata: /** @type {import("./hookData.js").Metadata} */ (metadata),
    traceId: call.traceId,
    traceparent: call.traceparent,
    claims,
    biot: new Biot(session, call),
    log: call.log,
    remainingSeconds: call.remainingSeconds,
  });
  const answer = await hook.perform(data, context);
  return response(requestType.hook, data, answer, call.traceparent);
}

/** @param {string} line */
function writeToStandardOutput(line) {
  process.stdout.write(`${line}\n`);
}
