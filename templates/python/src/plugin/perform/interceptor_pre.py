"""What this plugin does before BioT runs an API call."""

from typing import Any

from plugin.context import Context


def perform(data: dict[str, Any], context: Context) -> dict[str, Any] | None:
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
