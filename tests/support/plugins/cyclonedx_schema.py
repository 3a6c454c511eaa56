"""The published JSON schema of CycloneDX 1.6, as a judge of the kit's SBOMs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cyclonedx.validation import ValidationError


def cyclonedx_error(text: str) -> ValidationError | None:
    """What the schema refuses in an SBOM, or None. The import takes four seconds, so collecting the tests does not."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    return JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
