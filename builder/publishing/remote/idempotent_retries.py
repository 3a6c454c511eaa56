"""Changes that do no harm when they are made twice: sent until it is certain that they are in place."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from builder.errors import PublishError
from builder.publishing.failures import Conflict, NoSuchPlugin, OutcomeUnknown, Refused, RolledBack, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable

    from builder.publishing.clock import Clock

_TRIES = 5
_FIRST_WAIT = 0.5
_LOOKS = (0.0, 0.5, 1.5)
_BUSY = frozenset({408, 425, 429})


def apply_change(send: Callable[[], object], in_place: Callable[[], bool], clock: Clock, *, what: str) -> None:
    """Make a change and see that it is there.

    Args:
        send: Makes it; raises what ``Calls.change`` raises.
        in_place: Asks whether it is there; raises what ``Calls.ask`` raises.
        clock: For the waits.
        what: The change, as part of a sentence, such as ``age is disabled``.

    Raises:
        OutcomeUnknown: A request was lost, and whether it takes effect is still not known.
        Conflict: BioT confirmed it, and it is not there: somebody else changed it back.
        NoSuchPlugin: The plugin is gone.
        Unreachable, AccessDenied, Refused, RolledBack: Nothing was changed.
        KeyboardInterrupt: With what is not known then.
    """
    try:
        _insist(send, in_place, clock, what)
    except KeyboardInterrupt as error:
        msg = "what was sent may have been applied. `biot-plugin list` shows what is there."
        raise KeyboardInterrupt(msg) from error


def _insist(send: Callable[[], object], in_place: Callable[[], bool], clock: Clock, what: str) -> None:
    lost: OutcomeUnknown | None = None
    for tried in range(1, _TRIES + 1):
        failure = _sent(send)
        if isinstance(failure, OutcomeUnknown):
            lost = failure
        if _is_there(in_place, clock, confirmed=failure is None):
            return
        if failure is None:
            msg = f"BioT confirmed that {what}, and then it was not so: somebody else changed it."
            raise Conflict(msg, hint="Look what is there (`biot-plugin list`), then run the command again.")
        if tried == _TRIES or not _worth_another_try(failure):
            raise lost or failure
        # The same happens to everybody who asked at this moment.
        clock.sleep(random.random() * _FIRST_WAIT * 2.0**tried + _asked(failure))  # noqa: S311 - no secret


def _sent(send: Callable[[], object]) -> PublishError | None:
    try:
        send()
    except PublishError as error:
        return error
    return None


def _is_there(in_place: Callable[[], bool], clock: Clock, *, confirmed: bool) -> bool:
    """Whether it is in place. What BioT confirmed and cannot be read just now counts as in place."""
    for wait in _LOOKS if confirmed else _LOOKS[:1]:
        clock.sleep(wait)
        try:
            if in_place():
                return True
        except NoSuchPlugin:
            raise
        except PublishError:
            if confirmed:
                return True
    return False


def _worth_another_try(failure: PublishError) -> bool:
    if isinstance(failure, RolledBack):
        return not failure.lasting
    return isinstance(failure, OutcomeUnknown | Unreachable) or (
        isinstance(failure, Refused) and failure.status in _BUSY
    )


def _asked(failure: PublishError) -> float:
    asked = failure.retry_after if isinstance(failure, OutcomeUnknown | Refused | RolledBack) else None
    return min(asked or 0.0, 20.0)
