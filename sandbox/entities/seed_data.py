"""What a new local BioT contains: a few synthetic entities with fixed ids, so that there is something to look at.

Every name says that it is made up. No value comes from a real person, organization or device.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.entities.entity_store import EntityStore, StoredEntity
from sandbox.entities.templates.seed_templates import SEED_TIME, default_template_id, seed_templates
from sandbox.entities.types.entity_types import ENTITY_TYPES
from sandbox.ums.accounts import ORGANIZATION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.database import Database

_KINDS = ("organization-user", "caregiver", "patient", "registration-code", "generic-entity")


def seed_id(entity_type_name: str, number: int) -> str:
    """Return the id of a synthetic entity; those of an entity type are numbered from 1."""
    return f"00000000-0000-4000-b{_KINDS.index(entity_type_name) + 1:03}-{number:012}"


def seed(database: Database) -> None:
    """Add the templates and the synthetic entities to a new local BioT, in one transaction."""
    with database.read() as connection:
        if connection.execute("SELECT 1 FROM entity_template LIMIT 1").fetchone():
            return
    with database.write() as connection:
        store = EntityStore(connection)
        for template in seed_templates():
            store.insert_template(template)
        for kind, identifier, attributes in _entities():
            store.insert(
                StoredEntity(
                    entity_type_name=kind,
                    id=identifier,
                    template_id=default_template_id(kind),
                    creation_time=SEED_TIME,
                    last_modified_time=SEED_TIME,
                    attributes={
                        **ENTITY_TYPES[kind].defaults,
                        "_ownerOrganization": {"id": ORGANIZATION},
                        **attributes,
                    },
                )
            )


def _entities() -> Iterator[tuple[str, str, Mapping[str, object]]]:
    administrator, caregiver, patient = (seed_id(kind, 1) for kind in _KINDS[:3])
    organization = {"_name": "Synthetic Organization", "_primaryAdministrator": {"id": administrator}}
    yield "organization", ORGANIZATION, organization
    yield "organization-user", administrator, _person("Ada", "Administrator")
    yield "caregiver", caregiver, {**_person("Carl", "Caregiver"), "_degree": "REGISTERED_NURSE"}
    for number, first_name in enumerate(("Paula", "Peter", "Petra"), start=1):
        email = f"{first_name.lower()}@patients.example"
        person = {**_person(first_name, "Patient"), "_email": email, "_username": email}
        yield "patient", seed_id("patient", number), {**person, "_caregiver": {"id": caregiver}}
    code = seed_id("registration-code", 1)
    yield "registration-code", code, {"_code": "SYNTHETIC-CODE-1"}
    yield (
        "device",
        "synthetic-device-1",
        {"_description": "A made-up device", "_patient": {"id": patient}, "_registrationCode": {"id": code}},
    )
    yield "device", "synthetic-device-2", {"_description": "A made-up device without a patient"}
    yield "generic-entity", seed_id("generic-entity", 1), {"_name": "Synthetic entity"}


def _person(first_name: str, last_name: str) -> dict[str, object]:
    name = {"firstName": first_name, "lastName": f"Synthetic {last_name}"}
    return {"_name": name, "_description": "A made-up person", "_locale": "en-us"}
