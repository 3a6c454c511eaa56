"""Tables and documents of plugins and subscriptions; values of environment variables are never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.cli.output import table
from builder.platform.reserved_variables import TREE_DIGEST_NAME, TREE_VERSION_NAME
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from builder.publishing.api_values import RemotePlugin

_KIT_VARIABLES = (TREE_DIGEST_NAME, TREE_VERSION_NAME)
_FIELDS = (
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
    """Plugins as a table."""
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
    return table([("name", "version", "state", "runtime", "changed (UTC)"), *rows], right=(1,))


def plugin_page(plugin: RemotePlugin) -> list[str]:
    """One plugin, one line for each field."""
    lines: list[tuple[str, object]] = [("name", plugin.name), ("version", plugin.version)]
    lines.append(("state", "enabled" if plugin.enabled else "disabled"))
    lines += [(words, plugin.fields.get(key)) for key, words in _FIELDS]
    lines += [("endpoint", plugin.endpoint_url), ("created", plugin.creation_time)]
    lines += [("changed", plugin.last_modified_time), ("tree digest", plugin.tree_digest)]
    names = sorted(set(plugin.environment_variables) - set(_KIT_VARIABLES))
    lines.append(("variables", ", ".join(names) or None))
    lines += [("subscription", line) for line in subscription_lines(plugin.fields.get("subscriptions"))]
    rows = [(label, _text(value)) for label, value in lines if value not in {None, ""}]
    width = max(len(label) for label, _ in rows)
    return [f"{label.ljust(width)}  {text}" for label, text in rows]


def subscription_lines(subscriptions: object) -> list[str]:
    """The rows of a plugin's ``subscriptions``, one line each."""
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


def subscription_table(
    notifications: Sequence[Mapping[str, object]], interceptions: Sequence[Mapping[str, object]]
) -> list[str]:
    """Subscriptions of the dispatcher as a table."""
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
    return table([("endpoint", "type", "API, entity or action", "order"), *rows], right=(3,), flexible=(0, 2))


def _text(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else printable(str(value), 2000)


def _with_filters(row: Mapping[str, object]) -> str:
    target = str(row.get("apiId") or row.get("entityName") or "")
    filters = row.get("pathFilters")
    if not isinstance(filters, dict) or not filters:
        return target
    return f"{target} ({', '.join(f'{key}={value}' for key, value in filters.items())})"
