"""The entities of a local BioT: create, read, update, delete and search, and what a new one contains."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from sandbox.ums.accounts import ORGANIZATION

if TYPE_CHECKING:
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
