"""What this plugin does before BioT runs an API call."""

from plugin.context import Context
from plugin.entities import Patient
from plugin.hook_data import RequestData


def perform(data: RequestData[Patient], context: Context) -> RequestData[Patient] | None:
    """Look at a user's request, change it, or refuse it.

    Args:
        data: The request: ``path``, ``queryParameters`` (a list of values for each name), ``headers`` and ``body`` (the
            parsed JSON, or None). The headers contain the user's token: do not log them.
        context: ``context.metadata`` has BioT's ``method``, ``apiId``, ``entityName`` and ``initiatorData``.

    Returns:
        The request that BioT should run; None leaves it as it was.
    """
    context.log.info("Before %s", context.metadata.get("apiId"))
    # To change the request:
    #     data["body"]["_name"]["firstName"] = "Ann"
    # To refuse it (add: from plugin.errors import PluginError):
    #     raise PluginError(409, "MODIFICATION_FORBIDDEN", "Records are closed on weekends.")
    return data
