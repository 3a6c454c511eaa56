"""The fields of Create Plugin and Edit Plugin, in the order and with the labels of BioT's console.

Source: BioT's page "Plugin Configuration Management". Limits and defaults come from the manifest's
schema, so that the console accepts what ``plugin.toml`` accepts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from builder.platform.api_catalog import CORS_METHODS
from builder.platform.runtimes import RUNTIMES, UNBUILT_RUNTIMES
from sandbox.settings.plugin_schema import FIXED, REQUIRED, fields

STEPS = ("Basic Info", "Configuration", "Subscriptions")
ZIP, IMAGE = "ZIP", "IMAGE"
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


def _field(name: str, label: str, kind: str, step: int, help_: str) -> FormField:
    """A field with the limits and the default of the manifest's schema."""
    schema = fields()
    for part in name.split("."):
        schema = schema[part] if part in schema else schema["properties"][part]
    default = schema.get("default", "")
    if isinstance(default, list):
        default = ", ".join(default)
    return FormField(
        name=name,
        label=label,
        kind=kind,
        step=step,
        help=help_,
        required=name in REQUIRED,
        minimum=schema.get("minimum"),
        maximum=schema.get("maximum"),
        fixed=name in FIXED,
        default="" if isinstance(default, bool | dict) else str(default),
    )


def form_fields() -> tuple[FormField, ...]:
    """Every field outside of the subscriptions, in the order of the page."""
    package_type = _field("deploymentPackageType", "Deployment Package Type", "choice", 0, "How the code is packaged.")
    runtime = _field("runtime", "Runtime", "choice", 1, "The Lambda runtime that runs the plugin.")
    code = FormField(
        name="code", label="Code (ZIP)", kind="file", step=0, help="A ZIP that `package` wrote.", package_type=ZIP
    )
    return (
        _field("name", "Name", "text", 0, "The plugin's unique name in BioT."),
        _field("displayName", "Display Name", "text", 0, "The name that people see."),
        replace(_field("version", "Version", "number", 0, "Raise it with new code, and only then."), default="1"),
        replace(_field("enabledState", "State", "choice", 0, "Whether BioT calls it."), choices=STATES),
        replace(package_type, choices=(ZIP, IMAGE), required=True),
        code,
        replace(_field("imageTag", "Image Tag", "text", 0, "A tag in BioT's repository."), package_type=IMAGE),
        replace(runtime, choices=(*RUNTIMES, *UNBUILT_RUNTIMES), required=True),
        _field("handler", "Handler", "text", 1, "What Lambda calls, as file.function."),
        _field("timeout", "Timeout (seconds)", "number", 1, "The longest duration of a call."),
        _field("memorySize", "Memory Size (MB)", "number", 1, "More memory also means more CPU."),
        _field("ephemeralStorage", "Ephemeral Storage (MB)", "number", 1, "The size of /tmp."),
        _field("analyticsDbAccess", "Analytics DB Access", "switch", 1, "May read the Analytics DB."),
        _field("environmentVariables", "Environment Variables", "pairs", 1, "Passed to the plugin."),
        _field("cors.allowOrigins", "CORS Allowed Origins", "list", 1, "Separated by commas; * allows all."),
        replace(_field("cors.allowMethods", "CORS Allowed Methods", "methods", 1, ""), choices=CORS_METHODS),
        _field("cors.allowHeaders", "CORS Allowed Headers", "list", 1, "Separated by commas."),
        _field("cors.exposeHeaders", "CORS Exposed Headers", "list", 1, "Separated by commas."),
    )


NOTIFICATION_COLUMNS = (
    ("entityTypeName", "Entity Type", True),
    ("actionName", "Action", True),
    ("templateName", "Template", False),
)
"""Name, label and required mark of each field of a notification."""
INTERCEPTION_COLUMNS = (("type", "Type", True), ("apiId", "API ID", True), ("order", "Order", False))
"""Name, label and required mark of each field of an interception."""
