import { createServer } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { configureLogger } from "../src/plugin/configureLogger.js";
import { createErrorResponse } from "../src/plugin/createErrorResponse.js";
import { PluginError } from "../src/plugin/errors.js";
import { getTraceId } from "../src/plugin/getTraceId.js";
import { readSettings } from "../src/plugin/settings.js";
import { makeEvent, makeResponse } from "./event.js";

export const LARGEST_BODY = 6 * 1024 * 1024; // bytes, as on Lambda
const LARGEST_HEAD = 32 * 1024; // bytes of the request line and all headers
/** Seconds for the request line and all headers, and for the whole request. */
const SLOW = { head: 10, request: 20 };
const KEEP_ALIVE_SECONDS = 75; // longer than proxies keep a connection, so that they close it and not the server
const LAST_SECONDS = 0.5; // for requests that are on their way when the server stops listening
const MARGIN_SECONDS = 5; // for responses that are being sent at the end
const MOST_CALLS = 512; // that run; one more is answered with 503 at once
const MOST_LATE_CALLS = 16; // that were answered with 504 and still run; more make the server unhealthy
const MOST_FIRST_CALLS = 100; // that run one after the other
const HEALTH_PATH = "/health";
/** The methods that a function URL has. HTTP has more, such as TRACE. */
const METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/**
 * @typedef {(event: unknown, context: import("../src/plugin/context.js").LambdaContext) =>
 *   Promise<import("../src/plugin/response.js").LambdaResponse>} Handler
 *
 * @typedef {object} Options
 * @property {Handler} handler
 * @property {import("./settings.js").ServerSettings} settings
 * @property {NodeJS.ProcessEnv} environment
 * @property {(line: string) => void} writeLine Writes one line of the log.
 */

/** The plugin as an HTTP server: one request is one call of the handler. */
export class App {
  #options;
  #open = 0;
  #calls = 0;
  #firstCalls = MOST_FIRST_CALLS;
  #turn = Promise.resolve();
  #late = 0;
  #draining = false;

  /**
   * @param {Options} options
   * @param {{ head: number, request: number }} [slow] How long a client may take, in seconds.
   */
  constructor(options, slow = SLOW) {
    this.#options = options;
    const limits = {
      maxHeaderSize: LARGEST_HEAD,
      headersTimeout: slow.head * 1000,
      requestTimeout: slow.request * 1000,
      keepAliveTimeout: KEEP_ALIVE_SECONDS * 1000,
      connectionsCheckingInterval: (slow.head * 1000) / 10,
    };
    this.server = createServer(limits, (incoming, outgoing) => this.#serve(incoming, outgoing));
    // A connection on which nothing moves is closed: a client that does not read its response must not keep it.
    this.server.setTimeout((options.settings.timeout + slow.request) * 1000);
  }

  /** @returns {Promise<number>} The port, once the server listens. */
  listen() {
    const { port, host } = this.#options.settings;
    return new Promise((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(port, host, 2048, () =>
        resolve(/** @type {import("node:net").AddressInfo} */ (this.server.address()).port),
      );
    });
  }

  /**
   * Stops without losing a request. /health says 503 first, so that a proxy sends new calls elsewhere. Calls are still
   * answered, and each response closes its connection. Then the server stops listening, and answers what is on its way.
   *
   * @returns {Promise<number>} How many calls were given up.
   */
  async stop() {
    const { drain, timeout } = this.#options.settings;
    this.#draining = true;
    await wait(drain * 1000);
    this.server.close();
    await wait(LAST_SECONDS * 1000);
    const end = performance.now() + (timeout + MARGIN_SECONDS) * 1000;
    while (this.#open > 0 && performance.now() < end) {
      await wait(20);
    }
    this.server.closeAllConnections();
    return this.#late;
  }

  /**
   * @param {import("node:http").IncomingMessage} incoming
   * @param {import("node:http").ServerResponse} outgoing
   */
  async #serve(incoming, outgoing) {
    this.#open += 1;
    outgoing.on("close", () => {
      this.#open -= 1;
    });
    const start = performance.now();
    const method = String(incoming.method);
    if (incoming.url === HEALTH_PATH && (method === "GET" || method === "HEAD")) {
      this.#respond(outgoing, this.#health());
      return;
    }
    const headers = headersOf(incoming.rawHeaders);
    const { writeLine, environment } = this.#options;
    const settings = readSettings(environment);
    const ids = getTraceId({ headers: Object.fromEntries(headers) });
    const log = configureLogger(settings, ids.traceId, writeLine);
    let response;
    try {
      const body = await readBody(incoming);
      if (body === undefined) {
        return; // the caller has gone
      }
      response = makeResponse(await this.#call(makeEvent(this.#request(incoming, headers, body))));
    } catch (error) {
      response = makeResponse(createErrorResponse(error, { settings, ...ids, log, remainingSeconds: () => 0 }));
    }
    // No path, no query and no headers: they may name a patient.
    const traceId = String(Object.fromEntries(response.headers).traceparent).split("-")[1];
    const milliseconds = Math.round(performance.now() - start);
    const line = `${method} was answered with ${response.status} in ${milliseconds} ms`;
    configureLogger(settings, traceId, writeLine).info(line);
    this.#respond(outgoing, response);
  }

  /**
   * @param {import("node:http").IncomingMessage} incoming
   * @param {import("./event.js").Headers} headers
   * @param {Buffer} body
   * @returns {import("./event.js").Request}
   */
  #request(incoming, headers, body) {
    const method = String(incoming.method);
    if (!METHODS.includes(method)) {
      throw new PluginError(405, "METHOD_NOT_ALLOWED", `Use one of ${METHODS.join(", ")}.`);
    }
    let client = incoming.socket.remoteAddress ?? "";
    if (this.#options.settings.behindProxy) {
      const forwarded = Object.fromEntries(headers)["x-forwarded-for"] ?? client;
      client = String(forwarded.split(",").at(-1)).trim();
    }
    const protocol = `HTTP/${incoming.httpVersion}`;
    return { method, target: String(incoming.url), headers, body, protocol, client };
  }

  /**
   * Calls the plugin. A new process fetches BioT's public key with its first call. So the first calls run one after the
   * other, until one was accepted: the plugin limits how often it fetches the key, and would refuse some of many calls
   * at once.
   *
   * @param {unknown} event
   */
  async #call(event) {
    if (this.#calls >= MOST_CALLS) {
      throw new PluginError(503, "TOO_MANY_CALLS", "The plugin has too many calls. Try again later.");
    }
    this.#calls += 1;
    try {
      return this.#firstCalls > 0 ? await this.#runInTurn(event) : await this.#run(event);
    } finally {
      this.#calls -= 1;
    }
  }

  /** @param {unknown} event */
  async #runInTurn(event) {
    const before = this.#turn;
    /** @type {() => void} */
    let done = () => {};
    this.#turn = new Promise((resolve) => {
      done = () => resolve(undefined);
    });
    await before;
    if (this.#firstCalls === 0) {
      done();
      return this.#run(event);
    }
    try {
      const answer = await this.#run(event);
      this.#firstCalls = answer.statusCode < 400 ? 0 : this.#firstCalls - 1;
      return answer;
    } finally {
      done();
    }
  }

  /**
   * Runs a call. When its time is over, it is answered with 504; it cannot be stopped.
   *
   * @param {unknown} event
   * @returns {Promise<import("../src/plugin/response.js").LambdaResponse>}
   */
  async #run(event) {
    const { handler, settings } = this.#options;
    const end = performance.now() + settings.timeout * 1000;
    const getRemainingTimeInMillis = () => Math.max(0, Math.trunc(end - performance.now()));
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    let isLate = false;
    /** @type {Promise<never>} */
    const timeIsOver = new Promise((_, reject) => {
      timer = setTimeout(() => {
        isLate = true;
        this.#late += 1;
        reject(new PluginError(504, "TIMEOUT", `The plugin did not answer within ${settings.timeout} s.`));
      }, settings.timeout * 1000);
    });
    const answer = handler(event, { getRemainingTimeInMillis }).finally(() => {
      clearTimeout(timer);
      this.#late -= isLate ? 1 : 0;
    });
    return Promise.race([answer, timeIsOver]);
  }

  /** Whether this server can take calls: 200, or 503 when it is about to stop or too many calls are stuck. */
  #health() {
    const status = this.#draining ? "stopping" : this.#late >= MOST_LATE_CALLS ? "stuck" : "ok";
    const headers = { "content-type": "application/json", "cache-control": "no-store" };
    return makeResponse({ statusCode: status === "ok" ? 200 : 503, headers, body: JSON.stringify({ status }) });
  }

  /**
   * @param {import("node:http").ServerResponse} outgoing
   * @param {import("./event.js").Response} response
   */
  #respond(outgoing, { status, headers, body }) {
    const withoutBody = status === 204 || status === 304;
    for (const [name, value] of headers) {
      outgoing.appendHeader(name, value);
    }
    if (!withoutBody) {
      outgoing.setHeader("content-length", body.length);
    }
    if (this.#draining) {
      outgoing.setHeader("connection", "close");
    }
    outgoing.writeHead(status).end(withoutBody ? undefined : body);
    // What is left of a body that was too large is read and thrown away, so that the caller gets to read the response.
    outgoing.req.resume();
  }
}

/**
 * @param {string[]} raw Names and values by turns.
 * @returns {import("./event.js").Headers}
 */
function headersOf(raw) {
  /** @type {import("./event.js").Headers} */
  const headers = [];
  for (let index = 0; index < raw.length; index += 2) {
    headers.push([raw[index].toLowerCase(), raw[index + 1]]);
  }
  return headers;
}

/**
 * @param {import("node:http").IncomingMessage} incoming
 * @returns {Promise<Buffer | undefined>} The body; undefined when the caller has gone, or was too slow: node:http has
 *   answered a slow caller with 408.
 */
async function readBody(incoming) {
  const tooLarge = new PluginError(413, "BODY_TOO_LARGE", `The body must not have more than ${LARGEST_BODY} bytes.`);
  if (Number(incoming.headers["content-length"] ?? 0) > LARGEST_BODY) {
    throw tooLarge;
  }
  return new Promise((resolve, reject) => {
    /** @type {Buffer[]} */
    const parts = [];
    let size = 0;
    incoming.on("data", (part) => {
      size += part.length;
      if (size > LARGEST_BODY) {
        parts.length = 0;
        reject(tooLarge);
      } else {
        parts.push(part);
      }
    });
    incoming.on("end", () => resolve(Buffer.concat(parts)));
    incoming.on("error", () => resolve(undefined));
    incoming.on("close", () => resolve(undefined));
  });
}
