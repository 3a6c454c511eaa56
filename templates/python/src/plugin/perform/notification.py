"""What this plugin does when BioT tells it that something happened."""

from typing import Any

from plugin.context import Context


def perform(data: dict[str, Any], context: Context) -> None:
    """Handle a notification. BioT does not wait for the result and does not read an answer.

    Args:
        data: ``data["entity"]`` is what was created, changed or deleted, for example a patient or a device. After an update
            ``data["additionalData"]["oldEntity"]`` is what it was before.
        context: ``context.metadata`` names the entity type and the action; ``context.biot`` calls BioT's API.
    """
    # BioT may deliver a notification more than once: what you do here should do no harm when it is done twice.
    # And it notifies about changes that this plugin makes: do not update what you are notified about without a condition.
    entity = data.get("entity") or {}
    metadata = context.metadata
    context.log.info(
        "%s %s: %s", metadata.get("entityTypeName"), metadata.get("actionName"), entity.get("_id", "(no id)")
    )
