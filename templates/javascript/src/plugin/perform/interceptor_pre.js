/** @import { Context } from "../context.js" */
/** @import { Patient } from "../entities.js" */
/** @import { RequestData } from "../hookData.js" */

/**
 * What this plugin does before BioT runs an API call: look at a user's request, change it, or refuse it.
 *
 * @param {RequestData<Patient>} data The request: path, queryParameters (a list of values for each name), headers and
 *   body (the parsed JSON, or null). The headers contain the user's token: do not log them.
 * @param {Context} context context.metadata has BioT's method, apiId, entityName and initiatorData.
 * @returns {Promise<typeof data | undefined>} The request that BioT should run; undefined leaves it as it was.
 */
export async function perform(data, context) {
  context.log.info("Before %s", context.metadata.apiId);
  // To change the request:
  //     data.body._description = "Checked";
  // To refuse it (add: import { PluginError } from "../errors.js"):
  //     throw new PluginError(409, "MODIFICATION_FORBIDDEN", "Records are closed on weekends.");
  return data;
}
