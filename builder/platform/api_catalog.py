"""The entity types, actions and methods that plugins can subscribe to, as known offline.

A hint, not the truth: each platform answers ``GET /settings/v2/entity-types/action-notifications`` and
``GET /settings/v1/interceptions`` with its own lists. Sources: BioT OpenAPI specification 2.4.2
(dispatcher enums) and BioT's guide to notification plugins (the matrix).
"""

from __future__ import annotations

AS_OF = "BioT 2.4.2, seen on 2026-11-20"

ENTITY_TYPES = (
    "caregiver",
    "command",
    "device",
    "device-alert",
    "generic-entity",
    "organization",
    "organization-user",
    "patient",
    "patient-alert",
    "registration-code",
    "usage-session",
)
"""``entityTypeName`` of notifications."""

ADAPTABLE_ENTITY_TYPES = tuple(name for name in ENTITY_TYPES if name != "registration-code")
"""``entityTypeName`` of ADAPT_ENTITY, from an older BioT guide to plugin development."""

_CHANGES = ("_create", "_update", "_delete")
_USER = (*_CHANGES, "_login", "_logout", "_incomingSms", "_updateEnabledState")
_ALERT = (*_CHANGES, "_clear")

ACTIONS_BY_ENTITY = {
    "caregiver": _USER,
    "organization-user": _USER,
    "patient": (*_USER, "_saveMeasurement", "_saveMeasurementBulk"),
    "command": (*_CHANGES, "_start", "_stop"),
    "device": (*_CHANGES, "_command", "_generateCertificate", "_activateCertificate", "_revokeCertificate"),
    "device-alert": _ALERT,
    "patient-alert": _ALERT,
    "generic-entity": _CHANGES,
    "registration-code": _CHANGES,
    "organization": (*_CHANGES, "_updateAdmin"),
    "usage-session": (*_CHANGES, "_remoteStart", "_remoteStop", "_remotePause", "_remoteResume"),
}
"""``actionName`` of notifications per entity type."""

ACTIONS = tuple(
    dict.fromkeys(
        [action for actions in ACTIONS_BY_ENTITY.values() for action in actions]
        + ["_list", "_read", "_operate", "_manage", "_assign", "_monitor", "_view"]
    )
)
"""Every ``actionName`` that the dispatcher's schema lists."""

API_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
"""The methods that an ``apiId`` can start with."""

CORS_METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD", "PATCH")
"""``cors.allowMethods``."""

LIKELY_RESERVED_ORDER = 1
"""The API rejects a reserved order without saying which one; BioT's deployment guide asks for more than 1."""
