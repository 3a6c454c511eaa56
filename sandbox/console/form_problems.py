"""The problems of a submitted form: the manifest's own rules, all at once, each for its field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from builder.errors import Severity
from builder.manifest.validation import check_document
from builder.platform.reserved_variables import TREE_DIGEST_NAME, TREE_VERSION_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from builder.manifest.finding import Finding, KeyPath

_ROW_LENGTH = 3
_OF_THE_KIT = frozenset({TREE_DIGEST_NAME, TREE_VERSION_NAME})


@dataclass(frozen=True, kw_only=True, slots=True)
class FormProblems:
    """What is wrong with a form.

    Attributes:
        by_field: The messages of each field; of a row in a table by ``notifications.0.actionName``.
        is_refused: Whether one of them is an error; a warning does not stop anything.
    """

    by_field: Mapping[str, tuple[str, ...]]
    is_refused: bool


def check_form(config: Mapping[str, Any], today: date) -> FormProblems:
    """Check a configuration by the rules of plugin.toml.

    The variables by which `publish` records the code are not in plugin.toml, but they are in the form, as in BioT's.

    Args:
        config: As the API takes it.
        today: Decides which runtimes can still be used.
    """
    variables = {key: value for key, value in config["environmentVariables"].items() if key not in _OF_THE_KIT}
    findings = check_document({"plugin": {**config, "environmentVariables": variables}}, today=today)
    by_field: dict[str, tuple[str, ...]] = {}
    for finding in findings:
        name = _field_name(finding.path, config)
        by_field[name] = (*by_field.get(name, ()), _text(finding))
    return FormProblems(by_field=by_field, is_refused=any(finding.severity is Severity.ERROR for finding in findings))


def _text(finding: Finding) -> str:
    return f"{finding.message} {finding.hint}".strip()


def _field_name(path: KeyPath, config: Mapping[str, Any]) -> str:
    """The name of the form's field for a key of plugin.toml."""
    parts = [part for part in path if part not in {"plugin", "subscriptions"}]
    if not parts:
        return ""
    if parts[0] in {"notifications", "interceptions"} and len(parts) >= _ROW_LENGTH:
        key = "apiId" if parts[2] == "entityTypeName" and parts[0] == "interceptions" else parts[2]
        return f"{parts[0]}.{parts[1]}.{key}"
    if parts[0] in {"notifications", "interceptions"} and len(parts) > 1:
        return f"{parts[0]}.{parts[1]}"
    if parts[0] == "environmentVariables" and len(parts) > 1:
        return f"environmentVariables.{[*config['environmentVariables']].index(parts[1])}"
    return ".".join(str(part) for part in parts[: 2 if parts[0] == "cors" else 1])
