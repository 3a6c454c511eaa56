"""How plugins and subscriptions of an environment look; values of environment variables are never shown."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from builder.cli.output import shorten, table
from builder.platform.reserved_variables import TREE_DIGEST_NAME, TREE_VERSION_NAME
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from builder.publishing.api_values import RemotePlugin

_KIT_S_OWN = (TREE_DIGEST_NAME, TREE_VERSION_NAME)
_SHOWN = (
    ("displayName", "display name"),
    ("runtime", "runtime"),
    ("handler", "handler"),
    ("timeout", "timeout (s)"),
    ("memorySize", "memory (MB)"),
    ("ephemeralStorage", "storage (MB)"),
    ("cronSchedule", "cron"),
    ("deploymentPackageType", "package type"),
    ("analyticsDbAccess", "analytics DB"),
)
_MINUTE = len("2026-11-20T10:00")
_NARROWEST_NAME = 12


def describe_plugin(plugin: RemotePlugin) -> dict[str, object]:
    """A plugin as JSON: BioT's fields with the names of its environment variables in place of the variables."""
    fields = {key: value for key, value in plugin.fields.items() if key not in {"name", "environmentVariables"}}
    return {
        "name": plugin.name,
        "fullName": plugin.full_name,
        **fields,
        "environmentVariableNames": sorted(plugin.environment_variables),
        "treeDigest": plugin.tree_digest,
        "creationTime": plugin.creation_time,
        "lastModifiedTime": plugin.last_modified_time,
    }


def plugin_table(plugins: Sequence[RemotePlugin]) -> list[str]:
    """Plugins as a table that fits the terminal; in a pipe names are whole."""
    rows = [
        (
            plugin.name,
            str(plugin.version),
            "enabled" if plugin.enabled else "disabled",
            str(plugin.fields.get("runtime") or plugin.fields.get("deploymentPackageType") or ""),
            plugin.last_modified_time[:_MINUTE].replace("T", " "),
        )
        for plugin in plugins
    ]
    return fitted([("name", "version", "state", "runtime", "changed (UTC)"), *rows], right=(1,))


def plugin_page(plugin: RemotePlugin) -> list[str]:
    """One plugin, a line per field."""
    lines: list[tuple[str, object]] = [("name", plugin.name), ("version", plugin.version)]
    lines.append(("state", "enabled" if plugin.enabled else "disabled"))
    lines += [(words, plugin.fields.get(key)) for key, words in _SHOWN]
    lines += [("endpoint", plugin.endpoint_url), ("created", plugin.creation_time)]
    lines += [("changed", plugin.last_modified_time), ("tree digest", plugin.tree_digest)]
    names = sorted(set(plugin.environment_variables) - set(_KIT_S_OWN))
    lines.append(("variables", ", ".join(names) or None))
    lines += [("called for", line) for line in subscription_lines(plugin.fields.get("subscriptions"))]
    width = max(len(words) for words, value in lines if value not in {None, ""})
    shown = ((words, _shown(value)) for words, value in lines if value not in {None, ""})
    return [f"{words.ljust(width)}  {value}" for words, value in shown]


def subscription_lines(subscriptions: object) -> list[str]:
    """The rows of a plugin's ``subscriptions``, each as one line."""
    if not isinstance(subscriptions, dict):
        return []
    default = subscriptions.get("interceptionOrder")
    lines = []
    for row in subscriptions.get("interceptions") or ():
        order = row.get("order") or default
        target = row.get("apiId") or row.get("entityTypeName") or ""
        lines.append(f"{row.get('type', '')} {target}{f' (order {order})' if order else ''}")
    for row in subscriptions.get("notifications") or ():
        template = row.get("templateName")
        suffix = f" (template {template})" if template else ""
        lines.append(f"NOTIFICATION {row.get('entityTypeName', '')} {row.get('actionName', '')}{suffix}")
    return lines


def hook_table(
    notifications: Sequence[Mapping[str, object]], interceptions: Sequence[Mapping[str, object]]
) -> list[str]:
    """Subscriptions of the dispatcher as a table; endpoints are cut in the middle on a narrow terminal."""
    rows = [
        (
            str(row.get("endpoint") or ""),
            str(row.get("type") or ""),
            _with_filters(row),
            str(row.get("executionOrder") or ""),
        )
        for row in interceptions
    ]
    rows += [
        (
            str(row.get("endpoint") or ""),
            "NOTIFICATION",
            " ".join(str(row[key]) for key in ("entityTypeName", "actionName", "templateName") if row.get(key)),
            "",
        )
        for row in notifications
    ]
    return fitted([("endpoint", "type", "of", "order"), *rows], right=(3,), narrow=(0, 2))


def fitted(rows: Sequence[tuple[str, ...]], *, right: Sequence[int] = (), narrow: Sequence[int] = (0,)) -> list[str]:
    """A table whose ``narrow`` columns are cut in the middle until it fits the terminal."""
    rows = [tuple(printable(cell, 2000) for cell in row) for row in rows]
    if sys.stdout.isatty():
        columns = max(shutil.get_terminal_size().columns, 40)
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        others = sum(width for column, width in enumerate(widths) if column not in narrow)
        room = max((columns - others - 2 * (len(widths) - 1)) // len(narrow), _NARROWEST_NAME)
        rows = [
            tuple(shorten(cell, room) if column in narrow else cell for column, cell in enumerate(row)) for row in rows
        ]
    return table(rows, right=right)


def _shown(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else printable(str(value), 2000)


def _with_filters(row: Mapping[str, object]) -> str:
    target = str(row.get("apiId") or row.get("entityName") or "")
    filters = row.get("pathFilters")
    if not isinstance(filters, dict) or not filters:
        return target
    return f"{target} ({', '.join(f'{key}={value}' for key, value in filters.items())})"
