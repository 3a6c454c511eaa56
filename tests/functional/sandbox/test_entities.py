"""The entities of a local BioT: create, read, update, delete and search, and what a new one contains."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from sandbox.entities.templates.seed_templates import SEED_TIME
from sandbox.server import ServerOptions, start
from sandbox.ums.accounts import ORGANIZATION
from tests.support.sandbox.running_sandbox import running_sandbox

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.sandbox.running_sandbox import Answer, Sandbox

PATIENTS = "/organization/v1/users/patients"
ANN = {"_name": {"firstName": "Ann", "lastName": "Example"}, "_ownerOrganization": {"id": ORGANIZATION}}


class Entities:
    """Calls as the service user, whose only permission for entities is PROTECTED_API."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.token = sandbox.token()

    def call(self, method: str, path: str, body: object = None) -> Answer:
        return self.sandbox.call(method, path, token=self.token, body=body)

    def find(self, path: str, **search: object) -> list[Any]:
        answer = self.call("GET", f"{path}?searchRequest={quote(json.dumps(search))}")
        assert answer.status == 200, answer.body
        data: list[Any] = answer.body["data"]
        return data

    def new_patient(self, **more: object) -> Any:  # noqa: ANN401  # JSON
        answer = self.call("POST", f"{PATIENTS}/templates/patient", {**ANN, **more})
        assert answer.status == 201, answer.body
        return answer.body


@pytest.fixture(scope="module")
def entities(sandbox: Sandbox) -> Entities:
    return Entities(sandbox)


def test_a_patient_is_created_read_changed_and_deleted(entities: Entities) -> None:
    made = entities.new_patient(_email="ann@patients.example", shoeSize=42)
    path = f"{PATIENTS}/{made['_id']}"
    read = entities.call("GET", path)
    changed = entities.call("PATCH", path, {"_description": "Tall", "shoeSize": None})
    deleted = entities.call("DELETE", path)
    missing = entities.call("GET", path)

    assert read.body == made
    assert made["_caption"] == "Ann Example"
    assert made["_template"] == {"id": made["_template"]["id"], "name": "patient", "displayName": "Patient"}
    assert made["_ownerOrganization"]["name"] == "Synthetic Organization"
    assert (made["_enabled"], made["_username"], made["shoeSize"]) == ("ENABLED", "ann@patients.example", 42)
    assert (changed.status, changed.body["_description"]) == (200, "Tall")
    assert "shoeSize" not in changed.body
    assert changed.body["_lastModifiedTime"] > made["_lastModifiedTime"] == made["_creationTime"]
    assert (deleted.status, deleted.body) == (204, "")
    assert (missing.status, missing.body["code"]) == (404, "USER_NOT_FOUND")
    assert missing.body["details"] == {"id": made["_id"]}


def test_a_patient_is_created_by_the_id_of_a_template(entities: Entities) -> None:
    template = entities.new_patient()["_template"]["id"]
    made = entities.call("POST", PATIENTS, {**ANN, "_templateId": template})

    assert (made.status, made.body["_template"]["id"]) == (201, template)
    assert "_templateId" not in made.body


def test_a_new_local_biot_has_the_same_synthetic_entities_each_time(entities: Entities, tmp_path: Path) -> None:
    with running_sandbox(tmp_path) as another:
        other = Entities(another)
        for path in ("/organization/v1/organizations", "/device/v2/devices", "/organization/v1/users/caregivers"):
            known = [one for one in entities.find(path) if one["_creationTime"] == SEED_TIME]
            assert known == other.find(path) != []
        people = other.find(PATIENTS, sort=[{"prop": "_name.firstName", "order": "ASC"}])

    assert [one["_caption"] for one in people] == [f"{name} Synthetic Patient" for name in ("Paula", "Peter", "Petra")]
    assert all(one["_email"].endswith(".example") for one in people)


def test_entities_are_not_seeded_again_after_a_restart(tmp_path: Path) -> None:
    with running_sandbox(tmp_path) as first:
        Entities(first).call("DELETE", "/device/v2/devices/synthetic-device-2")
    with start(ServerOptions(folder=tmp_path, port=0)) as second, second.state.database.read() as connection:
        devices = connection.execute("SELECT id FROM entity WHERE entity_type_name = 'device'").fetchall()

    assert [row["id"] for row in devices] == ["synthetic-device-1"]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"shoeSize": {"gt": 43}}, ["Big"]),
        ({"shoeSize": {"eq": 42}}, ["Small"]),
        ({"vip": {"eq": True}}, ["Big"]),
        ({"nickname": {"like": "OT"}}, ["Big"]),
        ({"nickname": {"in": ["Dot", "Tiny"]}}, ["Small"]),
        ({"vip": {"isNull": True}}, ["Small"]),
        ({"_mfa.enabled": {"eq": True}}, ["Small"]),
        ({"_templateName": {"eq": "nowhere"}}, []),
        ({"$NOT": {"filter": {"shoeSize": {"lte": 42}}}}, ["Big"]),
    ],
)
def test_custom_attributes_are_searched_by_their_values(
    searched: Entities, condition: dict[str, object], found: list[str]
) -> None:
    only = {"_nationalId": {"eq": "searched"}}
    sort = [{"prop": "_name.firstName", "order": "ASC"}]

    assert [
        one["_name"]["firstName"] for one in searched.find(PATIENTS, filter={**only, **condition}, sort=sort)
    ] == found


@pytest.fixture(scope="module")
def searched(entities: Entities) -> Entities:
    for name, more in (
        ("Small", {"shoeSize": 42, "nickname": "Tiny", "_mfa": {"enabled": True}}),
        ("Big", {"shoeSize": 44, "vip": True, "nickname": "Lotte"}),
    ):
        person = {"_name": {"firstName": name, "lastName": "Example"}, "_nationalId": "searched"}
        entities.new_patient(**person, **more)
    return entities


def test_references_show_the_present_name_of_their_entity(entities: Entities) -> None:
    patient = entities.new_patient()
    device = {"_id": "named-device", "_patient": {"id": patient["_id"]}}
    entities.call("POST", "/device/v2/devices/templates/device", device)
    renamed = {"_name": {"firstName": "Anna", "lastName": "Example"}}
    entities.call("PATCH", f"{PATIENTS}/{patient['_id']}", renamed)
    shown = entities.call("GET", "/device/v2/devices/named-device").body["_patient"]

    assert (shown["id"], shown["name"], shown["templateName"]) == (patient["_id"], "Anna Example", "patient")
    assert shown["organizationId"] == ORGANIZATION


def test_what_belongs_to_a_deleted_patient_is_deleted_and_devices_lose_it(entities: Entities) -> None:
    patient = entities.new_patient()["_id"]
    alert = entities.call("POST", f"{PATIENTS}/{patient}/alerts/patient_alert", {"_name": "Fever"}).body["_id"]
    device = {"_id": "left-device", "_patient": {"id": patient}}
    entities.call("POST", "/device/v2/devices/templates/device", device)
    entities.call("DELETE", f"{PATIENTS}/{patient}")

    assert entities.find(f"{PATIENTS}/alerts", filter={"_id": {"eq": alert}}) == []
    assert "_patient" not in entities.call("GET", "/device/v2/devices/left-device").body


def test_an_update_replaces_objects_and_null_returns_to_the_default(entities: Entities) -> None:
    patient = entities.new_patient(
        _address={"countryCode": "US", "city": "Boston"}, _canLogin=True, _email="x@y.example"
    )
    change = {"_address": {"countryCode": "DE"}, "_canLogin": None, "_phone": None}
    answer = entities.call("PATCH", f"{PATIENTS}/{patient['_id']}", change)

    assert answer.body["_address"] == {"countryCode": "DE"}
    assert answer.body["_canLogin"] is False
    assert "_phone" not in answer.body


def test_the_owner_of_an_entity_cannot_be_removed(entities: Entities) -> None:
    made = entities.call("POST", "/generic-entity/v3/generic-entities/generic_entity", {"_name": "Owned"}).body
    path = f"/generic-entity/v3/generic-entities/generic_entity/{made['_id']}"
    answer = entities.call("PATCH", path, {"_ownerOrganization": None})

    assert (answer.status, answer.body["_ownerOrganization"]) == (200, made["_ownerOrganization"])


def nested(depth: int) -> object:
    return {"deeper": nested(depth - 1)} if depth else 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{PATIENTS}?limit=5", None),
        (f"{PATIENTS}?includeReferencers=maybe", None),
        (f"{PATIENTS}/not-a-uuid", None),
        (f"{PATIENTS}/templates/patient", {**ANN, "deep": nested(60)}),
        (f"{PATIENTS}/templates/patient", []),
    ],
)
def test_malformed_requests_are_refused(entities: Entities, path: str, body: object) -> None:
    answer = entities.call("GET" if body is None else "POST", path, body)

    assert (answer.status, answer.body["code"]) == (400, "BAD_REQUEST")
    assert answer.body["serviceName"] == "organization"


@pytest.mark.parametrize("value", ["true", "false"])
def test_the_parameter_for_referencers_is_accepted(entities: Entities, value: str) -> None:
    assert entities.call("GET", f"{PATIENTS}?includeReferencers={value}").status == 200


def test_an_unknown_template_of_generic_entities_is_an_error(entities: Entities) -> None:
    answer = entities.call("GET", "/generic-entity/v3/generic-entities/nowhere")

    assert (answer.status, answer.body["code"]) == (404, "TEMPLATE_NOT_FOUND_BY_NAME")
