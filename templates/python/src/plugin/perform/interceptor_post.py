"""What this plugin does after BioT has run an API call, before the user gets the response."""

from plugin.context import Context
from plugin.entities import Patient
from plugin.hook_data import ResponseData


def perform(data: ResponseData[Patient], context: Context) -> ResponseData[Patient] | None:
    """Look at the response of an API call, or change it.

    Args:
        data: The response; ``data["body"]`` is the JSON that the API returned.
        context: ``context.metadata`` has BioT's ``method``, ``apiId``, ``entityName`` and ``initiatorData``.

    Returns:
        The response that the user gets; None leaves it as it was.
    """
    context.log.info("After %s", context.metadata.get("apiId"))
    # To change the response:
    #     data["body"]["_name"]["firstName"] = "Ann"
    # Raising a PluginError replaces the response, but does not undo the API call, which has already happened.
    return data
