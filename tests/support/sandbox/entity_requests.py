"""A new valid request for each documented operation on entities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from builder.platform.entity_apis import ENTITY_APIS
from sandbox.entities.templates.seed_templates import default_template_id, default_template_name
from sandbox.ums.accounts import ORGANIZATION
from tests.support.sandbox.contract_requests import ContractRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

    from builder.platform.entity_apis import EntityApi
    from tests.support.sandbox.contract_requests import ContractRequests

Body = dict[str, Any]

PAST, EARLIER = "2026-02-01T10:00:00Z", "2026-02-01T09:00:00Z"
OWNER: Body = {"_ownerOrganization": {"id": ORGANIZATION}}
APIS = {f"{api.path.split('/')[1]}.{api.name}": api for api in ENTITY_APIS}
"""The APIs by the names of the documented operations."""


def _email() -> str:
    return f"{uuid4()}@patients.example"


def _person() -> Body:
    return {
        "_name": {"firstName": "Ann", "lastName": "Example"},
        "_description": "A made-up person",
        "_email": _email(),
        "_phone": "+12345678901",
        "_locale": "en-us",
        "_gender": "FEMALE",
        "_dateOfBirth": "2007-12-20",
        "_address": {"countryCode": "US", "city": "Boston"},
        "_mfa": {"enabled": True, "expirationInMinutes": 5},
        "_credentialType": "PASSWORD",
    }


def _session() -> Body:
    summary = {"_stopReason": "Finished", "_stopReasonCode": "COMPLETION"}
    times = {"_startTime": EARLIER, "_endTime": PAST}
    return {**times, "_state": "DONE", "_summary": summary, "_name": "Session", "_configuration": {"speed": 5}}


NEW_BODIES: Mapping[str, Callable[[], Body]] = {
    "patient": lambda: {
        **_person(),
        **OWNER,
        "_additionalPhone": "+12345678902",
        "_nationalId": "123456789",
        "_canLogin": True,
    },
    "caregiver": lambda: {**_person(), **OWNER, "_employeeId": "17", "_degree": "REGISTERED_NURSE"},
    "organization-user": lambda: {**_person(), **OWNER, "_employeeId": "17"},
    "organization": lambda: {
        "_name": uuid4().hex,
        "_description": "A made-up organization",
        "_headquarters": {"countryCode": "DE"},
        "_phone": "+12345678901",
        "_timezone": "Europe/Berlin",
        "_locale": "de-de",
        "_primaryAdministrator": _person(),
    },
    "registration-code": lambda: {"_code": uuid4().hex, **OWNER},
    "device": lambda: {
        "_id": f"device-{uuid4()}",
        "_description": "A made-up device",
        "_timezone": "Europe/Berlin",
        "_configuration": {"speed": 5},
        **OWNER,
    },
    "generic-entity": lambda: {"_name": "Entity", **OWNER},
    "device-alert": lambda: {"_state": "ACTIVE", "_severity": "MAJOR", "_name": "Alert"},
    "patient-alert": lambda: {"_state": "ACTIVE", "_severity": "MAJOR", "_name": "Alert"},
    "usage-session": _session,
    "command": lambda: {"_name": "Command", "_configuration": {"speed": 5}},
}
"""The body that creates an entity of each type, with as many attributes as possible, without its template."""
_UNCHANGEABLE = {"_credentialType", "_email", "_id", "_primaryAdministrator", "_patient"}


class EntityRequests:
    """Creates valid requests for entities by the name of their operation."""

    def __init__(self, requests: ContractRequests) -> None:
        self._requests = requests

    def send(self, request: ContractRequest) -> httpx.Response:
        """Send a request and return the response."""
        return self._requests.send(request)

    def valid(self, name: str) -> ContractRequest:
        """Return a request that succeeds."""
        api = APIS[name]
        parameters = self._parents(api)
        if "{id}" in api.path:
            parameters["id"] = self._existing(api, parameters)
        if "{newAdminId}" in api.path:
            parameters["newAdminId"] = self.create("organization")["_primaryAdministrator"]["id"]
        path = api.path.format(**parameters, **_NAMES_OF[api.entity_type_name], state="DISABLED")
        return self.request(api.method, path, self._body(api))

    def request(self, method: str, path: str, body: Body | None = None) -> ContractRequest:
        """Return a request of the administrator."""
        return ContractRequest(method=method, path=path, token=self._requests.admin, body=body)

    def create(self, entity_type_name: str, parent: str = "", **changes: object) -> Body:
        """Create an entity and return it."""
        api = next(
            api
            for api in ENTITY_APIS
            if api.entity_type_name == entity_type_name and api.operation in {"create_by_template", "start_by_template"}
        )
        parents = {"deviceId": parent, "patientId": parent} if parent else self._parents(api)
        path = api.path.format(**parents, **_NAMES_OF[entity_type_name])
        return self.made(self.request("POST", path, {**NEW_BODIES[entity_type_name](), **changes}))

    def made(self, request: ContractRequest) -> Body:
        """Send a request that must succeed and return the entity."""
        answer = self.send(request)
        assert answer.is_success, answer.text
        entity: Body = answer.json()
        return entity

    def remote_session(self, device: str) -> Body:
        """Start a session by remote control."""
        path = f"/device/v1/devices/{device}/usage-sessions/remote-control/start"
        return self.made(self.request("POST", path, {"_templateId": default_template_id("usage-session")}))

    def device_with_patient(self) -> str:
        """Create a device that has a patient and return its id."""
        patient = self.create("patient")["_id"]
        identifier: str = self.create("device", _patient={"id": patient})["_id"]
        return identifier

    def service_token(self) -> str:
        """Return a token of the service user, who is no entity."""
        return self._requests.sandbox.token()

    def template(self, kind: str, **more: object) -> Body:
        """Create a template and return it."""
        body = {"name": f"t{uuid4().hex}", "displayName": "Made up", "entityType": kind, **more}
        return self.made(self.request("POST", "/settings/v1/templates", body))

    def template_of_other_parent(self, kind: str) -> tuple[str, str]:
        """Create a template whose parent is a new template; return its id and its name."""
        parent = self.template("patient" if kind == "patient-alert" else "device")
        made = self.template(kind, parentTemplateId=parent["id"])
        return made["id"], made["name"]

    def template_with_colours(self) -> str:
        """Create a template for devices with an attribute ``colours`` and return its name."""
        values = [{"name": name, "displayName": name.title()} for name in ("red", "blue")]
        attribute = {"name": "colours", "displayName": "Colours", "type": "MULTI_SELECT", "category": "REGULAR"}
        name: str = self.template("device", customAttributes=[{**attribute, "selectableValues": values}])["name"]
        return name

    def _parents(self, api: EntityApi) -> dict[str, str]:
        parents: dict[str, Callable[[], str]] = {
            "deviceId": self.device_with_patient,
            "patientId": lambda: self.create("patient")["_id"],
        }
        return {name: make() for name, make in parents.items() if f"{{{name}}}" in api.path}

    def _existing(self, api: EntityApi, parents: Mapping[str, str]) -> str:
        parent = next(iter(parents.values()), "")
        if api.entity_type_name == "usage-session" and api.operation in {"stop", "pause", "resume"}:
            identifier: str = self.remote_session(parent)["_id"]
            if api.operation == "resume":
                path = f"/device/v1/devices/{parent}/usage-sessions/{identifier}/remote-control/pause"
                self.made(self.request("POST", path))
            return identifier
        identifier = self.create(api.entity_type_name, parent)["_id"]
        if api.entity_type_name == "command" and api.operation == "delete":
            self.made(self.request("POST", f"/device/v1/devices/{parent}/commands/{identifier}/stop"))
        return identifier

    def _body(self, api: EntityApi) -> Body | None:
        kind = api.entity_type_name
        if api.operation == "update_status":
            return {"data": {"_fwVersion": "1.2", "_connection": {"_connected": True}}}
        body = NEW_BODIES[kind]()
        if api.operation == "update":
            return {name: value for name, value in body.items() if name not in _UNCHANGEABLE}
        if api.operation == "start" and kind == "usage-session":
            body = {"_name": "Session", "_configuration": {"speed": 5}}
        if api.operation in {"create", "start"}:
            return {**body, "_templateId": default_template_id(kind)}
        return body if api.operation in {"create_by_template", "start_by_template"} else None


_NAMES_OF = {kind: dict.fromkeys(("templateName", "usageType"), default_template_name(kind)) for kind in NEW_BODIES}
