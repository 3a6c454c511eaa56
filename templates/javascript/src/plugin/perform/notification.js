/**
 * BioT calls this after something happened to an entity that the plugin subscribed to in plugin.toml.
 * The change has been made already: nothing that you return or throw alters it.
 *
 * A plugin that updates an entity of the very type it is notified about is notified again: mind the loop.
 *
 * @param {{ entity?: Record<string, any>, additionalData?: Record<string, any> }} data The entity as it is now;
 *   additionalData.oldEntity holds what it was before an update.
 * @param {import("../flow.js").PerformContext} context context.metadata says what happened: entityTypeName, actionName.
 */
export async function perform(data, context) {
  const { entityTypeName, actionName } = context.metadata;
  context.log.info(`Notified of ${actionName} on ${entityTypeName} ${data.entity?._id}`);
}
