"""The operations on entities agree with BioT's documented ones (entities.toml): routes, OpenAPI document, responses."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from sandbox.entities import routes as entities
from sandbox.entities.entity_store import EntityStore, StoredEntity
from sandbox.entities.templates.seed_templates import SEED_TIME, default_template_id
from sandbox.openapi import document
from tests.support.repetitions import plain_every, plain_once
from tests.support.sandbox.contract import DocumentedError, DocumentedOperation, breaches, contract, operations, record
from tests.support.sandbox.contract_requests import ContractRequests
from tests.support.sandbox.entity_breaks import ATTRIBUTE_BREAKS, BREAKS
from tests.support.sandbox.entity_requests import APIS, OWNER, EntityRequests
from tests.support.sandbox.running_sandbox import running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

OPERATIONS = operations("entities")
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)


@pytest.fixture(scope="module")
def contract_requests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContractRequests]:
    with running_sandbox(tmp_path_factory.mktemp("entities")) as sandbox:
        requests = ContractRequests(sandbox)
        with requests.http:
            yield requests


@pytest.fixture(scope="module")
def requests(contract_requests: ContractRequests) -> EntityRequests:
    """The administrator is also a person of each kind, so that ``/self`` finds someone."""
    sandbox = contract_requests.sandbox
    login = {"username": sandbox.admin_username, "password": sandbox.admin_password}
    user = contract_requests.post("/ums/v2/users/login", login)["userId"]
    with sandbox.running.state.database.write() as connection:
        for kind in ("patient", "caregiver", "organization-user"):
            person = {"_name": {"firstName": "Ada", "lastName": "Admin"}, "_invitationAccepted": True, **OWNER}
            EntityStore(connection).insert(
                StoredEntity(
                    entity_type_name=kind,
                    id=user,
                    template_id=default_template_id(kind),
                    creation_time=SEED_TIME,
                    last_modified_time=SEED_TIME,
                    attributes=person,
                )
            )
    return EntityRequests(contract_requests)


def described(operation: DocumentedOperation) -> Any:  # noqa: ANN401  # OpenAPI's Operation Object
    return document()["paths"][operation.path][operation.method.lower()]


def left_out(operation: DocumentedOperation, code: str) -> bool:
    return bool({f"* {code}", f"{operation.name} {code}"} & contract("entities")["not_modelled"].keys())


def test_exactly_the_documented_operations_are_served() -> None:
    served = {f"{method} {one.path}" for one in entities.routes() for method in (one.methods or set()) - {"HEAD"}}

    assert served == {operation.route for operation in OPERATIONS}


@each_operation
def test_the_openapi_document_agrees_with_the_specification(operation: DocumentedOperation) -> None:
    shown = described(operation)
    errors = {
        f"{status} {code}"
        for status, answer in shown["responses"].items()
        if status >= "400"
        for code in answer["content"]["application/json"]["schema"]["properties"]["code"]["enum"]
    }
    by_fault = {"INTERNAL_SERVER_ERROR", "GATEWAY_TIMEOUT"}
    documented = {f"{one.status} {one.code}" for one in operation.errors if one.code}
    modelled = {line for line in documented if not left_out(operation, line[4:]) and line[4:] not in by_fault}
    beyond = {
        line.partition(" ")[2]
        for line in (*contract()["beyond"], *contract("entities")["beyond"])
        if line.partition(" ")[0] in {"*", operation.name, APIS[operation.name].entity_type_name}
    }

    assert shown["operationId"] == operation.name.partition(".")[2]
    assert [status for status in shown["responses"] if status < "400"] == [str(operation.success)]
    assert f" {operation.permission}." in shown["description"]
    assert modelled - errors == set()
    assert errors - documented - beyond == set()


@each_operation
def test_successful_responses_are_as_documented(requests: EntityRequests, operation: DocumentedOperation) -> None:
    answer = requests.send(requests.valid(operation.name))

    assert answer.status_code == operation.success, answer.text
    if operation.answer:
        assert breaches(answer.json(), operation.answer) == []
    else:
        assert answer.content == b""


@pytest.fixture(scope="module")
def powerless(contract_requests: ContractRequests) -> str:
    """The token of a user without any permission for entities."""
    login = {"username": contract_requests.user(scopes=("UMS_MFA_LOGIN",)), "password": "password"}
    token: str = contract_requests.post("/ums/v2/users/login", login)["accessJwt"]["token"]
    return token


@pytest.mark.parametrize("operation", plain_every(4, OPERATIONS), ids=lambda one: one.name)
def test_tokens_and_permissions_are_required_as_documented(
    requests: EntityRequests, powerless: str, operation: DocumentedOperation
) -> None:
    request = replace(requests.valid(operation.name), token="")
    without, refused = requests.send(request), requests.send(replace(request, token=powerless))

    assert (without.status_code, without.json()["code"]) == (401, "TOKEN_NOT_VALID")
    assert (refused.status_code, refused.json()["code"]) == (403, "ACCESS_DENIED")


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.filters], ids=lambda one: one.name)
def test_every_documented_property_can_be_filtered_and_sorted_by(
    requests: EntityRequests, operation: DocumentedOperation
) -> None:
    path = requests.valid(operation.name).path
    filters = {name: {"isNull": False} for name in operation.filters}
    sorts = [{"prop": name, "order": "ASC"} for name in operation.sorts]
    for search in [{"filter": filters}, {"sort": sorts}, {"freeTextSearch": "cat"}, {"limit": 1, "page": 2}]:
        answer = requests.send(requests.request("GET", f"{path}?searchRequest={quote(json.dumps(search))}"))
        assert answer.status_code == 200, (search, answer.text)
        assert breaches(answer.json(), operation.answer) == []


BY_FAULT = {"INTERNAL_SERVER_ERROR", "GATEWAY_TIMEOUT"}
"""The faults of contract.toml give these for every operation."""
TESTED_ELSEWHERE = {"TOKEN_NOT_VALID", "ACCESS_DENIED", *BY_FAULT, *ATTRIBUTE_BREAKS}
ERRORS = [
    (operation, error)
    for operation in OPERATIONS
    for error in operation.errors
    if error.code and error.code not in TESTED_ELSEWHERE and not left_out(operation, error.code)
]


def test_every_documented_code_is_caused_or_left_out_with_a_reason() -> None:
    documented = {error.code for operation in OPERATIONS for error in operation.errors if error.code}
    reasons = contract("entities")["not_modelled"]

    assert {error.code for _, error in ERRORS} == BREAKS.keys()
    assert documented == {*BREAKS, *TESTED_ELSEWHERE, *(line.partition(" ")[2] for line in reasons)} & documented
    assert ATTRIBUTE_BREAKS.keys() <= documented
    assert all(reasons.values())


@pytest.mark.parametrize(
    ("operation", "error"),
    plain_once(ERRORS, lambda row: row[1].code),
    ids=lambda value: value.name if isinstance(value, DocumentedOperation) else value.code,
)
def test_a_code_comes_with_its_status_and_its_details(
    requests: EntityRequests, operation: DocumentedOperation, error: DocumentedError
) -> None:
    answer = BREAKS[error.code](requests, operation.name)
    body = answer.json()

    assert (answer.status_code, body["code"]) == (error.status, error.code), body
    assert breaches(body, "ErrorResponse") == []
    assert set(body["details"]) == set(error.details)
    assert body["serviceName"] == operation.name.partition(".")[0]


@pytest.mark.parametrize("code", ATTRIBUTE_BREAKS)
def test_a_code_of_an_attribute_comes_with_its_status_and_its_details(requests: EntityRequests, code: str) -> None:
    name, cause = ATTRIBUTE_BREAKS[code]
    operation = next(one for one in OPERATIONS if one.name == name)
    error = next(one for one in operation.errors if one.code == code)
    answer = cause(requests, name)

    assert (answer.status_code, answer.json()["code"]) == (error.status, code), answer.text
    assert set(answer.json()["details"]) == set(error.details)


REQUIRED = [
    (operation, field)
    for operation in OPERATIONS
    if operation.request
    for field, facts in record(operation.request).items()
    if facts.get("required") and f"{operation.name} {field}" not in contract("entities")["looser"]
]


@pytest.mark.parametrize(("operation", "field"), REQUIRED, ids=str)
def test_a_required_field_is_required(requests: EntityRequests, operation: DocumentedOperation, field: str) -> None:
    request = requests.valid(operation.name)
    without = {name: value for name, value in (request.body or {}).items() if name != field}
    schema = described(operation)["requestBody"]["content"]["application/json"]["schema"]

    assert requests.send(replace(request, body=without)).status_code == 400
    assert requests.send(request.changed(**{field: None})).status_code == 400
    assert field in schema["required"]


@each_operation
def test_the_document_has_the_documented_fields_with_their_values(operation: DocumentedOperation) -> None:
    if not operation.request:
        return
    shown = described(operation)["requestBody"]["content"]["application/json"]["schema"]["properties"]
    documented = record(operation.request)

    assert shown.keys() == documented.keys()
    for name, facts in documented.items():
        schema = shown[name]["anyOf"][0] if "anyOf" in shown[name] else shown[name]
        assert (
            schema.get("enum", facts.get("values")) == facts.get("values")
            or "$ref" in schema
            or facts["type"] == "object"
        )
        assert schema.get("maxLength") in {facts.get("max"), 5000}
