"""How the answer of an interceptor changes the request or the response, or ends the chain."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from sandbox.hooks.rules.api_messages import JSON_TYPE, BiotResponse, json_bytes, json_or_none
from sandbox.web.biot_errors import ApiError, error_body

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.hooks.rules.api_messages import BiotRequest
    from sandbox.hooks.rules.called_api import CalledApi

_SUCCESS = range(200, 300)
_STATUSES = range(200, 600)
_TRANSPORT_HEADERS = frozenset({"host", "content-length", "connection", "transfer-encoding", "expect"})
"""Headers of the connection: an answer neither changes nor removes them."""


class EndpointFailureKind(StrEnum):
    """Why an endpoint gave no answer."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    TOO_LARGE = "too-large"


@dataclass(frozen=True, kw_only=True, slots=True)
class EndpointAnswer:
    """The answer of an endpoint."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def succeeded(self) -> bool:
        """Whether the status is 2xx."""
        return self.status in _SUCCESS


@dataclass(frozen=True, kw_only=True, slots=True)
class EndpointFailure:
    """An endpoint gave no answer; ``message`` is a sentence for people."""

    kind: EndpointFailureKind
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ChainEnded:
    """An interceptor ended the chain.

    Attributes:
        response: The response that the caller gets.
        problem: What was wrong with the plugin; empty when it refused on purpose.
    """

    response: BiotResponse
    problem: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AnsweringHook:
    """Whose answer it is, for error responses.

    Attributes:
        listener: The plugin, or the endpoint.
        trace_id: The trace of the call.
        api: The API that was called.
    """

    listener: str
    trace_id: str
    api: CalledApi


class _UnusableAnswerError(Exception):
    """The answer is 2xx and yet cannot be used; the text is a sentence without its subject."""


def changed_request(
    request: BiotRequest, answer: EndpointAnswer | EndpointFailure, hook: AnsweringHook
) -> BiotRequest | ChainEnded:
    """Return the request as a PRE_REQUEST plugin changed it. A part that it does not return stays."""
    if isinstance(answer, EndpointFailure) or not answer.succeeded:
        return _ended(answer, hook)
    try:
        content = _object_of(answer, "request")
        path = _path(content, request)
        if path.split("/")[1:2] != [hook.api.service]:
            return _leaves_service(path, hook)
        return replace(
            request,
            path=path,
            query=_query(content, request),
            headers=_headers(content, request),
            body=_body(content, request.body),
        )
    except _UnusableAnswerError as error:
        return _unusable(str(error), hook)


def changed_response(
    response: BiotResponse, answer: EndpointAnswer | EndpointFailure, hook: AnsweringHook
) -> BiotResponse | ChainEnded:
    """Return the response as a POST_REQUEST plugin changed it."""
    if isinstance(answer, EndpointFailure) or not answer.succeeded:
        return _ended(answer, hook)
    try:
        content = _object_of(answer, "response")
        body = _body(content, response.body)
        status = _status(content, response.status)
    except _UnusableAnswerError as error:
        return _unusable(str(error), hook)
    changed = response if body == response.body else response.with_body(body)
    return replace(changed, status=status)


def entities_of(response: BiotResponse) -> list[dict[str, object]] | None:
    """Return the entities of a response: one, or those of a search; None when it has no entity."""
    body = json_or_none(response.body)
    if not isinstance(body, dict):
        return None
    found = body.get("data") if "metadata" in body else [body] if "_id" in body else None
    if not isinstance(found, list) or not all(isinstance(entity, dict) for entity in found):
        return None
    return found


def adapted_response(
    response: BiotResponse, answer: EndpointAnswer | EndpointFailure, hook: AnsweringHook
) -> BiotResponse | ChainEnded:
    """Return the response with the entities that an ADAPT_ENTITY plugin returned."""
    if isinstance(answer, EndpointFailure) or not answer.succeeded:
        return _ended(answer, hook)
    try:
        content = _object_of(answer, "response")
        status = _status(content, response.status)
        body = _with_entities(response, _entities(content))
    except _UnusableAnswerError as error:
        return _unusable(str(error), hook)
    changed = response if body == response.body else response.with_body(body)
    return replace(changed, status=status)


def error_answer(error: ApiError, api: CalledApi, trace_id: str) -> BiotResponse:
    """Return the local BioT's own error response within a chain."""
    body = json_bytes(error_body(error, trace_id, api.service))
    return BiotResponse(status=error.status, headers=(("content-type", JSON_TYPE),), body=body)


def _ended(answer: EndpointAnswer | EndpointFailure, hook: AnsweringHook) -> ChainEnded:
    """The plugin's own status and body become the response; without an answer, BioT's."""
    if isinstance(answer, EndpointAnswer):
        content_type = answer.headers.get("content-type", JSON_TYPE)
        headers = (("content-type", content_type),) if answer.body else ()
        return ChainEnded(response=BiotResponse(status=answer.status, headers=headers, body=answer.body))
    late = answer.kind is EndpointFailureKind.TIMEOUT
    status, code = (504, "GATEWAY_TIMEOUT") if late else (500, "INTERNAL_SERVER_ERROR")
    return _failed(ApiError(status, code, f"The interceptor {hook.listener} failed: {answer.message}"), hook)


def _unusable(what: str, hook: AnsweringHook) -> ChainEnded:
    message = f"The answer of the interceptor {hook.listener} {what}."
    return _failed(ApiError(500, "INTERNAL_SERVER_ERROR", message), hook)


def _leaves_service(path: str, hook: AnsweringHook) -> ChainEnded:
    message = (
        f"The interceptor {hook.listener} changed the path to {path}, "
        f"and it may only lead to another API of the service {hook.api.service}."
    )
    return _failed(ApiError(404, "NOT_FOUND", message), hook)


def _failed(error: ApiError, hook: AnsweringHook) -> ChainEnded:
    return ChainEnded(response=error_answer(error, hook.api, hook.trace_id), problem=error.message)


def _object_of(answer: EndpointAnswer, key: str) -> Mapping[str, object]:
    """Return the object under a key of the answer's JSON, which may be wrapped in one JSON text."""
    body = json_or_none(answer.body)
    if isinstance(body, str):
        body = json_or_none(body.encode("utf-8", "surrogatepass"))
    if not isinstance(body, dict):
        msg = "is empty" if not answer.body else "is not a JSON object"
        raise _UnusableAnswerError(msg)
    content = body.get(key)
    if not isinstance(content, dict):
        msg = f"has no object {key}"
        raise _UnusableAnswerError(msg)
    return content


def _path(content: Mapping[str, object], request: BiotRequest) -> str:
    path = content.get("path", request.path)
    if not isinstance(path, str) or not path.startswith("/") or set(path) & set("?#"):
        msg = "has a request.path that is not a path: it begins with / and has no query"
        raise _UnusableAnswerError(msg)
    return path


def _query(content: Mapping[str, object], request: BiotRequest) -> Mapping[str, tuple[str, ...]]:
    query = content.get("queryParameters")
    if query is None:
        return request.query if "queryParameters" not in content else {}
    lists = {name: [value] if isinstance(value, str) else value for name, value in _texts_by_name(query).items()}
    if not all(isinstance(values, list) and all(isinstance(one, str) for one in values) for values in lists.values()):
        msg = "has request.queryParameters whose values are not lists of texts"
        raise _UnusableAnswerError(msg)
    return {name: tuple(values) for name, values in lists.items() if isinstance(values, list)}


def _texts_by_name(query: object) -> Mapping[str, object]:
    if not isinstance(query, dict):
        msg = "has request.queryParameters that are not an object"
        raise _UnusableAnswerError(msg)
    return query


def _headers(content: Mapping[str, object], request: BiotRequest) -> Mapping[str, str]:
    headers = content.get("headers")
    if headers is None:
        return request.headers
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        msg = "has request.headers that are not an object of texts"
        raise _UnusableAnswerError(msg)
    changed = {name.lower(): value for name, value in headers.items()}
    if not all(_is_header(name, value) for name, value in changed.items()):
        msg = "has request.headers with characters that a header cannot have"
        raise _UnusableAnswerError(msg)
    kept = {name: value for name, value in request.headers.items() if name in _TRANSPORT_HEADERS}
    return {name: value for name, value in changed.items() if name not in _TRANSPORT_HEADERS} | kept


def _is_header(name: str, value: str) -> bool:
    return name.isascii() and name.isprintable() and " " not in name and bool(name) and value.isprintable()


def _body(content: Mapping[str, object], current: bytes) -> bytes:
    """Return the new body. One that was not changed keeps its bytes, also when they are not JSON."""
    if "body" not in content:
        return current
    before, after = json_or_none(current), content["body"]
    if after == before and json.dumps(after) == json.dumps(before):  # 1 == True, and 1 == 1.0
        return current
    return b"" if after is None else json_bytes(after)


def _status(content: Mapping[str, object], current: int) -> int:
    status = content.get("statusCode", current)
    if not isinstance(status, int) or isinstance(status, bool) or status not in _STATUSES:
        msg = "has a response.statusCode that is not an HTTP status"
        raise _UnusableAnswerError(msg)
    return status


def _entities(content: Mapping[str, object]) -> list[dict[str, object]]:
    entities = content.get("entities")
    if not isinstance(entities, list) or not all(isinstance(entity, dict) for entity in entities):
        msg = "has no list of objects at response.entities"
        raise _UnusableAnswerError(msg)
    return entities


def _with_entities(response: BiotResponse, entities: list[dict[str, object]]) -> bytes:
    body = json_or_none(response.body)
    if not isinstance(body, dict):
        return response.body
    if "metadata" in body:
        return _body({"body": {**body, "data": entities}}, response.body)
    if len(entities) != 1:
        msg = f"has {len(entities)} entities at response.entities, and this API returns exactly one"
        raise _UnusableAnswerError(msg)
    return _body({"body": entities[0]}, response.body)
