import { PluginError } from "./errors.js";

/**
 * A module in the folder perform.
 *
 * @typedef {object} Hook
 * @property {(data: any, context: import("./context.js").Context) => unknown} perform
 * @property {boolean} [REQUIRE_TOKEN_FOR_DIRECT_CALLS] Only in nonspecific.
 * @property {readonly string[]} [DIRECT_CALL_SCOPES] Only in nonspecific.
 *
 * The hooks of this plugin, by name.
 *
 * @typedef {Partial<Record<import("./checkRequestType.js").HookName, Hook>>} Hooks
 */

/**
 * @param {Hooks} hooks
 * @param {import("./checkRequestType.js").RequestType} requestType
 * @param {import("./configureLogger.js").Logger} log
 * @returns {Hook} The hook that answers this kind of call.
 */
export function getHook(hooks, requestType, log) {
  const hook = hooks[requestType.hook];
  if (hook === undefined) {
    log.error("This plugin was generated without %s", requestType.label);
    throw new PluginError(400, "HOOK_NOT_SUPPORTED", `This plugin does not support ${requestType.label}.`);
  }
  return hook;
}
