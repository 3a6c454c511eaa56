import { readdirSync, readFileSync } from "node:fs";
import { hooks } from "../../src/plugin/hooks.js";
import { makeToken } from "./tokens.js";

// Events as BioT sends them: the examples in the folder events, with the changes that a test makes. Everything else
// stays as it is in the example. The events contain a genuine token; `token: ""` leaves it out.

const FOLDER = new URL("../../events/", import.meta.url);

/** The names of this plugin's example events. */
export const NAMES = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.slice(0, -".json".length))
  .sort();

/**
 * @param {string} name
 * @param {string} [token]
 * @returns {any} The event in events/<name>.json.
 */
export function example(name, token) {
  const text = readFileSync(new URL(`${name}.json`, FOLDER), "utf8");
  return JSON.parse(text.replace("<token>", token ?? genuineToken(JSON.parse(text))));
}

/**
 * @param {any} event
 * @returns {boolean} Whether it is an event of the cron schedule.
 */
export function isCron(event) {
  return event.requestContext === undefined;
}

/**
 * @param {string} name
 * @returns {boolean} Whether events/<name>.json is a direct call or a cron event: BioT sends neither as a hook.
 */
export function isDirect(name) {
  return example(name, "").headers?.hooktype === undefined;
}

/**
 * A notification about this entity. The metadata, such as actionName, is merged into the example's.
 *
 * @param {{ entity?: object, oldEntity?: object, metadata?: object, token?: string }} [changes]
 */
export function notification({ entity, oldEntity, metadata, token } = {}) {
  const event = example("notification", token);
  const content = JSON.parse(event.body);
  Object.assign(content.metadata, metadata);
  content.data.entity = entity ?? content.data.entity;
  content.data.additionalData.oldEntity = oldEntity ?? content.data.additionalData.oldEntity;
  return { ...event, body: JSON.stringify(content) };
}

/**
 * The interception of a request.
 *
 * @param {object} [changes]
 * @param {unknown} [changes.body] The JSON that the user sent.
 * @param {object} [changes.request] Other parts of the request: path, queryParameters, headers.
 * @param {object} [changes.metadata] Its metadata: method, apiId, entityName, initiatorData.
 * @param {string} [changes.token] A token to use instead of BioT's own.
 */
export function interceptorPre({ body, request, metadata, token } = {}) {
  return interception("interceptor_pre", { request: { ...request, body } }, metadata, token);
}

/**
 * The interception of a response with this body, the JSON that the API answered.
 *
 * @param {{ body?: unknown, metadata?: object, token?: string }} [changes]
 */
export function interceptorPost({ body, metadata, token } = {}) {
  return interception("interceptor_post", { response: { body } }, metadata, token);
}

/**
 * The interception of a response with these entities.
 *
 * @param {{ entities?: object[], metadata?: object, token?: string }} [changes]
 */
export function interceptorPostEntity({ entities, metadata, token } = {}) {
  return interception("interceptor_post_entity", { response: { entities } }, metadata, token);
}

/**
 * A direct call of the plugin's URL.
 *
 * @param {{ body?: unknown, method?: string, path?: string, query?: Record<string, string>, token?: string }} [changes]
 */
export function http({ body, method = "POST", path = "/hello", query, token } = {}) {
  const event = example("http", token);
  Object.assign(event.requestContext.http, { method, path });
  return {
    ...event,
    rawPath: path,
    body: body === undefined ? event.body : JSON.stringify(body),
    queryStringParameters: query ?? event.queryStringParameters,
  };
}

/** The event of the cron schedule. */
export function cron() {
  return example("cron");
}

/**
 * @param {string} name
 * @param {Record<string, Record<string, unknown>>} changes Of the request or response; undefined changes nothing.
 * @param {object | undefined} metadata
 * @param {string | undefined} token
 */
function interception(name, changes, metadata, token) {
  const event = example(name, token);
  const content = { ...JSON.parse(event.body), ...metadata };
  for (const [key, values] of Object.entries(changes)) {
    Object.assign(content[key], Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)));
  }
  return { ...event, body: JSON.stringify(content) };
}

/**
 * @param {any} event
 * @returns {string} A token that allows this event; for a direct call, with the scopes that the author requires.
 */
function genuineToken(event) {
  const hooktype = event.headers?.hooktype;
  if (hooktype === "NOTIFICATION") {
    return makeToken("platform-notification");
  }
  if (hooktype !== undefined || isCron(event)) {
    return makeToken("platform-interceptor");
  }
  return makeToken({
    like: "user",
    claims: { scopes: ["PROTECTED_API", ...(hooks.nonspecific?.DIRECT_CALL_SCOPES ?? [])] },
  });
}
