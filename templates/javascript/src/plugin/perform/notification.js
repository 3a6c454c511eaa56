/**
 * What this plugin does when BioT tells it that something happened. BioT does not wait for the result and does not
 * read an answer.
 *
 * BioT may deliver a notification more than once: what you do here should do no harm when it is done twice. And it
 * notifies about changes that this plugin makes: do not update what you are notified about without a condition.
 *
 * @param {Record<string, any>} data data.entity is what was created, changed or deleted, for example a patient. After
 *   an update data.additionalData.oldEntity is what it was before.
 * @param {import("../context.js").Context} context context.metadata names the entity type and the action;
 *   context.biot calls BioT's APIs.
 */
export async function perform(data, context) {
  const { entityTypeName, actionName } = context.metadata;
  context.log.info("%s %s: %s", entityTypeName, actionName, data.entity?._id ?? "(no id)");
}
