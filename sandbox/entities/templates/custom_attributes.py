"""The custom attributes of a template as descriptions that request bodies are checked against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.entities.types.attributes import Attribute, not_valid_for_template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.entities.entity_store import StoredTemplate
    from sandbox.entities.types.attributes import Kind

_KINDS: Mapping[str, Kind] = {
    "LABEL": "text",
    "PARAGRAPH": "text",
    "PHONE": "text",
    "EMAIL": "text",
    "INTEGER": "whole",
    "DECIMAL": "decimal",
    "BOOLEAN": "flag",
    "SINGLE_SELECT": "choice",
    "MULTI_SELECT": "choices",
    "DATE_TIME": "moment",
    "DATE": "date",
    "TIMEZONE": "timezone",
    "LOCALE": "locale",
}
"""The types whose values are checked; all others are objects."""


def custom_attributes(template: StoredTemplate) -> tuple[Attribute, ...] | None:
    """Return the custom attributes of a template; None if it has no list of them and takes any."""
    listed = template.document.get("customAttributes")
    return tuple(map(_attribute, listed)) if isinstance(listed, list) else None


def refuse_unlisted(template: StoredTemplate, body: Mapping[str, object]) -> None:
    """Refuse custom attributes that are not in the list of the template, if it has one.

    Raises:
        ApiError: 400 ``ATTRIBUTE_NOT_VALID_FOR_TEMPLATE``.
    """
    listed = custom_attributes(template)
    if listed is None:
        return
    names = {one.name for one in listed}
    for name in body:
        if not name.startswith("_") and name not in names:
            raise not_valid_for_template(name, template.id)


def _attribute(custom: Mapping[str, object]) -> Attribute:
    rules, values = custom.get("validation"), custom.get("selectableValues")
    limits = rules if isinstance(rules, dict) else {}
    numeric = custom["type"] in {"INTEGER", "DECIMAL"}
    return Attribute(
        name=str(custom["name"]),
        kind=_KINDS.get(str(custom["type"]), "any"),
        required=limits.get("mandatory") is True,
        least=limits.get("min") if numeric else None,
        most=limits.get("max") if numeric else None,
        pattern=str(limits.get("regex") or ""),
        choices=tuple(str(value["name"]) for value in values) if isinstance(values, list) else (),
    )
