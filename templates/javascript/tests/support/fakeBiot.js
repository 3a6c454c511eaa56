import { createServer } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { publicKey, publicKeyPem } from "./tokens.js";

export const SERVICE_TOKEN = "eyJhbGciOiJSUzUxMiJ9.c2VydmljZQ.c2lnbmF0dXJl";
export const SERVICE_USER_ID = "00000000-0000-4000-8000-0000000000ff";
export const SERVICE_SECRET = "a-test-secret-key";

const SLOW_SECONDS = 5;
/** How many answers hold the old key. */
const ROTATIONS = new Map([
  ["rotated", 0],
  ["rotate_after_first", 1],
  ["rotate_after_second", 2],
]);
const KIND_OF_PATH = new Map([
  ["/ums/v1/security/public-key", "public-key"],
  ["/ums/v2/services/accessToken", "login"],
]);

/**
 * What goes wrong with the public key and the login, in the words of tests_kit/cases.json ("about").
 *
 * @typedef {{ public_key?: string, login?: string, entity?: string }} Behaviour
 *
 * What the plugin sent to BioT. The path is without the query, the body is the parsed JSON.
 *
 * @typedef {object} ReceivedRequest
 * @property {string} method
 * @property {string} path
 * @property {Record<string, string>} query
 * @property {import("node:http").IncomingHttpHeaders} headers
 * @property {any} body
 */

/** An answer of the fake BioT; create it with the function answer. */
class FakeAnswer {
  /**
   * @param {unknown} body
   * @param {{ status?: number, headers?: Record<string, string>, delaySeconds?: number, drop?: boolean }} options
   */
  constructor(body, { status = 200, headers = {}, delaySeconds = 0, drop = false }) {
    this.body = body;
    this.status = status;
    this.headers = headers;
    this.delaySeconds = delaySeconds;
    this.drop = drop;
  }
}

/**
 * An answer: with another status, late (after a delay in seconds), or as a broken connection (drop).
 *
 * @param {unknown} [body]
 * @param {{ status?: number, headers?: Record<string, string>, delaySeconds?: number, drop?: boolean }} [options]
 */
export function answer(body, options = {}) {
  return new FakeAnswer(body, options);
}

/**
 * An error of BioT, for example errorAnswer(404, "ENTITY_NOT_FOUND").
 *
 * @param {number} status
 * @param {string} code
 * @param {string} [message]
 */
export function errorAnswer(status, code, message = "") {
  return answer({ code, message, details: {} }, { status });
}

/**
 * The answer to a search that finds these items. It gives them page by page, as BioT does.
 *
 * @param {object[]} items
 */
export function searchAnswer(items) {
  return (/** @type {ReceivedRequest} */ { query }) => {
    const { page = 0, limit = 100 } = JSON.parse(query.searchRequest ?? "{}");
    const data = items.slice(page * limit, (page + 1) * limit);
    return { data, metadata: { page: { totalResults: items.length, page, limit } } };
  };
}

/** Serves BioT's answers until it is closed. */
class FakeBiot {
  /**
   * What BioT answers, by method and path: `biot.answers["GET /device/v2/devices/7"] = { _id: "7" }`. The value is
   * JSON, an `answer(…)`, an `errorAnswer(…)`, or a function that gets the request and returns one of these. A key with
   * a query (`?…`) is for this query only.
   *
   * @type {Record<string, unknown>}
   */
  answers;
  /**
   * What the plugin sent, in order, without the login and the public key.
   *
   * @type {ReceivedRequest[]}
   */
  requests = [];
  /**
   * How many requests of each kind came; "entity" is everything else.
   *
   * @type {Record<string, number>}
   */
  counts = { "public-key": 0, login: 0, entity: 0 };
  /** @type {Set<string>} */
  missing = new Set();
  url = "";

  /**
   * @param {Behaviour} behaviour
   * @param {Record<string, unknown>} answers
   */
  constructor(behaviour, answers) {
    this.behaviour = behaviour;
    this.answers = { ...answers };
    this.server = createServer((incoming, outgoing) => this.#serve(incoming, outgoing));
    // A finished test run does not wait for the fake BioT.
    this.server.unref();
  }

  async start() {
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", () => resolve(undefined)));
    const { port } = /** @type {import("node:net").AddressInfo} */ (this.server.address());
    this.url = `http://127.0.0.1:${port}`;
  }

  async close() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /**
   * The variables that BioT would set for a plugin.
   *
   * @param {Record<string, string | null>} [changes] null removes a variable.
   * @returns {Record<string, string | undefined>}
   */
  environment(changes = {}) {
    const environment = {
      BIOT_BASE_URL: this.url,
      BIOT_APP_NAME: "Case Plugin",
      BIOT_SERVICE_ENVIRONMENT: "test",
      BIOT_SERVICE_USER_ID: SERVICE_USER_ID,
      BIOT_SERVICE_USER_SECRET_KEY: SERVICE_SECRET,
      ...changes,
    };
    return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, value ?? undefined]));
  }

  /** Throws when the plugin sent a request that has no answer. */
  checkAnswers() {
    if (this.missing.size > 0) {
      const lines = [...this.missing].map((key) => `    biot.answers["${key}"] = { … };`);
      const first = "The fake BioT has no answer for this. Add it to the test, or to tests/answers.js:";
      throw new Error([first, ...lines].join("\n"));
    }
  }

  /**
   * @param {import("node:http").IncomingMessage} incoming
   * @param {import("node:http").ServerResponse} outgoing
   */
  async #serve(incoming, outgoing) {
    let text = "";
    for await (const chunk of incoming.setEncoding("utf8")) {
      text += chunk;
    }
    const address = new URL(String(incoming.url), "http://localhost");
    const request = {
      method: String(incoming.method),
      path: address.pathname,
      query: Object.fromEntries(address.searchParams),
      headers: incoming.headers,
      body: text === "" ? undefined : JSON.parse(text),
    };
    const kind = KIND_OF_PATH.get(request.path) ?? "entity";
    this.counts[kind] += 1;
    if (kind === "entity") {
      this.requests.push(request);
    }
    await send(outgoing, await this.#answerTo(kind, request, String(incoming.url)));
  }

  /**
   * @param {string} kind
   * @param {ReceivedRequest} request
   * @param {string} target The path with the query.
   * @returns {Promise<FakeAnswer>}
   */
  async #answerTo(kind, request, target) {
    const key = `${request.method} ${request.path}`;
    const found = [`${request.method} ${target}`, key].find((name) => Object.hasOwn(this.answers, name));
    if (found !== undefined) {
      return this.#ownAnswer(kind, request, this.answers[found]);
    }
    if (kind === "entity") {
      this.missing.add(key);
      return errorAnswer(501, "NO_ANSWER_IN_THE_FAKE_BIOT");
    }
    return kind === "public-key"
      ? keyAnswer(this.behaviour.public_key, this.counts[kind])
      : loginAnswer(this.behaviour.login, this.counts[kind], request);
  }

  /**
   * @param {string} kind
   * @param {ReceivedRequest} request
   * @param {unknown} value
   * @returns {Promise<FakeAnswer>}
   */
  async #ownAnswer(kind, request, value) {
    if (kind === "entity" && request.headers.authorization !== `Bearer ${SERVICE_TOKEN}`) {
      return errorAnswer(401, "TOKEN_NOT_VALID");
    }
    const result = typeof value === "function" ? await value(request) : value;
    return result instanceof FakeAnswer ? result : answer(result);
  }
}

/**
 * Starts a fake BioT on this machine: its public key, the login of service users, and the answers of a test.
 *
 * @param {Behaviour} [behaviour]
 * @param {Record<string, unknown>} [answers]
 * @returns {Promise<FakeBiot>}
 */
export async function startFakeBiot(behaviour = {}, answers = {}) {
  const biot = new FakeBiot(behaviour, answers);
  await biot.start();
  return biot;
}

/**
 * @param {import("node:http").ServerResponse} outgoing
 * @param {FakeAnswer} sent
 */
async function send(outgoing, { body, status, headers, delaySeconds, drop }) {
  await wait(delaySeconds * 1000, undefined, { ref: false });
  if (drop) {
    outgoing.destroy();
    return;
  }
  const text = body === undefined || body === null ? "" : JSON.stringify(body);
  outgoing.writeHead(status, { "content-type": "application/json", ...headers }).end(text);
}

/**
 * @param {string | undefined} how
 * @param {number} count
 * @returns {FakeAnswer}
 */
function keyAnswer(how, count) {
  switch (how) {
    case "slow":
      return answer(undefined, { delaySeconds: SLOW_SECONDS, drop: true });
    case "down":
      return errorAnswer(503, "GATEWAY_TIMEOUT");
    case "garbage":
      return answer({ publicKey: "bm8ga2V5", previousPublicKey: 7 });
    case "pem":
      return answer({ publicKey: publicKeyPem("current") });
    case "previous_too":
      return answer({ publicKey: publicKey("current"), previousPublicKey: publicKey("previous") });
    default:
      return answer({ publicKey: publicKey(isRotated(how, count) ? "rotated" : "current"), previousPublicKey: null });
  }
}

/**
 * @param {string | undefined} how
 * @param {number} count
 */
function isRotated(how, count) {
  return count > (ROTATIONS.get(String(how)) ?? Number.POSITIVE_INFINITY);
}

/**
 * @param {string | undefined} how
 * @param {number} count
 * @param {ReceivedRequest} request
 * @returns {FakeAnswer}
 */
function loginAnswer(how, count, { body }) {
  if (how === "slow") {
    return answer(undefined, { delaySeconds: SLOW_SECONDS, drop: true });
  }
  if (how === "drop_once" && count === 1) {
    return answer(undefined, { drop: true });
  }
  if (how === "bad_json") {
    return answer(["no", "token"]);
  }
  if (how === "forbidden" || body.id !== SERVICE_USER_ID || body.secretKey !== SERVICE_SECRET) {
    return errorAnswer(403, "LOGIN_FAILED", "patient-data");
  }
  const expiration = new Date(Date.now() + (how === "short" ? 30 : 1800) * 1000);
  // BioT writes times with up to nine digits of a second.
  const accessTokenExpiration = expiration.toISOString().replace("Z", "456789Z");
  return answer({ accessToken: SERVICE_TOKEN, accessTokenExpiration });
}
