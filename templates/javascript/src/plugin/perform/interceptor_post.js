/**
 * BioT calls this after it handled a request and before it answers. You may change the body of the response and its
 * status, or replace it by an error (throw a PluginError). What the request did is done already.
 *
 * @param {{ body: any, [key: string]: any }} response What BioT is about to answer.
 * @param {import("../flow.js").PerformContext} context context.metadata holds apiId, entityName and initiatorData.
 * @returns The response as BioT should send it, with all its keys; nothing leaves it as it was.
 */
export async function perform(response, context) {
  context.log.info(`Intercepted a response: ${context.metadata.apiId}`);
  return response;
}
