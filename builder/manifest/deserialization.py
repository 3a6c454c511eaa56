"""A document without errors -> ``Manifest``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from builder.manifest.environments import apply_overrides
from builder.manifest.model import (
    Build,
    Cors,
    EnabledState,
    ImageBuild,
    Interception,
    InterceptionType,
    Manifest,
    Notification,
    PackageType,
    Plugin,
    Subscriptions,
)

if TYPE_CHECKING:
    from pathlib import Path

# The schema has checked the types; mypy cannot know them.
Table = dict[str, Any]

_ENUMERATIONS = {"enabledState": EnabledState, "deploymentPackageType": PackageType, "type": InterceptionType}


def build_manifest(data: Table, *, file: Path, environment: str | None) -> Manifest:
    """Build the manifest from a checked document.

    Args:
        data: The document; ``check_document`` found no errors in it.
        file: The file that it was read from.
        environment: Name of the environment to apply, one of the document's or ``local``, or None.
    """
    environments: dict[str, Table] = data.get("environments", {})
    table = (
        data["plugin"] if environment is None else apply_overrides(data["plugin"], environments.get(environment, {}))
    )
    return Manifest(
        file=file,
        plugin=_plugin(table),
        build=_build(data.get("build", {})),
        hosting=data.get("hosting", "biot"),
        environments=environments,
        environment=environment,
    )


def _build(table: Table) -> Build:
    fields = _fields(table)
    if "image" in table:
        fields["image"] = ImageBuild(**_fields(table["image"]))
    return Build(**fields)


def _plugin(table: Table) -> Plugin:
    fields = _fields(table)
    if "subscriptions" in table:
        fields["subscriptions"] = _subscriptions(table["subscriptions"])
    if "cors" in table:
        fields["cors"] = Cors(**_fields(table["cors"]))
    return Plugin(**fields)


def _subscriptions(table: Table) -> Subscriptions:
    fields = _fields(table)
    fields["interceptions"] = tuple(Interception(**_fields(row)) for row in table.get("interceptions", ()))
    fields["notifications"] = tuple(Notification(**_fields(row)) for row in table.get("notifications", ()))
    return Subscriptions(**fields)


def _fields(table: Table) -> Table:
    return {_snake(key): _value(key, value) for key, value in table.items()}


def _value(key: str, value: object) -> object:
    if key in _ENUMERATIONS and isinstance(value, str):
        return _ENUMERATIONS[key](value)
    return tuple(value) if isinstance(value, list) else value


def _snake(key: str) -> str:
    words = "".join(f"_{character.lower()}" if character.isupper() else character for character in key)
    return words.replace("-", "_")
