import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { App, LARGEST_BODY } from "../server/app.js";
import { readServerSettings, withSecretFiles } from "../server/settings.js";
import { createHandler } from "../src/plugin/flow.js";
import { hooks } from "../src/plugin/hooks.js";
import { startFakeBiot } from "../tests/support/fakeBiot.js";
import { makeEvent, makeHooks, makeLambdaContext, patientAnswers, readCases, tokensOf } from "./cases.js";
import { alwaysDifferences, expectedDifferences } from "./expect.js";

// The plugin as an HTTP server: the table of cases over HTTP, the events, slow and broken clients, and the end.

const TRACEPARENT = `00-${"1".repeat(32)}-${"1".repeat(16)}-00`;
const { requests: REQUESTS } = JSON.parse(readFileSync(new URL("requests.json", import.meta.url), "utf8"));
/** Every HTTP request has the header host, and this row compares all headers. */
const NOT_OVER_HTTP = new Set(["a direct call's context has the request without credentials"]);
const LEGAL_VALUE = /^([!-~]([\t -~]*[!-~])?)?$/;

/** @typedef {{ method: string, target: string, headers: [string, string][], body: Buffer }} SentRequest */

/** A server whose handler a test can replace. */
class Served {
  /** @type {any[]} */
  events = [];
  /** @type {string[]} */
  log = [];
  /** @type {Record<string, string | undefined>} */
  environment = {};
  port = 0;

  /** @type {(event: any, context: any) => any} */
  handler = () => ({ statusCode: 200, body: "{}" });

  /** @param {Record<string, string>} settings */
  constructor(settings) {
    const served = this;
    this.app = new App(
      {
        handler: (event, context) => this.#handle(event, context),
        settings: readServerSettings({ SERVER_PORT: "0", ...settings }),
        get environment() {
          return served.environment;
        },
        writeLine: (line) => this.log.push(line),
      },
      { head: 0.3, request: 0.4 },
    );
  }

  /**
   * @param {any} event
   * @param {any} context
   */
  async #handle(event, context) {
    this.events.push(event);
    const answer = await this.handler(event, context);
    return { ...answer, headers: { traceparent: TRACEPARENT, ...answer.headers } };
  }

  /** @returns {Promise<number>} How many connections are still open once every client has gone. */
  async leaks() {
    const count = () =>
      new Promise((resolve) => {
        this.app.server.getConnections((/** @type {unknown} */ _, /** @type {number} */ open) => resolve(open));
      });
    for (let round = 0; round < 100 && (await count()) > 0; round += 1) {
      await wait(20);
    }
    return count();
  }
}

/**
 * Serves a handler until the test ends.
 *
 * @param {import("node:test").TestContext} t
 * @param {Record<string, string>} [settings]
 */
async function serve(t, settings = {}) {
  const served = new Served(settings);
  served.port = await served.app.listen();
  t.after(() => {
    served.app.server.close();
    served.app.server.closeAllConnections();
  });
  return served;
}

/**
 * Sends a request with exactly these headers.
 *
 * @param {number} port
 * @param {SentRequest} sent
 * @param {Agent} [agent]
 * @returns {Promise<any>} The response in Lambda's form.
 */
async function send(port, { method, target, headers, body }, agent = undefined) {
  const pairs = [["host", "plugin.example.com"], ...headers];
  const lengths = body.length > 0 ? [["content-length", String(body.length)]] : [];
  const flat = [...pairs, ...lengths].flat();
  const outgoing = httpRequest({ port, method, path: target, headers: flat, agent, setHost: false });
  outgoing.end(body);
  const [response] = await once(outgoing, "response");
  let text = "";
  for await (const part of response.setEncoding("utf8")) {
    text += part;
  }
  return { statusCode: response.statusCode, headers: response.headers, ...(text === "" ? {} : { body: text }) };
}

/**
 * Sends bytes as they are.
 *
 * @param {number} port
 * @param {(string | Buffer)[]} parts
 * @returns {Promise<string>} Everything that came back until the server closed the connection.
 */
async function exchange(port, parts) {
  const client = connect(port, "127.0.0.1");
  let received = "";
  client.setEncoding("latin1").on("data", (part) => {
    received += part;
  });
  client.on("error", () => {});
  const closed = once(client, "close");
  for (const part of parts) {
    client.write(part);
    await wait(1);
  }
  await closed;
  return received;
}

/**
 * @param {any} event
 * @returns {SentRequest | undefined} The HTTP request of which Lambda would make this event, if there is one.
 */
function requestOf(event) {
  const http = event?.requestContext?.http;
  const headers = Object.entries(event?.headers ?? {});
  const legal = headers.every(([, value]) => typeof value === "string" && LEGAL_VALUE.test(value));
  const body = event?.body ?? "";
  if (http === undefined || !legal || typeof body !== "string") {
    return undefined;
  }
  const bytes = Buffer.from(body, event.isBase64Encoded ? "base64" : "utf8");
  if (event.isBase64Encoded && bytes.toString("base64") !== body) {
    return undefined;
  }
  const query = new URLSearchParams(event.queryStringParameters ?? {}).toString();
  const target = query === "" ? http.path : `${http.path}?${query}`;
  return { method: http.method, target, headers: /** @type {any} */ (headers), body: bytes };
}

/**
 * @param {any} row
 * @param {Served} served
 * @returns {Promise<string[] | undefined>} The differences; undefined when the row cannot travel over HTTP.
 */
async function differencesOf(row, served) {
  const sent = tokensOf(row).map((token) => ({ token, request: requestOf(makeEvent(row.event, token)) }));
  if (NOT_OVER_HTTP.has(row.name) || sent.some(({ request }) => request === undefined)) {
    return undefined;
  }
  const biot = await startFakeBiot(row.biot, patientAnswers(row));
  served.environment = biot.environment(row.settings);
  const handler = createHandler({
    hooks: makeHooks(row, Object.keys(hooks)),
    environment: served.environment,
    writeLine: (line) => served.log.push(line),
  });
  served.handler = (event) => handler(event, makeLambdaContext(row));
  const differences = [];
  let answer;
  for (const { token, request } of sent) {
    served.log.length = 0;
    answer = await send(served.port, /** @type {SentRequest} */ (request));
    differences.push(...alwaysDifferences(answer, served.log, token));
  }
  await biot.close();
  return [...differences, ...expectedDifferences(answer, served.log, row.expect, biot.counts)];
}

test("the table of cases holds over HTTP", async (t) => {
  const served = await serve(t);
  const rows = readCases(Object.keys(hooks));
  /** @type {Record<string, string[]>} */
  const failed = {};
  let sent = 0;
  for (const row of rows) {
    const differences = await differencesOf(row, served);
    sent += differences === undefined ? 0 : 1;
    if (differences !== undefined && differences.length > 0) {
      failed[row.name] = differences;
    }
  }
  assert.ok(sent > rows.length * 0.7, `${sent} of ${rows.length} rows were sent`);
  assert.deepEqual(failed, {});
});

for (const { name, request, event: expected } of REQUESTS) {
  test(`a request becomes the event of a function URL: ${name}`, async (t) => {
    const served = await serve(t);
    const body = Buffer.from(request.body_base64 ?? request.body ?? "", "body_base64" in request ? "base64" : "utf8");

    assert.equal((await send(served.port, { ...request, body })).statusCode, 200);

    const [event] = served.events;
    const { method, sourceIp } = event.requestContext.http;
    const actual = Object.fromEntries(Object.keys(expected).map((key) => [key, event[key] ?? null]));
    const { "content-length": _, connection: __, ...headers } = actual.headers ?? {};
    assert.deepEqual(actual.headers === undefined ? actual : { ...actual, headers }, expected);
    assert.deepEqual([method, sourceIp], [request.method, "127.0.0.1"]);
    assert.equal(event.requestContext.domainName, "plugin.example.com");
  });
}

test("behind a proxy the caller is the address that the proxy added", async (t) => {
  const served = await serve(t, { SERVER_BEHIND_PROXY: "true" });

  const forwarded = /** @type {[string, string]} */ (["x-forwarded-for", "6.6.6.6, 192.0.2.1"]);
  await send(served.port, { method: "GET", target: "/", headers: [forwarded], body: Buffer.alloc(0) });

  assert.equal(served.events[0].requestContext.http.sourceIp, "192.0.2.1");
});

test("an answer becomes the response of a function URL", async (t) => {
  const served = await serve(t);
  served.handler = () => ({
    statusCode: 201,
    headers: { "Content-Type": "image/png", "x-text": "a\nb: c", connection: "upgrade", "content-length": "7" },
    cookies: ["a=1", "b=2"],
    body: "iVBORw0KGgo=",
    isBase64Encoded: true,
  });

  const [head, body] = (await exchange(served.port, [LAST])).split("\r\n\r\n");

  const lines = head.split("\r\n");
  assert.match(lines[0], /^HTTP\/1\.1 201 /);
  for (const line of ["content-type: image/png", "x-text: a b: c", "set-cookie: a=1", "set-cookie: b=2"]) {
    assert.ok(lines.includes(line), `${line} in ${head}`);
  }
  assert.deepEqual([lines.includes("content-length: 8"), head.includes("upgrade")], [true, false]);
  assert.equal(Buffer.from(body, "latin1").toString("base64"), "iVBORw0KGgo=");
});

const HEAD = "POST / HTTP/1.1\r\nhost: x\r\n";
const GET = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
const LAST = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
/** @type {Record<string, [parts: (string | Buffer)[], statuses: number[]]>} */
const CLIENTS = {
  "HTTP/1.0": [["GET / HTTP/1.0\r\n\r\n"], [200]],
  chunked: [[`${HEAD}transfer-encoding: chunked\r\nconnection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n`], [200]],
  pipelined: [[GET.repeat(5) + LAST], Array(6).fill(200)],
  "in pieces": [LAST.match(/.{1,16}/gs) ?? [], [200]],
  "no HTTP": [[Buffer.from("160301020001000d0a0d0a", "hex")], [400]],
  "huge headers": [[`GET / HTTP/1.1\r\nhost: x\r\nx-huge: ${"x".repeat(40_000)}\r\n\r\n`], [431]],
  "a broken chunk": [[`${HEAD}transfer-encoding: chunked\r\n\r\nnonsense\r\n`], [400]],
  "no host": [["GET / HTTP/1.1\r\n\r\n"], [400]],
  "another method": [["TRACE / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"], [405]],
  "slow headers": [["GET / HTTP/1.1\r\nhost"], [408]],
  "a second request without an end": [[`${GET}GET / HTTP/1.1\r\n`], [200, 408]],
  "a slow body": [[`${HEAD}connection: close\r\ncontent-length: 9\r\n\r\n{`], [408]],
  "too large": [[`${HEAD}connection: close\r\ncontent-length: ${LARGEST_BODY + 1}\r\n\r\n`], [413]],
  "too large in chunks": [
    [
      `${HEAD}connection: close\r\ntransfer-encoding: chunked\r\n\r\n`,
      `${(LARGEST_BODY + 1).toString(16)}\r\n${" ".repeat(LARGEST_BODY + 1)}\r\n0\r\n\r\n`,
    ],
    [413],
  ],
};

for (const [name, [parts, statuses]] of Object.entries(CLIENTS)) {
  test(`a client gets a clear status, and nothing stays open: ${name}`, async (t) => {
    const served = await serve(t);

    const received = await exchange(served.port, parts);

    assert.deepEqual(
      [...received.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status)),
      statuses,
      received,
    );
    assert.equal(await served.leaks(), 0);
  });
}

test("a client that goes away leaves nothing behind", async (t) => {
  const served = await serve(t);
  for (const content of ["", "POST", HEAD, `${HEAD}content-length: 9\r\n\r\n{`, GET, GET.repeat(3)]) {
    const client = connect(served.port, "127.0.0.1");
    await once(client, "connect");
    client.end(content);
    client.resume().on("error", () => {});
  }
  assert.equal(await served.leaks(), 0);
});

test("a call that takes too long is answered with 504, and a stuck server says so", async (t) => {
  const served = await serve(t, { SERVER_TIMEOUT: "0.2" });
  const health = { method: "GET", target: "/health", headers: [], body: Buffer.alloc(0) };
  /** @type {(answer: object) => void} */
  let release = () => {};
  const released = new Promise((resolve) => {
    release = resolve;
  });
  const call = { ...health, target: "/" };
  await send(served.port, call); // the first call of a server runs alone
  served.handler = () => released;
  assert.equal((await send(served.port, health)).body, '{"status":"ok"}');

  const answers = await Promise.all(Array.from({ length: 16 }, () => send(served.port, call)));

  assert.deepEqual(new Set(answers.map(({ statusCode }) => statusCode)), new Set([504]));
  assert.equal(JSON.parse(answers[0].body).code, "TIMEOUT");
  const stuck = await send(served.port, health);
  assert.deepEqual([stuck.statusCode, stuck.body], [503, '{"status":"stuck"}']);
  release({ statusCode: 200 });
  await wait(10);
  assert.equal((await send(served.port, health)).statusCode, 200);
});

/**
 * Sends one request after the other, as a proxy does, until the server is not healthy any more.
 *
 * @param {number} port
 * @param {string[]} outcomes
 */
async function hammer(port, outcomes) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const isOpen = () => Object.keys(agent.freeSockets).length > 0;
  const health = { method: "GET", target: "/health", headers: [], body: Buffer.alloc(0) };
  try {
    while (isOpen() || (await send(port, health)).statusCode === 200) {
      const sent = { method: "POST", target: "/", headers: [], body: Buffer.from("{}") };
      outcomes.push(String((await send(port, sent, agent)).statusCode));
      await new Promise(setImmediate);
    }
  } catch (error) {
    outcomes.push(String(error));
  }
  agent.destroy();
}

test("SIGTERM under load drops no request", async (t) => {
  const biot = await startFakeBiot();
  t.after(() => biot.close());
  const running = spawn(process.execPath, ["server/main.js"], {
    cwd: new URL("..", import.meta.url),
    env: { ...process.env, ...biot.environment(), SERVER_PORT: "0", SERVER_DRAIN: "1", LOG_LEVEL: "INFO" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let log = "";
  running.stdout.setEncoding("utf8").on("data", (text) => {
    log += text;
  });
  while (!log.includes("\n")) {
    await once(running.stdout, "data");
  }
  const port = Number(/:(\d+)$/.exec(JSON.parse(log.split("\n")[0]).message)?.[1]);
  /** @type {string[]} */
  const outcomes = [];

  const clients = Promise.all(Array.from({ length: 8 }, () => hammer(port, outcomes)));
  await wait(500);
  running.kill("SIGTERM");
  await clients;
  const [code] = await once(running, "close");

  assert.equal(code, 0);
  assert.ok(outcomes.length > 0);
  // Each was answered by the plugin: without a token, or without the hook.
  assert.deepEqual(
    [...new Set(outcomes)].filter((status) => status !== "401" && status !== "400"),
    [],
  );
  assert.equal(JSON.parse(String(log.trimEnd().split("\n").at(-1))).message, "Stopped; 0 calls were given up");
});

test("the service user can come from mounted files", () => {
  const file = join(mkdtempSync(join(tmpdir(), "server-")), "key");
  writeFileSync(file, "a-secret\n");

  const environment = withSecretFiles({ BIOT_SERVICE_USER_SECRET_KEY_FILE: file });

  assert.equal(environment.BIOT_SERVICE_USER_SECRET_KEY, "a-secret");
  const missing = { BIOT_SERVICE_USER_ID_FILE: `${file}-gone` };
  assert.throws(() => withSecretFiles(missing), /BIOT_SERVICE_USER_ID_FILE: .*gone cannot be read \(ENOENT\)/);
});

for (const [name, value] of [
  ["SERVER_PORT", "http"],
  ["SERVER_TIMEOUT", "0"],
  ["SERVER_DRAIN", "-1"],
]) {
  test(`a wrong ${name} is named`, () => {
    assert.throws(() => readServerSettings({ [name]: value }), new RegExp(`${name} must be a number`));
  });
}
