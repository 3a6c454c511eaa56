import { randomUUID } from "node:crypto";
import { unescape as decodePercent } from "node:querystring";

// From an HTTP request to the event of a Lambda function URL, and from the plugin's answer to an HTTP response. Lambda
// calls the form "payload format 2.0" (AWS Lambda Developer Guide, "Invoking Lambda function URLs"). Because the event is
// the same, the plugin does not know where it runs. Nothing here reads or writes anything.

const TEXT_TYPES = new Set(["application/json", "application/javascript", "application/xml"]);
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/** HTTP itself decides about these; Lambda does not take them from the plugin either. */
const HTTP_HEADERS = new Set(["connection", "content-length", "keep-alive", "transfer-encoding", "upgrade"]);

/**
 * @typedef {[name: string, value: string][]} Headers Names in lower case. A name can occur several times.
 *
 * @typedef {object} Request
 * @property {string} method In capitals.
 * @property {string} target The path with the query, as they were sent.
 * @property {Headers} headers
 * @property {Buffer} body
 * @property {string} protocol Such as HTTP/1.1.
 * @property {string} client The address of the caller.
 *
 * @typedef {object} Response
 * @property {number} status
 * @property {Headers} headers
 * @property {Buffer} body
 */

/**
 * Lambda joins repeated headers and query parameters with commas, and gives cookies a list of their own. It passes the
 * body as text if the content type says that it is text, and in base64 otherwise.
 *
 * @param {Request} request
 * @returns {Record<string, any>} The event that a function URL makes of this request.
 */
export function makeEvent({ method, target, headers: pairs, body, protocol, client }) {
  const [rawPath, ...rest] = target.split("?");
  const query = rest.join("?");
  const path = decodePercent(rawPath) || "/";
  const headers = joined(pairs.filter(([name]) => name !== "cookie"));
  const cookies = pairs.filter(([name]) => name === "cookie").flatMap(([, value]) => value.split("; "));
  const parameters = joined([...new URLSearchParams(query)]);
  const domainName = (headers.host ?? "").split(":")[0];
  const [identifier] = domainName.split(".");
  const now = new Date();
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString: query,
    headers,
    requestContext: {
      accountId: "anonymous",
      apiId: identifier,
      domainName,
      domainPrefix: identifier,
      http: { method, path, protocol, sourceIp: client, userAgent: headers["user-agent"] ?? "" },
      requestId: randomUUID(),
      routeKey: "$default",
      stage: "$default",
      time: lambdaTime(now),
      timeEpoch: now.getTime(),
    },
    ...(cookies.some(Boolean) ? { cookies: cookies.filter(Boolean) } : {}),
    ...(Object.keys(parameters).length > 0 ? { queryStringParameters: parameters } : {}),
    ...eventBody(body, headers["content-type"] ?? ""),
  };
}

/**
 * @param {[string, string][]} pairs
 * @returns {Record<string, string>} The pairs as an object; the values of a repeated name are joined with commas.
 */
function joined(pairs) {
  /** @type {Map<string, string>} */
  const result = new Map();
  for (const [name, value] of pairs) {
    const before = result.get(name);
    result.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(result);
}

/** @param {Date} date */
function lambdaTime(date) {
  const day = `${twoDigits(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`;
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(twoDigits).join(":");
  return `${day}:${time} +0000`;
}

/** @param {number} value */
function twoDigits(value) {
  return String(value).padStart(2, "0");
}

/**
 * @param {Buffer} body
 * @param {string} contentType
 * @returns {{ body?: string, isBase64Encoded: boolean }}
 */
function eventBody(body, contentType) {
  if (body.length === 0) {
    return { isBase64Encoded: false };
  }
  const text = bodyText(body, contentType);
  return { body: text ?? body.toString("base64"), isBase64Encoded: text === undefined };
}

/**
 * @param {Buffer} body
 * @param {string} contentType
 * @returns {string | undefined} The body as text, or undefined when it is not text.
 */
function bodyText(body, contentType) {
  const kind = contentType.split(";")[0].trim().toLowerCase();
  if (!(kind.startsWith("text/") || TEXT_TYPES.has(kind) || kind.endsWith("+json") || kind.endsWith("+xml"))) {
    return undefined;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return undefined;
  }
}

/**
 * @param {any} answer An answer in Lambda's form.
 * @returns {Response} Throws when the answer cannot be sent: its status is no HTTP status, or its base64 is not valid.
 */
export function makeResponse(answer) {
  const status = Number(answer.statusCode);
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new RangeError(`${status} is not the status of a response`);
  }
  /** @type {Headers} */
  const headers = Object.entries(answer.headers ?? {})
    .filter(([name, value]) => !HTTP_HEADERS.has(name.toLowerCase()) && value !== undefined && value !== null)
    .map(([name, value]) => [name.toLowerCase(), oneLine(value)]);
  if (!headers.some(([name]) => name === "content-type")) {
    headers.push(["content-type", "application/json"]);
  }
  for (const cookie of answer.cookies ?? []) {
    headers.push(["set-cookie", oneLine(cookie)]);
  }
  return { status, headers, body: bodyBytes(answer) };
}

/**
 * @param {any} answer
 * @returns {Buffer}
 */
function bodyBytes({ body, isBase64Encoded }) {
  if (body === undefined || body === null) {
    return Buffer.alloc(0);
  }
  if (isBase64Encoded !== true) {
    return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  }
  const bytes = Buffer.from(body, "base64");
  // Buffer ignores characters that are not base64; encoding the result again shows whether there were any.
  if (bytes.toString("base64") !== body) {
    throw new TypeError("The body is not valid base64");
  }
  return bytes;
}

/**
 * The value of a header: one line of Latin-1. More would start a header of its own.
 *
 * @param {unknown} value
 */
function oneLine(value) {
  return String(value)
    .replaceAll("\n", " ")
    .replaceAll("\r", "")
    .replace(/[^\t -~\x80-\xff]/gu, "?");
}
