"""What this plugin does with the entities in a response of BioT, from any API."""

from typing import Any

from plugin.context import Context


def perform(data: dict[str, Any], context: Context) -> dict[str, Any] | None:
    """Look at the entities of a response, or change them.

    Args:
        data: ``data["entities"]`` is the list of entities: one for most APIs, any number (also zero) for a search.
        context: ``context.metadata`` has BioT's ``method``, ``entityName`` and ``initiatorData``.

    Returns:
        The same object with the entities that the user gets; None leaves them as they were.
    """
    entities = data.get("entities") or []
    context.log.info("%d of type %s", len(entities), context.metadata.get("entityName"))
    # To change them:
    #     for entity in entities:
    #         entity["_name"] = entity["_name"].strip()
    return data
