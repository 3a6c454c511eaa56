import { isDeepStrictEqual } from "node:util";
import { SERVICE_SECRET, SERVICE_TOKEN } from "../tests/support/fakeBiot.js";

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const LEVELS = new Map(Object.entries({ DEBUG: 10000, INFO: 30000, WARN: 40000, ERROR: 50000 }));
const LOG_KEYS = ["@timestamp", "message", "level", "level_value", "appName", "traceId"];
export const ERROR_KEYS = ["code", "message", "serviceName", "traceId", "environment", "details"];
const NO_BODY = "(no body)";

/** @typedef {[what: string, expected: unknown, actual: unknown]} Comparison */

/**
 * @param {any} answer
 * @param {string[]} lines
 * @param {string} token
 * @returns {string[]} The differences from what every call must fulfil.
 */
export function alwaysDifferences(answer, lines, token) {
  return differences(alwaysCompared(answer, lines, token));
}

/**
 * @param {any} answer
 * @param {string[]} lines
 * @param {any} expected The row's "expect".
 * @param {Record<string, number>} counts
 * @returns {string[]} The differences of the answer, the log and the requests to BioT from what the row expects.
 */
export function expectedDifferences(answer, lines, expected, counts) {
  return differences(expectedCompared(answer, lines.join("\n"), expected, counts));
}

/**
 * @param {Iterable<Comparison>} comparisons
 * @returns {string[]}
 */
function differences(comparisons) {
  return [...comparisons]
    .filter(([, expected, actual]) => !isDeepStrictEqual(expected, actual))
    .map(
      ([what, expected, actual]) => `${what}: expected ${JSON.stringify(expected)}, actual ${JSON.stringify(actual)}`,
    );
}

/**
 * @param {any} answer
 * @param {string[]} lines
 * @param {string} token
 * @returns {Generator<Comparison>}
 */
function* alwaysCompared(answer, lines, token) {
  yield ["answer as JSON", JSON.parse(JSON.stringify(answer)), answer];
  yield ["type of body", "string", typeof (answer.body ?? "")];
  const { traceparent = "" } = answer.headers;
  yield ["valid traceparent", true, TRACEPARENT.test(traceparent)];
  for (const line of lines) {
    yield* lineCompared(line, traceparent.split("-")[1]);
  }
  for (const secret of [SERVICE_SECRET, SERVICE_TOKEN, "patient-data", token].filter((text) => text !== "")) {
    yield [`log contains ${secret.slice(0, 20)}`, false, lines.some((line) => line.includes(secret))];
  }
}

/**
 * @param {string} text
 * @param {string} traceId
 * @returns {Generator<Comparison>}
 */
function* lineCompared(text, traceId) {
  const line = JSON.parse(text);
  yield ["line feed in a log line", false, text.includes("\n")];
  yield ["keys of a log line", LOG_KEYS, Object.keys(line).filter((key) => key !== "stack")];
  yield ["traceId of a log line", traceId, line.traceId];
  yield ["level_value of a log line", LEVELS.get(line.level), line.level_value];
  yield ["valid @timestamp of a log line", true, TIMESTAMP.test(line["@timestamp"])];
  const age = Math.abs(Date.parse(line["@timestamp"]) - Date.now());
  yield ["@timestamp of a log line is the present in UTC", true, age < 60_000];
}

/**
 * @param {any} answer
 * @param {string} log
 * @param {any} expected
 * @param {Record<string, number>} counts
 * @returns {Generator<Comparison>}
 */
function* expectedCompared(answer, log, expected, counts) {
  yield ["statusCode", expected.statusCode, answer.statusCode];
  yield* headersCompared(answer.headers, expected.headers ?? {});
  yield* bodyCompared(answer, expected);
  yield* errorCompared(answer, expected);
  for (const text of expected.log_has ?? []) {
    yield [`log contains ${text}`, true, log.includes(text)];
  }
  for (const text of expected.log_lacks ?? []) {
    yield [`log contains ${text}`, false, log.includes(text)];
  }
  for (const [kind, count] of Object.entries(expected.requests ?? {})) {
    yield [`requests of kind ${kind}`, count, counts[kind]];
  }
}

/**
 * @param {Record<string, string>} headers
 * @param {Record<string, any>} expected
 * @returns {Generator<Comparison>}
 */
function* headersCompared(headers, expected) {
  for (const [name, value] of Object.entries(expected)) {
    if (value.matches === undefined) {
      yield [`header ${name}`, value, headers[name]];
    } else {
      yield [`header ${name} like ${value.matches}`, true, new RegExp(value.matches).test(headers[name])];
    }
  }
}

/**
 * @param {any} answer
 * @param {any} expected
 * @returns {Generator<Comparison>}
 */
function* bodyCompared({ body: text = NO_BODY }, expected) {
  const body = parse(text);
  if (expected.no_body) {
    yield ["body", NO_BODY, text];
  }
  if (expected.body_text !== undefined) {
    yield ["body", expected.body_text, text];
  }
  if (expected.body !== undefined) {
    yield ["body", expected.body, body];
  }
  for (const [name, value] of Object.entries(expected.body_includes ?? {})) {
    yield [`body.${name}`, value, body[name]];
  }
  for (const unwanted of expected.message_lacks ?? []) {
    yield [`body contains ${unwanted}`, false, text.includes(unwanted)];
  }
}

/**
 * @param {any} answer
 * @param {any} expected
 * @returns {Generator<Comparison>}
 */
function* errorCompared({ headers, body: text = NO_BODY }, { error }) {
  if (error === undefined) {
    return;
  }
  const body = parse(text);
  yield ["keys of the error", ERROR_KEYS, Object.keys(body)];
  yield ["code of the error", error, body.code];
  yield ["traceId of the error", headers.traceparent.split("-")[1], body.traceId];
  yield ["message of the error is text", true, typeof body.message === "string" && body.message !== ""];
  yield ["header content-type", "application/json", headers["content-type"]];
}

/**
 * @param {string} text
 * @returns {any} The JSON of a body. Text that is not JSON is put into an object, so that a test can show it.
 */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { "not JSON": text };
  }
}
