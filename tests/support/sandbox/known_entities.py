"""Entities that every local BioT has, for requests that must name existing ones."""

from __future__ import annotations

from sandbox.entities.seed_data import seed_id
from sandbox.entities.templates.seed_templates import default_template_id, default_template_name
from sandbox.ums.accounts import ORGANIZATION

SINGULARS = {
    "patients": "patient",
    "caregivers": "caregiver",
    "users/organizations": "organization-user",
    "v1/organizations": "organization",
    "registration-codes": "registration-code",
    "v2/devices": "device",
    "generic-entities": "generic-entity",
    "usage-sessions": "usage-session",
    "commands": "command",
    "devices/{deviceId}/alerts": "device-alert",
    "patients/{patientId}/alerts": "patient-alert",
}
"""Entity types by a part of the paths of their operations; the last one that fits counts."""


def _entity_type(path: str) -> str | None:
    return next((kind for part, kind in reversed(SINGULARS.items()) if f"{part}/" in f"{path}/"), None)


def known_parameters(path: str) -> dict[str, str]:
    """Return values of path parameters for which there is an entity."""
    kind = _entity_type(path)
    names = dict.fromkeys(("templateName", "usageType"), default_template_name(kind)) if kind else {}
    known = {"deviceId": "synthetic-device-1", "patientId": seed_id("patient", 1), **names}
    if kind in {"patient", "caregiver", "organization-user", "registration-code", "generic-entity"}:
        known["id"] = seed_id(kind, 1)
    return known | ({"id": ORGANIZATION} if kind == "organization" else {})


def known_references(path: str) -> dict[str, object]:
    """Return values of attributes that refer to something that exists."""
    kind = _entity_type(path)
    if kind is None:
        return {}
    return {
        "_templateId": default_template_id(kind),
        "_ownerOrganization": {"id": ORGANIZATION},
        "_caregiver": {"id": seed_id("caregiver", 1)},
        "_patient": {"id": seed_id("patient", 1)},
        "_registrationCode": {"id": seed_id("registration-code", 1)},
    }
