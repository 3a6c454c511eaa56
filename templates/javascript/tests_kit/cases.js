import { readFileSync } from "node:fs";
import { errorAnswer } from "../tests/support/fakeBiot.js";
import { makeToken } from "../tests/support/tokens.js";
import { PATIENT, PATIENT_ID, PATIENTS, performs } from "./performs.js";

// Reads the table of cases and interprets its rows; "about" in cases.json explains the words.

const DEFAULT_REMAINING_SECONDS = 30;

/**
 * @param {string[]} names The hooks that this plugin has.
 * @returns {any[]} The rows for them.
 */
export function readCases(names) {
  const { cases } = JSON.parse(readFileSync(new URL("cases.json", import.meta.url), "utf8"));
  return cases.filter((/** @type {any} */ { hook }) => hook === null || names.includes(hook));
}

/**
 * The event of a row, with its token in place and its body as Lambda passes it.
 *
 * @param {unknown} event
 * @param {string} token
 */
export function makeEvent(event, token) {
  const copy = JSON.parse(JSON.stringify(event).replaceAll("<token>", () => token));
  if (copy?.json_body === undefined && copy?.base64_body === undefined) {
    return copy;
  }
  const { json_body: json, base64_body: base64, ...rest } = copy;
  if (base64 === undefined) {
    return { ...rest, body: JSON.stringify(json) };
  }
  return { ...rest, body: Buffer.from(JSON.stringify(base64)).toString("base64"), isBase64Encoded: true };
}

/**
 * The hooks of this plugin, which all do what the row says.
 *
 * @param {any} row
 * @param {string[]} names
 * @returns {import("../src/plugin/hook.js").Hooks}
 */
export function makeHooks({ hook, absent, perform = "echo", open = false, direct_scopes: scopes = [] }, names) {
  const double = { perform: performs[perform], REQUIRE_TOKEN_FOR_DIRECT_CALLS: !open, DIRECT_CALL_SCOPES: scopes };
  const kept = names.filter((name) => !(absent && name === hook));
  return Object.fromEntries(kept.map((name) => [name, double]));
}

/** @param {any} row */
export function makeLambdaContext({ remaining_seconds: seconds = DEFAULT_REMAINING_SECONDS }) {
  return { getRemainingTimeInMillis: () => seconds * 1000 };
}

/**
 * @param {any} row
 * @returns {string[]} The token of every call of the row, in order.
 */
export function tokensOf({ token, earlier_tokens: earlier = [], calls = 1 }) {
  const own = token === null ? "" : makeToken(token);
  return [...earlier.map(makeToken), ...Array(calls).fill(own)];
}

/**
 * @param {any} row
 * @returns {Record<string, unknown>} What the fake BioT answers to the double call_biot.
 */
export function patientAnswers({ biot = {} }) {
  /** @type {Record<string, unknown>} */
  const answers = {
    ok: PATIENT,
    404: errorAnswer(404, "ENTITY_NOT_FOUND", "patient-data"),
    500: errorAnswer(500, "INTERNAL_SERVER_ERROR", "patient-data"),
  };
  return { [`GET ${PATIENTS}/${PATIENT_ID}`]: answers[biot.entity ?? "ok"] };
}
