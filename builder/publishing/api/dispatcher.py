"""The dispatcher's API (specification 2.4.2): subscriptions of endpoints, also of those on one's own account."""

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
    from builder.publishing.api_values import SearchPage

HookKind = Literal["notifications", "interceptions"]


@dataclass(frozen=True, slots=True)
class _Permissions:
    subscribe: str
    unsubscribe: str
    search: str


_PERMISSIONS: Mapping[HookKind, _Permissions] = {
    "notifications": _Permissions(
        "DISPATCHER_SUBSCRIPTIONS_SUBSCRIBE", "DISPATCHER_SUBSCRIPTIONS_UNSUBSCRIBE", "DISPATCHER_SUBSCRIPTIONS_SEARCH"
    ),
    "interceptions": _Permissions(
        "HOOKS_INTERCEPTION_CREATE", "HOOKS_INTERCEPTION_DELETE", "HOOKS_INTERCEPTION_SEARCH"
    ),
}
_SORTS: Mapping[HookKind, str] = {"notifications": "entityTypeName", "interceptions": "apiId"}


class Dispatcher:
    """Who is called for what.

    Args:
        calls: Requests to the environment.
        tokens: Its access tokens.
    """

    def __init__(self, calls: ApiCalls, tokens: TokenSource) -> None:
        self._calls = calls
        self._tokens = tokens

    def subscribe(self, kind: HookKind, subscription: Mapping[str, object]) -> Mapping[str, object]:
        """Subscribe an endpoint; returns what BioT wrote down, with its id and, for interceptions, its order.

        Args:
            kind: Which of the two.
            subscription: BioT's words: ``entityTypeName``, ``actionName``, ``endpoint``, ``templateName``; or ``type``,
                ``apiId`` or ``entityName``, ``endpoint``, ``pathFilters``, ``executionOrder``.

        Raises:
            Refused, Unreachable, AccessDenied, OutcomeUnknown: See ``builder.publishing.api.client``.
        """
        request = self._request(kind, "subscribe", subscription, _PERMISSIONS[kind].subscribe)
        answer = self._calls.change(request, self._tokens, progress=SilentProgress())
        try:
            return read_object(answer)
        except UnreadableResponseError as error:
            raise self._calls.unsettled(request, describe_response(answer)) from error

    def unsubscribe(self, kind: HookKind, subscription: Mapping[str, object]) -> None:
        """End a subscription; it is named by the same words. Raises as ``subscribe``."""
        request = self._request(kind, "unsubscribe", subscription, _PERMISSIONS[kind].unsubscribe)
        answer = self._calls.change(request, self._tokens, progress=SilentProgress())
        if answer.body.strip():
            raise self._calls.unsettled(request, describe_response(answer))

    def search(self, kind: HookKind, filters: Mapping[str, object], *, page: int = 0, limit: int = 100) -> SearchPage:
        """One page of subscriptions.

        Args:
            kind: Which of the two.
            filters: BioT's ``filter``, such as ``{"endpoint": {"eq": "https://…"}}``.
            page: From 0.
            limit: Rows per page.
        """
        asked: dict[str, object] = {"sort": [{"prop": _SORTS[kind], "order": "ASC"}], "limit": limit, "page": page}
        if filters:
            asked["filter"] = filters
        request = HttpRequest(
            method="GET",
            path=f"/dispatcher/v1/hooks/{kind}",
            query={"searchRequest": json.dumps(asked, separators=(",", ":"))},
            permission=_PERMISSIONS[kind].search,
        )
        return self._calls.read(request, self._tokens, read_search_page)

    def _request(self, kind: HookKind, verb: str, subscription: Mapping[str, object], permission: str) -> HttpRequest:
        return HttpRequest(
            method="POST",
            path=f"/dispatcher/v1/hooks/{kind}/{verb}",
            document=subscription,
            changes=True,
            permission=permission,
        )
