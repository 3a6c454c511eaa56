"""Runs of schemathesis on a local BioT: requests that follow its OpenAPI document, and requests that do not."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase, given
from jsonschema_rs import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from builder.platform.api_catalog import ADAPTABLE_ENTITY_TYPES
from builder.platform.interceptions import API_IDS
from sandbox.dispatcher.subscription_table import InterceptionSubscription, subscribe_interception
from sandbox.openapi import PATH, document
from tests.support.sandbox.hook_endpoint import hook_endpoint
from tests.support.sandbox.known_entities import known_parameters, known_references
from tests.support.sandbox.running_sandbox import running_sandbox
from tests.support.sandbox.settings_client import CODE, MINIMAL, settings_of

if TYPE_CHECKING:
    from pathlib import Path

    from schemathesis import Case, CheckFunction, Response

    from tests.support.sandbox.running_sandbox import Sandbox

PLUGIN = "/settings/v2/plugins/{name}"
DEPENDENT = {
    "ALERT_PARENT_ENTITY_NOT_FOUND",
    "ALERT_TEMPLATE_NOT_CHILD_OF_PARENT_TEMPLATE",
    "INCORRECT_PARENT",
    "CLEAR_NOTES_GIVEN_ON_OPEN_ALERT",
    "ILLEGAL_STATE_CHANGE",
    "DIFFERENT_REFERENCED_ENTITY_ORGANIZATION_ID",
    "EMAIL_CANNOT_BE_EMPTY_FOR_LOGGABLE_USER",
    "OTP_PHONE_CANNOT_BE_NULL",
    "OTP_MFA_ENABLED_CONFLICT",
    "OTP_UPDATE_PHONE_DISABLED",
    "SESSION_MISSING_PATIENT_ID",
    "STOP_DATA_NULL_FOR_DONE_SESSION",
    "STOP_DATA_NOT_NULL_FOR_NON_DONE_SESSION",
    "END_TIME_VALUE_INVALID_FOR_SESSION_STATE",
    "TIME_IN_FUTURE",
    "START_TIME_AFTER_END_TIME",
    "ENTITY_DOES_NOT_SUPPORT_PARENT_TEMPLATE",
    "PARENT_TEMPLATE_TYPE_NOT_SUPPORTED",
    "CUSTOM_ATTRIBUTES_DUPLICATE_NAME",
    "TEMPLATE_DUPLICATE_NAME",
    "VALIDATION_DEFINITION_REGEX_NOT_SUPPORTED",
}
"""Codes for valid values that do not fit other values or other entities."""
BROKEN = {"INTERNAL_SERVER_ERROR"}
"""Codes that only a bug causes. A 500 AWS_EXCEPTION is BioT's response to what Lambda refuses."""


@dataclass(kw_only=True)
class SeedResult:
    """The result of one seed.

    Attributes:
        requests: The number of requests by operation and status.
        failures: Descriptions of wrong responses.
    """

    requests: Counter[tuple[str, int]] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def try_seed(folder: Path, seed: int, examples: int, *, hooked: bool = False) -> SeedResult:
    """Try every operation of a new local BioT.

    Args:
        folder: For its data.
        seed: Of the examples.
        examples: How many of each kind an operation gets.
        hooked: Whether every API goes through three interceptors that change nothing: nobody may see a difference.
    """
    with running_sandbox(folder / str(seed)) as sandbox:
        if not hooked:
            return try_all(sandbox, seed, examples)
        with hook_endpoint() as endpoint:
            intercept_everything(sandbox, endpoint.url)
            result = try_all(sandbox, seed, examples)
            if not endpoint.calls:
                result.failures.append("no interceptor was called")
            return result


def intercept_everything(sandbox: Sandbox, endpoint: str) -> None:
    """Subscribe an endpoint to every API, before and after it, and to every entity type."""
    wanted = [
        InterceptionSubscription(type=kind, order=1, api_id=api_id)
        for kind in ("PRE_REQUEST", "POST_REQUEST")
        for api_id in API_IDS
    ]
    wanted += [
        InterceptionSubscription(type="ADAPT_ENTITY", order=1, entity_name=name) for name in ADAPTABLE_ENTITY_TYPES
    ]
    with sandbox.running.state.database.write() as connection:
        for one in wanted:
            subscribe_interception(connection, endpoint, one)


def try_all(sandbox: Sandbox, seed: int, examples: int, *, without: tuple[str, ...] = ()) -> SeedResult:
    """Try every operation with valid requests and with as many invalid ones, except those below some paths."""
    openapi = schemathesis.openapi.from_url(f"{sandbox.base_url}{PATH}")
    settings = settings_of(sandbox)
    with settings.http:
        settings.create({**MINIMAL, "name": "fixed"})
    trial = _Trial({"Authorization": f"Bearer {sandbox.admin_token()}"})
    for result in openapi.get_all_operations():
        operation = result.ok()  # type: ignore[union-attr]  # our document has no broken operation
        if operation.path.startswith(without):
            continue
        has_input = operation.body or operation.query or operation.path_parameters
        for mode in GenerationMode if has_input else [GenerationMode.POSITIVE]:
            _generate(trial, operation.as_strategy(generation_mode=mode), seed, examples)
    return trial.result


def _generate(trial: _Trial, cases: Any, seed: int, examples: int) -> None:  # noqa: ANN401  # a strategy of Case
    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def send(case: Case[Any]) -> None:
        trial.send(case)

    send()


class _Trial:
    def __init__(self, headers: dict[str, str]) -> None:
        self.result = SeedResult()
        self._headers = headers

    def send(self, case: Case[Any]) -> None:
        if case.meta and case.meta.generation.mode is GenerationMode.POSITIVE:
            _make_acceptable(case)
        response = case.call(headers=self._headers)
        operation = f"{case.method} {case.path}"
        self.result.requests[operation, response.status_code] += 1
        if response.content and response.status_code >= 400 and response.json()["code"] in BROKEN:
            self.result.failures.append(f"{operation}: {response.text}")
        try:
            case.validate_response(response, excluded_checks=_excluded(case, response))
        except FailureGroup as failed:
            summary = f"{operation} -> {response.status_code} {response.text[:300]}"
            url = response.request.url
            self.result.failures += [f"{summary}: {error} (sent to {url})" for error in failed.exceptions]


def _excluded(case: Case[Any], response: Response) -> list[CheckFunction]:
    excluded: list[CheckFunction] = [schemathesis.checks.not_a_server_error]  # BROKEN lists the wrong ones
    if _is_plugin_change(case) or case.path == "/ums/v2/users/logout" or _depends_on_data(response):
        excluded.append(positive_data_acceptance)  # no schema can express the version rule or what exists
    if _became_valid(str(response.request.url)) or _stayed_valid(case):
        excluded.append(negative_data_rejection)
    return excluded


def _stayed_valid(case: Case[Any]) -> bool:
    """Return whether schemathesis found nothing to make invalid in a request that it calls negative."""
    data = case.meta and case.meta.phase.data
    return getattr(data, "description", "") == "Positive test case"


def _became_valid(url: str) -> bool:
    """Return whether a search request that was invalid on purpose became valid when it was encoded in the URL."""
    query = parse_qs(urlsplit(url).query, keep_blank_values=True)
    openapi = document()
    operations = openapi["paths"].get(urlsplit(url).path, {})
    if len(query.get("searchRequest", [])) != 1 or "get" not in operations:
        return False
    parameter = next(one for one in operations["get"]["parameters"] if one["name"] == "searchRequest")
    schema = {**parameter["content"]["application/json"]["schema"], "components": openapi["components"]}
    try:
        return Draft202012Validator(schema).is_valid(json.loads(query["searchRequest"][0]))
    except ValueError:
        return False


def _depends_on_data(response: Response) -> bool:
    """Return whether a request was refused because of other entities, or of how its values go together."""
    return response.status_code == HTTPStatus.BAD_REQUEST and response.json()["code"] in DEPENDENT


def _is_plugin_change(case: Case[Any]) -> bool:
    return case.path == PLUGIN and case.method in {"PATCH", "PUT"}


def _make_acceptable(case: Case[Any]) -> None:
    """Set what a schema cannot express: an existing plugin, a schedule, and code for ZIP plugins only."""
    if case.path == PLUGIN and case.method != "DELETE":
        case.path_parameters["name"] = "Plugin-fixed"
    _refer_to_known_entities(case)
    body: Any = case.body
    if not isinstance(body, dict) or not isinstance(body.get("config"), dict):
        return
    config = body["config"]
    if config.get("cronSchedule") is not None:
        config["cronSchedule"] = "0 2 * * ? *"
    if _is_plugin_change(case):
        config |= {"name": "fixed"} if case.method == "PUT" else {}
        config.pop("deploymentPackageType", None)
    if config.get("deploymentPackageType") == "IMAGE":
        body.pop("code", None)
    elif "code" in body:
        body["code"] = CODE
        config.pop("handler", None)
        config["runtime"] = "python3.13"


def _refer_to_known_entities(case: Case[Any]) -> None:
    case.path_parameters |= {
        name: value for name, value in known_parameters(case.path).items() if name in case.path_parameters
    }
    body: Any = case.body
    if isinstance(body, dict):
        body |= {name: value for name, value in known_references(case.path).items() if body.get(name)}
