"""Templates: those from the start, new ones, and what they require of their entities."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from builder.platform.api_catalog import ENTITY_TYPES
from sandbox.ums.accounts import ORGANIZATION
from tests.support.sandbox.contract import breaches

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.sandbox.running_sandbox import Answer, Sandbox

    Call = Callable[..., Answer]

PATH = "/settings/v1/templates"
NURSES = "/organization/v1/users/caregivers/templates"
NOBODY = "00000000-0000-4000-8000-0000000000ee"
FIELDS = [
    {"name": "ward", "displayName": "Ward", "type": "LABEL", "category": "REGULAR", "validation": {"mandatory": True}},
    {
        "name": "beds",
        "displayName": "Beds",
        "type": "INTEGER",
        "category": "REGULAR",
        "validation": {"mandatory": False, "min": 1, "max": 9},
    },
]
NURSE = {"_name": {"firstName": "Nora", "lastName": "Nurse"}, "_ownerOrganization": {"id": ORGANIZATION}}


@pytest.fixture(scope="module")
def call(sandbox: Sandbox) -> Call:
    token = sandbox.admin_token()
    return lambda method, path, body=None: sandbox.call(method, path, token=token, body=body)


def create(call: Call, **more: object) -> Any:  # noqa: ANN401  # JSON
    answer = call("POST", PATH, {"displayName": "Made up", "entityType": "caregiver", **more})
    assert answer.status == 201, answer.body
    assert breaches(answer.body, "GetTemplateResponse") == []
    return answer.body


def test_every_entity_type_has_a_template_from_the_start(call: Call) -> None:
    answer = call("GET", PATH)
    kinds = {(one["entityTypeName"], one["name"], one["removable"]) for one in answer.body["data"]}

    assert breaches(answer.body, "SearchResponseGetTemplateResponse") == []
    assert {(kind, kind.replace("-", "_"), False) for kind in ENTITY_TYPES} <= kinds


@pytest.mark.parametrize(
    "prop",
    [
        "id",
        "name",
        "entityTypeName",
        "parentTemplateId",
        "parentTemplate.id",
        "ownerOrganizationId",
        "analyticsDbConfiguration.name",
    ],
)
def test_templates_can_be_filtered_by_every_documented_property(call: Call, prop: str) -> None:
    search = {"filter": {prop: {"isNotNull": True}}, "sort": [{"prop": "entityTypeName", "order": "ASC"}]}

    assert call("GET", f"{PATH}?searchRequest={quote(json.dumps(search))}").status == 200


def test_a_template_is_created_used_and_deleted(call: Call) -> None:
    made = create(call, name="nurse", customAttributes=FIELDS)
    nurse = call("POST", f"{NURSES}/nurse", {**NURSE, "ward": "North", "beds": 3})
    used = call("DELETE", f"{PATH}/{made['id']}")
    call("DELETE", f"/organization/v1/users/caregivers/{nurse.body['_id']}")

    assert call("GET", f"{PATH}/{made['id']}").body == made
    assert [one["name"] for one in made["customAttributes"]] == ["ward", "beds"]
    assert (nurse.status, nurse.body["_template"]["name"], nurse.body["beds"]) == (201, "nurse", 3)
    assert (used.status, used.body["code"]) == (403, "TEMPLATE_IN_USE_DELETE_TEMPLATE")
    assert call("DELETE", f"{PATH}/{made['id']}").status == 204
    assert call("GET", f"{PATH}/{made['id']}").body["code"] == "TEMPLATE_NOT_FOUND"


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({}, "ATTRIBUTE_IS_MANDATORY"),
        ({"ward": 5}, "ATTRIBUTE_VALUE_TYPE_MISMATCH"),
        ({"ward": "North", "beds": 10}, "VALIDATION_MAX_ALLOWED_VALUE"),
        ({"ward": "North", "beds": 0}, "VALIDATION_MINIMUM_ALLOWED_VALUE"),
        ({"ward": "North", "shoeSize": 42}, "ATTRIBUTE_NOT_VALID_FOR_TEMPLATE"),
    ],
)
def test_entities_follow_the_custom_attributes_of_their_template(
    call: Call, attributes: dict[str, object], code: str
) -> None:
    name = f"ward{len(json.dumps(attributes))}"
    create(call, name=name, customAttributes=FIELDS)
    answer = call("POST", f"{NURSES}/{name}", {**NURSE, **attributes})

    assert (answer.status, answer.body["code"]) == (400, code)


@pytest.mark.parametrize(
    ("changes", "status", "code", "details"),
    [
        ({"entityType": "robot"}, 404, "ENTITY_TYPE_NOT_FOUND", {"entityTypeName"}),
        ({"name": "caregiver"}, 400, "TEMPLATE_DUPLICATE_NAME", {"templateName", "templateId"}),
        ({"parentTemplateId": NOBODY}, 400, "ENTITY_DOES_NOT_SUPPORT_PARENT_TEMPLATE", {"entityTypeName"}),
        ({"parentTemplateId": NOBODY, "entityType": "command"}, 404, "TEMPLATE_NOT_FOUND", {"templateId"}),
        (
            {"customAttributes": [FIELDS[0]] * 2},
            400,
            "CUSTOM_ATTRIBUTES_DUPLICATE_NAME",
            {"duplicateName", "duplicateNameAttributeId"},
        ),
        (
            {"customAttributes": [{**FIELDS[0], "validation": {"mandatory": False, "regex": "("}}]},
            400,
            "VALIDATION_DEFINITION_REGEX_NOT_SUPPORTED",
            {"attributeName"},
        ),
        ({"name": "not valid"}, 400, "BAD_REQUEST", set()),
        ({"displayName": None}, 400, "BAD_REQUEST", set()),
    ],
)
def test_wrong_templates_are_refused_with_documented_codes(
    call: Call, changes: dict[str, object], status: int, code: str, details: set[str]
) -> None:
    answer = call("POST", PATH, {"name": "other", "displayName": "Other", "entityType": "caregiver", **changes})

    assert (answer.status, answer.body["code"], set(answer.body["details"])) == (status, code, details)


def test_a_parent_template_must_have_the_type_of_the_parents(call: Call) -> None:
    parent = create(call, name="parent")["id"]
    answer = call("POST", PATH, {"name": "c", "displayName": "C", "entityType": "command", "parentTemplateId": parent})

    assert (answer.status, answer.body["code"]) == (400, "PARENT_TEMPLATE_TYPE_NOT_SUPPORTED")
    assert answer.body["details"] == {
        "entityTypeName": "command",
        "supportedParentEntityTypeName": "device",
        "inputtedParentEntityTypeName": "caregiver",
    }


def test_templates_from_the_start_and_parents_are_not_deleted(call: Call) -> None:
    first = call("GET", f"{PATH}?searchRequest={quote(json.dumps({'filter': {'name': {'eq': 'device'}}}))}")
    identifier = first.body["data"][0]["id"]
    pump = create(call, name="pump", entityType="device")["id"]
    create(call, name="pressure", entityType="device-alert", parentTemplateId=pump)

    assert call("DELETE", f"{PATH}/{identifier}").body["code"] == "TEMPLATE_DELETION_DISALLOWED"
    assert call("DELETE", f"{PATH}/{pump}").body["code"] == "CHILD_TEMPLATE_IN_USE"
