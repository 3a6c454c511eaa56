"""What this plugin does when BioT notifies it of a change."""

from plugin.context import Context
from plugin.entities import Patient
from plugin.hook_data import NotificationData


def perform(data: NotificationData[Patient], context: Context) -> None:
    """Handle a notification. BioT does not wait for the result and does not read an answer.

    Args:
        data: ``data["entity"]`` is what was created, changed or deleted, for example a patient or a device. After an
            update ``data["additionalData"]["oldEntity"]`` is what it was before.
        context: ``context.metadata`` names the entity type and the action; ``context.biot`` calls BioT's API.
    """
    # BioT may deliver a notification more than once, so it must be safe to do this work twice.
    # BioT also notifies about changes that this plugin makes: updating the same entity can cause an endless loop.
    entity = data.get("entity") or {}
    metadata = context.metadata
    context.log.info(
        "%s %s: %s", metadata.get("entityTypeName"), metadata.get("actionName"), entity.get("_id", "(no id)")
    )
