"""BioT's ``PluginResponse`` as JSON text, written once per change."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.plugin_endpoints import endpoint_url
from sandbox.settings.configuration import full_name
from sandbox.settings.configuration_rules import text_values
from sandbox.settings.undocumented_behavior import PREFIXED_NAMES, SYSTEM_VARIABLES_SHOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.settings.plugin_schema import Config


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerFields:
    """The fields of a response that the server adds to a configuration.

    Attributes:
        base_url: The local BioT's address.
        created: The creation time.
        modified: The time of the last change.
        system_variables: The platform's environment variables.
    """

    base_url: str
    created: str
    modified: str
    system_variables: Mapping[str, str]


def response_text(config: Config, server_fields: ServerFields) -> str:
    """Return the response about a plugin. It never contains code, digest, image tag or the platform's secrets.

    A local BioT has no AWS console, so ``linkToConsole`` is the plugin's own address in the API.
    """
    full = full_name(str(config["name"]))
    variables = text_values(config["environmentVariables"])
    response = {
        **config,
        "name": full if PREFIXED_NAMES else config["name"],
        "environmentVariables": {**(server_fields.system_variables if SYSTEM_VARIABLES_SHOWN else {}), **variables},
        "endpointUrl": endpoint_url(server_fields.base_url, full),
        "linkToConsole": f"{server_fields.base_url}/settings/v2/plugins/{full}",
        "creationTime": server_fields.created,
        "lastModifiedTime": server_fields.modified,
    }
    return json.dumps(response, ensure_ascii=False, separators=(",", ":"))
