/**
 * BioT calls this before it handles a request. You may change path, queryParameters, headers and body, or block the
 * request:
 *
 *     throw new PluginError(409, "MODIFICATION_FORBIDDEN", "Not on weekends");   // from "../errors.js"
 *
 * @param {{ path: string, queryParameters: Record<string, string[]>, headers: Record<string, string>, body: any }} request
 *   headers hold the user's own token: never log them.
 * @param {import("../flow.js").PerformContext} context context.metadata holds apiId, entityName and initiatorData.
 * @returns The request as BioT should handle it, with all its keys; nothing leaves it as it was.
 */
export async function perform(request, context) {
  context.log.info(`Intercepted a request: ${context.metadata.apiId}`);
  return request;
}
