"""The local BioT's OpenAPI document is complete, and its responses agree with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from sandbox.dispatcher import routes as dispatcher
from sandbox.entities import routes as entities
from sandbox.entities.templates import routes as templates
from sandbox.openapi import document
from sandbox.settings import routes as settings
from sandbox.ums import routes as ums
from tests.support.sandbox.running_sandbox import running_sandbox
from tests.support.sandbox.schemathesis_runs import try_all

if TYPE_CHECKING:
    from pathlib import Path


LIKE_OTHERS = (
    "/organization/v1/users/caregivers",
    "/organization/v1/users/organizations",
    "/organization/v1/users/patients/{patientId}",
    "/generic-entity/v1",
    "/organization/v1/registration-codes",
)
"""The operations below these paths have the same implementation and description as others."""


def test_the_document_lists_every_route_and_no_other() -> None:
    served = {
        (route.path, method.lower())
        for room in (settings, ums, dispatcher, entities, templates)
        for route in room.routes()
        for method in (route.methods or set()) - {"HEAD"}
    }
    documented = {(path, method) for path, methods in document()["paths"].items() for method in methods}

    assert documented == served


def test_every_permission_in_the_document_is_defined() -> None:
    operations = [operation for methods in document()["paths"].values() for operation in methods.values()]
    public = {operation["operationId"] for operation in operations if not operation["security"]}

    assert len({operation["operationId"] for operation in operations}) == len(operations)
    assert all(
        re.search(r"permission [A-Z_]+\.", operation["description"])
        for operation in operations
        if operation["security"]
    )
    assert public == {
        "dispatcherHealthCheck",
        "generateOtp",
        "getPublicKey",
        "getSystemProperties",
        "healthCheck",
        "login",
        "logout",
        "otpLogin",
        "refreshToken",
        "serviceUserLogin",
        "tokenLogin",
        "umsHealthCheck",
    }


@pytest.mark.exhaustive
def test_responses_agree_with_the_document(tmp_path: Path) -> None:
    """tests/proof runs twenty seeds, with more examples, and every entity type."""
    with running_sandbox(tmp_path) as sandbox:
        result = try_all(sandbox, seed=1, examples=2, without=LIKE_OTHERS)

    assert result.failures == []
    assert {status for _, status in result.requests} >= {200, 201, 204, 400, 401, 404}
