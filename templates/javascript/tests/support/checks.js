import assert from "node:assert/strict";
import { SERVICE_SECRET } from "./environment.js";
import { SERVICE_TOKEN } from "./fakeBiot.js";

const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const LEVELS = { DEBUG: 10000, INFO: 30000, WARN: 40000, ERROR: 50000 };

/**
 * What is true of every answer and every log line of a plugin.
 *
 * @param {any} answer
 * @param {string[]} lines
 * @param {string} token
 */
export function checkAlways(answer, lines, token) {
  assert.deepEqual(JSON.parse(JSON.stringify(answer)), answer, "Lambda sends the answer as JSON");
  assert.ok(answer.body === undefined || typeof answer.body === "string", "the body is text");
  assert.match(answer.headers.traceparent, TRACEPARENT);
  const traceId = answer.headers.traceparent.split("-")[1];
  for (const line of lines) {
    checkLine(line, traceId);
    for (const secret of [SERVICE_SECRET, SERVICE_TOKEN, "patient-data", ...(token === "" ? [] : [token])]) {
      assert.ok(!line.includes(secret), `a log line holds ${secret}`);
    }
  }
}

/**
 * @param {string} line
 * @param {string} traceId
 */
function checkLine(line, traceId) {
  assert.ok(!line.includes("\n"), "one object per line");
  const { "@timestamp": timestamp, message, level, level_value: levelValue, appName, traceId: own } = JSON.parse(line);
  assert.match(timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.ok(Math.abs(Date.parse(timestamp) - Date.now()) < 60_000, "the time of a log line is UTC");
  assert.equal(typeof message, "string");
  assert.equal(levelValue, LEVELS[/** @type {keyof typeof LEVELS} */ (level)]);
  assert.equal(typeof appName, "string");
  assert.equal(own, traceId);
}

/**
 * @param {any} expected The row's "expect".
 * @param {any} answer
 * @param {string[]} lines
 * @param {Record<string, number>} requests
 */
export function checkExpectation(expected, answer, lines, requests) {
  assert.equal(answer.statusCode, expected.statusCode, `${answer.body}\n${lines.join("\n")}`);
  checkHeaders(expected.headers ?? {}, answer.headers);
  checkBody(expected, answer);
  const log = lines.join("\n");
  for (const text of expected.log_has ?? []) {
    assert.ok(log.includes(text), `the log lacks ${text}: ${log}`);
  }
  for (const text of expected.log_lacks ?? []) {
    assert.ok(!log.includes(text), `the log holds ${text}`);
  }
  for (const [name, count] of Object.entries(expected.requests ?? {})) {
    assert.equal(requests[name], count, `requests for ${name}`);
  }
}

/**
 * @param {Record<string, any>} expected
 * @param {Record<string, string>} headers
 */
function checkHeaders(expected, headers) {
  for (const [name, value] of Object.entries(expected)) {
    if (value.matches === undefined) {
      assert.equal(headers[name], value, name);
    } else {
      assert.match(headers[name], new RegExp(value.matches), name);
    }
  }
}

/**
 * @param {any} expected
 * @param {any} answer
 */
function checkBody(expected, answer) {
  if (expected.no_body) {
    assert.equal(answer.body, undefined);
  }
  if (expected.body_text !== undefined) {
    assert.equal(answer.body, expected.body_text);
  }
  if (expected.body !== undefined) {
    assert.deepEqual(JSON.parse(answer.body), expected.body);
  }
  for (const [key, value] of Object.entries(expected.body_includes ?? {})) {
    assert.deepEqual(JSON.parse(answer.body)[key], value, key);
  }
  for (const text of expected.message_lacks ?? []) {
    assert.ok(!answer.body.includes(text), `the answer holds ${text}`);
  }
  if (expected.error !== undefined) {
    checkError(expected.error, answer);
  }
}

/**
 * @param {string} code
 * @param {any} answer
 */
function checkError(code, answer) {
  const error = JSON.parse(answer.body);
  assert.deepEqual(Object.keys(error), ["code", "message", "serviceName", "traceId", "environment", "details"]);
  assert.equal(error.code, code);
  assert.equal(error.traceId, answer.headers.traceparent.split("-")[1]);
  assert.equal(answer.headers["content-type"], "application/json");
  assert.ok(typeof error.message === "string" && error.message !== "");
}
