"""A small API of patients in memory, with the hooks of the local BioT around it.

The hooks are an ASGI layer that knows nothing of the entities behind it. Their endpoints are real servers; only the
calls of the API itself need no socket.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
from anyio.from_thread import start_blocking_portal
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.clock import Clock, SystemClock
from sandbox.database import Database
from sandbox.dispatcher.subscription_table import (
    InterceptionSubscription,
    NotificationSubscription,
    subscribe_interception,
    subscribe_notification,
)
from sandbox.entities.entity_calls import EntityChange, note_change
from sandbox.functions.service import FunctionService, ServiceSettings
from sandbox.hooks.hook_layer import HookLayer
from sandbox.hooks.running_hooks import Hooks
from sandbox.instance_state import InstanceState, SandboxSettings
from sandbox.tokens.signing_keys import SigningKeys
from sandbox.ums.first_accounts import create_first_accounts
from sandbox.ums.sessions import log_in
from sandbox.web.authorization import require_permission
from sandbox.web.biot_errors import ApiError
from sandbox.web.error_responses import error_response

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from anyio.from_thread import BlockingPortal
    from starlette.requests import Request

    from sandbox.hooks.hook_reports import ChainEnd, ChainStart, ChainStep

PATIENTS = "/organization/v1/users/patients"


@dataclass
class RecordingObserver:
    """Keeps everything that the hooks report."""

    starts: list[ChainStart] = field(default_factory=list)
    steps: list[ChainStep] = field(default_factory=list)
    ends: list[ChainEnd] = field(default_factory=list)

    def chain_started(self, start: ChainStart) -> None:
        self.starts.append(start)

    def step_done(self, step: ChainStep) -> None:
        self.steps.append(step)

    def chain_ended(self, end: ChainEnd) -> None:
        self.ends.append(end)

    def reasons(self) -> dict[str, list[str]]:
        """The codes of the reasons against each subscription of the last chain, by what it is subscribed to."""
        return {
            f"{one.subscription.listener} {one.subscription.target}": [reason.code.value for reason in one.reasons]
            for one in self.ends[-1].considered
        }


class PatientsApi:
    """The routes of patients, in memory; a template other than ``patient`` comes from the path."""

    def __init__(self) -> None:
        self.patients: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[str, str, Mapping[str, str], bytes]] = []

    def routes(self) -> list[Route]:
        return [
            Route(PATIENTS, self.create, methods=["POST"]),
            Route(f"{PATIENTS}/templates/{{template}}", self.create, methods=["POST"]),
            Route(PATIENTS, self.search, methods=["GET"]),
            Route(f"{PATIENTS}/{{id}}", self.change, methods=["GET", "PATCH", "DELETE"]),
        ]

    async def create(self, request: Request) -> Response:
        await self._note(request)
        identifier, name = f"p{len(self.patients) + 1}", request.path_params.get("template", "patient")
        entity = {"_id": identifier, "_template": {"name": name}, **json.loads(await request.body() or b"{}")}
        self.patients[identifier] = entity
        note_change(request.scope, EntityChange(entity_type_name="patient", action="_create", entity=entity))
        return JSONResponse(entity, status_code=201, headers={"x-own": "1"})

    async def search(self, request: Request) -> Response:
        await self._note(request)
        found = list(self.patients.values())
        return JSONResponse({"data": found, "metadata": {"page": {"totalResults": len(found)}}})

    async def change(self, request: Request) -> Response:
        await self._note(request)
        entity = self.patients.get(request.path_params["id"])
        if entity is None:
            raise ApiError(404, "PATIENT_NOT_FOUND", "There is no such patient.")
        if request.method == "DELETE":
            del self.patients[entity["_id"]]
            note_change(request.scope, EntityChange(entity_type_name="patient", action="_delete", entity=entity))
            return Response(status_code=204)
        if request.method == "PATCH":
            old, entity = entity, {**entity, **json.loads(await request.body())}
            self.patients[entity["_id"]] = entity
            change = EntityChange(entity_type_name="patient", action="_update", entity=entity, old_entity=old)
            note_change(request.scope, change)
        return JSONResponse(entity)

    async def _note(self, request: Request) -> None:
        require_permission(request, "PROTECTED_API")
        self.requests.append((request.method, str(request.url), request.headers, await request.body()))


@dataclass(frozen=True, kw_only=True)
class HookedApi:
    """The API with its hooks, ready to be called."""

    portal: BlockingPortal
    client: httpx.AsyncClient
    state: InstanceState
    hooks: Hooks
    api: PatientsApi
    observed: RecordingObserver
    token: str

    def call(
        self, method: str, path: str, body: object = None, *, token: str | None = None, **headers: str
    ) -> httpx.Response:
        """Call the API as the administrator, or with another token; underscores in headers become hyphens."""
        sent = {"authorization": f"Bearer {token or self.token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        return self.portal.call(lambda: self.client.request(method, path, content=content, headers=sent))

    def intercept(self, endpoint: str, order: int, kind: str = "PRE_REQUEST", **what: Any) -> None:  # noqa: ANN401 - the fields of a subscription
        """Subscribe an endpoint to the creation of patients, or to something else."""
        target = {} if kind == "ADAPT_ENTITY" else {"api_id": f"POST{PATIENTS}"}
        wanted = InterceptionSubscription(type=kind, order=order, **{**target, **what})
        with self.state.database.write() as connection:
            subscribe_interception(connection, endpoint, wanted)

    def notify(self, endpoint: str, action: str = "_create", template: str = "", entity: str = "patient") -> None:
        """Subscribe an endpoint to a notification."""
        wanted = NotificationSubscription(entity_type_name=entity, action_name=action, template_name=template)
        with self.state.database.write() as connection:
            subscribe_notification(connection, endpoint, wanted)

    def settle(self) -> None:
        """Wait until all notifications are delivered."""
        self.portal.call(self.hooks.queue.drain, 10)


async def _show_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error_response(error, request.scope)


@contextmanager
def hooked_api(folder: Path, clock: Clock | None = None) -> Iterator[HookedApi]:
    """Run the API with hooks until the block ends."""
    database = Database(folder / "biot.sqlite")
    database.migrate()
    state = InstanceState(
        database=database,
        clock=clock or SystemClock(),
        keys=SigningKeys(database),
        functions=FunctionService(ServiceSettings(cache=folder / "functions")),  # runs nothing: no test calls it
        settings=SandboxSettings(base_url="http://127.0.0.1:1"),
    )
    accounts = create_first_accounts(database)
    assert accounts is not None
    session: Any = log_in(state, "admin@biot.local", accounts.admin_password)
    api, observed = PatientsApi(), RecordingObserver()
    app = Starlette(routes=api.routes(), exception_handlers={ApiError: _show_error})
    app.state.sandbox = state
    hooks = Hooks(state, observed)
    transport = httpx.ASGITransport(HookLayer(app, hooks))
    with start_blocking_portal() as portal:
        client = httpx.AsyncClient(transport=transport, base_url="http://biot", timeout=30)
        yield HookedApi(
            portal=portal,
            client=client,
            state=state,
            hooks=hooks,
            api=api,
            observed=observed,
            token=session["accessJwt"]["token"],
        )
        portal.call(hooks.close)
        portal.call(client.aclose)
    database.close()
