"""Requests to BioT: queries are repeated until they are answered, and changes are sent once.

Every failure becomes an error of ``builder.publishing.failures``, which says what is known afterwards.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from builder.network.certificates import is_loopback
from builder.network.retries import QUERY_RETRIES, RETRYABLE_STATUSES, RetryPolicy
from builder.network.server_connection import LostResponseError, UndeliveredError
from builder.progress import SilentProgress
from builder.publishing.api.http_response import (
    HttpResponse,
    UnreadableResponseError,
    describe_response,
    is_garbled,
    read_error,
    read_object,
    retry_after,
)
from builder.publishing.api.rejections import UNAUTHORIZED, rolled_back, unchanged
from builder.publishing.api.request_bodies import MultipartBody
from builder.publishing.failures import NoAnswer, OutcomeUnknown, Unreachable
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from builder.errors import PublishError
    from builder.network.secret_text import SecretText
    from builder.progress import Progress
    from builder.publishing.api.http_transport import HttpRequest, HttpTransport
    from builder.publishing.api.request_bodies import PluginForm
    from builder.publishing.clock import Clock

    T = TypeVar("T")
    Validator = Callable[[Mapping[str, object]], object]

_NOTE_FROM_ATTEMPT = 2


class TokenSource(Protocol):
    """Provides access tokens."""

    def bearer(self) -> SecretText:
        """A token that is valid now.

        Raises:
            AccessDenied: No token is available.
            Unreachable, NoAnswer: The log-in got no answer.
        """

    def renew(self, refused: SecretText) -> SecretText:
        """Another token than the one that BioT has just refused. Raises as ``bearer`` does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JsonResponse:
    """A successful response and its JSON object."""

    document: dict[str, object]
    response: HttpResponse


@dataclass(frozen=True, kw_only=True, slots=True)
class _FailedAttempt:
    """An attempt without a usable response.

    Attributes:
        error: What to raise when it was the last attempt.
        retryable: Whether another attempt makes sense.
        requested_wait: Seconds that the server asked to wait, or None.
        unauthorized: Whether the token was refused.
    """

    error: PublishError
    retryable: bool
    requested_wait: float | None = None
    unauthorized: bool = False


class ApiCalls:
    """Requests to one environment.

    Args:
        transport: The connections.
        clock: For waits and deadlines.
        retries: How often queries are repeated.
        chance: Random numbers from 0 to 1, for the waits.
        progress: Receives a note when a query has to wait.
    """

    def __init__(
        self,
        transport: HttpTransport,
        clock: Clock,
        *,
        retries: RetryPolicy = QUERY_RETRIES,
        chance: Callable[[], float] = random.random,
        progress: Progress | None = None,
    ) -> None:
        self.transport = transport
        self._progress = progress or SilentProgress()
        self._clock = clock
        self._retries = retries
        self._chance = chance

    def read(self, request: HttpRequest, tokens: TokenSource, parse: Callable[[Mapping[str, object]], T]) -> T:
        """The parsed response to a query.

        Args:
            request: The query.
            tokens: Access tokens.
            parse: Reads the JSON object; raises UnreadableResponseError when it is not the expected document.

        Raises:
            Unreachable, NoAnswer, AccessDenied, Refused: As ``query``.
        """
        return parse(self.query(request, tokens, validate=parse).document)

    def query(
        self, request: HttpRequest, tokens: TokenSource | None = None, *, validate: Validator | None = None
    ) -> JsonResponse:
        """The response to a query. It may be sent several times, so it must change nothing.

        Args:
            request: The query.
            tokens: Access tokens, or None for a public call.
            validate: Raises UnreadableResponseError for a JSON object that does not answer the query.

        Raises:
            Unreachable: The last attempt got no connection.
            NoAnswer: The last attempt got no usable response.
            AccessDenied: 401 (also with a new token) or 403.
            Refused: Another complete error of BioT.
        """
        started, attempt, renewed = self._clock.monotonic(), 0, False
        bearer = tokens.bearer() if tokens else None
        while True:
            attempt += 1
            result = self._attempt(request, bearer, validate)
            if isinstance(result, JsonResponse):
                return result
            if result.unauthorized and tokens and bearer and not renewed:
                bearer, renewed = tokens.renew(bearer), True
                continue
            wait = self._wait(result, attempt, self._clock.monotonic() - started)
            if wait is None:
                raise result.error
            if attempt >= _NOTE_FROM_ATTEMPT:
                self._progress.note(f"{self.transport.host} gave no usable answer; trying again.")
            self._clock.sleep(wait)

    def change(
        self, request: HttpRequest, tokens: TokenSource, *, form: PluginForm | None = None, progress: Progress
    ) -> HttpResponse:
        """The successful response to a change, which is sent once (twice when BioT refused the first token).

        Raises:
            Unreachable: No connection, or no token available; nothing was processed.
            Refused, AccessDenied: A complete error of BioT; nothing was changed.
            RolledBack: A complete error of BioT, after which it undoes the change.
            OutcomeUnknown: The request was sent, and it is unknown whether it was applied.
        """
        try:
            bearer = tokens.bearer()
            response = self._send(request, bearer, form, progress)
            if response.status == UNAUTHORIZED and read_error(response):
                # BioT refuses a token before it reads the rest.
                response = self._send(request, tokens.renew(bearer), form, progress)
        except NoAnswer as error:
            raise not_sent(error) from error
        if response.succeeded:
            return response
        raise (
            unchanged(self.transport.host, request, response)
            or rolled_back(self.transport.host, request, response)
            or self._outcome_unknown(request, describe_response(response), response)
        )

    def outcome_unknown(self, request: HttpRequest, reason: str) -> OutcomeUnknown:
        """For a successful status with an unusable body; ``reason`` describes it as part of a sentence."""
        return self._outcome_unknown(request, reason, None)

    def _send(
        self, request: HttpRequest, bearer: SecretText, form: PluginForm | None, progress: Progress
    ) -> HttpResponse:
        body = MultipartBody(form, progress) if form else None
        try:
            return self.transport.exchange(request, bearer=bearer, body=body)
        except UndeliveredError as error:
            raise self._unreachable(error) from error
        except LostResponseError as error:
            raise self._outcome_unknown(request, str(error), None) from error
        finally:
            if body:
                body.close()

    def _attempt(
        self, request: HttpRequest, bearer: SecretText | None, validate: Validator | None
    ) -> JsonResponse | _FailedAttempt:
        try:
            response = self.transport.exchange(request, bearer=bearer)
        except UndeliveredError as error:
            # On loopback nobody listens, and waiting does not start a local BioT.
            retryable = not is_loopback(self.transport.target.base_url)
            return _FailedAttempt(error=self._unreachable(error), retryable=retryable)
        except LostResponseError as error:
            return _FailedAttempt(error=self._no_answer(str(error)), retryable=True)
        if response.succeeded:
            return self._read_success(response, validate)
        retryable = response.status in RETRYABLE_STATUSES
        final = None if retryable else unchanged(self.transport.host, request, response)
        return _FailedAttempt(
            error=final or self._no_answer(describe_response(response), response.status),
            retryable=retryable or (final is None and is_garbled(response)),
            requested_wait=retry_after(response),
            unauthorized=response.status == UNAUTHORIZED,
        )

    def _read_success(self, response: HttpResponse, validate: Validator | None) -> JsonResponse | _FailedAttempt:
        try:
            document = read_object(response)
        except UnreadableResponseError:
            return _FailedAttempt(error=self._no_answer(describe_response(response), response.status), retryable=True)
        try:
            if validate is not None:
                validate(document)
        except UnreadableResponseError as error:
            return _FailedAttempt(error=self._no_answer(f"it answered with {error}", response.status), retryable=True)
        return JsonResponse(document=document, response=response)

    def _wait(self, failed: _FailedAttempt, attempt: int, elapsed: float) -> float | None:
        if not failed.retryable:
            return None
        return self._retries.wait(attempt, requested=failed.requested_wait, elapsed=elapsed, chance=self._chance())

    def _unreachable(self, error: UndeliveredError) -> Unreachable:
        if "certificate" in str(error):
            hint = "Name the file of your company's certificate authority: SSL_CERT_FILE=/path/to/authority.pem."
        elif is_loopback(self.transport.target.base_url):
            hint = "Start the local BioT: `biot-plugin sandbox`."
        else:
            hint = "Check baseUrl in plugin.toml, the network and HTTPS_PROXY."
        return Unreachable(f"{self.transport.host} cannot be reached: {error}. Nothing was sent.", hint=hint)

    def _no_answer(self, reason: str, status: int = 0) -> NoAnswer:
        return NoAnswer(
            f"{self.transport.host} gave no usable answer: {printable(reason, 600)}.",
            hint="Run the command again later. `biot-plugin doctor` shows what works and what does not.",
            status=status,
        )

    def _outcome_unknown(self, request: HttpRequest, reason: str, response: HttpResponse | None) -> OutcomeUnknown:
        error = read_error(response) if response else None
        unknown = OutcomeUnknown(
            f"It is unknown whether {self.transport.host} applied the {request.method}: {printable(reason, 600)}.",
            hint="Check the current state with `biot-plugin show`. Running the command again does no harm.",
            status=response.status if response else 0,
            code=error.code if error else "",
        )
        unknown.retry_after = retry_after(response) if response else None
        return unknown


def not_sent(error: NoAnswer) -> Unreachable:
    """For a change that was not sent because a query before it got no answer."""
    return Unreachable(f"{error.message} Nothing was sent.", hint=error.hint)
