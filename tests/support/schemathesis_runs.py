"""schemathesis against a running local BioT: its own OpenAPI document, with data that fits and data that does not."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import hypothesis
import schemathesis
from hypothesis import HealthCheck, Phase, given
from jsonschema_rs import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from sandbox.openapi import PATH, document
from tests.support.sandbox import running_sandbox
from tests.support.settings import CODE, MINIMAL, settings_of

if TYPE_CHECKING:
    from pathlib import Path

    from schemathesis import Case, CheckFunction, Response

    from tests.support.sandbox import Sandbox

PLUGIN = "/settings/v2/plugins/{name}"
BROKEN = {"INTERNAL_SERVER_ERROR"}
"""Codes that only a bug gives. A 500 AWS_EXCEPTION is BioT's answer to what Lambda refuses."""


@dataclass(kw_only=True)
class Tried:
    """What one seed did.

    Attributes:
        requests: How many were sent, by operation and status.
        failures: What was wrong with an answer.
    """

    requests: Counter[tuple[str, int]] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def try_seed(folder: Path, seed: int, examples: int) -> Tried:
    """Every operation of a local BioT of its own."""
    with running_sandbox(folder / str(seed)) as sandbox:
        return try_all(sandbox, seed, examples)


def try_all(sandbox: Sandbox, seed: int, examples: int) -> Tried:
    """Every operation with so many requests that fit its description, and as many that do not."""
    description = schemathesis.openapi.from_url(f"{sandbox.base_url}{PATH}")
    settings = settings_of(sandbox)
    with settings.http:
        settings.create({**MINIMAL, "name": "fixed"})
    trial = _Trial({"Authorization": f"Bearer {sandbox.admin_token()}"})
    for found in description.get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]  # our document has no broken operation
        has_input = operation.body or operation.query or operation.path_parameters
        for mode in GenerationMode if has_input else [GenerationMode.POSITIVE]:
            _generate(trial, operation.as_strategy(generation_mode=mode), seed, examples)
    return trial.tried


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
        self.tried = Tried()
        self._headers = headers

    def send(self, case: Case[Any]) -> None:
        if case.meta and case.meta.generation.mode is GenerationMode.POSITIVE:
            _fit(case)
        response = case.call(headers=self._headers)
        what = f"{case.method} {case.path}"
        self.tried.requests[what, response.status_code] += 1
        if response.content and response.status_code >= 400 and response.json()["code"] in BROKEN:
            self.tried.failures.append(f"{what}: {response.text}")
        try:
            case.validate_response(response, excluded_checks=_excluded(case, response))
        except FailureGroup as failed:
            answer = f"{what} -> {response.status_code} {response.text[:300]}"
            self.tried.failures += [f"{answer}: {one} (sent to {response.request.url})" for one in failed.exceptions]


def _excluded(case: Case[Any], response: Response) -> list[CheckFunction]:
    excluded: list[CheckFunction] = [schemathesis.checks.not_a_server_error]  # BROKEN says which of them are wrong
    if _is_plugin_change(case) or case.path == "/ums/v2/users/logout":
        excluded.append(positive_data_acceptance)  # the version, or which tokens there are, no schema can say
    if _became_valid(str(response.request.url)):
        excluded.append(negative_data_rejection)
    return excluded


def _became_valid(url: str) -> bool:
    """A search that was made wrong on purpose, of which nothing wrong was left once it stood in the address."""
    query = parse_qs(urlsplit(url).query, keep_blank_values=True)
    description = document()
    operations = description["paths"].get(urlsplit(url).path, {})
    if query.keys() != {"searchRequest"} or len(query["searchRequest"]) > 1 or "get" not in operations:
        return False
    (parameter,) = operations["get"]["parameters"]
    schema = {**parameter["content"]["application/json"]["schema"], "components": description["components"]}
    try:
        return Draft202012Validator(schema).is_valid(json.loads(query["searchRequest"][0]))
    except ValueError:
        return False


def _is_plugin_change(case: Case[Any]) -> bool:
    return case.path == PLUGIN and case.method in {"PATCH", "PUT"}


def _fit(case: Case[Any]) -> None:
    """What a schema cannot say: a plugin that is there, a schedule, and code only for ZIP, and one."""
    if case.path == PLUGIN and case.method != "DELETE":
        case.path_parameters["name"] = "Plugin-fixed"
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
