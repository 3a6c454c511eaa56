import { BiotError } from "./errors.js";
import { errorCode, isSuccess, sendTwice } from "./sendRequest.js";
import { biotUrl, credentials } from "./settings.js";

const LOGIN_PATH = "/ums/v2/services/accessToken";
const TIMEOUT_SECONDS = 10;

/** A token is not used in its last minute, because it could expire on the way. */
const SPARE_MILLISECONDS = 60_000;

/**
 * The token of the service user that BioT created for this plugin. It is valid for half an hour. A login is expensive
 * for BioT, so the token is cached for as long as Lambda keeps the plugin in memory.
 *
 * @typedef {object} Session
 * @property {string} accessToken
 * @property {number} useUntil In milliseconds since 1970; 0 when there is no token yet.
 */

/**
 * Logs in to BioT, unless the cached token is still valid. This runs when the plugin first calls BioT, not before, so
 * a plugin that never calls BioT does not depend on it.
 *
 * @param {Session} session
 * @param {import("./flow.js").Call} call
 * @returns {Promise<string>} The access token.
 */
export async function login(session, { settings, traceparent, remainingSeconds }) {
  if (Date.now() < session.useUntil) {
    return session.accessToken;
  }
  const request = {
    method: "POST",
    url: biotUrl(settings, LOGIN_PATH),
    headers: { traceparent },
    body: credentials(settings),
  };
  const answer = await sendTwice(request, { limitSeconds: TIMEOUT_SECONDS, remainingSeconds });
  if (!isSuccess(answer)) {
    throw new BiotError(`POST ${LOGIN_PATH}`, answer.status, errorCode(answer));
  }
  const { accessToken, accessTokenExpiration } = answer.json ?? {};
  const expiration = Date.parse(accessTokenExpiration);
  if (typeof accessToken !== "string" || Number.isNaN(expiration)) {
    throw new BiotError(`POST ${LOGIN_PATH}`, answer.status, "ANSWER_WITHOUT_TOKEN");
  }
  session.accessToken = accessToken;
  session.useUntil = expiration - SPARE_MILLISECONDS;
  return accessToken;
}
