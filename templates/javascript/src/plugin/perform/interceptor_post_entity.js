/** @import { Context } from "../context.js" */
/** @import { Patient } from "../entities.js" */
/** @import { EntitiesData } from "../hookData.js" */

/**
 * What this plugin does with the entities in a response of BioT, from any API.
 *
 * @param {EntitiesData<Patient>} data data.entities is the list of entities: one for most APIs, any number (also zero)
 *   for a search.
 * @param {Context} context context.metadata has BioT's method, entityName and initiatorData.
 * @returns {Promise<typeof data | undefined>} The same object with the entities that the user gets; undefined leaves
 *   them as they were.
 */
export async function perform(data, context) {
  const entities = data.entities ?? [];
  context.log.info("%d of type %s", entities.length, context.metadata.entityName);
  // To change them:
  //     for (const entity of entities) {
  //       entity._description = null;
  //     }
  return data;
}
