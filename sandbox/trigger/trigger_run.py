"""Carry out what somebody wants to trigger, in the local BioT itself, and describe what happened."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

from starlette.concurrency import run_in_threadpool

from sandbox import ADMIN
from sandbox.clock import iso
from sandbox.entities.entity_calls import EntityChange
from sandbox.entities.templates.seed_templates import default_template_id, default_template_name
from sandbox.hooks.asgi_exchange import AppRunner
from sandbox.hooks.entity_events import send_event
from sandbox.hooks.rules.api_messages import JSON_TYPE, BiotRequest, json_bytes, json_or_none, query_of
from sandbox.hooks.rules.called_api import find_called_api
from sandbox.hooks.rules.hook_events import Initiator
from sandbox.hooks.running_hooks import CallOptions
from sandbox.trigger.chain_report import ChainRecorder, describe_chain
from sandbox.trigger.event_breaks import alteration_of
from sandbox.trigger.example_bodies import example_body
from sandbox.trigger.trigger_plans import creation_without_template, plan_of
from sandbox.ums.accounts import ORGANIZATION
from sandbox.ums.permissions import ADMINISTRATOR
from sandbox.web.authorization import SERVICE_EXTERNAL, SERVICE_INTERNAL, USER
from sandbox.web.biot_errors import ApiError, bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Scope

    from builder.platform.entity_apis import EntityApi
    from sandbox.hooks.hook_layer import HookLayer
    from sandbox.hooks.notification_queue import Delivery
    from sandbox.trigger.event_breaks import EventBreak

_OTHER_ENTITIES = {"deviceId": "device", "patientId": "patient", "newAdminId": "organization-user"}
"""The entities in a path besides the one that it is about: path parameter and entity type. Each trigger creates its
own, because a device can only be in one session at a time."""
_TOKEN_MINUTES = 30
FIRST_SENDER = "user"
SENDERS = {FIRST_SENDER: USER, "service": SERVICE_EXTERNAL, "platform": SERVICE_INTERNAL}
"""Who can make the API call, and the ``tokenType`` of the token: the administrator in a portal, a program of a
customer with a service user, and a service of BioT itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WantedAction:
    """An action on an entity.

    Attributes:
        entity: The entity type.
        action: The action.
        template: The name of the template; empty for the default one.
        values: Values of the body by attribute.
    """

    entity: str
    action: str
    template: str = ""
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class WantedCall:
    """An API call; ``path`` may have a query."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class TriggerRun:
    """Triggers one thing.

    Args:
        layer: The hooks around the routes.
        app: The application with the routes.
        scope: The scope of the request that asks for it.
        chosen: How to break the calls of plugins; None sends them as they are.
        sender: Who makes the API call: a name in ``SENDERS``.
    """

    def __init__(
        self, layer: HookLayer, app: ASGIApp, scope: Scope, chosen: EventBreak | None, sender: str = ""
    ) -> None:
        self._token_type = SENDERS[sender or FIRST_SENDER]
        self._layer = layer
        self._hooks = layer.hooks
        self._runner = AppRunner(app, scope)
        self._scope = scope
        alteration = alteration_of(chosen, self._hooks.caller.tokens, self._hooks.state.keys) if chosen else None
        self._recorder = ChainRecorder(self._hooks.observer)
        self._options = CallOptions(alteration=alteration, observer=self._recorder)
        self._unique = secrets.token_hex(4)
        self._others: dict[str, str] = {}

    async def call(self, wanted: WantedCall) -> dict[str, object]:
        """Call an API as the administrator, and return what happened.

        Raises:
            ApiError: 400, it is not an API of the catalog.
        """
        parts = urlsplit(wanted.path)
        api = find_called_api(wanted.method, parts.path)
        if api is None:
            message = (
                f"{wanted.method}{parts.path} is not an API that has hooks. "
                "`biot-plugin catalog -e local --search WORD` finds those that have."
            )
            raise bad_request(message)
        request = BiotRequest(
            method=wanted.method,
            path=parts.path,
            query=query_of(parts.query),
            headers={**await self._headers(), **wanted.headers},
            body=wanted.body,
        )
        outcome = await self._layer.carry_out(self._scope, request, api, self._options)
        return await self._described(outcome.deliveries)

    async def act(self, wanted: WantedAction) -> dict[str, object]:
        """Cause an action on an entity through its API, or send its event when no API causes it."""
        plan = plan_of(wanted.entity, wanted.action)
        if not plan:
            return await self._send_event(wanted)
        identifier = ""
        for api in plan[:-1]:
            prepared = WantedAction(entity=wanted.entity, action="", template=wanted.template)
            call = await self._call_of(api, prepared, identifier)
            entity = await self._run_silently(call)
            identifier = str(entity.get("_id", identifier))
        last = await run_in_threadpool(self._intercepted_api, plan[-1], wanted)
        return await self.call(await self._call_of(last, wanted, identifier))

    def _intercepted_api(self, api: EntityApi, wanted: WantedAction) -> EntityApi:
        """Return the API for a creation: the one without a template in its path if only that one is intercepted."""
        other = creation_without_template(wanted.entity)
        if api.operation != "create_by_template" or wanted.template or other is None:
            return api
        with self._hooks.state.database.read() as connection:
            rows = connection.execute("SELECT DISTINCT api_id FROM dispatcher_interception")
            intercepted = {row["api_id"] for row in rows}
        return other if other.api_id in intercepted and api.api_id not in intercepted else api

    async def _call_of(self, api: EntityApi, wanted: WantedAction, identifier: str) -> WantedCall:
        now = iso(self._hooks.state.clock.now())
        body = example_body(api, wanted.action, wanted.values, self._unique, now)
        if body is not None and api.operation in {"create", "start"}:
            body = {"_templateId": default_template_id(wanted.entity), **body}
        path = api.path
        for parameter, entity in _OTHER_ENTITIES.items():
            if f"{{{parameter}}}" in path:
                path = path.replace(f"{{{parameter}}}", quote(await self._other(entity), safe=""))
        values = {
            "id": identifier,
            "templateName": wanted.template or default_template_name(wanted.entity),
            "usageType": wanted.template or default_template_name(wanted.entity),
            "state": "DISABLED",
        }
        for name, value in values.items():
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        return WantedCall(method=api.method, path=path, body=b"" if body is None else json_bytes(body))

    async def _other(self, entity: str) -> str:
        """Return the id of an entity that another one needs; the first time, create it."""
        if entity not in self._others:
            (api,) = plan_of(entity, "_create")
            values = {"_patient.id": await self._other("patient")} if entity == "device" else {}
            call = await self._call_of(api, WantedAction(entity=entity, action="_create", values=values), "")
            self._others[entity] = str((await self._run_silently(call))["_id"])
        return self._others[entity]

    async def _run_silently(self, call: WantedCall) -> dict[str, Any]:
        """Call an API without any hooks, to prepare something, and return the JSON of its response.

        Raises:
            ApiError: With the status of the response, it failed.
        """
        parts = urlsplit(call.path)
        headers = await self._headers()
        ran = await self._runner.run(
            BiotRequest(
                method=call.method, path=parts.path, query=query_of(parts.query), headers=headers, body=call.body
            )
        )
        body = json_or_none(ran.response.body)
        content = body if isinstance(body, dict) else {}
        if not ran.response.succeeded:
            message = f"{call.method} {parts.path}, which the trigger needs first, failed: {content.get('message')}"
            raise ApiError(ran.response.status, str(content.get("code", "BAD_REQUEST")), message)
        return content

    async def _send_event(self, wanted: WantedAction) -> dict[str, object]:
        created = plan_of(wanted.entity, "_create") or plan_of(wanted.entity, "_start")
        call = await self._call_of(created[0], WantedAction(entity=wanted.entity, action="_create"), "")
        entity: dict[str, object] = await self._run_silently(call)
        if wanted.template:
            template = entity.get("_template")
            entity["_template"] = {**(template if isinstance(template, dict) else {}), "name": wanted.template}
        entity |= wanted.values
        return await self.send(EntityChange(entity_type_name=wanted.entity, action=wanted.action, entity=entity))

    async def send(self, change: EntityChange) -> dict[str, object]:
        """Send an event that no API call causes, and return what happened."""
        administrator = await run_in_threadpool(self._administrator)
        initiator = Initiator(id=administrator, organization=ORGANIZATION, token_type=USER)
        return await self._described(await send_event(self._hooks, change, initiator, self._options))

    async def _headers(self) -> dict[str, str]:
        token = await run_in_threadpool(self._token)
        return {"authorization": f"Bearer {token}", "content-type": JSON_TYPE, "accept-language": "en"}

    def _administrator(self) -> str:
        with self._hooks.state.database.read() as connection:
            row = connection.execute("SELECT id FROM ums_user WHERE username = ?", (ADMIN,)).fetchone()
        if row is None:
            message = f"This local BioT has no account {ADMIN}. Start it again with `biot-plugin sandbox`."
            raise ApiError(409, "USER_NOT_FOUND", message)
        return str(row["id"])

    def _account(self) -> dict[str, str]:
        """Return the claims that name the sender's account."""
        if self._token_type == USER:
            return {"sub": self._administrator()}
        own = "SELECT id FROM ums_service_user WHERE active AND name NOT LIKE 'Plugin-%' ORDER BY name LIMIT 1"
        with self._hooks.state.database.read() as connection:
            row = connection.execute(own).fetchone()
        if row is None:
            message = "This local BioT has no service user. Start it again with `biot-plugin sandbox`."
            raise ApiError(409, "SERVICE_USER_NOT_FOUND", message)
        return {"sub": str(row["id"]), "serviceUserId": str(row["id"])}

    def _token(self) -> str:
        """Return a token of the sender, with the administrator's permissions."""
        expires = self._hooks.state.clock.now() + timedelta(minutes=_TOKEN_MINUTES)
        claims = {
            **self._account(),
            "tenantId": ORGANIZATION,
            "scopes": list(ADMINISTRATOR),
            "tokenType": self._token_type,
            "jti": str(uuid4()),
            "exp": int(expires.timestamp()),
        }
        return self._hooks.state.keys.sign(claims)

    async def _described(self, deliveries: tuple[Delivery, ...]) -> dict[str, object]:
        await asyncio.gather(*(delivery.done.wait() for delivery in deliveries))
        start, end = self._recorder.start, self._recorder.end
        if start is None or end is None:
            msg = "the hooks did not report the chain"
            raise RuntimeError(msg)
        return describe_chain(start, self._recorder.steps, end)
