/** Lambda needs time to answer when BioT does not: this much of the remaining time is not spent on waiting. */
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
 * @typedef {object} Patience
 * @property {number} limitSeconds At most this long,
 * @property {() => number} remainingSeconds and no longer than Lambda lets the call run on.
 */

/**
 * Sends one HTTP request with JSON. It follows no redirect: that would carry a token to an address nobody configured.
 *
 * @param {Request} request
 * @param {Patience} patience
 * @returns {Promise<Answer>}
 * @throws {Error} When there is no answer, or none in time.
 */
export async function sendRequest({ method, url, headers, body }, { limitSeconds, remainingSeconds }) {
  const seconds = Math.max(SHORTEST_TIMEOUT_SECONDS, Math.min(limitSeconds, remainingSeconds() - RESERVED_SECONDS));
  const answer = await fetch(url, {
    method,
    headers: body === undefined ? headers : { ...headers, "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
    redirect: "manual",
    signal: AbortSignal.timeout(Math.round(seconds * 1000)),
  });
  return { status: answer.status, json: parseOrNothing(await answer.text()) };
}

/**
 * Sends a request a second time when its connection failed: between two calls of a plugin Lambda stands still, and
 * connections die unnoticed. Only for requests that do no harm when BioT gets them twice.
 *
 * @param {Request} request
 * @param {Patience} patience
 * @returns {Promise<Answer>}
 */
export async function sendTwice(request, patience) {
  try {
    return await sendRequest(request, patience);
  } catch (error) {
    // fetch throws a TypeError when the connection failed, another error when the time was up.
    if (!(error instanceof TypeError)) {
      throw error;
    }
    return sendRequest(request, patience);
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
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
