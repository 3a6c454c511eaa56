"""All entity types by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.entities.types import device_types, people_types

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.entities.types.entity_description import EntityType

ENTITY_TYPES: Mapping[str, EntityType] = {
    kind.name: kind
    for kind in (
        people_types.ORGANIZATION,
        people_types.ORGANIZATION_USER,
        people_types.CAREGIVER,
        people_types.PATIENT,
        people_types.PATIENT_ALERT,
        people_types.REGISTRATION_CODE,
        device_types.DEVICE,
        device_types.DEVICE_ALERT,
        device_types.USAGE_SESSION,
        device_types.COMMAND,
        device_types.GENERIC_ENTITY,
    )
}
"""Entity types by ``entityTypeName``; one that others refer to comes before them where possible."""
