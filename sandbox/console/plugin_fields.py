"""The fields of Create Plugin and Edit Plugin.

Their order, labels and required marks are in ``sandbox.console.documented_fields``. Limits and defaults come from the
manifest's schema, so that the console accepts what ``plugin.toml`` accepts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from builder.platform.api_catalog import CORS_METHODS
from builder.platform.runtimes import RUNTIMES, UNBUILT_RUNTIMES
from sandbox.console import documented_fields
from sandbox.console.documented_fields import IMAGE, ZIP
from sandbox.settings.plugin_schema import FIXED, fields

if TYPE_CHECKING:
    from sandbox.console.documented_fields import DocumentedField

STEPS = tuple(documented_fields.STEPS)
STATES = ("ENABLED", "DISABLED")


@dataclass(frozen=True, kw_only=True, slots=True)
class FormField:
    """One field of the form.

    Attributes:
        name: As BioT's API calls it; ``cors.allowOrigins`` for a field of a table.
        label: As BioT's console writes it.
        kind: ``text``, ``number``, ``choice``, ``switch``, ``file``, ``list``, ``methods`` or ``pairs``.
        step: Its step, from 0.
        help: One sentence about it.
        required: Whether it has the required mark.
        choices: The values of a ``choice``.
        package_type: The only package type that has the field, or empty.
        minimum: The smallest number, or None.
        maximum: The largest number, or None.
        fixed: Whether it cannot change after creation.
        default: The value of a new plugin, as the form shows it.
    """

    name: str
    label: str
    kind: str
    step: int
    help: str
    required: bool = False
    choices: tuple[str, ...] = ()
    package_type: str = ""
    minimum: int | None = None
    maximum: int | None = None
    fixed: bool = False
    default: str = ""


_KINDS = {
    "name": ("text", "The plugin's unique name in BioT."),
    "displayName": ("text", "The name that people see."),
    "version": ("number", "Raise it with new code, and only then."),
    "enabledState": ("choice", "Whether BioT calls it."),
    "deploymentPackageType": ("choice", "How the code is packaged."),
    "code": ("file", "A ZIP that `package` wrote."),
    "imageTag": ("text", "A tag in BioT's repository."),
    "runtime": ("choice", "The Lambda runtime that runs the plugin."),
    "handler": ("text", "What Lambda calls, as file.function."),
    "timeout": ("number", "The longest duration of a call."),
    "memorySize": ("number", "More memory also means more CPU."),
    "ephemeralStorage": ("number", "The size of /tmp."),
    "analyticsDbAccess": ("switch", "May read the Analytics DB."),
    "environmentVariables": ("pairs", "Passed to the plugin."),
    "cors.allowOrigins": ("list", "Separated by commas; * allows all."),
    "cors.allowMethods": ("methods", ""),
    "cors.allowHeaders": ("list", "Separated by commas."),
    "cors.exposeHeaders": ("list", "Separated by commas."),
}
"""The kind of each field, and one sentence about it."""
_CHOICES = {
    "enabledState": STATES,
    "deploymentPackageType": (ZIP, IMAGE),
    "runtime": (*RUNTIMES, *UNBUILT_RUNTIMES),
    "cors.allowMethods": CORS_METHODS,
}
_NEW_VERSION = "1"


def form_fields() -> tuple[FormField, ...]:
    """Every field outside of the subscriptions, in the order of the page."""
    return tuple(
        _form_field(field, step)
        for step, name in enumerate(STEPS)
        for field in documented_fields.fields_of(name)
        if field.name in _KINDS
    )


def _form_field(field: DocumentedField, step: int) -> FormField:
    """A field with the limits and the default of the manifest's schema."""
    schema = _schema_of(field.name)
    kind, help_ = _KINDS[field.name]
    default = schema.get("default", "")
    if isinstance(default, list):
        default = ", ".join(default)
    return FormField(
        name=field.name,
        label=field.label,
        kind=kind,
        step=step,
        help=help_,
        required=field.required,
        choices=_CHOICES.get(field.name, ()),
        package_type=field.package_type,
        minimum=schema.get("minimum"),
        maximum=schema.get("maximum"),
        fixed=field.name in FIXED,
        default=_NEW_VERSION if field.name == "version" else "" if isinstance(default, bool | dict) else str(default),
    )


def _schema_of(name: str) -> dict[str, Any]:
    """The manifest's schema of a field; empty for the code, which is no setting."""
    schema: dict[str, Any] = fields()
    for part in name.split("."):
        schema = schema[part] if part in schema else schema.get("properties", {}).get(part, {})
    return schema


def _columns(table: tuple[DocumentedField, ...]) -> tuple[tuple[str, str, bool], ...]:
    return tuple((field.name, field.label, field.required) for field in table)


NOTIFICATION_COLUMNS = _columns(documented_fields.NOTIFICATION)
"""Name, label and required mark of each field of a notification."""
INTERCEPTION_COLUMNS = _columns(documented_fields.INTERCEPTION)
"""Name, label and required mark of each field of an interception."""
