import { BiotError } from "./errors.js";
import { login } from "./login.js";
import { errorCode, isSuccess, sendRequest, sendTwice } from "./sendRequest.js";
import { biotUrl } from "./settings.js";

const TIMEOUT_SECONDS = 10;

/**
 * Calls BioT's APIs as the plugin's service user, with the trace id of this call. It logs in on the first call.
 *
 * A path starts with a slash: "/organization/v1/users/patients". Each function returns the JSON of BioT's answer, or
 * undefined when there is none. It throws a BiotError when BioT answers with an error, and other errors when BioT does
 * not answer.
 *
 * BioT runs no interceptors on these calls, unless they have the header allow-interception.
 */
export class Biot {
  #session;
  #call;

  /**
   * @param {import("./login.js").Session} session
   * @param {import("./flow.js").Call} call
   */
  constructor(session, call) {
    this.#session = session;
    this.#call = call;
  }

  /**
   * @param {string} path
   * @param {Record<string, string>} [query]
   * @returns {Promise<any>}
   */
  get(path, query) {
    return this.request("GET", query === undefined ? path : `${path}?${new URLSearchParams(query)}`);
  }

  /**
   * @param {string} path
   * @param {unknown} [body]
   * @returns {Promise<any>}
   */
  post(path, body) {
    return this.request("POST", path, body);
  }

  /**
   * @param {string} path
   * @param {unknown} body
   * @returns {Promise<any>}
   */
  patch(path, body) {
    return this.request("PATCH", path, body);
  }

  /**
   * @param {string} path
   * @returns {Promise<any>}
   */
  delete(path) {
    return this.request("DELETE", path);
  }

  /**
   * Everything that a search finds, page by page:
   *
   *     for await (const patient of context.biot.search("/organization/v1/users/patients", { limit: 50 })) { … }
   *
   * @param {string} path
   * @param {Record<string, unknown>} [searchRequest] BioT's search request: filter, sort, limit (the size of a page).
   * @returns {AsyncGenerator<any>}
   */
  async *search(path, searchRequest = {}) {
    let count = 0;
    for (let page = 0; ; page += 1) {
      const answer = await this.get(path, { searchRequest: JSON.stringify({ ...searchRequest, page }) });
      const items = answer?.data ?? [];
      yield* items;
      count += items.length;
      const total = answer?.metadata?.page?.totalResults;
      if (items.length === 0 || count >= total) {
        return;
      }
    }
  }

  /**
   * Any other request.
   *
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {Record<string, string>} [headers] More headers.
   * @returns {Promise<any>}
   */
  async request(method, path, body, headers = {}) {
    if (!path.startsWith("/")) {
      throw new TypeError("The path of a BioT API starts with a slash: it is a path, not an address");
    }
    const { settings, traceparent, remainingSeconds } = this.#call;
    const accessToken = await login(this.#session, this.#call);
    const request = {
      method,
      url: biotUrl(settings, path),
      headers: { ...headers, authorization: `Bearer ${accessToken}`, traceparent },
      body,
    };
    // Only a GET is repeated: BioT may have carried out another request although its answer was lost.
    const send = method === "GET" ? sendTwice : sendRequest;
    const answer = await send(request, { limitSeconds: TIMEOUT_SECONDS, remainingSeconds });
    if (!isSuccess(answer)) {
      // Without the query, which may contain what a user searched for.
      throw new BiotError(`${method} ${path.split("?")[0]}`, answer.status, errorCode(answer));
    }
    return answer.json;
  }
}
