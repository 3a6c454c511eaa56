import { parseJson, toJson } from "./json.js";

/** Reserved from Lambda's remaining time, so that the plugin can still answer when BioT does not. */
const RESERVED_SECONDS = 1;
const SHORTEST_TIMEOUT_SECONDS = 0.1;

/**
 * @typedef {object} Request
 * @property {string} method
 * @property {string} url
 * @property {Record<string, string>} headers
 * @property {unknown} [body] Sent as JSON text.
 *
 * @typedef {object} Answer
 * @property {number} status
 * @property {any} json Undefined when the body is empty or not JSON.
 *
 * How long a request may take.
 *
 * @typedef {object} TimeLimit
 * @property {number} limitSeconds The limit of this request.
 * @property {() => number} remainingSeconds Returns how many seconds Lambda still gives the call.
 */

/**
 * Sends one HTTP request with JSON. It follows no redirect: that would send a token to an address nobody configured.
 *
 * @param {Request} request
 * @param {TimeLimit} timeLimit
 * @returns {Promise<Answer>}
 * @throws {Error} When there is no answer, or none in time.
 */
export async function sendRequest({ method, url, headers, body }, { limitSeconds, remainingSeconds }) {
  const seconds = Math.max(SHORTEST_TIMEOUT_SECONDS, Math.min(limitSeconds, remainingSeconds() - RESERVED_SECONDS));
  const answer = await fetch(url, {
    method,
    headers: body === undefined ? headers : { ...headers, "content-type": "application/json" },
    body: body === undefined ? undefined : toJson(body),
    redirect: "manual",
    signal: AbortSignal.timeout(Math.round(seconds * 1000)),
  });
  return { status: answer.status, json: parseOrNothing(await answer.text()) };
}

/**
 * Sends a request that is safe to repeat, and once more when the connection fails: a Lambda process sleeps between
 * calls, and its open connections may be closed by then.
 *
 * @param {Request} request
 * @param {TimeLimit} timeLimit
 * @returns {Promise<Answer>}
 */
export async function sendTwice(request, timeLimit) {
  try {
    return await sendRequest(request, timeLimit);
  } catch (error) {
    // fetch throws a TypeError when the connection failed, and another error when the time was up.
    if (!(error instanceof TypeError)) {
      throw error;
    }
    return sendRequest(request, timeLimit);
  }
}

/**
 * @param {Answer} answer
 * @returns {boolean}
 */
export function isSuccess({ status }) {
  return status >= 200 && status <= 299;
}

/**
 * @param {Answer} answer
 * @returns {string} BioT's error code, or an empty text.
 */
export function errorCode({ json }) {
  return typeof json?.code === "string" ? json.code : "";
}

/**
 * @param {string} text
 * @returns {unknown}
 */
function parseOrNothing(text) {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
