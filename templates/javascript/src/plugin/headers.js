import { isObject } from "./isObject.js";

/**
 * The HTTP headers of an event, with their names in lower case: HTTP lets a caller write them in any case.
 *
 * @param {unknown} event
 * @returns {Record<string, string>}
 */
export function getHeaders(event) {
  const headers = isObject(event) && isObject(event.headers) ? event.headers : {};
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === "string" ? [[name.toLowerCase(), value]] : [],
    ),
  );
}
