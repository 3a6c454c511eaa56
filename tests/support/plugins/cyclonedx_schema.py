"""The published JSON schema of CycloneDX 1.6, as a judge of the kit's SBOMs."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

import jsonschema_rs

_FILES = ("bom-1.6.SNAPSHOT.schema.json", "spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json")


def cyclonedx_error(text: str) -> str:
    """What the strict schema refuses in an SBOM; empty if it is valid.

    The schema comes with cyclonedx-python-lib, whose own validator needs four seconds to be imported.
    """
    return next((str(error) for error in _validator().iter_errors(json.loads(text))), "")


@cache
def _validator() -> jsonschema_rs.Validator:
    folder = resources.files("cyclonedx.schema") / "_res"
    schema, *others = (json.loads((folder / name).read_text("utf-8")) for name in _FILES)
    named = [(f"http://cyclonedx.org/schema/{name}", other) for name, other in zip(_FILES[1:], others, strict=True)]
    registry = jsonschema_rs.Registry(named, draft=jsonschema_rs.Draft7)
    return jsonschema_rs.Draft7Validator(schema, registry=registry, validate_formats=True)
