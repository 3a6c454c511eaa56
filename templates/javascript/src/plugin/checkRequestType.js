import { PluginError } from "./errors.js";
import { getHeaders } from "./headers.js";
import { isObject } from "./isObject.js";

/**
 * @typedef {"notification" | "interceptor_pre" | "interceptor_post" | "interceptor_post_entity" | "nonspecific"} HookName
 *
 * @typedef {"biot" | "http" | "cron"} Trigger The caller: BioT, anyone who knows the plugin's URL, or the cron
 *   schedule.
 *
 * @typedef {object} RequestType
 * @property {HookName} hook
 * @property {Trigger} trigger
 * @property {string} label Its name in messages.
 */

/**
 * The values of the header hooktype, matched exactly. ADAPT_ENTITY subscriptions arrive as INTERCEPTOR_POST_ENTITY.
 *
 * @type {Map<string, HookName>}
 */
const HOOK_OF_HOOKTYPE = new Map([
  ["NOTIFICATION", "notification"],
  ["INTERCEPTOR_PRE", "interceptor_pre"],
  ["INTERCEPTOR_POST", "interceptor_post"],
  ["INTERCEPTOR_POST_ENTITY", "interceptor_post_entity"],
]);

/**
 * @param {unknown} event
 * @returns {Record<string, unknown>} The event, if it is one.
 */
export function checkEvent(event) {
  if (!isObject(event)) {
    throw new PluginError(400, "NO_EVENT", "The event is missing or is not an object.");
  }
  return event;
}

/**
 * Recognises BioT's calls by their header and the schedule by its form; everything else is a direct call.
 *
 * Anyone can send any header to the plugin's public URL, so this only chooses the hook. authenticate then requires the
 * token that this hook needs.
 *
 * @param {Record<string, unknown>} event
 * @returns {RequestType}
 */
export function checkRequestType(event) {
  if (isScheduled(event)) {
    return { hook: "nonspecific", trigger: "cron", label: "the schedule" };
  }
  const { hooktype } = getHeaders(event);
  if (hooktype === undefined) {
    return { hook: "nonspecific", trigger: "http", label: "direct calls" };
  }
  const hook = HOOK_OF_HOOKTYPE.get(hooktype);
  if (hook === undefined) {
    const known = [...HOOK_OF_HOOKTYPE.keys()].join(", ");
    const message = `The header hooktype must be one of ${known}; leave it out for a direct call.`;
    throw new PluginError(400, "HOOK_NOT_SUPPORTED", message);
  }
  return { hook, trigger: "biot", label: `the hook ${hooktype}` };
}

/**
 * The schedule arrives as an event of EventBridge, the only kind without requestContext. Lambda adds that key to every
 * HTTP request, so an outside caller can imitate the rest of such an event, but cannot remove that key. Therefore the
 * schedule needs no token.
 *
 * @param {Record<string, unknown>} event
 */
function isScheduled(event) {
  return !Object.hasOwn(event, "requestContext") && event.source === "aws.events";
}
