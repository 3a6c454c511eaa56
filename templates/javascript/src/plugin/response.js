import { isObject } from "./isObject.js";
import { toJson } from "./json.js";

/**
 * A response in Lambda's form. The body is text, also when it is JSON.
 *
 * @typedef {object} LambdaResponse
 * @property {number} statusCode
 * @property {Record<string, string>} headers
 * @property {string} [body]
 */

/**
 * Turns what perform returned into the response that the hook needs.
 *
 * @param {import("./checkRequestType.js").HookName} hook
 * @param {unknown} data What perform got.
 * @param {unknown} answer What perform returned: nothing means "leave it as it was".
 * @param {string} traceparent
 * @returns {LambdaResponse}
 */
export function response(hook, data, answer, traceparent) {
  switch (hook) {
    case "notification":
      // BioT does not read the response to a notification.
      return { statusCode: 200, headers: { traceparent } };
    case "interceptor_pre":
      return jsonResponse(200, { request: objectOr(data, answer, hook) }, traceparent);
    case "interceptor_post":
    case "interceptor_post_entity":
      return jsonResponse(200, { response: objectOr(data, answer, hook) }, traceparent);
    case "nonspecific":
      return directResponse(answer, traceparent);
  }
}

/**
 * @param {number} statusCode
 * @param {unknown} body
 * @param {string} traceparent
 * @returns {LambdaResponse}
 */
export function jsonResponse(statusCode, body, traceparent) {
  return { statusCode, headers: { "content-type": "application/json", traceparent }, body: toJson(body) };
}

/**
 * @param {unknown} data
 * @param {unknown} answer
 * @param {string} hook
 */
function objectOr(data, answer, hook) {
  if (answer === undefined || answer === null) {
    return data;
  }
  if (!isObject(answer)) {
    throw new TypeError(`perform of ${hook} must return an object or nothing, not ${typeof answer}`);
  }
  return answer;
}

/**
 * Direct calls choose their own response: nothing, a JSON value, or Lambda's form with a statusCode.
 *
 * @param {unknown} answer
 * @param {string} traceparent
 * @returns {LambdaResponse}
 */
function directResponse(answer, traceparent) {
  if (answer === undefined || answer === null) {
    return { statusCode: 200, headers: { traceparent } };
  }
  if (!isObject(answer) || !Number.isInteger(answer.statusCode)) {
    return jsonResponse(200, answer, traceparent);
  }
  const { headers, body, ...rest } = answer;
  const ownHeaders = isObject(headers) ? headers : {};
  const complete = { ...rest, headers: { ...ownHeaders, traceparent }, ...bodyAsText(body) };
  // A value that is not JSON fails here, as an error of perform, and not later in Lambda.
  toJson(complete);
  return /** @type {any} */ (complete);
}

/**
 * @param {unknown} body
 * @returns {{ body?: string }}
 */
function bodyAsText(body) {
  if (body === undefined || body === null) {
    return {};
  }
  return { body: typeof body === "string" ? body : toJson(body) };
}
