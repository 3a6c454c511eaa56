"""An event of each hook, for plugins that bring none. The people in it do not exist."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sandbox.entities.entity_calls import EntityChange
from sandbox.functions.url.url_event import UrlRequest, event_of
from sandbox.hooks.hook_requests import hook_request
from sandbox.hooks.rules.api_messages import BiotRequest, BiotResponse, json_bytes
from sandbox.hooks.rules.called_api import find_called_api
from sandbox.hooks.rules.hook_events import (
    HOOKTYPES,
    Initiator,
    entities_event,
    notification_event,
    request_event,
    response_event,
)
from sandbox.hooks.rules.subscription_matching import HookType
from sandbox.hooks.rules.traces import new_span
from sandbox.ums.accounts import ORGANIZATION

if TYPE_CHECKING:
    from collections.abc import Mapping

HTTP, CRON = "http", "cron"
HOOK_TYPES = {
    "notification": (HookType.NOTIFICATION, HOOKTYPES[HookType.NOTIFICATION]),
    "interceptor_pre": (HookType.PRE_REQUEST, HOOKTYPES[HookType.PRE_REQUEST]),
    "interceptor_post": (HookType.POST_REQUEST, HOOKTYPES[HookType.POST_REQUEST]),
    "interceptor_post_entity": (HookType.ADAPT_ENTITY, HOOKTYPES[HookType.ADAPT_ENTITY]),
}
"""Name of the hook -> its kind of call, and the value of its header ``hooktype``."""

_TIME = datetime(2026, 1, 1, 2, tzinfo=UTC)
_DOMAIN = "abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-central-1.on.aws"
_METHOD, _PATH = "POST", "/organization/v1/users/patients"
_NEW_PATIENT = {"_name": {"firstName": "Example", "lastName": "Person"}, "_email": "person@example.com"}
_PATIENT = {
    "_id": "00000000-0000-4000-8000-000000000001",
    **_NEW_PATIENT,
    "_template": {"id": "00000000-0000-4000-8000-000000000002", "name": "patient", "displayName": "Patient"},
    "_ownerOrganization": {"id": ORGANIZATION, "name": "Example Clinic"},
}
_INITIATOR = Initiator(id="00000000-0000-4000-8000-000000000004", organization=ORGANIZATION, token_type="USER")  # noqa: S106 - a kind of token


def example_event(hook: str) -> Mapping[str, object]:
    """Return an event with ``<token>`` where a token belongs: a patient is created, or somebody calls the plugin."""
    if hook == CRON:
        return {
            "version": "0",
            "id": str(uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "123456789012",
            "time": f"{_TIME:%Y-%m-%dT%H:%M:%SZ}",
            "region": "eu-central-1",
            "resources": ["arn:aws:events:eu-central-1:123456789012:rule/Plugin-example-Schedule"],
            "detail": {},
        }
    if hook == HTTP:
        return _envelope({"content-type": "application/json", "authorization": "Bearer <token>"}, b"{}")
    kind, _ = HOOK_TYPES[hook]
    request = hook_request(kind, _hook_body(kind), "<token>", new_span(), "en")
    return _envelope(request.headers, request.body)


def _hook_body(kind: HookType) -> dict[str, object]:
    if kind is HookType.NOTIFICATION:
        change = EntityChange(entity_type_name="patient", action="_create", entity=_PATIENT)
        return notification_event(_INITIATOR, change, "2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:00.6Z")
    api = find_called_api(_METHOD, _PATH)
    if api is None:
        message = f"{_METHOD} {_PATH} is not in the catalogue"
        raise AssertionError(message)
    if kind is HookType.PRE_REQUEST:
        request = BiotRequest(method=_METHOD, path=_PATH, query={}, headers={}, body=json_bytes(_NEW_PATIENT))
        return request_event(_INITIATOR, api, request)
    if kind is HookType.POST_REQUEST:
        response = BiotResponse(status=201, headers=(), body=json_bytes(_PATIENT))
        return response_event(_INITIATOR, api, response)
    return entities_event(_INITIATOR, api, 201, [_PATIENT])


def _envelope(headers: Mapping[str, str], body: bytes) -> Mapping[str, object]:
    request = UrlRequest(
        method="POST",
        path="/",
        query="",
        headers=tuple({**headers, "host": _DOMAIN, "user-agent": "ReactorNetty/1.2.10"}.items()),
        body=body,
        source_ip="192.0.2.1",
        domain=_DOMAIN,
        request_id=str(uuid4()),
        time=_TIME,
    )
    event: dict[str, Any] = json.loads(event_of(request))
    return event
