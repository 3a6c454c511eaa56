"""The form of a plugin as data: what the page shows, and the configuration that a submitted form means. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.console.documented_fields import IMAGE
from sandbox.console.plugin_fields import INTERCEPTION_COLUMNS, NOTIFICATION_COLUMNS, form_fields
from sandbox.settings.configuration_rules import ADAPT_ENTITY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Row = dict[str, str]
_ROW = re.compile(r"(notifications|interceptions|environmentVariables)\.(\d{1,4})\.(\w+)")
_PAIR = ("key", "value")


@dataclass(frozen=True, kw_only=True, slots=True)
class FormContent:
    """What the fields of the form have, all as text, so that a wrong value is shown again as it was typed.

    Attributes:
        values: Each field outside of the tables.
        variables: The environment variables.
        notifications: The notifications.
        interceptions: The interceptions.
        cron_schedule: The schedule.
    """

    values: Mapping[str, str]
    variables: tuple[Row, ...] = ()
    notifications: tuple[Row, ...] = ()
    interceptions: tuple[Row, ...] = ()
    cron_schedule: str = ""


def empty_form() -> FormContent:
    """The form of a new plugin, with the defaults."""
    return FormContent(values={one.name: one.default for one in form_fields()})


def form_of(plugin: Mapping[str, Any]) -> FormContent:
    """The form of an existing plugin, from the API's response about it."""
    subscriptions = plugin.get("subscriptions") or {}
    notifications = [_texts(row) for row in subscriptions.get("notifications", ())]
    interceptions = [_interception_row(row) for row in subscriptions.get("interceptions", ())]
    variables = plugin.get("environmentVariables") or {}
    return FormContent(
        values={one.name: _shown(_value_at(plugin, one.name)) for one in form_fields()},
        variables=tuple({"key": str(key), "value": str(value)} for key, value in variables.items()),
        notifications=tuple(notifications),
        interceptions=tuple(interceptions),
        cron_schedule=str(plugin.get("cronSchedule") or ""),
    )


def submitted_form(fields: Iterable[tuple[str, str]]) -> FormContent:
    """The form as a browser sent it; empty rows are left out."""
    values: dict[str, str] = {}
    tables: dict[str, dict[int, Row]] = {"notifications": {}, "interceptions": {}, "environmentVariables": {}}
    for name, value in fields:
        if match := _ROW.fullmatch(name):
            tables[match[1]].setdefault(int(match[2]), {})[match[3]] = value.strip()
        elif name == "cors.allowMethods":
            values[name] = ", ".join(filter(None, [values.get(name, ""), value]))
        else:
            values[name] = value.strip()
    rows = {key: tuple(row for _, row in sorted(table.items()) if any(row.values())) for key, table in tables.items()}
    return FormContent(
        values={one.name: values.get(one.name, "") for one in form_fields()},
        variables=rows["environmentVariables"],
        notifications=rows["notifications"],
        interceptions=rows["interceptions"],
        cron_schedule=values.get("cronSchedule", ""),
    )


def configuration_of(form: FormContent) -> dict[str, Any]:
    """The configuration that a form means, as ``config`` of the API. A text in a number field stays a text."""
    config: dict[str, Any] = {}
    image = form.values["deploymentPackageType"] == IMAGE
    for one in form_fields():
        text = form.values[one.name]
        if one.kind in {"file", "pairs"} or (one.package_type and (one.package_type == IMAGE) != image):
            continue
        if one.name.startswith("cors."):
            config.setdefault("cors", {})[one.name.partition(".")[2]] = _items(text)
        elif one.kind == "switch":
            config[one.name] = text == "true"
        elif text:
            config[one.name] = int(text) if one.kind == "number" and text.lstrip("-").isdecimal() else text
    if image and config.get("imageTag"):
        config.pop("handler", None)  # the image's CMD says what Lambda calls
    config["environmentVariables"] = {row.get("key", ""): row.get("value", "") for row in form.variables}
    config["subscriptions"] = {
        "notifications": [_without_empty(row) for row in form.notifications],
        "interceptions": [_interception(row) for row in form.interceptions],
    }
    if form.cron_schedule:
        config["cronSchedule"] = form.cron_schedule
    return config


def _interception(row: Row) -> dict[str, Any]:
    """An interception; the field API ID of ADAPT_ENTITY has the entity type, because such a hook has no API."""
    written = _without_empty(row)
    result: dict[str, Any] = {"type": written.get("type", "")}
    if target := written.get("apiId"):
        result["entityTypeName" if written.get("type") == ADAPT_ENTITY else "apiId"] = target
    if order := written.get("order"):
        result["order"] = int(order) if order.isdecimal() else order
    return result


def _interception_row(row: Mapping[str, Any]) -> Row:
    return _texts({**row, "apiId": row.get("apiId") or row.get("entityTypeName")})


def _texts(row: Mapping[str, Any]) -> Row:
    names = {name for name, _, _ in (*NOTIFICATION_COLUMNS, *INTERCEPTION_COLUMNS)}
    return {key: str(value) for key, value in row.items() if value is not None and key in names}


def _without_empty(row: Row) -> Row:
    return {key: value for key, value in row.items() if value and key not in _PAIR}


def _items(text: str) -> list[str]:
    return [item for part in text.split(",") if (item := part.strip())]


def _value_at(plugin: Mapping[str, Any], name: str) -> object:
    value: Any = plugin
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else ""
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return "" if value is None or isinstance(value, dict) else str(value)
