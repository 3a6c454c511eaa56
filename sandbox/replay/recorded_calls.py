"""What a recorded chain began with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox.cron.cron_calls import CronRun
from sandbox.entities.entity_calls import EntityChange
from sandbox.hooks.rules.api_messages import json_bytes
from sandbox.trigger.trigger_run import WantedCall
from sandbox.web.biot_errors import bad_request
from sandbox.web.request_body import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEADERS = frozenset({"accept-language", "allow-interception", "content-type"})
"""Headers of an API call that are sent again; all others belong to the connection or to the caller."""
_NOT_REPEATED = frozenset(
    {"host", "content-length", "connection", "transfer-encoding", "authorization", "cookie", "traceparent"}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class DirectCall:
    """A direct call of a plugin's endpoint; ``path`` may have a query."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


RecordedCall = WantedCall | EntityChange | CronRun | DirectCall


def recorded_call(chain: Mapping[str, Any], edited: object = None) -> RecordedCall:
    """Return what a chain began with.

    Args:
        chain: The chain, as the activity has it.
        edited: What to send in place of the recorded body; None sends the recorded one.

    Raises:
        ApiError: 400, an edited event has no ``data.entity`` or no ``time``.
    """
    request = chain["request"]
    body = request["body"] if edited is None else edited
    method, _, path = chain["title"].partition(" ")
    match chain["kind"]:
        case "api":
            headers = {name: value for name, value in request["headers"].items() if name in _HEADERS}
            return WantedCall(method=method, path=path, headers=headers, body=_bytes(body))
        case "direct":
            headers = {name: value for name, value in request["headers"].items() if name not in _NOT_REPEATED}
            return DirectCall(method=method, path=path, headers=headers, body=_bytes(body))
        case "cron":
            return _cron_run(chain, body)
        case _:
            return _change(body)


def _bytes(body: object) -> bytes:
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else json_bytes(body)


def _cron_run(chain: Mapping[str, Any], event: object) -> CronRun:
    time = event.get("time") if isinstance(event, dict) else None
    try:
        moment = datetime.fromisoformat(str(time))
    except ValueError as error:
        message = "The event of a schedule needs a time in ISO 8601."
        raise bad_request(message) from error
    return CronRun(plugin=chain["steps"][0]["listener"], schedule="", time=moment)


def _change(event: object) -> EntityChange:
    content = event if isinstance(event, dict) else {}
    metadata, data = content.get("metadata"), content.get("data")
    if not isinstance(metadata, dict) or not isinstance(data, dict) or not isinstance(data.get("entity"), dict):
        message = "An event needs the objects metadata and data.entity."
        raise bad_request(message)
    more = data.get("additionalData")
    old = more.get("oldEntity") if isinstance(more, dict) else None
    return EntityChange(
        entity_type_name=text_of(metadata, "entityTypeName"),
        action=text_of(metadata, "actionName"),
        entity=data["entity"],
        old_entity=old if isinstance(old, dict) else None,
    )
