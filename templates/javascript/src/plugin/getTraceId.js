import { getHeaders } from "./headers.js";

/** W3C Trace Context: version, trace id, span id, flags. Version ff and ids of nothing but zeros are not valid. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * The id under which BioT files everything that belongs to one API call. It goes into every log line, every answer and
 * every call back to BioT. An event without a valid one gets a new one.
 *
 * @param {unknown} event
 * @returns {{ traceId: string, traceparent: string }} The id, and the whole header that carries it.
 */
export function getTraceId(event) {
  const match = TRACEPARENT.exec(getHeaders(event).traceparent ?? "");
  if (match !== null) {
    return { traceId: match[1], traceparent: match[0] };
  }
  const traceId = randomHex(16);
  return { traceId, traceparent: `00-${traceId}-${randomHex(8)}-00` };
}

/** @param {number} bytes */
function randomHex(bytes) {
  // The global crypto costs nothing until it is used; importing node:crypto costs every cold start 6 ms.
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex");
}
