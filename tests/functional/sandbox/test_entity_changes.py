"""What each successful request notes for the hooks: the action, the entity, and the entity before an update."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.applications import Starlette

from builder.platform.api_catalog import ACTIONS_BY_ENTITY
from builder.platform.entity_apis import ENTITY_APIS
from sandbox.entities import routes as entities
from sandbox.entities.entity_calls import EntityChange, noted_change
from sandbox.web.biot_errors import ApiError
from sandbox.web.error_responses import error_response
from tests.support.sandbox.contract_requests import ContractRequest, ContractRequests
from tests.support.sandbox.entity_requests import APIS, EntityRequests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from tests.support.sandbox.running_sandbox import Sandbox

CHANGING = [name for name, api in APIS.items() if api.action]


async def refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error_response(error, request.scope)


class NotedChanges:
    """The routes of the entities on the state of a running local BioT, without the hooks around them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._app = Starlette(routes=entities.routes(), exception_handlers={ApiError: refuse})
        self._app.state.sandbox = sandbox.running.state
        self._base_url = sandbox.base_url
        self._changes: list[EntityChange | None] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
        self._changes.append(noted_change(scope))

    def send(self, request: ContractRequest) -> tuple[httpx.Response, EntityChange | None]:
        """Send a request and return the response and the change."""
        answer = asyncio.run(self._send(request))
        return answer, self._changes.pop()

    async def _send(self, request: ContractRequest) -> httpx.Response:
        transport = httpx.ASGITransport(self)
        headers = {"authorization": f"Bearer {request.token}"}
        async with httpx.AsyncClient(transport=transport, base_url=self._base_url) as client:
            return await client.request(request.method, request.path, json=request.body, headers=headers)


@pytest.fixture(scope="module")
def requests(sandbox: Sandbox) -> Iterator[EntityRequests]:
    contract_requests = ContractRequests(sandbox)
    with contract_requests.http:
        yield EntityRequests(contract_requests)


@pytest.fixture(scope="module")
def noted(sandbox: Sandbox) -> NotedChanges:
    return NotedChanges(sandbox)


def before(requests: EntityRequests, request: ContractRequest, name: str) -> Any:  # noqa: ANN401  # JSON
    """The entity that the request will change; None for a creation."""
    api = APIS[name]
    if "{id}" not in api.path:
        return None
    one = next(one for one in ENTITY_APIS if one.operation == "get" and api.path.startswith(one.path))
    depth = one.path.count("/")
    return requests.made(requests.request("GET", "/".join(request.path.split("/")[: depth + 1])))


@pytest.mark.parametrize("name", CHANGING)
def test_a_change_has_the_action_of_its_api_and_the_entity(
    requests: EntityRequests, noted: NotedChanges, name: str
) -> None:
    api, request = APIS[name], requests.valid(name)
    old = before(requests, request, name)
    answer, change = noted.send(request)

    assert change is not None
    assert (change.entity_type_name, change.action) == (api.entity_type_name, api.action)
    assert change.action in ACTIONS_BY_ENTITY[change.entity_type_name]
    if api.operation == "delete":
        assert (change.entity, change.old_entity) == (old, None)
    else:
        assert change.entity == answer.json()
        assert old is None or change.old_entity == old


def test_an_update_that_clears_an_alert_notes_that(requests: EntityRequests, noted: NotedChanges) -> None:
    request = requests.valid("device.updateAlert_1")
    _, updated = noted.send(request.changed(_severity="MINOR"))
    answer, cleared = noted.send(request.changed(_state="CLEARED", _clearNotes="Checked"))
    _, again = noted.send(request.changed(_state="CLEARED", _name="Renamed"))

    assert [one.action for one in (updated, cleared, again) if one] == ["_update", "_clear", "_update"]
    assert answer.json()["_clearTrigger"] == "MANUAL"
    assert answer.json()["_clearedBy"]["id"]


@pytest.mark.parametrize("name", [name for name, api in APIS.items() if not api.action and api.operation != "get_self"])
def test_requests_without_an_action_note_nothing(requests: EntityRequests, noted: NotedChanges, name: str) -> None:
    answer, change = noted.send(requests.valid(name))

    assert answer.is_success
    assert change is None


def test_a_refused_request_notes_nothing(requests: EntityRequests, noted: NotedChanges) -> None:
    answer, change = noted.send(requests.valid("organization.createPatient").changed(_gender="OTHER"))

    assert answer.status_code == 400
    assert change is None
