"""Nothing of a person, an organization or a device, and no secret, is left in a saved event."""

from __future__ import annotations

import json
import time
from itertools import count
from typing import TYPE_CHECKING, Any

from builder.platform.interceptions import API_IDS
from sandbox.entities.types.entity_types import ENTITY_TYPES
from sandbox.event_files.pseudonyms import Pseudonyms
from sandbox.event_files.saved_events import saved_event

if TYPE_CHECKING:
    from sandbox.entities.types.attributes import Attribute

PLACES = ("PRE_REQUEST", "POST_REQUEST", "ADAPT_ENTITY", "NOTIFICATION", "DIRECT")


ID = "9a1b2c3d-0000-4000-8000-00{n}"


class Canaries:
    """Values that must not appear anywhere; each is unique."""

    def __init__(self) -> None:
        self._numbers = count(7_000_000_001)  # as long as no random id in an event has by chance
        self.planted: list[str] = []

    def text(self, form: str = "Canary{n}Value") -> str:
        planted = form.format(n=next(self._numbers))
        self.planted.append(planted)
        return planted

    def number(self) -> int:
        return int(self.text("{n}"))

    def of(self, attribute: Attribute) -> object:
        """Plant a value that the attribute could have."""
        if attribute.kind in {"object", "reference"}:
            return {part.name: self.of(part) for part in attribute.parts}
        if attribute.kind == "choice" and attribute.name not in {"_gender", "_degree"}:
            return attribute.choices[0]
        forms = {"_email": "c{n}@hospital.example", "_phone": "+4915{n}", "id": ID}
        values: dict[str, object] = {
            "any": {"setting": self.text(), "level": self.number(), "on": True},
            "whole": self.number(),
            "moment": self.text("1999-03-04T05:06:07.{n}Z"),
            "flag": True,
        }
        return values.get(attribute.kind) or self.text(forms.get(attribute.name, "Canary{n}Value"))

    def entity(self, kind: str) -> dict[str, object]:
        attributes = {one.name: self.of(one) for one in ENTITY_TYPES[kind].attributes}
        template = {"id": self.text(ID), "name": "study", "displayName": self.text()}
        return {
            "_id": self.text(),
            "_template": template,
            "weight": self.number() / 10,
            **attributes,
            "note": [self.text()],
        }


def chain_with(step: dict[str, Any]) -> dict[str, Any]:
    step = {"listener": "Plugin-a", **step}
    return {"title": "t", "entityTypeName": "patient", "actionName": "_create", "steps": [step]}


def body_of(place: str, canaries: Canaries, kind: str, api_id: str) -> dict[str, Any]:
    method, _, path = api_id.partition("/")
    for name in ("id", "deviceId", "patientId", "newAdminId"):
        path = path.replace(f"{{{name}}}", canaries.text(ID))
    path = f"/{path}".replace("{templateName}", "study").replace("{usageType}", "study").replace("{state}", "ENABLED")
    account = {"subjectId": canaries.text(), "ownerOrganizationId": canaries.text(), "tokenType": "USER"}
    common = {"initiatorData": account, "method": method, "entityName": kind, "apiId": api_id}
    search = json.dumps({"filter": {"_name.firstName": {"like": canaries.text()}}, "limit": 30})
    match place:
        case "PRE_REQUEST":
            request = {
                "path": path,
                "queryParameters": {"searchRequest": [search], "q": canaries.text()},
                "headers": {
                    "authorization": f"Bearer {canaries.text()}",
                    "cookie": canaries.text(),
                    "x-secret": canaries.text(),
                    "accept-language": "en",
                },
                "pathVariables": [canaries.text()],
                "body": canaries.entity(kind),
            }
            return {**common, "request": request}
        case "NOTIFICATION":
            metadata = {
                "entityTypeName": kind,
                "actionName": "_create",
                "status": "SUCCESS",
                "startTime": canaries.text(),
                "initiator": {"subject": {"id": canaries.text()}, "sourceIpAddress": canaries.text()},
            }
            data = {"entity": canaries.entity(kind), "additionalData": {"oldEntity": canaries.entity(kind)}}
            return {"metadata": metadata, "data": data, "jwt": "<token>"}
        case "DIRECT":
            return {"secret": canaries.text(), "list": [{"n": canaries.number()}], "entity": canaries.entity(kind)}
        case "ADAPT_ENTITY":
            return {**common, "response": {"statusCode": 200, "entities": [canaries.entity(kind)]}}
        case _:
            return {**common, "response": {"statusCode": 201, "body": canaries.entity(kind)}}


def test_no_planted_value_is_left_in_any_event() -> None:
    canaries, saved = Canaries(), []
    for place in PLACES:
        for kind in ENTITY_TYPES:
            api_id = next(one for one in API_IDS if one.startswith("POST"))
            step = {"name": place, "request": {"body": body_of(place, canaries, kind, api_id)}}
            saved.append(json.dumps(saved_event(chain_with(step)).event))
    text = "\n".join(saved)
    left = [planted for planted in canaries.planted if planted in text]

    assert left == []
    assert len(canaries.planted) >= 200
    assert "hospital.example" not in text


def test_ids_in_paths_are_replaced_and_names_of_templates_stay() -> None:
    for api_id in API_IDS:
        canaries = Canaries()
        step = {"name": "PRE_REQUEST", "request": {"body": body_of("PRE_REQUEST", canaries, "patient", api_id)}}
        body: Any = json.loads(str(saved_event(chain_with(step)).event["body"]))
        assert body["apiId"] == api_id
        assert [one for one in canaries.planted if one in body["request"]["path"]] == []
        assert ("study" in body["request"]["path"]) == ("templateName" in api_id or "usageType" in api_id)


def test_what_biot_defines_stays_and_the_same_value_gets_the_same_pseudonym() -> None:
    entity = {
        "_id": "0af76519-16cd-43dd-8448-eb211c80319c",
        "_name": {"firstName": "Ann", "lastName": "Ann"},
        "_email": "ann@hospital.example",
        "_enabled": "ENABLED",
        "_severity": "MAJOR",
        "_state": "Ann",
        "_gender": "FEMALE",
        "_dateOfBirth": "1950-02-03",
        "_creationTime": "2025-11-19T10:22:59.123Z",
        "_template": {"id": "x", "name": "study", "displayName": "Heart study of Dr. Ann"},
        "_ownerOrganization": {"id": "0af76519-16cd-43dd-8448-eb211c80319c"},
        "age": 75,
        "temperature": 38.5,
        "pregnant": True,
        "nothing": None,
    }

    assert Pseudonyms().value(entity) == {
        "_id": "00000000-0000-4000-8000-000000000001",
        "_name": {"firstName": "text-1", "lastName": "text-1"},
        "_email": "person-1@example.com",
        "_enabled": "ENABLED",
        "_severity": "MAJOR",
        "_state": "text-1",
        "_gender": "text-2",
        "_dateOfBirth": "1901-01-01",
        "_creationTime": "2026-01-01T00:00:01Z",
        "_template": {"id": "text-3", "name": "study", "displayName": "text-4"},
        "_ownerOrganization": {"id": "00000000-0000-4000-8000-000000000001"},
        "age": 1,
        "temperature": 2.5,
        "pregnant": False,
        "nothing": None,
    }


def test_the_event_has_the_form_of_lambda_and_a_place_for_the_token() -> None:
    step = {"name": "NOTIFICATION", "request": {"body": {"metadata": {}, "data": {}, "jwt": "<token>"}}}
    saved = saved_event(chain_with(step))
    headers: Any = saved.event["headers"]

    assert saved.name == "notification_patient_create"
    assert headers["hooktype"] == "NOTIFICATION"
    assert json.loads(str(saved.event["body"]))["jwt"] == "<token>"
    intercepted: Any = saved_event(chain_with({**step, "name": "PRE_REQUEST"})).event["headers"]
    assert intercepted["authorization"] == "Bearer <token>"


def test_the_time_is_in_proportion_to_the_number_of_values() -> None:
    begin = time.process_time()

    result = Pseudonyms().value([f"name {number}" for number in range(30_000)])

    assert isinstance(result, list)
    assert (result[0], result[-1]) == ("text-1", "text-30000")
    assert time.process_time() - begin < 3  # counting the known values for each new one takes minutes
