import { PluginError } from "./errors.js";
import { getHeaders } from "./headers.js";
import { isObject } from "./isObject.js";
import { parseJson } from "./json.js";

/**
 * The content of an event. The token is not checked yet: do not use the data before authenticate.
 *
 * @typedef {object} Extracted
 * @property {unknown} data What perform works on.
 * @property {Record<string, unknown>} metadata What BioT or Lambda says about the data.
 * @property {string | undefined} token The caller's token.
 */

/** Headers that contain credentials. perform does not get them, so it cannot log them. */
const CREDENTIAL_HEADERS = ["authorization", "cookie"];

/**
 * Extracts the data that the hook works on. The event itself is not changed.
 *
 * @param {Record<string, unknown>} event
 * @param {import("./checkRequestType.js").RequestType} requestType
 * @returns {Extracted}
 */
export function extractDataFromEvent(event, { hook, trigger }) {
  if (trigger === "cron") {
    return { data: event, metadata: {}, token: undefined };
  }
  if (hook === "notification") {
    return extractNotification(event);
  }
  if (hook === "interceptor_pre") {
    return extractInterception(event, "request");
  }
  if (hook === "nonspecific") {
    return extractDirectCall(event);
  }
  return extractInterception(event, "response");
}

/**
 * The token of a notification is in its body, as jwt.
 *
 * @param {Record<string, unknown>} event
 * @returns {Extracted}
 */
function extractNotification(event) {
  const { metadata, data, jwt } = readJsonObject(event);
  if (!isObject(metadata)) {
    throw new PluginError(400, "NO_METADATA", "The body of a notification must have an object metadata.");
  }
  if (!isObject(data)) {
    throw new PluginError(400, "NO_DATA", "The body of a notification must have an object data.");
  }
  return { data, metadata, token: typeof jwt === "string" ? jwt : undefined };
}

/**
 * Interceptors get BioT's request or response, and metadata about it: apiId, entityName, initiatorData.
 *
 * @param {Record<string, unknown>} event
 * @param {"request" | "response"} key
 * @returns {Extracted}
 */
function extractInterception(event, key) {
  const { [key]: data, ...metadata } = readJsonObject(event);
  if (!isObject(data)) {
    throw new PluginError(400, "NO_DATA", `The body must have an object ${key}.`);
  }
  return { data, metadata, token: readBearerToken(event) };
}

/**
 * A call to the plugin's own URL: an ordinary HTTP request, with or without a JSON body.
 *
 * @param {Record<string, unknown>} event
 * @returns {Extracted}
 */
function extractDirectCall(event) {
  const { http } = isObject(event.requestContext) ? event.requestContext : {};
  const headers = Object.entries(getHeaders(event)).filter(([name]) => !CREDENTIAL_HEADERS.includes(name));
  const metadata = {
    method: isObject(http) ? (http.method ?? null) : null,
    path: event.rawPath ?? null,
    queryParameters: event.queryStringParameters ?? {},
    headers: Object.fromEntries(headers),
  };
  const text = readBody(event);
  return { data: text === undefined ? null : parseBody(text), metadata, token: readBearerToken(event) };
}

/**
 * @param {Record<string, unknown>} event
 * @returns {Record<string, unknown>} The body of a call from BioT, which is always a JSON object.
 */
function readJsonObject(event) {
  const text = readBody(event);
  if (text === undefined) {
    throw new PluginError(400, "NO_BODY", "The call has no body.");
  }
  const body = parseBody(text);
  if (!isObject(body)) {
    throw new PluginError(400, "INVALID_JSON", "The body is not a JSON object.");
  }
  return body;
}

/**
 * Lambda passes the body as text, or in base64 when its content type is binary.
 *
 * @param {Record<string, unknown>} event
 * @returns {string | undefined}
 */
function readBody({ body, isBase64Encoded }) {
  if (body === undefined || body === null || body === "") {
    return undefined;
  }
  if (typeof body !== "string") {
    throw new PluginError(400, "INVALID_JSON", "The body is not JSON text.");
  }
  return isBase64Encoded === true ? decodeBase64(body) : body;
}

/** @param {string} text */
function decodeBase64(text) {
  const bytes = Buffer.from(text, "base64");
  // Buffer ignores characters that are not base64; encoding the result again shows whether there were any.
  if (bytes.toString("base64") !== text) {
    throw new PluginError(400, "INVALID_JSON", "The body is not valid base64.");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new PluginError(400, "INVALID_JSON", "The body is not UTF-8 text.");
  }
}

/**
 * @param {string} text
 * @returns {unknown}
 */
function parseBody(text) {
  try {
    return parseJson(text);
  } catch {
    // The parser's own message quotes the body, which may contain patient data.
    throw new PluginError(400, "INVALID_JSON", "The body is not valid JSON.");
  }
}

/**
 * The word Bearer may have any case.
 *
 * @param {Record<string, unknown>} event
 * @returns {string | undefined}
 */
function readBearerToken(event) {
  return /^bearer (.*)$/i.exec(getHeaders(event).authorization ?? "")?.[1].trim();
}
