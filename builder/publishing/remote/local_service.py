"""What a local BioT offers beyond BioT's API: triggers, and what happened. Below ``/sandbox/v1``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

from builder.manifest.environments import LOCAL
from builder.network.retries import RetryPolicy
from builder.publishing.access.connection import find_identity, make_token_source, resolve_target
from builder.publishing.api.calls import ApiCalls
from builder.publishing.api.http_transport import HttpRequest, HttpTransport, RequestLimits
from builder.publishing.state_folder import find_state_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from builder.publishing.api.calls import TokenSource
    from builder.publishing.clock import Clock

_ONCE: Final = RetryPolicy(attempts=1, first_wait=0, longest_backoff=0)
"""A trigger changes something, so it is sent once."""
_LIMITS: Final = RequestLimits(read=1000.0, total=1000.0)
"""A plugin may take 15 minutes."""


class LocalService:
    """The local BioT that was last started on this machine. Use it in a ``with``.

    Args:
        calls: Requests to it.
        tokens: Its access tokens.
    """

    def __init__(self, calls: ApiCalls, tokens: TokenSource) -> None:
        self._calls = calls
        self._tokens = tokens

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._calls.transport.close()

    def get(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, object]:
        """The JSON object below ``/sandbox/v1``.

        Raises:
            Unreachable, NoAnswer, AccessDenied, Refused: See ``builder.publishing.api.calls``.
        """
        return self._send(HttpRequest(method="GET", path=f"/sandbox/v1{path}", query=query))

    def post(self, path: str, document: Mapping[str, object]) -> dict[str, object]:
        """The JSON object of the response to a POST. Raises as ``get``."""
        return self._send(HttpRequest(method="POST", path=f"/sandbox/v1{path}", document=document))

    def _send(self, request: HttpRequest) -> dict[str, object]:
        return self._calls.query(request, self._tokens).document


def open_local_service(environ: Mapping[str, str], clock: Clock) -> LocalService:
    """Open the local BioT. It sends nothing until it is used.

    Args:
        environ: The process's environment.
        clock: For deadlines and the expiry of tokens.

    Raises:
        PublishError: None was ever started, or its credentials are missing.
    """
    state = find_state_folder(environ)
    target = resolve_target(LOCAL, {}, state)
    identity = find_identity(target, environ, None, state)
    calls = ApiCalls(HttpTransport(target, environ, query_limits=_LIMITS), clock, retries=_ONCE)
    return LocalService(calls, make_token_source(identity.credentials, calls, environ, clock))
