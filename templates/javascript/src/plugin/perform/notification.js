/** @import { Context } from "../context.js" */
/** @import { Patient } from "../entities.js" */
/** @import { NotificationData } from "../hookData.js" */

/**
 * What this plugin does when BioT notifies it of a change. BioT does not wait for the result and does not read an
 * answer.
 *
 * BioT may deliver a notification more than once, so it must be safe to do this work twice. BioT also notifies about
 * changes that this plugin makes: updating the same entity can cause an endless loop.
 *
 * @param {NotificationData<Patient>} data data.entity is what was created, changed or deleted, for example a patient.
 *   After an update data.additionalData.oldEntity is what it was before.
 * @param {Context} context context.metadata names the entity type and the action; context.biot calls BioT's APIs.
 */
export async function perform(data, context) {
  const { entityTypeName, actionName } = context.metadata;
  context.log.info("%s %s: %s", entityTypeName, actionName, data.entity?._id ?? "(no id)");
}
