"""What this plugin does with the entities in a response of BioT, from any API."""

from plugin.context import Context
from plugin.entities import Patient
from plugin.hook_data import EntitiesData


def perform(data: EntitiesData[Patient], context: Context) -> EntitiesData[Patient] | None:
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
    #         entity["_description"] = None
    return data
