import { format } from "node:util";

/** BioT's names and numbers of the levels. */
const LEVELS = { DEBUG: 10000, INFO: 30000, WARN: 40000, ERROR: 50000 };

/** An error can be its own cause. */
const MOST_CAUSES = 5;

/** Everything that looks like a token is removed, in case one gets into a message. */
const TOKEN = /eyJ[\w-]+\.[\w-]+\.[\w-]*/g;

/**
 * Writes one JSON object per line. Use it like console. Never give it headers, bodies or patient data.
 *
 * @typedef {object} Logger
 * @property {(...parts: unknown[]) => void} debug
 * @property {(...parts: unknown[]) => void} info
 * @property {(...parts: unknown[]) => void} warn
 * @property {(...parts: unknown[]) => void} error
 */

/**
 * Creates the logger of one call. Every call gets its own: Lambda keeps a plugin in memory for many calls, and none may
 * log the trace id of another.
 *
 * @param {import("./settings.js").Settings} settings
 * @param {string} traceId
 * @param {(line: string) => void} writeLine
 * @returns {Logger}
 */
export function configureLogger(settings, traceId, writeLine) {
  const lowest = LEVELS[/** @type {keyof typeof LEVELS} */ (settings.logLevel)] ?? LEVELS.INFO;

  /**
   * @param {keyof typeof LEVELS} level
   * @param {unknown[]} parts
   */
  function write(level, parts) {
    if (LEVELS[level] < lowest) {
      return;
    }
    const error = parts.find((part) => part instanceof Error);
    const line = {
      "@timestamp": new Date().toISOString(),
      message: withoutSecrets(toMessage(parts), settings),
      level,
      level_value: LEVELS[level],
      appName: settings.appName,
      traceId,
      ...(error === undefined ? {} : { stack: withoutSecrets(toStack(error), settings) }),
    };
    writeLine(JSON.stringify(line));
  }

  return Object.freeze({
    debug: (...parts) => write("DEBUG", parts),
    info: (...parts) => write("INFO", parts),
    warn: (...parts) => write("WARN", parts),
    error: (...parts) => write("ERROR", parts),
  });
}

/** @param {unknown[]} parts */
function toMessage(parts) {
  return format(...parts.map((part) => (part instanceof Error ? part.message : part)));
}

/**
 * @param {unknown} error
 * @returns {string} Its stack trace, followed by those of its causes.
 */
function toStack(error) {
  const stacks = [];
  let cause = error;
  while (cause !== undefined && stacks.length < MOST_CAUSES) {
    stacks.push(cause instanceof Error ? cause.stack : format("%s", cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return stacks.join("\nCaused by: ");
}

/**
 * @param {string} text
 * @param {import("./settings.js").Settings} settings
 */
function withoutSecrets(text, { serviceUserSecretKey }) {
  const withoutTokens = text.replace(TOKEN, "<token>");
  return serviceUserSecretKey === "" ? withoutTokens : withoutTokens.replaceAll(serviceUserSecretKey, "<secret>");
}
