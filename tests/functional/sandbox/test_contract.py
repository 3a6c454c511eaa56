"""The local BioT agrees with BioT's documented operations (contract.toml): routes, OpenAPI document and responses."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from sandbox.dispatcher import routes as dispatcher
from sandbox.faults import Scenario
from sandbox.openapi import document
from sandbox.settings import routes as settings
from sandbox.ums import routes as ums
from tests.support.repetitions import plain_once
from tests.support.sandbox.contract import DocumentedError, DocumentedOperation, breaches, contract, operations
from tests.support.sandbox.contract_requests import NOBODY, ContractRequest, ContractRequests
from tests.support.sandbox.running_sandbox import running_sandbox
from tests.support.sandbox.settings_client import PATIENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    Break = Callable[[ContractRequests, ContractRequest], httpx.Response]

each_operation = pytest.mark.parametrize("operation", operations(), ids=lambda one: one.name)


@pytest.fixture(scope="module")
def requests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContractRequests]:
    """With the fault gate, which passes on every request that asks for no fault."""
    with running_sandbox(tmp_path_factory.mktemp("contract"), faults=Scenario()) as sandbox:
        contract_requests = ContractRequests(sandbox)
        with contract_requests.http:
            yield contract_requests


def valid(requests: ContractRequests, operation: DocumentedOperation) -> ContractRequest:
    return requests.valid(operation.name, operation.method, operation.path)


def described(operation: DocumentedOperation) -> Any:  # noqa: ANN401  # OpenAPI's Operation Object
    return document()["paths"][operation.path][operation.method.lower()]


def described_errors(operation: DocumentedOperation) -> set[str]:
    return {
        f"{status} {code}"
        for status, answer in described(operation)["responses"].items()
        if status >= "400"
        for code in answer["content"]["application/json"]["schema"]["properties"]["code"]["enum"]
    }


def test_exactly_the_documented_operations_and_a_few_own_ones_are_served() -> None:
    served = {
        f"{method} {route.path}"
        for room in (settings, ums, dispatcher)
        for route in room.routes()
        for method in (route.methods or set()) - {"HEAD"}
    }

    assert served == {operation.route for operation in operations()} | contract()["own"].keys()


@each_operation
def test_the_openapi_document_agrees_with_the_specification(operation: DocumentedOperation) -> None:
    document = described(operation)
    documented = {f"{error.status} {error.code}" for error in operation.errors if error.code}
    left_out = {
        f"{error.status} {error.code}"
        for error in operation.errors
        if f"{operation.name} {error.code}" in contract()["not_modelled"] or error.code in contract()["by_fault"]
    }
    more = {
        rest
        for scope, _, rest in (line.partition(" ") for line in contract()["beyond"])
        if scope in {"*", operation.name}
    }

    assert document["operationId"].removeprefix(operation.name.partition(".")[0]).lower() == (
        operation.name.partition(".")[2].lower()
    )
    assert [status for status in document["responses"] if status < "400"] == [str(operation.success)]
    assert bool(document["security"]) == bool(operation.permission)
    assert f" {operation.permission}." in document.get("description", " .")
    assert documented - left_out <= described_errors(operation) <= documented | more


@each_operation
def test_successful_responses_are_as_documented(requests: ContractRequests, operation: DocumentedOperation) -> None:
    answer = requests.send(valid(requests, operation))

    assert answer.status_code == operation.success, answer.text
    if operation.answer:
        assert breaches(answer.json(), operation.answer) == []
    else:
        assert answer.content == b""


@pytest.fixture(scope="module")
def powerless(requests: ContractRequests) -> str:
    """The token of a user without any permission for an operation."""
    login = {"username": requests.user(scopes=("PROTECTED_API",)), "password": "password"}
    token: str = requests.post("/ums/v2/users/login", login)["accessJwt"]["token"]
    return token


@each_operation
def test_tokens_and_permissions_are_required_as_documented(
    requests: ContractRequests, powerless: str, operation: DocumentedOperation
) -> None:
    request = valid(requests, operation)
    without = requests.send(replace(request, token=""))

    if operation.permission:
        refused = requests.send(replace(request, token=powerless))
        assert (without.status_code, without.json()["code"]) == (401, "TOKEN_NOT_VALID")
        assert (refused.status_code, refused.json()["code"]) == (403, "ACCESS_DENIED")
        assert without.json()["details"] == refused.json()["details"] == {}
    else:
        assert without.status_code == operation.success


@pytest.mark.parametrize("path", sorted({operation.path for operation in operations()}))
def test_a_response_to_a_wrong_method_lists_the_right_ones(requests: ContractRequests, path: str) -> None:
    address = path.replace("{", "").replace("}", "")
    routes = [*(one.route for one in operations()), *contract()["own"]]
    right = {
        method
        for method, _, pattern in (route.partition(" ") for route in routes)
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), address)
    }
    answer = requests.http.request("TRACE", address)

    assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert set(answer.headers["allow"].split(", ")) == right | ({"HEAD"} if "GET" in right else set())


@pytest.mark.parametrize("operation", [one for one in operations() if one.filters], ids=lambda one: one.name)
def test_every_documented_property_can_be_filtered_and_sorted_by(
    requests: ContractRequests, operation: DocumentedOperation
) -> None:
    token = requests.admin
    searches: list[dict[str, object]] = [{"filter": {name: {"isNull": False}}} for name in operation.filters]
    searches += [{"sort": [{"prop": name, "order": "ASC"}]} for name in operation.sorts]
    for one in [*searches, {"freeTextSearch": "cat"}, {"limit": 1, "page": 2}]:
        path = f"{operation.path}?searchRequest={quote(json.dumps(one))}"
        answer = requests.send(ContractRequest(method="GET", path=path, token=token))
        assert answer.status_code == 200, (one, answer.text)
        assert breaches(answer.json(), operation.answer) == []


def test_fields_that_are_null_in_biot_are_null(requests: ContractRequests) -> None:
    name = requests.user(password_reset_required=True)
    reset = requests.post("/ums/v2/users/login", {"username": name, "password": "password"})
    image = requests.plugin(deploymentPackageType="IMAGE")
    path = f"/settings/v2/plugins/{image}"
    shown = requests.send(ContractRequest(method="GET", path=path, token=requests.admin)).json()

    assert [reset["refreshJwt"], shown["runtime"], shown["handler"]] == [None, None, None]
    assert breaches(reset, "LoginResponse") == breaches(shown, "PluginResponse") == []


def with_body(**more: object) -> Break:
    return lambda requests, request: requests.send(request.changed(**more))


def at_nobodys(requests: ContractRequests, request: ContractRequest) -> httpx.Response:
    """The same request for an id or a name that does not exist."""
    head, _, rest = request.path.partition("/ums/v2/services/")
    path = f"{head}/ums/v2/services/{NOBODY}{rest[36:]}" if rest else "/settings/v2/plugins/Plugin-nothing"
    return requests.send(replace(request, path=path))


def twice(requests: ContractRequests, request: ContractRequest) -> httpx.Response:
    requests.send(request)
    return requests.send(request)


def without_code(**more: object) -> Break:
    return lambda requests, request: requests.send(replace(request.changed(**more), code=None))


def of_image(requests: ContractRequests, request: ContractRequest) -> httpx.Response:
    """Code for an IMAGE plugin."""
    if request.method == "POST":
        return requests.send(request.changed(deploymentPackageType="IMAGE"))
    path = f"/settings/v2/plugins/{requests.plugin(deploymentPackageType='IMAGE')}"
    return requests.send(replace(request, path=path))


def of_image_tag(requests: ContractRequests, request: ContractRequest) -> httpx.Response:
    """A tag that was never pushed."""
    image = replace(request.changed(deploymentPackageType="IMAGE", imageTag="nowhere"), code=None)
    if request.method == "POST":
        return requests.send(image)
    path = f"/settings/v2/plugins/{requests.plugin(deploymentPackageType='IMAGE')}"
    return requests.send(replace(request.changed(imageTag="nowhere"), path=path, code=None))


def with_name_of_service_user(requests: ContractRequests, request: ContractRequest) -> httpx.Response:
    requests.post("/ums/v2/services", {"roleId": NOBODY, "type": "EXTERNAL_SERVICE", "name": "Plugin-taken"})
    return requests.send(request.changed(name="taken"))


WRONG_ROWS: dict[str, dict[str, object]] = {
    "INTERCEPTION_MUST_HAVE_CORRECT_API_ID_NULL_VALUE_FOR_TYPE": {"interceptions": [{"type": "PRE_REQUEST"}]},
    "INTERCEPTION_ORDER_CANNOT_BE_RESERVED_ORDER": {"interceptionOrder": 1},
    "INTERCEPTION_CONFIGURATION_NOT_FOUND": {"interceptions": [{"type": "PRE_REQUEST", "apiId": f"{PATIENTS}/x"}]},
    "INVALID_ACTION_NAME": {"notifications": [{"entityTypeName": "device", "actionName": "_fly"}]},
    "INVALID_ENTITY_TYPE_NAME": {"notifications": [{"entityTypeName": "robot", "actionName": "_create"}]},
}
WRITTEN: dict[str, Break] = {
    **{code: with_body(subscriptions=rows) for code, rows in WRONG_ROWS.items()},
    "ENVIRONMENT_VARIABLES_CANNOT_START_WITH_RESERVED_PREFIX": with_body(environmentVariables={"BIOT_X": "1"}),
    "PLUGIN_CODE_IS_NOT_SUPPORTED_FOR_IMAGE_DEPLOYMENT_PACKAGE_TYPE": of_image,
    "PLUGIN_IMAGE_TAG_NOT_FOUND": of_image_tag,
    "AWS_EXCEPTION": with_body(handler="nowhere.handler"),
}
BREAKS: dict[str, dict[str, Break]] = {
    "ums.login": {
        "USER_LOCKED_WITH_TIME": lambda requests, request: requests.locked(request, "password"),
        "LOGIN_FAILED": with_body(password="wrong"),
    },
    "ums.mfaLogin": {
        "USER_LOCKED_WITH_TIME": lambda requests, request: requests.locked(request, "code"),
        "LOGIN_FAILED": with_body(code="wrong"),
    },
    "ums.otpLogin": {
        "USER_LOCKED_WITH_TIME": lambda requests, request: requests.locked(request, "code"),
        "LOGIN_FAILED": twice,
    },
    "ums.refreshToken": {"REFRESH_TOKEN_NOT_VALID": with_body(refreshToken="x")},
    "ums.tokenLogin": {"LOGIN_FAILED": with_body(refreshToken="x")},
    "ums.serviceUserLogin": {
        "SERVICE_LOCKED": lambda requests, request: requests.locked(request, "secretKey"),
        "LOGIN_FAILED": with_body(secretKey="wrong"),
    },
    "ums.createServiceUser": {
        "SERVICE_TYPE_NOT_ALLOWED": with_body(type="ROBOT"),
        "MISSING_PARAMETERS": with_body(roleId=None),
        "OWNER_ORGANIZATION_NOT_FOUND": with_body(ownerOrganizationId=NOBODY),
        "SERVICE_NAME_ALREADY_EXISTS": twice,
    },
    "ums.createSecretKey": {
        "SERVICE_USER_NOT_FOUND": at_nobodys,
        "MAX_SECRET_KEYS": lambda requests, request: requests.with_all_keys(request),
    },
    "ums.getServiceUserById": {"SERVICE_USER_NOT_FOUND": at_nobodys},
    "ums.updateServiceUser": {"SERVICE_USER_NOT_FOUND": at_nobodys},
    "ums.deleteServiceUser": {"SERVICE_USER_NOT_FOUND": at_nobodys},
    "ums.deleteSecretKey": {"SERVICE_USER_NOT_FOUND": at_nobodys, "SECRET_KEY_ID_NOT_FOUND": twice},
    "dispatcher.subscribe": {
        "INVALID_ACTION_NAME": with_body(actionName="_fly"),
        "INVALID_ENTITY_TYPE_NAME": with_body(entityTypeName="robot"),
        "CONFLICT": twice,
    },
    "dispatcher.unsubscribe": {"SUBSCRIBER_NOT_FOUND": twice},
    "dispatcher.createInterception": {
        "INVALID_API_ID": with_body(apiId="POST/nowhere"),
        "INVALID_ENTITY_TYPE_NAME": with_body(type="ADAPT_ENTITY", entityName="robot"),
    },
    "settings.create": {
        **WRITTEN,
        "PLUGIN_EXISTS_BY_NAME": twice,
        "SERVICE_NAME_ALREADY_EXISTS": with_name_of_service_user,
    },
    "settings.get": {"PLUGIN_NOT_FOUND": at_nobodys},
    "settings.delete": {"PLUGIN_NOT_FOUND": twice},
    "settings.partialUpdate": {
        **WRITTEN,
        "PLUGIN_NOT_FOUND": at_nobodys,
        "PLUGIN_REQUEST_VALIDATION_FAILED": with_body(timeout=0),
        "PLUGIN_VERSION_MUST_BE_LARGER_WHEN_UPDATING_CODE": with_body(version=1),
        "PLUGIN_VERSION_MUST_NOT_BE_CHANGED_WHEN_NOT_UPDATING_CODE": without_code(version=2),
    },
}
COMMON = {"TOKEN_NOT_VALID", "ACCESS_DENIED"}
"""Reached for every operation by the test of tokens and permissions."""


def test_every_documented_code_is_returned_available_as_a_fault_or_left_out_with_a_reason() -> None:
    documented = {f"{one.name} {error.code}" for one in operations() for error in one.errors if error.code}
    reached = {f"{name} {code}" for name, breaks in BREAKS.items() for code in breaks}
    on_demand = {line for line in documented if line.split()[1] in {*COMMON, *contract()["by_fault"]}}
    beyond = {f"{name} {code}" for name, _, code in (line.split() for line in contract()["beyond"]) if name != "*"}
    left_out = contract()["not_modelled"].keys()

    assert documented == documented & (reached | on_demand | left_out)
    assert left_out <= documented - reached
    assert all(contract()["not_modelled"].values())
    assert reached - documented <= beyond
    assert beyond - {"ums.mfaLogin USER_LOCKED"} <= reached


@pytest.mark.parametrize(
    ("operation", "code"),
    plain_once([(one, code) for one in operations() for code in BREAKS.get(one.name, ())], lambda row: row[1]),
    ids=lambda value: getattr(value, "name", value),
)
def test_a_code_comes_with_its_status_and_its_details(
    requests: ContractRequests, operation: DocumentedOperation, code: str
) -> None:
    answer = BREAKS[operation.name][code](requests, valid(requests, operation))
    body = answer.json()

    assert body["code"] == code, body
    assert breaches(body, "ErrorResponse") == []
    assert body["serviceName"] == operation.name.partition(".")[0]
    documented = [error for error in operation.errors if error.code == code]
    if documented:
        assert (answer.status_code, set(body["details"])) == (documented[0].status, set(documented[0].details))
    else:
        assert f"{operation.name} {answer.status_code} {code}" in contract()["beyond"]


@pytest.mark.parametrize(
    ("operation", "error"),
    [(one, error) for one in operations() for error in one.errors if error.code in contract()["by_fault"]],
    ids=lambda value: f"{value.name}" if isinstance(value, DocumentedOperation) else value.code,
)
def test_errors_of_a_failing_biot_are_available_as_faults(
    requests: ContractRequests, operation: DocumentedOperation, error: DocumentedError
) -> None:
    kind = contract()["by_fault"][error.code]
    answer = requests.send(replace(valid(requests, operation), headers={"x-sandbox-fault": kind}))

    assert (answer.status_code, answer.json()["code"]) == (error.status, error.code)
    assert set(answer.json()["details"]) == set(error.details)
