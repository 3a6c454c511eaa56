"""The edits of plugin.toml after which it says what the local BioT has. Pure.

The environment is ``local``: a setting that ``[environments.local]`` overrides is edited there. Version, name, package
type and image tag are not settings here: they change with the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from builder.manifest.environments import LOCAL
from builder.manifest.model import Plugin
from builder.manifest.serialization import render_config
from builder.platform.reserved_variables import BIOT_PREFIX, TREE_DIGEST_NAME, TREE_VERSION_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Table = Mapping[str, Any]
Path = tuple[str, ...]

_DEFAULTS: Table = render_config(Plugin(name="", display_name="", version=0))
_CORS_DEFAULTS: Table = _DEFAULTS["cors"]
_SETTINGS = (
    "displayName",
    "runtime",
    "handler",
    "timeout",
    "memorySize",
    "ephemeralStorage",
    "analyticsDbAccess",
    "cronSchedule",
)
_STATE = "enabledState"
"""Compared only when plugin.toml has it: otherwise whoever works on the plugin switches it on and off."""
_OF_THE_CODE = frozenset({"runtime", "handler"})
"""BioT has neither for an image."""
_CASELESS = frozenset({"allowHeaders", "exposeHeaders"})
_KIT_VARIABLES = frozenset({TREE_DIGEST_NAME, TREE_VERSION_NAME})
ROW_KEYS = ("type", "apiId", "entityTypeName", "actionName", "templateName")
"""What makes a row of the subscriptions that row; an ``order`` can change."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingEdit:
    """One edit of plugin.toml.

    Attributes:
        path: The key with the tables around it, such as ``("plugin", "memorySize")``.
        value: Its new value; None removes it. Subscriptions are a list of tables, in the order of the file.
    """

    path: Path
    value: object


def find_drift(document: Table, config: Table) -> tuple[SettingEdit, ...]:
    """Return the edits after which plugin.toml agrees with the plugin; none when it does already.

    Args:
        document: plugin.toml, parsed and without errors.
        config: The plugin's configuration as the local BioT has it.
    """
    layers = _Layers(document)
    return (
        *_scalars(layers, config),
        *_variables(layers, config),
        *_subscriptions(layers, config),
        *_cors(layers, config),
    )


def own_variables(variables: Table) -> dict[str, str]:
    """Return the variables of the plugin's author: without BioT's and the kit's."""
    return {
        str(name): str(value)
        for name, value in variables.items()
        if not name.startswith(BIOT_PREFIX) and name not in _KIT_VARIABLES
    }


class _Layers:
    """``[plugin]`` and what ``[environments.local]`` overrides.

    Args:
        document: plugin.toml.
    """

    def __init__(self, document: Table) -> None:
        local = document.get("environments", {}).get(LOCAL, {})
        self._layers: tuple[tuple[Path, Table], ...] = (
            (("environments", LOCAL), local),
            (("plugin",), document["plugin"]),
        )

    def value(self, *path: str) -> Any:  # noqa: ANN401 - a TOML value
        """Return what counts in the local BioT; None when neither has it."""
        return next((_at(table, path) for _, table in self._layers if _at(table, path) is not None), None)

    def names(self, key: str) -> set[str]:
        """Return the keys of a table in both."""
        return {name for _, table in self._layers for name in table.get(key, {})}

    def change(self, path: Path, value: object) -> SettingEdit:
        """Return the edit that sets a value where it is now, or in ``[plugin]``."""
        where = next((prefix for prefix, table in self._layers if _at(table, path) is not None), ("plugin",))
        return SettingEdit(path=(*where, *path), value=value)

    def removal(self, path: Path) -> Iterator[SettingEdit]:
        """Yield the edits that remove a value wherever it is."""
        for prefix, table in self._layers:
            if _at(table, path) is not None:
                yield SettingEdit(path=(*prefix, *path), value=None)

    def changes(self, path: Path, new: object) -> Iterator[SettingEdit]:
        """Yield the edits after which a value is the new one; None for no value."""
        if new is None:
            yield from self.removal(path)
        elif self.value(*path) != new:
            yield self.change(path, new)


def _scalars(layers: _Layers, config: Table) -> Iterator[SettingEdit]:
    for name in _SETTINGS:
        new, old = config.get(name), layers.value(name)
        if new is None and name in _OF_THE_CODE:
            continue
        if new != (_DEFAULTS.get(name) if old is None else old):
            yield from layers.changes((name,), new)
    if layers.value(_STATE) is not None:
        yield from layers.changes((_STATE,), config.get(_STATE))


def _variables(layers: _Layers, config: Table) -> Iterator[SettingEdit]:
    key = "environmentVariables"
    new = own_variables(config.get(key) or {})
    for name in sorted(new.keys() | layers.names(key)):
        old = layers.value(key, name)
        if old is None or str(old) != new.get(name):
            yield from layers.changes((key, name), new.get(name))


def _cors(layers: _Layers, config: Table) -> Iterator[SettingEdit]:
    for name, default in _CORS_DEFAULTS.items():
        old, new = layers.value("cors", name), (config.get("cors") or {}).get(name)
        new = default if new is None else new
        if _items(name, default if old is None else old) != _items(name, new):
            yield layers.change(("cors", name), list(new))


def _subscriptions(layers: _Layers, config: Table) -> Iterator[SettingEdit]:
    table = config.get("subscriptions") or {}
    order = table.get("interceptionOrder")
    yield from layers.changes(("subscriptions", "interceptionOrder"), order)
    for name in ("interceptions", "notifications"):
        old, new = layers.value("subscriptions", name) or [], table.get(name) or []
        rows = _agreeing_rows(old, [_without_nulls(row) for row in new], order)
        if rows != list(old):
            yield layers.change(("subscriptions", name), rows)


def _agreeing_rows(old: Sequence[Table], new: Sequence[Table], order: object) -> list[Table]:
    """Return the file's rows that remain, in its order and with the plugin's orders, then the plugin's other rows.

    A row without an order has the order of the plugin, so it agrees with a row that has this order.
    """
    waiting = list(new)
    rows: list[Table] = []
    for row in old:
        match = next((one for one in waiting if row_key(one) == row_key(row)), None)
        if match is None:
            continue
        waiting.remove(match)
        same = row.get("order", order) == match.get("order", order)
        rows.append(row if same else _with_order(row, match.get("order")))
    return [*rows, *waiting]


def row_key(row: Table) -> tuple[object, ...]:
    """Return what makes a row of the subscriptions that row."""
    return tuple(row.get(key) for key in ROW_KEYS)


def _with_order(row: Table, order: object) -> Table:
    rest = {key: value for key, value in row.items() if key != "order"}
    return rest if order is None else {**rest, "order": order}


def _without_nulls(row: Table) -> Table:
    return {key: value for key, value in row.items() if value is not None}


def _items(name: str, value: Sequence[object]) -> list[str]:
    return sorted({str(item).lower() if name in _CASELESS else str(item) for item in value})


def _at(table: object, path: Path) -> object:
    for key in path:
        table = table.get(key) if isinstance(table, Mapping) else None
    return table
