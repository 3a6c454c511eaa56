import { readFileSync } from "node:fs";

/** These can also come from a mounted file, whose path is in the variable with _FILE at its end. */
const SECRETS = ["BIOT_SERVICE_USER_ID", "BIOT_SERVICE_USER_SECRET_KEY"];

/**
 * How the plugin is served. What BioT needs (BIOT_…) is in src/plugin/settings.js.
 *
 * @typedef {object} ServerSettings
 * @property {string} host The address to listen on. 127.0.0.1 is this machine only, 0.0.0.0 everyone.
 * @property {number} port The port to listen on.
 * @property {number} timeout Seconds until a call is answered with 504. On Lambda, plugin.toml's timeout is the limit.
 * @property {boolean} behindProxy Whether the last address in x-forwarded-for is the caller's: a proxy wrote it.
 * @property {number} drain Seconds after SIGTERM in which the server still takes calls, while /health already says 503.
 */

/**
 * @param {NodeJS.ProcessEnv} environment
 * @returns {ServerSettings} Throws when a value is not a number, or is too small or too large.
 */
export function readServerSettings(environment) {
  return Object.freeze({
    host: environment.SERVER_HOST || "127.0.0.1",
    port: Math.trunc(number(environment, "SERVER_PORT", 8080, [0, 65535])),
    timeout: number(environment, "SERVER_TIMEOUT", 30, [0.1, 900]),
    behindProxy: environment.SERVER_BEHIND_PROXY?.toLowerCase() === "true",
    drain: number(environment, "SERVER_DRAIN", 5, [0, 300]),
  });
}

/**
 * @param {NodeJS.ProcessEnv} environment
 * @param {string} name
 * @param {number} byDefault
 * @param {[least: number, most: number]} limits
 */
function number(environment, name, byDefault, [least, most]) {
  const value = Number(environment[name] || byDefault);
  if (!(value >= least && value <= most)) {
    throw new RangeError(`${name} must be a number from ${least} to ${most}`);
  }
  return value;
}

/**
 * The service user's id and secret key can come from mounted files.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @returns {NodeJS.ProcessEnv} The environment with the content of the files that it names. Throws when one cannot be read.
 */
export function withSecretFiles(environment) {
  const read = SECRETS.filter((name) => environment[`${name}_FILE`]).map((name) => [name, content(environment, name)]);
  return { ...environment, ...Object.fromEntries(read) };
}

/**
 * @param {NodeJS.ProcessEnv} environment
 * @param {string} name
 */
function content(environment, name) {
  const file = String(environment[`${name}_FILE`]);
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new Error(`${name}_FILE: ${file} cannot be read (${/** @type {NodeJS.ErrnoException} */ (error).code})`);
  }
}
