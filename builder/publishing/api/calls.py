"""Questions are asked until they are answered or patience ends; changes are sent once and told for what is known."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from builder.progress import SilentProgress
from builder.publishing.api.certificates import is_loopback
from builder.publishing.api.http_response import (
    HttpResponse,
    UnreadableResponseError,
    describe_response,
    is_garbled,
    read_error,
    read_object,
    retry_after,
)
from builder.publishing.api.http_transport import LostResponseError, UndeliveredError
from builder.publishing.api.multipart import MultipartBody
from builder.publishing.api.rejections import UNAUTHORIZED, rolled_back, unchanged
from builder.publishing.api.retry_policy import RETRYABLE_STATUSES, RetryPolicy
from builder.publishing.failures import NoAnswer, OutcomeUnknown, Unreachable
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from builder.errors import PublishError
    from builder.progress import Progress
    from builder.publishing.api.http_transport import HttpRequest, HttpTransport
    from builder.publishing.api.multipart import PluginForm
    from builder.publishing.api_values import SecretText
    from builder.publishing.clock import Clock

    T = TypeVar("T")

_TOLD_FROM_TRY = 2


class TokenSource(Protocol):
    """Where access tokens come from."""

    def bearer(self) -> SecretText:
        """A token that is good for now.

        Raises:
            AccessDenied: There is none to be had.
            Unreachable, NoAnswer: The log-in was not answered.
        """

    def renew(self, refused: SecretText) -> SecretText:
        """Another token than the one that BioT has just refused. Raises as ``bearer`` does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JsonResponse:
    """An answer of success, and the JSON object in it."""

    document: dict[str, object]
    answer: HttpResponse


@dataclass(frozen=True, kw_only=True, slots=True)
class _Trouble:
    """A try that gave no reply: what to raise when it was the last, and whether another one makes sense."""

    error: PublishError
    again: bool
    asked: float | None = None
    unauthorized: bool = False


class ApiCalls:
    """Requests to one environment.

    Args:
        wire: The connections.
        clock: For waits and deadlines.
        patience: For questions.
        chance: Random numbers from 0 to 1, for the waits.
        progress: Told when a question has to wait.
    """

    def __init__(
        self,
        wire: HttpTransport,
        clock: Clock,
        *,
        patience: RetryPolicy | None = None,
        chance: Callable[[], float] = random.random,
        progress: Progress | None = None,
    ) -> None:
        self.wire = wire
        self._progress = progress or SilentProgress()
        self._clock = clock
        self._patience = patience or RetryPolicy()
        self._chance = chance

    def read(self, request: HttpRequest, tokens: TokenSource, reading: Callable[[Mapping[str, object]], T]) -> T:
        """What the reply to a question says.

        Args:
            request: The question.
            tokens: Access tokens.
            reading: Reads the JSON object; raises UnreadableError when it is not what was asked for.

        Raises:
            Unreachable, NoAnswer, AccessDenied, Refused: As ``ask``.
        """
        return reading(self.ask(request, tokens, fits=reading).document)

    def ask(
        self,
        request: HttpRequest,
        tokens: TokenSource | None = None,
        *,
        fits: Callable[[Mapping[str, object]], object] | None = None,
    ) -> JsonResponse:
        """The reply to a question; it may be sent several times, so it must change nothing.

        Args:
            request: The question.
            tokens: Access tokens, or None for a public call.
            fits: Raises UnreadableError for a JSON object that is no answer to it.

        Raises:
            Unreachable: No connection, at the last try.
            NoAnswer: No usable answer, at the last try.
            AccessDenied: 401 (also with a new token) or 403.
            Refused: Another complete error of BioT.
        """
        started, tried, renewed = self._clock.monotonic(), 0, False
        bearer = tokens.bearer() if tokens else None
        while True:
            tried += 1
            outcome = self._try(request, bearer, fits)
            if isinstance(outcome, JsonResponse):
                return outcome
            if outcome.unauthorized and tokens and bearer and not renewed:
                bearer, renewed = tokens.renew(bearer), True
                continue
            wait = self._wait(outcome, tried, self._clock.monotonic() - started)
            if wait is None:
                raise outcome.error
            if tried >= _TOLD_FROM_TRY:
                self._progress.note(f"{self.wire.host} does not answer as it should; asking again.")
            self._clock.sleep(wait)

    def change(
        self, request: HttpRequest, tokens: TokenSource, *, form: PluginForm | None = None, progress: Progress
    ) -> HttpResponse:
        """The answer of success to a change that was sent once (twice when the token was refused before).

        Raises:
            Unreachable: No connection, or no token to be had; nothing was processed.
            Refused, AccessDenied: A complete error of BioT; nothing was changed.
            RolledBack: A complete error of BioT after which it undoes what it did.
            OutcomeUnknown: Sent, and what became of it is not known.
        """
        try:
            bearer = tokens.bearer()
            answer = self._send(request, bearer, form, progress)
            if answer.status == UNAUTHORIZED and read_error(answer):
                # BioT refuses a token before it looks at the rest.
                answer = self._send(request, tokens.renew(bearer), form, progress)
        except NoAnswer as error:
            raise not_sent(error) from error
        if answer.succeeded:
            return answer
        raise (
            unchanged(self.wire.host, request, answer)
            or rolled_back(self.wire.host, request, answer)
            or self._unsettled(request, describe_response(answer), answer)
        )

    def unsettled(self, request: HttpRequest, reason: str) -> OutcomeUnknown:
        """For an answer of success that is none: the text tells what it is, as part of a sentence."""
        return self._unsettled(request, reason, None)

    def _send(
        self, request: HttpRequest, bearer: SecretText, form: PluginForm | None, progress: Progress
    ) -> HttpResponse:
        body = MultipartBody(form, progress) if form else None
        try:
            return self.wire.exchange(request, bearer=bearer, body=body)
        except UndeliveredError as error:
            raise self._not_reached(error) from error
        except LostResponseError as error:
            raise self._unsettled(request, str(error), None) from error
        finally:
            if body:
                body.close()

    def _try(
        self, request: HttpRequest, bearer: SecretText | None, fits: Callable[[Mapping[str, object]], object] | None
    ) -> JsonResponse | _Trouble:
        try:
            answer = self.wire.exchange(request, bearer=bearer)
        except UndeliveredError as error:
            # Nobody listens on this machine: waiting does not start a local BioT.
            return _Trouble(error=self._not_reached(error), again=not is_loopback(self.wire.target.base_url))
        except LostResponseError as error:
            return _Trouble(error=self._not_answered(str(error)), again=True)
        if answer.succeeded:
            return self._reply(answer, fits)
        again = answer.status in RETRYABLE_STATUSES
        final = None if again else unchanged(self.wire.host, request, answer)
        return _Trouble(
            error=final or self._not_answered(describe_response(answer), answer.status),
            again=again or (final is None and is_garbled(answer)),
            asked=retry_after(answer),
            unauthorized=answer.status == UNAUTHORIZED,
        )

    def _reply(
        self, answer: HttpResponse, fits: Callable[[Mapping[str, object]], object] | None
    ) -> JsonResponse | _Trouble:
        try:
            document = read_object(answer)
        except UnreadableResponseError:
            return _Trouble(error=self._not_answered(describe_response(answer), answer.status), again=True)
        try:
            if fits is not None:
                fits(document)
        except UnreadableResponseError as error:
            return _Trouble(error=self._not_answered(f"it answered with {error}", answer.status), again=True)
        return JsonResponse(document=document, answer=answer)

    def _wait(self, trouble: _Trouble, tried: int, spent: float) -> float | None:
        if not trouble.again:
            return None
        return self._patience.wait(tried, asked=trouble.asked, spent=spent, chance=self._chance())

    def _not_reached(self, error: UndeliveredError) -> Unreachable:
        if "certificate" in str(error):
            hint = "Name your company's authority: SSL_CERT_FILE=/path/to/authority.pem."
        elif is_loopback(self.wire.target.base_url):
            hint = "Start the local BioT: `biot-plugin sandbox`."
        else:
            hint = "Check baseUrl in plugin.toml, the network and HTTPS_PROXY."
        return Unreachable(f"{self.wire.host} cannot be reached: {error}. Nothing was sent.", hint=hint)

    def _not_answered(self, reason: str, status: int = 0) -> NoAnswer:
        return NoAnswer(
            f"{self.wire.host} gave no usable answer: {printable(reason, 600)}.",
            hint="Run it again in a while; `biot-plugin doctor` tells what works and what does not.",
            status=status,
        )

    def _unsettled(self, request: HttpRequest, reason: str, answer: HttpResponse | None) -> OutcomeUnknown:
        error = read_error(answer) if answer else None
        unsettled = OutcomeUnknown(
            f"Whether {self.wire.host} applied the {request.method} is not known: {printable(reason, 600)}.",
            hint="Look at what is there now: `biot-plugin show`. Running the command again does no harm.",
            status=answer.status if answer else 0,
            code=error.code if error else "",
        )
        unsettled.retry_after = retry_after(answer) if answer else None
        return unsettled


def not_sent(error: NoAnswer) -> Unreachable:
    """For a change: a question that had to be answered before it could be sent was not."""
    return Unreachable(f"{error.message} Nothing was sent.", hint=error.hint)
