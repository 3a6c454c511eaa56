"""What this plugin does when BioT tells it that something happened."""

from typing import Any

from plugin.context import Context


def perform(data: dict[str, Any], context: Context) -> None:
    """Handle a notification. BioT does not wait for the result and does not read an answer.

    Args:
        data: ``data["entity"]`` is what was created, changed or deleted, for example a patient or a device. After an
            update ``data["additionalData"]["oldEntity"]`` is what it was before.
        context: ``context.metadata`` names the entity type and the action; ``context.biot`` calls BioT's API.
    """
    # What you do here should do no harm when it is done twice: a notification may come again.
    # And BioT notifies about changes that this plugin makes: an update of the same entity could go round in a loop.
    entity = data.get("entity") or {}
    metadata = context.metadata
    context.log.info(
        "%s %s: %s", metadata.get("entityTypeName"), metadata.get("actionName"), entity.get("_id", "(no id)")
    )
