/** @import { Context } from "../context.js" */
/** @import { Patient } from "../entities.js" */
/** @import { ResponseData } from "../hookData.js" */

/**
 * What this plugin does after BioT has run an API call, before the user gets the response: look at the response, or
 * change it.
 *
 * @param {ResponseData<Patient>} data The response; data.body is the JSON that the API returned.
 * @param {Context} context context.metadata has BioT's method, apiId, entityName and initiatorData.
 * @returns {Promise<typeof data | undefined>} The response that the user gets; undefined leaves it as it was.
 */
export async function perform(data, context) {
  context.log.info("After %s", context.metadata.apiId);
  // To change the response:
  //     data.body._name.firstName = "Ann";
  // Throwing a PluginError replaces the response, but does not undo the API call, which has already happened.
  return data;
}
