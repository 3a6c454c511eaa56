"""The entity types of BioT's device and generic-entity services.

Source: BioT OpenAPI specification 2.4.2, organization service, which has their routes (read on 2026-11-28).
"""

from __future__ import annotations

from dataclasses import replace

from sandbox.entities.types.attributes import Attribute
from sandbox.entities.types.entity_description import (
    ALERT_TEMPLATE_ERROR,
    DESCRIPTION,
    OWNER,
    SHORT_NAME,
    TIMEZONE,
    EntityParent,
    EntityType,
    alert_type,
    reference,
    texts,
)
from sandbox.entities.undocumented_entities import (
    COMMAND_TIMEOUT_SECONDS,
    COMMANDS_STOP,
    MEASUREMENT_INTERVAL_MILLISECONDS,
)

_CONFIGURATION = Attribute(name="_configuration", kind="any")
DEVICE = EntityType(
    name="device",
    attributes=(
        Attribute(name="_id", required=True, least=1, most=108, pattern=r"[a-zA-Z0-9:_-]+", on_update=False),
        DESCRIPTION,
        TIMEZONE,
        _CONFIGURATION,
        OWNER,
        reference("_patient", "patient"),
        reference("_registrationCode", "registration-code"),
    ),
    not_found="DEVICE_NOT_FOUND",
    caption=("_id",),
    defaults={
        "_status": {
            "_certificateStatus": "NOT_INSTALLED",
            "_connection": {"_connected": False},
            "_operational": {"_status": "OK"},
        }
    },
    searched={
        **texts("_ownerOrganization.id", "_description", "_timezone", "_patient.id"),
        **texts("_status._fwVersion", "_status._hwVersion"),
        "_status._bootTime": "time",
        "_status._connection._connected": "flag",
        **texts("_status._connection._ipAddress", "_status._operational._status"),
        "_status._operational._message": "text",
    },
    own_ids=True,
)
GENERIC_ENTITY = EntityType(
    name="generic-entity",
    attributes=(Attribute(name="_name", required=True, least=1, most=32), OWNER),
    not_found="GENERIC_ENTITY_NOT_FOUND",
    searched={"_ownerOrganization.id": "text", "_name": "text"},
)
_OF_DEVICE = EntityParent(
    entity_type_name="device",
    parameter="deviceId",
    attribute="_device",
    missing=(404, "DEVICE_NOT_FOUND"),
    wrong=(400, "INCORRECT_PARENT"),
    detail="parentEntityId",
    template_error=ALERT_TEMPLATE_ERROR,
)
DEVICE_ALERT = alert_type(_OF_DEVICE)
_PATIENT_OF_SESSION = replace(reference("_patient", "patient"), on_update=False)
SESSION_STATES = ("ACTIVE", "DONE", "PAUSED", "ACTIVATING", "PAUSING", "RESUMING", "STOPPING")
USAGE_SESSION = EntityType(
    name="usage-session",
    attributes=(
        Attribute(name="_startTime", kind="moment", required=True),
        Attribute(name="_endTime", kind="moment"),
        Attribute(name="_state", kind="choice", required=True, choices=SESSION_STATES),
        _CONFIGURATION,
        Attribute(
            name="_summary",
            kind="object",
            parts=(
                Attribute(name="_stopReason", most=128),
                Attribute(
                    name="_stopReasonCode", kind="choice", choices=("COMPLETION", "GENERAL_DEVICE_ERROR", "TIMEOUT")
                ),
            ),
        ),
        SHORT_NAME,
        _PATIENT_OF_SESSION,
    ),
    started_attributes=(_CONFIGURATION, SHORT_NAME, _PATIENT_OF_SESSION),
    not_found="SESSION_NOT_FOUND",
    defaults={"_summary": {}, "_requiredMeasurementIntervalMilliseconds": MEASUREMENT_INTERVAL_MILLISECONDS},
    parent=replace(
        _OF_DEVICE,
        wrong=(409, "SESSION_WRONG_DEVICE_ID"),
        detail="deviceId",
        template_error=("SESSION_TEMPLATE_IS_NOT_CHILD_OF_DEVICE_TEMPLATE", "sessionTemplateId", "deviceTemplateId"),
    ),
    searched={
        **texts("_patient.id", "_device.id"),
        "_startTime": "time",
        "_endTime": "time",
        **texts("_initiator", "_state", "_ownerOrganization.id"),
        "_requiredMeasurementIntervalMilliseconds": "number",
        **texts("_summary._stopReason", "_summary._stopReasonCode", "_name"),
    },
)
COMMAND = EntityType(
    name="command",
    attributes=(),
    started_attributes=(_CONFIGURATION, SHORT_NAME),
    not_found="COMMAND_NOT_FOUND",
    defaults={"_supportStop": COMMANDS_STOP, "_timeoutInSeconds": COMMAND_TIMEOUT_SECONDS},
    parent=replace(_OF_DEVICE, wrong=(409, "COMMAND_WRONG_DEVICE_ID"), detail="deviceId", template_error=None),
    searched={
        "_device.id": "text",
        "_startTime": "time",
        "_endTime": "time",
        **texts("_state", "_ownerOrganization.id"),
        "_supportStop": "flag",
        "_timeoutInSeconds": "number",
        "_name": "text",
    },
)
