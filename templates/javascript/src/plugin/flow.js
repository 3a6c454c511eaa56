import { authenticate } from "./authenticate.js";
import { Biot } from "./biot.js";
import { checkRequestType } from "./checkRequestType.js";
import { configureLogger } from "./configureLogger.js";
import { createErrorResponse } from "./createErrorResponse.js";
import { PluginError } from "./errors.js";
import { extractDataFromEvent } from "./extractDataFromEvent.js";
import { getTraceId } from "./getTraceId.js";
import { isObject } from "./isObject.js";
import { PublicKeys } from "./publicKeys.js";
import { response } from "./response.js";
import { readSettings } from "./settings.js";

/**
 * A module in the folder perform.
 *
 * @typedef {object} Hook
 * @property {(data: any, context: PerformContext) => unknown} perform
 * @property {boolean} [REQUIRE_TOKEN_FOR_DIRECT_CALLS] Of nonspecific only.
 * @property {readonly string[]} [DIRECT_CALL_SCOPES] Of nonspecific only.
 *
 * The hooks of this plugin, by name.
 *
 * @typedef {Partial<Record<import("./checkRequestType.js").HookName, Hook>>} Hooks
 *
 * What belongs to one call.
 *
 * @typedef {object} Call
 * @property {import("./settings.js").Settings} settings
 * @property {string} traceId
 * @property {string} traceparent
 * @property {import("./configureLogger.js").Logger} log
 * @property {() => number} remainingSeconds
 *
 * What the plugin remembers between calls, for as long as Lambda keeps it in memory.
 *
 * @typedef {object} Memory
 * @property {PublicKeys} publicKeys
 * @property {import("./login.js").Session} session
 *
 * What perform gets beside its data.
 *
 * @typedef {object} PerformContext
 * @property {import("./checkRequestType.js").HookName} hook
 * @property {import("./checkRequestType.js").Trigger} trigger Who calls: biot, http (a direct call) or cron.
 * @property {Record<string, any>} metadata What came with the data: BioT's metadata of a notification; the other keys
 *   of an interceptor's body; method, path, queryParameters and headers of a direct call; nothing for cron.
 * @property {string} traceId
 * @property {string} traceparent
 * @property {import("./verifyToken.js").Claims} claims What the caller's token says; nothing when none was needed.
 * @property {Biot} biot Calls BioT's APIs.
 * @property {import("./configureLogger.js").Logger} log
 * @property {() => number} remainingSeconds How long Lambda lets this call run on.
 *
 * @typedef {{ getRemainingTimeInMillis?: () => number }} LambdaContext
 */

/** How long a call may take outside of Lambda, where nobody says. */
const LOCAL_CALL_SECONDS = 60;

/**
 * Makes the function that answers every call. An error in any step becomes an answer that BioT understands. No
 * exception leaves the plugin: Lambda would answer a crash with a 502, and BioT would block the user's call without a
 * reason.
 *
 * @param {object} options
 * @param {Hooks} options.hooks
 * @param {NodeJS.ProcessEnv} [options.environment]
 * @param {(line: string) => void} [options.writeLine] Takes the lines of the log.
 */
export function createHandler({ hooks, environment = process.env, writeLine = writeToStandardOutput }) {
  /** @type {Memory} */
  const memory = { publicKeys: new PublicKeys(), session: { accessToken: "", useUntil: 0 } };

  /**
   * @param {unknown} event
   * @param {LambdaContext} [lambdaContext]
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
 * The steps of one call, in their order. login is not among them: it runs when perform first calls BioT.
 *
 * @param {unknown} event
 * @param {Hooks} hooks
 * @param {Memory} memory
 * @param {Call} call
 */
async function runSteps(event, hooks, { publicKeys, session }, call) {
  if (!isObject(event)) {
    throw new PluginError(400, "NO_EVENT", "The event is missing or is not an object.");
  }
  const requestType = checkRequestType(event);
  const hook = hooks[requestType.hook];
  if (hook === undefined) {
    call.log.error("%s reached a plugin that was generated without this hook", requestType.label);
    throw new PluginError(400, "HOOK_NOT_SUPPORTED", `This plugin does not support ${requestType.label}.`);
  }
  const { data, metadata, token } = extractDataFromEvent(event, requestType);
  const claims = await authenticate(token, requestType, hook, publicKeys, call);
  const context = Object.freeze({
    hook: requestType.hook,
    trigger: requestType.trigger,
    metadata,
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

/**
 * @param {LambdaContext | undefined} lambdaContext
 * @returns {() => number} A clock that counts down the seconds that are left for this call.
 */
function remainingTime(lambdaContext) {
  const end = Date.now() + LOCAL_CALL_SECONDS * 1000;
  return () => (lambdaContext?.getRemainingTimeInMillis?.() ?? end - Date.now()) / 1000;
}

/** @param {string} line */
function writeToStandardOutput(line) {
  process.stdout.write(`${line}\n`);
}
