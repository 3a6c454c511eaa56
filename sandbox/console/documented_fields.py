"""The page "Plugin Configuration Management" of BioT's console: its steps, fields and actions, in its order.

Source: BioT's support article "Plugin Configuration Management". Labels and required marks are those of its tables, and
defaults are there as far as the article has them; all others come from the manifest's schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

AS_OF = "2026-11-20"
ZIP, IMAGE = "ZIP", "IMAGE"


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentedField:
    """A field of the page.

    Attributes:
        name: As BioT's API calls it; empty for a row of the article that stands for several fields.
        label: As the page writes it.
        required: Whether it has the required mark.
        default: What the article says that it is without a value.
        package_type: The only package type that has the field, or empty.
        parts: The fields that a row stands for.
    """

    name: str
    label: str
    required: bool = False
    default: str = ""
    package_type: str = ""
    parts: tuple[DocumentedField, ...] = ()


BASIC_INFO = (
    DocumentedField(name="name", label="Name", required=True),
    DocumentedField(name="displayName", label="Display Name", required=True),
    DocumentedField(name="version", label="Version", required=True),
    DocumentedField(name="enabledState", label="State"),
    DocumentedField(name="deploymentPackageType", label="Deployment Package Type", required=True),
    DocumentedField(name="code", label="Code (ZIP)", package_type=ZIP),
    DocumentedField(name="imageTag", label="Image Tag", package_type=IMAGE),
)
_CORS = (
    DocumentedField(name="cors.allowOrigins", label="CORS Allowed Origins"),
    DocumentedField(name="cors.allowMethods", label="CORS Allowed Methods"),
    DocumentedField(name="cors.allowHeaders", label="CORS Allowed Headers"),
    DocumentedField(name="cors.exposeHeaders", label="CORS Exposed Headers"),
)
"""The article names origins, methods, headers and exposed headers in one row; their labels are the kit's."""
CONFIGURATION = (
    DocumentedField(name="runtime", label="Runtime", required=True),
    DocumentedField(name="handler", label="Handler", default="index.handler"),
    DocumentedField(name="timeout", label="Timeout (seconds)"),
    DocumentedField(name="memorySize", label="Memory Size (MB)"),
    DocumentedField(name="ephemeralStorage", label="Ephemeral Storage (MB)"),
    DocumentedField(name="analyticsDbAccess", label="Analytics DB Access"),
    DocumentedField(name="environmentVariables", label="Environment Variables"),
    DocumentedField(name="", label="CORS Configuration", parts=_CORS),
)
NOTIFICATION = (
    DocumentedField(name="entityTypeName", label="Entity Type", required=True),
    DocumentedField(name="actionName", label="Action", required=True),
    DocumentedField(name="templateName", label="Template"),
)
INTERCEPTION = (
    DocumentedField(name="type", label="Type", required=True),
    DocumentedField(name="apiId", label="API ID", required=True),
    DocumentedField(name="order", label="Order"),
)
CRON_SCHEDULE = DocumentedField(name="cronSchedule", label="Cron Schedule")
STEPS: Mapping[str, tuple[DocumentedField, ...]] = {
    "Basic Info": BASIC_INFO,
    "Configuration": CONFIGURATION,
    "Subscriptions": (*NOTIFICATION, *INTERCEPTION, CRON_SCHEDULE),
}
"""The three steps of Create Plugin, which are the three tabs of Edit Plugin."""
ROW_ACTIONS = ("Copy Endpoint", "Open in AWS", "Open Logs", "Disable", "Delete")
"""The ``...`` menu of each plugin in the list; that of a disabled plugin has Enable."""


def fields_of(step: str) -> Iterator[DocumentedField]:
    """The fields of a step, with the parts of a row in its place."""
    for field in STEPS[step]:
        yield from field.parts or (field,)
