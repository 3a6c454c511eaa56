"""The entities of BioT, with the attributes that the kit knows.

Any of them may be missing. Read others with ``get``: ``patient.get("shoeSize")``.
`biot-plugin types -e ENVIRONMENT` writes this file again, with the custom attributes of your templates.
"""

from typing import Any, Literal, TypedDict

Gender = Literal["MALE", "FEMALE", "UNDISCLOSED"]
CredentialType = Literal["PASSWORD", "OTP"]
State = Literal["ACTIVE", "CLEARED", "SUSPENDED"]
Severity = Literal["CRITICAL", "MAJOR", "MINOR", "INFO"]
Degree = Literal[
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
]
UsageSessionState = Literal["ACTIVE", "DONE", "PAUSED", "ACTIVATING", "PAUSING", "RESUMING", "STOPPING"]
StopReasonCode = Literal["COMPLETION", "GENERAL_DEVICE_ERROR", "TIMEOUT"]


class Reference(TypedDict, total=False):
    """Another entity. A request contains only its id."""

    id: str
    name: str | None
    templateId: str | None
    templateName: str | None
    organizationId: str | None


class ParentTemplate(TypedDict, total=False):
    """The value of parentTemplate."""

    id: str
    name: str
    displayName: str


class Template(TypedDict, total=False):
    """The value of _template."""

    id: str
    name: str
    displayName: str
    parentTemplate: ParentTemplate | None


class Entity(TypedDict, total=False):
    """What every entity has."""

    _id: str
    _template: Template
    _ownerOrganization: Reference
    _creationTime: str | None
    _lastModifiedTime: str | None
    _caption: str | None


class Name(TypedDict, total=False):
    """The value of _name."""

    firstName: str
    lastName: str


class Address(TypedDict, total=False):
    """The value of _address."""

    countryCode: str
    state: str | None
    city: str | None
    zipCode: str | None
    address1: str | None
    address2: str | None


class Mfa(TypedDict, total=False):
    """The value of _mfa."""

    enabled: bool | None
    expirationInMinutes: int | None


class Person(Entity, total=False):
    """What patients, caregivers and users of organizations have."""

    _name: Name
    _description: str | None
    _email: str | None
    _phone: str | None
    _locale: str | None
    _gender: Gender | None
    _dateOfBirth: str | None
    _address: Address | None
    _mfa: Mfa | None
    _credentialType: CredentialType | None
    _enabled: str | None
    _invitationAccepted: bool | None


class Alert(Entity, total=False):
    """What alerts of patients and of devices have."""

    _state: State | None
    _severity: Severity | None
    _clearNotes: str | None
    _name: str | None
    _setDateTime: str | None
    _clearDateTime: str | None
    _clearTrigger: str | None
    _clearedBy: Reference | None


class PrimaryAdministrator(TypedDict, total=False):
    """The value of _primaryAdministrator."""

    _name: Name
    _description: str | None
    _email: str | None
    _phone: str | None
    _locale: str | None
    _gender: Gender | None
    _dateOfBirth: str | None
    _address: Address | None
    _mfa: Mfa | None
    _credentialType: CredentialType | None
    _employeeId: str | None
    id: str | None


class Connection(TypedDict, total=False):
    """The value of _connection."""

    _connected: bool | None
    _ipAddress: str | None


class Operational(TypedDict, total=False):
    """The value of _operational."""

    _status: str | None
    _message: str | None


class Status(TypedDict, total=False):
    """The value of _status."""

    _certificateStatus: str | None
    _connection: Connection | None
    _operational: Operational | None
    _fwVersion: str | None
    _hwVersion: str | None
    _bootTime: str | None


class Summary(TypedDict, total=False):
    """The value of _summary."""

    _stopReason: str | None
    _stopReasonCode: StopReasonCode | None


class Organization(Entity, total=False):
    """An entity of the type organization."""

    _name: str
    _description: str | None
    _headquarters: Address | None
    _phone: str | None
    _timezone: str | None
    _locale: str | None
    _branding: dict[str, Any] | None
    _primaryAdministrator: PrimaryAdministrator


class OrganizationUser(Person, total=False):
    """An entity of the type organization-user."""

    _employeeId: str | None


class Caregiver(Person, total=False):
    """An entity of the type caregiver."""

    _employeeId: str | None
    _degree: Degree | None


class Patient(Person, total=False):
    """An entity of the type patient."""

    _additionalPhone: str | None
    _nationalId: str | None
    _canLogin: bool | None
    _caregiver: Reference | None
    _username: str | None


class PatientAlert(Alert, total=False):
    """An entity of the type patient-alert."""

    _patient: Reference


class RegistrationCode(Entity, total=False):
    """An entity of the type registration-code."""

    _code: str


class Device(Entity, total=False):
    """An entity of the type device."""

    _description: str | None
    _timezone: str | None
    _configuration: dict[str, Any] | None
    _patient: Reference | None
    _registrationCode: Reference | None
    _status: Status | None


class DeviceAlert(Alert, total=False):
    """An entity of the type device-alert."""

    _device: Reference


class UsageSession(Entity, total=False):
    """An entity of the type usage-session."""

    _configuration: dict[str, Any] | None
    _name: str | None
    _patient: Reference | None
    _startTime: str
    _endTime: str | None
    _state: UsageSessionState
    _summary: Summary | None
    _device: Reference
    _requiredMeasurementIntervalMilliseconds: int | None
    _initiator: str | None


class Command(Entity, total=False):
    """An entity of the type command."""

    _configuration: dict[str, Any] | None
    _name: str | None
    _device: Reference
    _supportStop: bool | None
    _timeoutInSeconds: int | None
    _startTime: str | None
    _endTime: str | None
    _state: str | None


class GenericEntity(Entity, total=False):
    """An entity of the type generic-entity."""

    _name: str
