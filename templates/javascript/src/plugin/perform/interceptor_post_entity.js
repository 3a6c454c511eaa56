/**
 * BioT calls this before it answers any request that returns entities of a type that the plugin subscribed to
 * (ADAPT_ENTITY). There is one entity for most requests, and none or many for a search.
 *
 * @param {{ entities: Record<string, any>[], [key: string]: any }} response
 * @param {import("../flow.js").PerformContext} context context.metadata holds apiId, entityName and initiatorData.
 * @returns The response with its entities as BioT should send them; nothing leaves it as it was.
 */
export async function perform(response, context) {
  context.log.info(`Intercepted ${response.entities.length} of ${context.metadata.entityName}`);
  return response;
}
