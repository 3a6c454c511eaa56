import { PluginError } from "./errors.js";

/**
 * The environment variables of the plugin. BioT sets those whose names start with BIOT_. Read your own variables here
 * too, so that one place knows them all.
 *
 * @typedef {object} Settings
 * @property {string} appName The plugin's display name: appName in the log, serviceName in errors.
 * @property {string} environment The name of the BioT environment, which is part of error responses.
 * @property {string} logLevel The lowest level that is logged: DEBUG, INFO, WARN or ERROR.
 * @property {string} baseUrl The address of BioT's API.
 * @property {string} serviceUserId The service user that BioT created for this plugin.
 * @property {string} serviceUserSecretKey That user's secret.
 */

const LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Reading never fails, so that a plugin without configuration can still answer and log. A missing value fails where it
 * is needed: see biotUrl and credentials.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Settings}
 */
export function readSettings(environment) {
  return Object.freeze({
    appName: environment.BIOT_APP_NAME ?? "unknown",
    environment: environment.BIOT_SERVICE_ENVIRONMENT ?? "unknown",
    logLevel: (environment.LOG_LEVEL ?? "INFO").toUpperCase(),
    baseUrl: environment.BIOT_BASE_URL ?? "",
    serviceUserId: environment.BIOT_SERVICE_USER_ID ?? "",
    serviceUserSecretKey: environment.BIOT_SERVICE_USER_SECRET_KEY ?? "",
  });
}

/**
 * @param {Settings} settings
 * @param {string} path The path of one of BioT's APIs. It starts with a slash.
 * @returns {string} Its address.
 */
export function biotUrl({ baseUrl }, path) {
  const { protocol, hostname } = URL.canParse(baseUrl) ? new URL(baseUrl) : { protocol: "", hostname: "" };
  // Tokens are only sent encrypted. Plain http is for a BioT on this machine.
  if (protocol !== "https:" && !(protocol === "http:" && LOOPBACK_HOSTS.includes(hostname))) {
    throw configurationMissing("BIOT_BASE_URL must be an https address");
  }
  return baseUrl.replace(/\/+$/, "") + path;
}

/**
 * @param {Settings} settings
 * @returns {{ id: string, secretKey: string }} The plugin's service user, in the form that BioT's login expects.
 */
export function credentials({ serviceUserId, serviceUserSecretKey }) {
  if (serviceUserId === "") {
    throw configurationMissing("BIOT_SERVICE_USER_ID is not set");
  }
  if (serviceUserSecretKey === "") {
    throw configurationMissing("BIOT_SERVICE_USER_SECRET_KEY is not set");
  }
  return { id: serviceUserId, secretKey: serviceUserSecretKey };
}

/** @param {string} why For the log; the caller does not learn the variable's name. */
function configurationMissing(why) {
  return new PluginError(500, "CONFIGURATION_MISSING", "The plugin is not configured completely.", {}, why);
}
