"""What happened in a chain, as JSON. Tokens are replaced by ``<token>``: nobody needs them afterwards."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from sandbox.clock import iso
from sandbox.hooks.rules.api_messages import json_bytes, json_or_none
from sandbox.hooks.rules.subscription_matching import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sandbox.endpoints.called_function import CalledFunction
    from sandbox.hooks.hook_reports import ChainEnd, ChainStart, ChainStep
    from sandbox.hooks.rules.hook_answers import EndpointAnswer
    from sandbox.hooks.rules.subscription_matching import ConsideredSubscription

_SERVER_ERROR = 500
_BODY_MAX, _BODY_BEGINNING = 1_100_000, 1_000
_TEXT_MAX = 100_000
"""Bytes of a body that is kept as it was written, beside its JSON."""
_LOG_MAX = 200_000
"""Characters of a call's log that are kept."""
_TOKEN = re.compile(r"eyJ[\w-]{4,}\.[\w-]{4,}\.[\w-]*")
_OPAQUE = frozenset({"authorization", "cookie", "set-cookie"})


def describe_start(start: ChainStart) -> dict[str, object]:
    """Return the beginning of a chain."""
    return {
        "id": start.id,
        "kind": start.kind,
        "title": start.title,
        "entityTypeName": start.entity,
        "actionName": start.action,
        "traceId": start.trace_id,
        "parentId": start.parent_id,
        "startTime": iso(start.started),
        "request": {"method": start.method, **_request(start.headers, start.body)},
        "fault": start.fault,
    }


def describe_end(end: ChainEnd) -> dict[str, object]:
    """Return the end of a chain: the response, and why other subscriptions were not called."""
    near = nearest(end.considered)
    return {
        "milliseconds": round(end.milliseconds, 3),
        "response": _answer(end.answer),
        "problem": end.problem,
        "notifications": end.notifications,
        "considered": [describe_considered(one) for one in end.considered],
        "nearest": describe_considered(near) if near else None,
    }


def plugin_failed(step: ChainStep) -> bool:
    """Return whether an endpoint failed: no answer, 5xx, or a success that BioT cannot use.

    A 4xx is a refusal on purpose.
    """
    if not step.listener:
        return False
    answer = step.answer
    return answer is None or answer.status >= _SERVER_ERROR or (answer.succeeded and bool(step.problem))


def describe_step(step: ChainStep) -> dict[str, object]:
    """Return one step."""
    return {
        "name": step.name,
        "listener": step.listener,
        "endpoint": step.subscription.endpoint if step.subscription else "",
        "order": step.subscription.order if step.subscription else None,
        "startTime": iso(step.started),
        "milliseconds": round(step.milliseconds, 3),
        "spanId": step.span_id,
        "request": _request(step.request.headers, step.request.body),
        "response": _answer(step.answer),
        "problem": step.problem,
        "failed": plugin_failed(step),
        "fault": step.fault,
        "function": _function(step.function) if step.function else None,
    }


def describe_call(row: int, number: int, title: str, step: Mapping[str, Any]) -> dict[str, object]:
    """Return a recorded call of a plugin for its log.

    Args:
        row: Its id.
        number: The number of its chain.
        title: The title of its chain.
        step: The call, as ``describe_step`` described it.
    """
    function = step.get("function") or {}
    return {
        "id": row,
        "number": number,
        "title": title,
        "time": step["startTime"],
        "plugin": step["listener"],
        "hook": step["name"],
        "status": step["response"]["status"] if step["response"] else None,
        "milliseconds": step["milliseconds"],
        "problem": step["problem"],
        "fault": step.get("fault", ""),
        "artifactSha256": function.get("artifactSha256", ""),
        "requestId": function.get("requestId", ""),
        "errorType": function.get("errorType", ""),
        "log": function.get("log", []),
        "report": function.get("report", ""),
        "limits": function.get("limits", []),
    }


def describe_considered(one: ConsideredSubscription) -> dict[str, object]:
    """Return a subscription and the reasons against it."""
    return {
        "listener": one.subscription.listener,
        "target": one.subscription.target,
        "order": one.subscription.order,
        "called": one.matches,
        "reasons": [{"code": reason.code.value, "message": reason.message} for reason in one.reasons],
    }


def without_tokens(value: object) -> object:
    """Return a JSON value in which every token is replaced by ``<token>``."""
    if isinstance(value, str):
        return _TOKEN.sub("<token>", value) if "eyJ" in value else value
    if isinstance(value, dict):
        return {key: without_tokens(inner) for key, inner in value.items()}
    return [without_tokens(inner) for inner in value] if isinstance(value, list) else value


def _headers(headers: Mapping[str, str]) -> dict[str, object]:
    """Return headers without credentials; how a credential begins is kept."""
    return {
        name: (f"{value.partition(' ')[0]} <token>" if " " in value else "<token>") if name in _OPAQUE else value
        for name, value in headers.items()
    }


def _answer(answer: EndpointAnswer | None) -> Mapping[str, object] | None:
    if answer is None:
        return None
    return {"status": answer.status, **_message(answer.headers, answer.body)}


def _request(headers: Mapping[str, str], body: bytes) -> dict[str, object]:
    """Return a request, with what its token says; the token itself, which could be used, is not kept."""
    claims = token_claims([*headers.values(), body.decode("utf-8", "replace") if b"eyJ" in body else ""])
    return {**_message(headers, body), **({} if claims is None else {"token": claims})}


def _message(headers: Mapping[str, str], body: bytes) -> dict[str, object]:
    """Return headers and body. ``text`` is the body as it was written, if the kit would write its JSON otherwise."""
    value = _body(body)
    message: dict[str, object] = {"headers": _headers(headers), "body": value, "size": len(body)}
    kept = 0 < len(body) <= _TEXT_MAX and b"eyJ" not in body
    if kept and not isinstance(value, str) and json_bytes(value) != body:
        message["text"] = body.decode("utf-8", "replace")
    return message


def token_claims(texts: Iterable[str]) -> dict[str, object] | None:
    """Return what the first token in some texts says; None when there is none that can be read."""
    for text in texts:
        for token in _TOKEN.findall(text):
            part = token.split(".")[1]
            claims = json_or_none(_decoded(part + "=" * (-len(part) % 4)))
            if isinstance(claims, dict):
                return claims
    return None


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text)
    except ValueError:
        return b""


def _function(called: CalledFunction) -> dict[str, object]:
    invocation, log, size = called.invocation, [], 0
    for line in invocation.log:
        size += len(line)
        if size > _LOG_MAX:
            log.append("… the rest of the log is not kept")
            break
        log.append(line)
    return {
        "artifactSha256": called.artifact_sha256,
        "runtime": called.runtime,
        "requestId": invocation.request_id,
        "errorType": invocation.error.error_type if invocation.error else "",
        "report": invocation.report.line,
        "initializationMilliseconds": invocation.report.initialization_ms,
        "limits": [
            {"what": one.what.value, "used": round(one.used, 3), "limit": one.limit, "setting": one.setting}
            for one in invocation.report.limits
        ],
        "warnings": [*invocation.report.warnings, *invocation.report.notes],
        "log": without_tokens(log),
    }


def _body(body: bytes) -> object:
    """Return the JSON of a body, its text when it is not JSON, or None when it is empty; a large one is cut."""
    if not body:
        return None
    if len(body) > _BODY_MAX:
        return without_tokens(f"{body[:_BODY_BEGINNING].decode('utf-8', 'replace')}… ({len(body)} bytes)")
    value = json_or_none(body)
    if value is None and body.strip() != b"null":
        value = body.decode("utf-8", "replace")
    may_have_tokens = b"eyJ" in body or b"\\u" in body  # JSON may escape the letters
    return without_tokens(value) if may_have_tokens else value
