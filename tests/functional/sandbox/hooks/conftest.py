"""One API with hooks for all tests of a file, and two endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.sandbox.hook_endpoint import HookEndpoint, hook_endpoint
from tests.support.sandbox.hooked_api import HookedApi, hooked_api

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def running_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HookedApi]:
    with hooked_api(tmp_path_factory.mktemp("hooked")) as running:
        yield running


@pytest.fixture
def api(running_api: HookedApi) -> HookedApi:
    """The API without subscriptions, patients and records of earlier tests."""
    running_api.settle()
    with running_api.state.database.write() as connection:
        connection.execute("DELETE FROM dispatcher_interception")
        connection.execute("DELETE FROM dispatcher_notification")
    running_api.api.patients.clear()
    running_api.api.requests.clear()
    for records in (running_api.observed.starts, running_api.observed.steps, running_api.observed.ends):
        records.clear()
    return running_api


@pytest.fixture
def first() -> Iterator[HookEndpoint]:
    with hook_endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def second() -> Iterator[HookEndpoint]:
    with hook_endpoint() as endpoint:
        yield endpoint
