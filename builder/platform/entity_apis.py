"""BioT's operations on entities: their paths, the entity type they belong to, and the action that they notify of.

Source of methods, paths and operation ids: BioT OpenAPI specification 2.4.2, organization service, which also has the
device and generic-entity routes (read on 2026-11-28). BioT does not document which operation sends which notification:
the actions follow from their names in ``builder.platform.api_catalog``, one for each operation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

Operation = Literal[
    "search",
    "create",
    "create_by_template",
    "get",
    "get_self",
    "update",
    "delete",
    "set_enabled_state",
    "change_admin",
    "update_status",
    "start",
    "start_by_template",
    "stop",
    "pause",
    "resume",
]
"""What an API does."""


Result = Literal["entity", "page", "nothing"]
"""What a response contains."""


class EntityApi(Struct, frozen=True, kw_only=True):
    """One API on entities.

    Attributes:
        method: The HTTP method.
        path: The path, with parameters as ``{name}``: ``id`` or ``newAdminId`` is the entity, ``deviceId`` or
            ``patientId`` its parent, ``templateName`` or ``usageType`` its template, and ``state`` its new state.
        name: The ``operationId``.
        entity_type_name: The type of the entity that the API creates, returns or changes.
        operation: What it does.
        action: The ``actionName`` of the notification after success; None without one. An update that clears an alert
            notifies of ``_clear`` instead.
        result: The body of the response: one entity, a page of a search, or nothing.
    """

    method: Literal["GET", "POST", "PATCH", "DELETE"]
    path: str
    name: str
    entity_type_name: str
    operation: Operation
    action: str | None
    result: Result

    @property
    def api_id(self) -> str:
        """The ``apiId`` of subscriptions: the method directly followed by the path."""
        return f"{self.method}{self.path}"


class CustomAttribute(Struct, frozen=True, kw_only=True):
    """An attribute that a customer adds to entities, in a template.

    Attributes:
        entity_type_name: The type of the template's entities.
        template: The template's name.
        name: The attribute's key in an entity.
        type: Its type, as BioT spells it: ``LABEL``, ``INTEGER``, …
        values: The values that can be selected, for the types that have them.
    """

    entity_type_name: str
    template: str
    name: str
    type: str
    values: tuple[str, ...] = ()


_ACTIONS: dict[Operation, str | None] = {
    "search": None,
    "create": "_create",
    "create_by_template": "_create",
    "get": None,
    "get_self": None,
    "update": "_update",
    "delete": "_delete",
    "set_enabled_state": "_updateEnabledState",
    "change_admin": "_updateAdmin",
    "update_status": None,
    "start": "_start",
    "start_by_template": "_start",
    "stop": "_stop",
}
_SESSION_ACTIONS: dict[Operation, str | None] = {
    "start": "_remoteStart",
    "stop": "_remoteStop",
    "pause": "_remotePause",
    "resume": "_remoteResume",
}
_METHODS: dict[Operation, Literal["GET", "POST", "PATCH", "DELETE"]] = {
    "search": "GET",
    "get": "GET",
    "get_self": "GET",
    "update": "PATCH",
    "update_status": "PATCH",
    "delete": "DELETE",
}
_RESULTS: dict[Operation, Result] = {"search": "page", "delete": "nothing"}
_Row = tuple[Operation, str, str]
_PEOPLE = (
    ("patient", "/organization/v1/users/patients", "Patient"),
    ("caregiver", "/organization/v1/users/caregivers", "Caregiver"),
    ("organization-user", "/organization/v1/users/organizations", "OrganizationUser"),
)
_ROWS: dict[tuple[str, str], tuple[_Row, ...]] = {
    **{
        (entity, path): (
            ("search", "", f"search{name}s"),
            ("create", "", f"create{name}"),
            ("create_by_template", "/templates/{templateName}", f"create{name}ByTemplateName"),
            ("get_self", "/self", f"get{name}Self"),
            ("get", "/{id}", f"get{name}"),
            ("update", "/{id}", f"update{name}"),
            ("delete", "/{id}", f"delete{name}"),
            ("set_enabled_state", "/{id}/enabled-state/{state}", f"change{name}EnabledState"),
        )
        for entity, path, name in _PEOPLE
    },
    ("organization", "/organization/v1/organizations"): (
        ("search", "", "searchOrganizations"),
        ("create", "", "createOrganization"),
        ("create_by_template", "/templates/{templateName}", "createOrganizationByTemplateName"),
        ("change_admin", "/admin/{newAdminId}", "changeOrganizationAdmin"),
        ("get", "/{id}", "getOrganization"),
        ("update", "/{id}", "updateOrganization"),
        ("delete", "/{id}", "deleteOrganization"),
    ),
    ("registration-code", "/organization/v1/registration-codes"): (
        ("search", "", "searchRegistrationCodes"),
        ("create", "", "createRegistrationCode"),
        ("create_by_template", "/templates/{templateName}", "createRegistrationCodeByTemplateName"),
        ("get", "/{id}", "getRegistrationCode"),
        ("update", "/{id}", "updateRegistrationCode"),
        ("delete", "/{id}", "deleteRegistrationCode"),
    ),
    ("device", "/device/v2/devices"): (
        ("search", "", "searchDevices"),
        ("create", "", "registerDevice"),
        ("create_by_template", "/templates/{templateName}", "registerDeviceWithTemplateName"),
        ("get", "/{id}", "getDevice"),
        ("update", "/{id}", "updateDevice"),
        ("update_status", "/{id}/status", "updateDeviceStatus"),
        ("delete", "/{id}", "deleteDevice"),
    ),
    ("generic-entity", "/generic-entity/v3/generic-entities/{templateName}"): (
        ("search", "", "searchGenericEntitiesV3"),
        ("create_by_template", "", "createGenericEntityV3"),
        ("get", "/{id}", "getGenericEntityV3"),
        ("update", "/{id}", "updateGenericEntityV3"),
        ("delete", "/{id}", "deleteGenericEntityV3"),
    ),
    ("generic-entity", "/generic-entity/v1/generic-entities"): (
        ("search", "", "searchGenericEntities"),
        ("create", "", "createGenericEntity"),
        ("create_by_template", "/templates/{templateName}", "createGenericEntityByTemplateName"),
        ("get", "/{id}", "getGenericEntity"),
        ("update", "/{id}", "updateGenericEntity"),
        ("delete", "/{id}", "deleteGenericEntity"),
    ),
    ("patient-alert", "/organization/v1/users/patients"): (
        ("search", "/alerts", "searchAlerts"),
        ("create", "/{patientId}/alerts", "createAlert"),
        ("create_by_template", "/{patientId}/alerts/{templateName}", "createAlertByTemplateName"),
        ("get", "/{patientId}/alerts/{id}", "getAlert"),
        ("update", "/{patientId}/alerts/{id}", "updateAlert"),
        ("delete", "/{patientId}/alerts/{id}", "deleteAlert"),
    ),
    ("device-alert", "/device/v1/devices"): (
        ("search", "/alerts", "searchAlerts_1"),
        ("create", "/{deviceId}/alerts", "createAlert_1"),
        ("create_by_template", "/{deviceId}/alerts/{templateName}", "createAlertByTemplateName_1"),
        ("get", "/{deviceId}/alerts/{id}", "getAlert_1"),
        ("update", "/{deviceId}/alerts/{id}", "updateAlert_1"),
        ("delete", "/{deviceId}/alerts/{id}", "deleteAlert_1"),
    ),
    ("command", "/device/v1/devices"): (
        ("search", "/commands", "searchCommands"),
        ("start", "/{deviceId}/commands/start", "startCommand"),
        ("start_by_template", "/{deviceId}/commands/{templateName}/start", "startCommandByTemplateName"),
        ("stop", "/{deviceId}/commands/{id}/stop", "stopCommand"),
        ("get", "/{deviceId}/commands/{id}", "getCommand"),
        ("delete", "/{deviceId}/commands/{id}", "deleteCommand"),
    ),
    ("usage-session", "/device/v1/devices"): (
        ("search", "/usage-sessions", "searchSessions"),
        ("create", "/{deviceId}/usage-sessions", "createSession"),
        ("create_by_template", "/{deviceId}/usage-sessions/usage-type/{usageType}", "createSessionByUsageType"),
        ("start", "/{deviceId}/usage-sessions/remote-control/start", "startSession"),
        ("stop", "/{deviceId}/usage-sessions/{id}/remote-control/stop", "stopSession"),
        ("pause", "/{deviceId}/usage-sessions/{id}/remote-control/pause", "pauseSession"),
        ("resume", "/{deviceId}/usage-sessions/{id}/remote-control/resume", "resumeSession"),
        ("get", "/{deviceId}/usage-sessions/{id}", "getSession"),
        ("update", "/{deviceId}/usage-sessions/{id}", "updateSession"),
        ("delete", "/{deviceId}/usage-sessions/{id}", "deleteSession"),
    ),
}


def _apis() -> Iterator[EntityApi]:
    for (entity, collection), rows in _ROWS.items():
        for operation, suffix, name in rows:
            actions = _ACTIONS | _SESSION_ACTIONS if entity == "usage-session" else _ACTIONS
            yield EntityApi(
                method=_METHODS.get(operation, "POST"),
                path=collection + suffix,
                name=name,
                entity_type_name=entity,
                operation=operation,
                action=actions[operation],
                result=_RESULTS.get(operation, "entity"),
            )


ENTITY_APIS = tuple(_apis())
"""Every API on entities that the specification has, except the ones for groups, certificates and maintenance."""
