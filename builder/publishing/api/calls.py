"""Questions are asked until they are answered or patience ends; changes are sent once and told for what is known."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from builder.progress import Silent
from builder.publishing.api.certificates import is_loopback
from builder.publishing.api.http_exchange import LostError, UndeliveredError
from builder.publishing.api.multipart import Body
from builder.publishing.api.rejections import UNAUTHORIZED, rolled_back, unchanged
from builder.publishing.api.response_body import (
    Answer,
    UnreadableError,
    describe,
    is_garbled,
    read_error,
    read_object,
    retry_after,
)
from builder.publishing.api.retry_policy import WORTH_ANOTHER_TRY, Patience
from builder.publishing.failures import NotAnswered, NotReached, Unsettled
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from builder.errors import PublishError
    from builder.progress import Progress
    from builder.publishing.api.http_exchange import Request, Wire
    from builder.publishing.api.multipart import Form
    from builder.publishing.api_values import Secret
    from builder.publishing.clock import Clock

    T = TypeVar("T")

_TOLD_FROM_TRY = 2


class Tokens(Protocol):
    """Where access tokens come from."""

    def bearer(self) -> Secret:
        """A token that is good for now.

        Raises:
            AccessRefused: There is none to be had.
            NotReached, NotAnswered: The log-in was not answered.
        """

    def renew(self, refused: Secret) -> Secret:
        """Another token than the one that BioT has just refused. Raises as ``bearer`` does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """An answer of success, and the JSON object in it."""

    document: dict[str, object]
    answer: Answer


@dataclass(frozen=True, kw_only=True, slots=True)
class _Trouble:
    """A try that gave no reply: what to raise when it was the last, and whether another one makes sense."""

    error: PublishError
    again: bool
    asked: float | None = None
    unauthorized: bool = False


class Calls:
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
        wire: Wire,
        clock: Clock,
        *,
        patience: Patience | None = None,
        chance: Callable[[], float] = random.random,
        progress: Progress | None = None,
    ) -> None:
        self.wire = wire
        self._progress = progress or Silent()
        self._clock = clock
        self._patience = patience or Patience()
        self._chance = chance

    def read(self, request: Request, tokens: Tokens, reading: Callable[[Mapping[str, object]], T]) -> T:
        """What the reply to a question says.

        Args:
            request: The question.
            tokens: Access tokens.
            reading: Reads the JSON object; raises UnreadableError when it is not what was asked for.

        Raises:
            NotReached, NotAnswered, AccessRefused, Refused: As ``ask``.
        """
        return reading(self.ask(request, tokens, fits=reading).document)

    def ask(
        self,
        request: Request,
        tokens: Tokens | None = None,
        *,
        fits: Callable[[Mapping[str, object]], object] | None = None,
    ) -> Reply:
        """The reply to a question; it may be sent several times, so it must change nothing.

        Args:
            request: The question.
            tokens: Access tokens, or None for a public call.
            fits: Raises UnreadableError for a JSON object that is no answer to it.

        Raises:
            NotReached: No connection, at the last try.
            NotAnswered: No usable answer, at the last try.
            AccessRefused: 401 (also with a new token) or 403.
            Refused: Another complete error of BioT.
        """
        started, tried, renewed = self._clock.monotonic(), 0, False
        bearer = tokens.bearer() if tokens else None
        while True:
            tried += 1
            outcome = self._try(request, bearer, fits)
            if isinstance(outcome, Reply):
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

    def change(self, request: Request, tokens: Tokens, *, form: Form | None = None, progress: Progress) -> Answer:
        """The answer of success to a change that was sent once (twice when the token was refused before).

        Raises:
            NotReached: No connection, or no token to be had; nothing was processed.
            Refused, AccessRefused: A complete error of BioT; nothing was changed.
            RolledBack: A complete error of BioT after which it undoes what it did.
            Unsettled: Sent, and what became of it is not known.
        """
        try:
            bearer = tokens.bearer()
            answer = self._send(request, bearer, form, progress)
            if answer.status == UNAUTHORIZED and read_error(answer):
                # BioT refuses a token before it looks at the rest.
                answer = self._send(request, tokens.renew(bearer), form, progress)
        except NotAnswered as error:
            raise not_sent(error) from error
        if answer.succeeded:
            return answer
        raise (
            unchanged(self.wire.host, request, answer)
            or rolled_back(self.wire.host, request, answer)
            or self._unsettled(request, describe(answer), answer)
        )

    def unsettled(self, request: Request, reason: str) -> Unsettled:
        """For an answer of success that is none: the text tells what it is, as part of a sentence."""
        return self._unsettled(request, reason, None)

    def _send(self, request: Request, bearer: Secret, form: Form | None, progress: Progress) -> Answer:
        body = Body(form, progress) if form else None
        try:
            return self.wire.exchange(request, bearer=bearer, body=body)
        except UndeliveredError as error:
            raise self._not_reached(error) from error
        except LostError as error:
            raise self._unsettled(request, str(error), None) from error
        finally:
            if body:
                body.close()

    def _try(
        self, request: Request, bearer: Secret | None, fits: Callable[[Mapping[str, object]], object] | None
    ) -> Reply | _Trouble:
        try:
            answer = self.wire.exchange(request, bearer=bearer)
        except UndeliveredError as error:
            # Nobody listens on this machine: waiting does not start a local BioT.
            return _Trouble(error=self._not_reached(error), again=not is_loopback(self.wire.target.base_url))
        except LostError as error:
            return _Trouble(error=self._not_answered(str(error)), again=True)
        if answer.succeeded:
            return self._reply(answer, fits)
        again = answer.status in WORTH_ANOTHER_TRY
        final = None if again else unchanged(self.wire.host, request, answer)
        return _Trouble(
            error=final or self._not_answered(describe(answer), answer.status),
            again=again or (final is None and is_garbled(answer)),
            asked=retry_after(answer),
            unauthorized=answer.status == UNAUTHORIZED,
        )

    def _reply(self, answer: Answer, fits: Callable[[Mapping[str, object]], object] | None) -> Reply | _Trouble:
        try:
            document = read_object(answer)
        except UnreadableError:
            return _Trouble(error=self._not_answered(describe(answer), answer.status), again=True)
        try:
            if fits is not None:
                fits(document)
        except UnreadableError as error:
            return _Trouble(error=self._not_answered(f"it answered with {error}", answer.status), again=True)
        return Reply(document=document, answer=answer)

    def _wait(self, trouble: _Trouble, tried: int, spent: float) -> float | None:
        if not trouble.again:
            return None
        return self._patience.wait(tried, asked=trouble.asked, spent=spent, chance=self._chance())

    def _not_reached(self, error: UndeliveredError) -> NotReached:
        if "certificate" in str(error):
            hint = "Name your company's authority: SSL_CERT_FILE=/path/to/authority.pem."
        elif is_loopback(self.wire.target.base_url):
            hint = "Start the local BioT: `biot-plugin sandbox`."
        else:
            hint = "Check baseUrl in plugin.toml, the network and HTTPS_PROXY."
        return NotReached(f"{self.wire.host} cannot be reached: {error}. Nothing was sent.", hint=hint)

    def _not_answered(self, reason: str, status: int = 0) -> NotAnswered:
        return NotAnswered(
            f"{self.wire.host} gave no usable answer: {printable(reason, 600)}.",
            hint="Run it again in a while; `biot-plugin doctor` tells what works and what does not.",
            status=status,
        )

    def _unsettled(self, request: Request, reason: str, answer: Answer | None) -> Unsettled:
        error = read_error(answer) if answer else None
        unsettled = Unsettled(
            f"Whether {self.wire.host} applied the {request.method} is not known: {printable(reason, 600)}.",
            hint="Look at what is there now: `biot-plugin show`. Running the command again does no harm.",
            status=answer.status if answer else 0,
            code=error.code if error else "",
        )
        unsettled.retry_after = retry_after(answer) if answer else None
        return unsettled


def not_sent(error: NotAnswered) -> NotReached:
    """For a change: a question that had to be answered before it could be sent was not."""
    return NotReached(f"{error.message} Nothing was sent.", hint=error.hint)
