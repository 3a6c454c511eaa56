import { PluginError } from "./errors.js";
import { jsonResponse } from "./response.js";

/**
 * Logs whatever was thrown, and turns it into the response that BioT documents for errors. Only the text of a
 * PluginError reaches the caller. For anything else the caller gets the trace id, and the log has the details.
 *
 * @param {unknown} thrown
 * @param {import("./flow.js").Call} call
 * @returns {import("./response.js").LambdaResponse}
 */
export function createErrorResponse(thrown, call) {
  if (!(thrown instanceof PluginError)) {
    return unexpectedError(thrown, call);
  }
  logPluginError(thrown, call.log);
  try {
    return errorResponse(thrown, call);
  } catch (error) {
    // The details are not JSON.
    return unexpectedError(error, call);
  }
}

/**
 * @param {unknown} thrown
 * @param {import("./flow.js").Call} call
 */
function unexpectedError(thrown, call) {
  // JavaScript can throw anything. If it is not an Error, only its type is logged: its content may be patient data.
  const error = thrown instanceof Error ? thrown : new Error(`The plugin threw a ${typeof thrown} instead of an Error`);
  call.log.error("The call failed:", error);
  return errorResponse(
    new PluginError(500, "INTERNAL_SERVER_ERROR", "The plugin failed. Its log has the reason."),
    call,
  );
}

/**
 * @param {PluginError} error
 * @param {import("./configureLogger.js").Logger} log
 */
function logPluginError(error, log) {
  const { status, code, message, cause } = error;
  if (status >= 500) {
    log.error("The call failed: %s %s:", status, code, error);
  } else {
    log.warn("The call was refused: %s %s:", status, code, cause ?? message);
  }
}

/**
 * @param {PluginError} error
 * @param {import("./flow.js").Call} call
 */
function errorResponse({ status, code, message, details }, { settings, traceId, traceparent }) {
  const { appName: serviceName, environment } = settings;
  return jsonResponse(status, { code, message, serviceName, traceId, environment, details }, traceparent);
}
