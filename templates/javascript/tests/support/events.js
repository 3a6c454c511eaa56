import { readdirSync, readFileSync } from "node:fs";
import { makeToken } from "./tokens.js";

const FOLDER = new URL("../../events/", import.meta.url);

/** The names of this plugin's example events. */
export const EVENT_NAMES = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.slice(0, -".json".length))
  .sort();

/** Whose token an event carries, unless it is an interceptor's. */
const TOKENS = new Map([
  ["notification", "platform-notification"],
  ["http", "user"],
]);

/**
 * @param {string} name The name of a file in the folder events, without .json.
 * @returns {any} The event, with a good token in place of <token>.
 */
export function loadEvent(name) {
  const text = readFileSync(new URL(`${name}.json`, FOLDER), "utf8");
  return JSON.parse(text.replace("<token>", makeToken(TOKENS.get(name) ?? "platform-interceptor")));
}
