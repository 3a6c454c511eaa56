"""The entity types of BioT's organization service: people, organizations, registration codes and patients' alerts.

Source: BioT OpenAPI specification 2.4.2, organization service (read on 2026-11-28).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.entities.types.attributes import Attribute
from sandbox.entities.types.entity_description import (
    ALERT_TEMPLATE_ERROR,
    DESCRIPTION,
    LOCALE,
    PHONE,
    PHONE_PATTERN,
    TIMEZONE,
    EntityParent,
    EntityType,
    alert_type,
    reference,
    texts,
)
from sandbox.entities.undocumented_entities import PATIENTS_CAN_LOG_IN

if TYPE_CHECKING:
    from sandbox.entities.types.entity_description import PropertyKind

_EMAIL_PATTERN = r"[!-?A-~]{1,64}@[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+"
_DEGREES = (
    "MEDICAL_DOCTOR",
    "DOCTOR_OF_OSTEOPATHY",
    "PHYSICIAN_ASSISTANT",
    "REGISTERED_NURSE",
    "CLINICAL_NURSE_SPECIALISTS",
    "NURSE_PRACTITIONER",
    "LICENSED_PRACTICAL_NURSE",
    "MEDICAL_ASSISTANT",
    "NO_DEGREE",
    "OTHER",
)
_OWNER_OF_USER = replace(
    reference("_ownerOrganization", "organization", required=True), absent_code="OWNER_ORGANIZATION_CANNOT_BE_NULL"
)


def _address(name: str) -> Attribute:
    absent = "COUNTRY_CODE_CANNOT_BE_NULL"
    country = Attribute(name="countryCode", required=True, pattern="[A-Z]{2}", absent_on_update=absent)
    lines = (Attribute(name=part) for part in ("state", "city", "zipCode", "address1", "address2"))
    return Attribute(name=name, kind="object", parts=(country, *lines))


_PERSON = (
    Attribute(
        name="_name",
        kind="object",
        required=True,
        parts=(Attribute(name="firstName", required=True), Attribute(name="lastName", required=True)),
    ),
    DESCRIPTION,
    Attribute(name="_email", pattern=_EMAIL_PATTERN),
    PHONE,
    LOCALE,
    Attribute(name="_gender", kind="choice", choices=("MALE", "FEMALE", "UNDISCLOSED")),
    Attribute(name="_dateOfBirth", kind="date"),
    _address("_address"),
    Attribute(
        name="_mfa",
        kind="object",
        parts=(
            Attribute(name="enabled", kind="flag"),
            Attribute(name="expirationInMinutes", kind="whole", least=1, most=1440),
        ),
    ),
    Attribute(name="_credentialType", kind="choice", choices=("PASSWORD", "OTP"), on_update=False),
)
_EMPLOYEE = Attribute(name="_employeeId")
_ADDRESS_PARTS = ("countryCode", "state", "city", "zipCode", "address1", "address2")
_PERSON_SEARCHED: dict[str, PropertyKind] = {
    **texts("_email", "_phone", "_description", "_locale", "_gender"),
    **texts("_name.firstName", "_name.lastName"),
    **texts(*(f"_address.{part}" for part in _ADDRESS_PARTS)),
    "_dateOfBirth": "text",
    "_ownerOrganization.id": "text",
    "_enabled": "text",
    "_mfa.enabled": "flag",
    "_mfa.expirationInMinutes": "number",
}
_PERSON_DEFAULTS = {"_credentialType": "PASSWORD", "_enabled": "ENABLED", "_invitationAccepted": False}
_PERSON_CAPTION = ("_name.firstName", "_name.lastName")

PATIENT = EntityType(
    name="patient",
    attributes=(
        *_PERSON,
        Attribute(name="_additionalPhone", pattern=PHONE_PATTERN),
        Attribute(name="_nationalId", least=1, most=50),
        Attribute(name="_canLogin", kind="flag"),
        _OWNER_OF_USER,
        reference("_caregiver", "caregiver"),
    ),
    not_found="USER_NOT_FOUND",
    caption=_PERSON_CAPTION,
    defaults={**_PERSON_DEFAULTS, "_canLogin": PATIENTS_CAN_LOG_IN},
    searched={
        **_PERSON_SEARCHED,
        **texts("_additionalPhone", "_nationalId", "_caregiver.id", "_username"),
        "_canLogin": "flag",
    },
)
CAREGIVER = EntityType(
    name="caregiver",
    attributes=(*_PERSON, _EMPLOYEE, Attribute(name="_degree", kind="choice", choices=_DEGREES), _OWNER_OF_USER),
    not_found="USER_NOT_FOUND",
    caption=_PERSON_CAPTION,
    defaults=_PERSON_DEFAULTS,
    searched={**_PERSON_SEARCHED, "_degree": "text", "_employeeId": "text"},
)
ORGANIZATION_USER = EntityType(
    name="organization-user",
    attributes=(*_PERSON, _EMPLOYEE, _OWNER_OF_USER),
    not_found="USER_NOT_FOUND",
    caption=_PERSON_CAPTION,
    defaults=_PERSON_DEFAULTS,
    searched={**_PERSON_SEARCHED, "_employeeId": "text"},
)
ORGANIZATION = EntityType(
    name="organization",
    attributes=(
        Attribute(name="_name", required=True, least=1, most=32),
        DESCRIPTION,
        _address("_headquarters"),
        PHONE,
        TIMEZONE,
        LOCALE,
        Attribute(name="_branding", kind="any"),
        Attribute(
            name="_primaryAdministrator",
            kind="object",
            required=True,
            parts=(*_PERSON, _EMPLOYEE),
            on_update=False,
        ),
    ),
    not_found="ORGANIZATION_NOT_FOUND",
    searched={
        **texts("_name", "_description", "_phone", "_timezone", "_locale"),
        **texts("_primaryAdministrator.id"),
        **texts(*(f"_headquarters.{part}" for part in _ADDRESS_PARTS)),
    },
)
REGISTRATION_CODE = EntityType(
    name="registration-code",
    attributes=(
        Attribute(name="_code", required=True, most=128),
        reference("_ownerOrganization", "organization", required=True),
    ),
    not_found="REGISTRATION_CODE_NOT_FOUND",
    caption=("_code",),
    searched={"_code": "text", "_ownerOrganizationId": "text"},
)
PATIENT_ALERT = alert_type(
    EntityParent(
        entity_type_name="patient",
        parameter="patientId",
        attribute="_patient",
        missing=(400, "ALERT_PARENT_ENTITY_NOT_FOUND"),
        wrong=(400, "INCORRECT_PARENT"),
        detail="parentEntityId",
        template_error=ALERT_TEMPLATE_ERROR,
    )
)
