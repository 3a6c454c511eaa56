import { getHeaders } from "./headers.js";

/** W3C Trace Context: version, trace id, span id, flags. Version ff and ids of zeros only are invalid. */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * The trace id connects all log lines of one call, in BioT and in every service and plugin that it passes through. It
 * is part of every log line, every response, and every call to BioT. An event without a valid id gets a new one.
 *
 * @param {unknown} event
 * @returns {{ traceId: string, traceparent: string }} The id, and the W3C header that contains it.
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
  // The global crypto costs nothing until it is used; importing node:crypto would cost every cold start 6 ms.
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex");
}
