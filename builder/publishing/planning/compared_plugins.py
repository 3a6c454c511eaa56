"""In which settings two plugins on BioT differ: the same plugin in two environments. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from builder.publishing.planning.differences import (
    CORS,
    CORS_DEFAULTS,
    DEFAULTS,
    NO_DEFAULT,
    SUBSCRIPTIONS,
    ChangeSign,
    FieldChange,
    compare,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.publishing.api_values import RemotePlugin

CODE: Final = "code"
_OPTIONAL: Final = ("runtime", "handler", "cronSchedule")
_ORDER: Final = "interceptionOrder"


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginComparison:
    """Two plugins, compared.

    Attributes:
        changes: What would turn the first one into the second one: its settings, and its code if both are known.
        same_code: Whether both run the same code; None when BioT does not know the digest of one of them.
    """

    changes: tuple[FieldChange, ...]
    same_code: bool | None


def compare_plugins(first: RemotePlugin, second: RemotePlugin) -> PluginComparison:
    """Compare two plugins in everything but their versions, which every environment counts for itself."""
    digests = (first.tree_digest, second.tree_digest)
    same_code = None if None in digests else digests[0] == digests[1]
    code = (
        [FieldChange(sign=ChangeSign.CHANGE, field=CODE, old=str(digests[0]), new=str(digests[1]))]
        if same_code is False
        else []
    )
    package_types = [str(plugin.fields.get("deploymentPackageType") or "ZIP") for plugin in (first, second)]
    if package_types[0] != package_types[1]:
        field, (old, new) = "deploymentPackageType", package_types
        code.append(FieldChange(sign=ChangeSign.CHANGE, field=field, old=old, new=new))
    settings = compare(_with_defaults(second.fields), first.fields)
    return PluginComparison(changes=(*code, *settings, *_removed(first.fields, second.fields)), same_code=same_code)


def _with_defaults(fields: Mapping[str, object]) -> dict[str, object]:
    """All settings: one that BioT's response leaves out has the documented default."""
    given = {name: value for name, value in fields.items() if value is not None}
    defaults = {name: value for name, value in DEFAULTS.items() if name not in NO_DEFAULT}
    return {**defaults, **given, CORS: {**CORS_DEFAULTS, **_table(given, CORS)}}


def _removed(first: Mapping[str, object], second: Mapping[str, object]) -> tuple[FieldChange, ...]:
    """Settings without a default that only the first one has; ``compare`` would leave them as they are."""
    rows = [(name, first.get(name), second.get(name)) for name in _OPTIONAL]
    orders = [_table(fields, SUBSCRIPTIONS).get(_ORDER) for fields in (first, second)]
    rows.append((f"{SUBSCRIPTIONS}.{_ORDER}", orders[0], orders[1]))
    return tuple(
        FieldChange(sign=ChangeSign.REMOVE, field=name, old=str(old))
        for name, old, new in rows
        if old is not None and new is None
    )


def _table(fields: Mapping[str, object], name: str) -> Mapping[str, object]:
    table = fields.get(name)
    return table if isinstance(table, dict) else {}
