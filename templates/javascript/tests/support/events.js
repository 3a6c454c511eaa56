import { readFileSync } from "node:fs";

/**
 * Puts a token in its place: wherever the text <token> stands in an event.
 *
 * @param {unknown} value
 * @param {string} token
 * @returns {any}
 */
export function withToken(value, token) {
  const text = JSON.stringify(value);
  return text === undefined ? undefined : JSON.parse(text.replaceAll("<token>", JSON.stringify(token).slice(1, -1)));
}

/**
 * @param {string} name The name of a file in the folder events, without .json.
 * @returns {any} The event, its token still <token>.
 */
export function readEvent(name) {
  return JSON.parse(readFileSync(new URL(`../../events/${name}.json`, import.meta.url), "utf8"));
}
