"""The local BioT's own OpenAPI document: complete, and kept by what answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sandbox.dispatcher import routes as dispatcher
from sandbox.openapi import document
from sandbox.settings import routes as settings
from sandbox.ums import routes as ums
from tests.support.sandbox import running_sandbox
from tests.support.schemathesis_runs import try_all

if TYPE_CHECKING:
    from pathlib import Path


def test_the_document_names_every_route_and_no_other() -> None:
    served = {
        (route.path, method.lower())
        for room in (settings, ums, dispatcher)
        for route in room.routes()
        for method in (route.methods or set()) - {"HEAD"}
    }
    told = {(path, method) for path, methods in document()["paths"].items() for method in methods}

    assert told == served


def test_every_permission_of_the_document_is_one_of_the_rooms() -> None:
    operations = [one for methods in document()["paths"].values() for one in methods.values()]
    public = {one["operationId"] for one in operations if not one["security"]}

    assert len({one["operationId"] for one in operations}) == len(operations)
    assert all(re.search(r"permission [A-Z_]+\.", one["description"]) for one in operations if one["security"])
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


def test_answers_are_what_the_document_says(tmp_path: Path) -> None:
    """Twenty seeds of it, with more examples: tests/proof."""
    with running_sandbox(tmp_path) as sandbox:
        tried = try_all(sandbox, seed=1, examples=2)

    assert tried.failures == []
    assert {status for _, status in tried.requests} >= {200, 201, 204, 400, 401, 404}
