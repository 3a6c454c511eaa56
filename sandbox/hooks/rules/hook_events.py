"""What a plugin receives: the body of each kind of call.

Sources: BioT's guides, and the events in the tests of BioT's public samples (plugin-lambda-seed-python-public 1.5.7,
plugin-lambda-seed-public 3.3.3). The shape of ``pathVariables`` is only known without path parameters (an empty list);
here it lists their values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.hooks.rules.api_messages import json_or_none
from sandbox.hooks.rules.subscription_matching import HookType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.entities.entity_calls import EntityChange
    from sandbox.hooks.rules.api_messages import BiotRequest, BiotResponse
    from sandbox.hooks.rules.called_api import CalledApi

HOOKTYPES = {
    HookType.PRE_REQUEST: "INTERCEPTOR_PRE",
    HookType.POST_REQUEST: "INTERCEPTOR_POST",
    HookType.ADAPT_ENTITY: "INTERCEPTOR_POST_ENTITY",
    HookType.NOTIFICATION: "NOTIFICATION",
}
"""The value of the header ``hooktype`` of each kind of call."""
SCOPES = {
    HookType.PRE_REQUEST: ("PROTECTED_API", "PLUGIN_INTERCEPTOR"),
    HookType.POST_REQUEST: ("PROTECTED_API", "PLUGIN_INTERCEPTOR"),
    HookType.ADAPT_ENTITY: ("PROTECTED_API", "PLUGIN_INTERCEPTOR"),
    HookType.NOTIFICATION: ("PROTECTED_API", "ACTION_NOTIFICATION", "PERMISSIONS_SYNC_PERMISSIONS"),
}
"""The scopes of the token of each kind of call. An interceptor's token on BioT has about 20; these are the ones that
a plugin may check."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Initiator:
    """Who made the API call.

    Attributes:
        id: The user or service user.
        organization: The organization of that account.
        token_type: The ``tokenType`` of the token.
        address: The address and port of the client.
    """

    id: str
    organization: str
    token_type: str
    address: str = "127.0.0.1:0"


def request_event(initiator: Initiator, api: CalledApi, request: BiotRequest) -> dict[str, object]:
    """Return the body of a PRE_REQUEST call."""
    content = {
        "path": request.path,
        "queryParameters": {name: list(values) for name, values in request.query.items()},
        "headers": dict(request.headers),
        "pathVariables": list(api.path_values.values()),
        "body": json_or_none(request.body),
    }
    return {**_interception(initiator, api), "request": content}


def response_event(initiator: Initiator, api: CalledApi, response: BiotResponse) -> dict[str, object]:
    """Return the body of a POST_REQUEST call."""
    content = {"statusCode": response.status, "body": json_or_none(response.body)}
    return {**_interception(initiator, api), "response": content}


def entities_event(
    initiator: Initiator, api: CalledApi, status: int, entities: Sequence[Mapping[str, object]]
) -> dict[str, object]:
    """Return the body of an ADAPT_ENTITY call."""
    content = {"statusCode": status, "entities": [dict(entity) for entity in entities]}
    return {**_interception(initiator, api), "response": content}


def notification_event(initiator: Initiator, change: EntityChange, start: str, end: str) -> dict[str, object]:
    """Return the body of a notification, without the token.

    Args:
        initiator: Who made the API call.
        change: What it changed.
        start: When it started, in ISO 8601.
        end: When it ended.
    """
    metadata = {
        "entityTypeName": change.entity_type_name,
        "actionName": change.action,
        "status": "SUCCESS",
        "startTime": start,
        "endTime": end,
        "initiator": {"subject": {"id": initiator.id}, "sourceIpAddress": initiator.address},
    }
    additional = {} if change.old_entity is None else {"oldEntity": dict(change.old_entity)}
    return {"metadata": metadata, "data": {"entity": dict(change.entity), "additionalData": additional}}


def _interception(initiator: Initiator, api: CalledApi) -> dict[str, object]:
    account = {
        "subjectId": initiator.id,
        "ownerOrganizationId": initiator.organization,
        "tokenType": initiator.token_type,
    }
    return {"initiatorData": account, "method": api.method, "entityName": api.entity, "apiId": api.api_id}
