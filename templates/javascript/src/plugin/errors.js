/**
 * Throw this in perform to block a request or a response:
 *
 *     throw new PluginError(409, "MODIFICATION_FORBIDDEN", "Not on weekends");
 *
 * BioT stops the intercepted call and gives this status, code and message to its caller, so keep patient data and
 * internals out of them. Any other error becomes a plain 500.
 */
export class PluginError extends Error {
  /**
   * @param {number} status HTTP status, 400 to 599. With any other status BioT would not block the call.
   * @param {string} code A name for programs, in upper case.
   * @param {string} message A sentence for people. It reaches the user.
   * @param {Record<string, unknown>} [details] More information, as JSON.
   * @param {unknown} [cause] The reason for the log, an error or a text. It does not reach the caller.
   */
  constructor(status, code, message, details = {}, cause = undefined) {
    if (!Number.isInteger(status) || status < 400 || status > 599) {
      throw new RangeError(`The status of a PluginError is 400 to 599, not ${status}`);
    }
    super(message, { cause });
    this.name = "PluginError";
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

/**
 * BioT refused a call that the plugin made. It has the status and the code of BioT's answer, never its body.
 *
 * Unless you catch it, the caller gets a plain 500: BioT's answer to the plugin is not meant for the caller.
 */
export class BiotError extends Error {
  /**
   * @param {string} call The method and the path of the call.
   * @param {number} status BioT's HTTP status.
   * @param {string} code BioT's error code, for example ENTITY_NOT_FOUND; empty when there was none.
   */
  constructor(call, status, code) {
    super(`BioT answered ${status} ${code || "(no code)"} to ${call}`);
    this.name = "BiotError";
    this.status = status;
    this.code = code;
  }
}
