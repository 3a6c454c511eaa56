"""``PluginResponse`` as JSON text, made once per change."""

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
    """What the server adds to a configuration.

    Attributes:
        base_url: Of the local BioT.
        created: Creation time.
        modified: Time of the last change.
        system_variables: The platform's own environment variables.
    """

    base_url: str
    created: str
    modified: str
    system_variables: Mapping[str, str]


def answer_text(config: Config, facts: ServerFields) -> str:
    """What the API tells of a plugin: never code, digest, image tag or the platform's secrets.

    There is no AWS console behind a local BioT: ``linkToConsole`` leads to the plugin's own record.
    """
    full = full_name(str(config["name"]))
    variables = text_values(config["environmentVariables"])
    told = {
        **config,
        "name": full if PREFIXED_NAMES else config["name"],
        "environmentVariables": {**(facts.system_variables if SYSTEM_VARIABLES_SHOWN else {}), **variables},
        "endpointUrl": endpoint_url(facts.base_url, full),
        "linkToConsole": f"{facts.base_url}/settings/v2/plugins/{full}",
        "creationTime": facts.created,
        "lastModifiedTime": facts.modified,
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))
