"""The dispatcher's API (specification 2.4.2): subscriptions of endpoints, also of those outside BioT."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from builder.progress import SilentProgress
from builder.publishing.api.http_response import UnreadableResponseError, describe_response, read_object
from builder.publishing.api.http_transport import HttpRequest
from builder.publishing.api.response_fields import read_search_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.publishing.api.calls import ApiCalls, TokenSource
    from builder.publishing.api.http_response import HttpResponse
    from builder.publishing.api_values import SearchPage

HookKind = Literal["notifications", "interceptions"]
_Action = Literal["subscribe", "unsubscribe", "search"]


@dataclass(frozen=True, slots=True)
class _HookApi:
    """What differs between the APIs of the two kinds: the column to sort by, and the permissions."""

    sort_by: str
    permissions: Mapping[_Action, str]


_APIS: Mapping[HookKind, _HookApi] = {
    "notifications": _HookApi(
        "entityTypeName",
        {
            "subscribe": "DISPATCHER_SUBSCRIPTIONS_SUBSCRIBE",
            "unsubscribe": "DISPATCHER_SUBSCRIPTIONS_UNSUBSCRIBE",
            "search": "DISPATCHER_SUBSCRIPTIONS_SEARCH",
        },
    ),
    "interceptions": _HookApi(
        "apiId",
        {
            "subscribe": "HOOKS_INTERCEPTION_CREATE",
            "unsubscribe": "HOOKS_INTERCEPTION_DELETE",
            "search": "HOOKS_INTERCEPTION_SEARCH",
        },
    ),
}


class Dispatcher:
    """The subscriptions of one environment.

    Args:
        calls: Requests to the environment.
        tokens: Its access tokens.
    """

    def __init__(self, calls: ApiCalls, tokens: TokenSource) -> None:
        self._calls = calls
        self._tokens = tokens

    def subscribe(self, kind: HookKind, subscription: Mapping[str, object]) -> Mapping[str, object]:
        """Subscribe an endpoint; returns the subscription on BioT with its id and, for interceptions, its order.

        Args:
            kind: Notifications or interceptions.
            subscription: BioT's fields: ``entityTypeName``, ``actionName``, ``endpoint``, ``templateName``; or
                ``type``, ``apiId`` or ``entityName``, ``endpoint``, ``pathFilters``, ``executionOrder``.

        Raises:
            Refused, Unreachable, AccessDenied, OutcomeUnknown: See ``builder.publishing.api.client``.
        """
        request, response = self._change(kind, "subscribe", subscription)
        try:
            return read_object(response)
        except UnreadableResponseError as error:
            raise self._calls.outcome_unknown(request, describe_response(response)) from error

    def unsubscribe(self, kind: HookKind, subscription: Mapping[str, object]) -> None:
        """End a subscription, which is identified by the same fields. Raises as ``subscribe``."""
        request, response = self._change(kind, "unsubscribe", subscription)
        if response.body.strip():
            raise self._calls.outcome_unknown(request, describe_response(response))

    def search(self, kind: HookKind, filters: Mapping[str, object], *, page: int = 0, limit: int = 100) -> SearchPage:
        """One page of subscriptions.

        Args:
            kind: Notifications or interceptions.
            filters: BioT's ``filter``, such as ``{"endpoint": {"eq": "https://…"}}``.
            page: From 0.
            limit: Rows per page.
        """
        api = _APIS[kind]
        search: dict[str, object] = {"sort": [{"prop": api.sort_by, "order": "ASC"}], "limit": limit, "page": page}
        if filters:
            search["filter"] = filters
        request = HttpRequest(
            method="GET",
            path=f"/dispatcher/v1/hooks/{kind}",
            query={"searchRequest": json.dumps(search, separators=(",", ":"))},
            permission=api.permissions["search"],
        )
        return self._calls.read(request, self._tokens, read_search_page)

    def _change(
        self, kind: HookKind, action: _Action, subscription: Mapping[str, object]
    ) -> tuple[HttpRequest, HttpResponse]:
        request = HttpRequest(
            method="POST",
            path=f"/dispatcher/v1/hooks/{kind}/{action}",
            document=subscription,
            changes=True,
            permission=_APIS[kind].permissions[action],
        )
        return request, self._calls.change(request, self._tokens, progress=SilentProgress())
