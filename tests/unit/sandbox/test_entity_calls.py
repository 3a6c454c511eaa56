"""Which API on entities a request is, and that the table of APIs agrees with the notifications that BioT has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from starlette.routing import Match

from builder.platform.api_catalog import ACTIONS_BY_ENTITY
from builder.platform.entity_apis import ENTITY_APIS
from sandbox.entities.entity_calls import EntityChange, find_entity_call, note_change, noted_change
from sandbox.entities.routes import routes

if TYPE_CHECKING:
    from builder.platform.entity_apis import EntityApi

PATIENTS = "/organization/v1/users/patients"


@pytest.mark.parametrize(
    ("method", "path", "name", "parameters"),
    [
        ("GET", PATIENTS, "searchPatients", {}),
        ("GET", f"{PATIENTS}/self", "getPatientSelf", {}),
        ("GET", f"{PATIENTS}/alerts", "searchAlerts", {}),
        ("GET", f"{PATIENTS}/p-1", "getPatient", {"id": "p-1"}),
        ("POST", f"{PATIENTS}/templates/nurse", "createPatientByTemplateName", {"templateName": "nurse"}),
        (
            "POST",
            f"{PATIENTS}/p-1/alerts/fever",
            "createAlertByTemplateName",
            {"patientId": "p-1", "templateName": "fever"},
        ),
        ("POST", "/device/v1/devices/d:1/commands/start", "startCommand", {"deviceId": "d:1"}),
        (
            "DELETE",
            "/generic-entity/v3/generic-entities/visit/g",
            "deleteGenericEntityV3",
            {"templateName": "visit", "id": "g"},
        ),
    ],
)
def test_a_request_is_found_by_its_method_and_path(
    method: str, path: str, name: str, parameters: dict[str, str]
) -> None:
    found = find_entity_call(method, path)

    assert found is not None
    assert (found.api.name, found.path_parameters) == (name, parameters)


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", PATIENTS), ("GET", "/settings/v2/plugins"), ("GET", f"{PATIENTS}/")]
)
def test_other_requests_are_not_calls_on_entities(method: str, path: str) -> None:
    assert find_entity_call(method, path) is None


def test_every_action_of_an_api_is_one_that_biot_notifies_of() -> None:
    notified = {(api.entity_type_name, api.action) for api in ENTITY_APIS if api.action}

    assert notified <= {(entity, action) for entity, actions in ACTIONS_BY_ENTITY.items() for action in actions}
    assert {entity for entity, _ in notified} == set(ACTIONS_BY_ENTITY)


def test_a_change_travels_in_the_scope_of_its_request() -> None:
    scope: dict[str, object] = {"type": "http"}
    change = EntityChange(entity_type_name="patient", action="_create", entity={"_id": "1"})

    assert noted_change(scope) is None
    note_change(scope, change)
    assert noted_change(scope) is change


@pytest.mark.parametrize("api", ENTITY_APIS, ids=lambda api: api.name)
@pytest.mark.parametrize("value", ["x1", "templates", "alerts", "start", "self"])
def test_a_request_reaches_the_api_that_its_hooks_are_about(api: EntityApi, value: str) -> None:
    """Also when a parameter has the same text as a part of another path."""
    path = re.sub(r"\{\w+\}", value, api.path)
    found = find_entity_call(api.method, path)
    scope = {"type": "http", "method": api.method, "path": path}
    served = next(route for route in routes() if route.matches(scope)[0] is Match.FULL)

    assert found is not None
    assert (served.path, served.methods and api.method in served.methods) == (found.api.path, True)
    assert found.api == api or value != "x1"
