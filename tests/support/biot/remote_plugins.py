"""A plugin to publish, and plugins as BioT answers them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from builder.manifest import render_config
from builder.manifest.model import Interception, InterceptionType, Notification, Plugin, Subscriptions
from builder.platform.reserved_variables import TREE_DIGEST_NAME, TREE_VERSION_NAME
from builder.publishing.api_values import RemotePlugin
from builder.publishing.planning.plan import DesiredPlugin, PluginCode

if TYPE_CHECKING:
    from collections.abc import Mapping

PLUGIN = Plugin(
    name="age-calculator",
    display_name="Age Calculator",
    version=1,
    runtime="python3.13",
    environment_variables={"LOG_LEVEL": "INFO"},
    subscriptions=Subscriptions(
        interception_order=10,
        interceptions=(
            Interception(type=InterceptionType.PRE_REQUEST, api_id="POST/organization/v1/users/patients", order=20),
            Interception(type=InterceptionType.ADAPT_ENTITY, entity_type_name="patient"),
        ),
        notifications=(Notification(entity_type_name="device", action_name="_create", template_name="pump"),),
    ),
)


def digest(letter: str) -> str:
    """A tree digest for code ``letter``."""
    return "sha256:" + letter * 64


def desired_plugin(letter: str = "a", *, marked: bool = True, **changes: object) -> DesiredPlugin:
    """The usual plugin with code ``letter`` and the given fields (in the model's spelling)."""
    plugin = replace(PLUGIN, **changes)
    code = PluginCode(tree_digest=digest(letter), file=Path(f"{letter}.zip"))
    settings = render_config(plugin, tree_digest=code.tree_digest if marked else None)
    return DesiredPlugin(name=plugin.name, settings=settings, code=code)


def published(wanted: DesiredPlugin, *, version: int = 5, by_kit: bool = True, **fields: object) -> RemotePlugin:
    """The plugin as BioT has it after it was published as ``version``; ``fields`` in BioT's spelling."""
    answer = {**wanted.settings, "name": wanted.name, "version": version, **fields}
    variables = {"BIOT_APP_NAME": "x", **as_table(answer["environmentVariables"])}
    if by_kit:
        variables[TREE_VERSION_NAME] = str(version)
    else:
        variables.pop(TREE_DIGEST_NAME, None)
    return remote_plugin({**answer, "environmentVariables": variables})


def remote_plugin(answer: Mapping[str, object]) -> RemotePlugin:
    """A plugin with the fields of a response."""
    name = str(answer["name"])
    times = {key: str(answer.get(key, "")) for key in ("creationTime", "lastModifiedTime")}
    return RemotePlugin(
        name=name,
        full_name=f"Plugin-{name}",
        display_name=str(answer["displayName"]),
        version=int(str(answer["version"])),
        fields={key: value for key, value in answer.items() if key not in times},
        creation_time=times["creationTime"],
        last_modified_time=times["lastModifiedTime"],
    )


def as_table(value: object) -> dict[str, object]:
    """The value, which must be a table."""
    assert isinstance(value, dict)
    return value
