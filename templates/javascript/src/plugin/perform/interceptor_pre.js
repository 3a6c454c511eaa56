/**
 * What this plugin does before BioT runs an API call: look at a user's request, change it, or refuse it.
 *
 * @param {Record<string, any>} data The request: path, queryParameters (a list of values for each name), headers and
 *   body (the parsed JSON, or null). The headers contain the user's token: do not log them.
 * @param {import("../context.js").Context} context context.metadata has BioT's method, apiId, entityName and
 *   initiatorData.
 * @returns {Promise<object | undefined>} The request that BioT should run; undefined leaves it as it was.
 */
export async function perform(data, context) {
  context.log.info("Before %s", context.metadata.apiId);
  // To change the request:
  //     data.body._name.firstName = "Ann";
  // To refuse it (add: import { PluginError } from "../errors.js"):
  //     throw new PluginError(409, "MODIFICATION_FORBIDDEN", "Records are closed on weekends.");
  return data;
}
