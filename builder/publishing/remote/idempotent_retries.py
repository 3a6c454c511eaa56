"""Changes that may be made twice without harm: they are sent until they are certainly in place."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from builder.errors import PublishError
from builder.publishing.api.retry_policy import ACTION_RETRIES, is_transient, requested_wait
from builder.publishing.failures import Conflict, NoSuchPlugin, OutcomeUnknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from builder.publishing.clock import Clock

_READ_BACK_WAITS = (0.0, 0.5, 1.5)
_LONGEST_REQUESTED_WAIT = 20.0


def apply_change(send: Callable[[], object], in_place: Callable[[], bool], clock: Clock, *, what: str) -> None:
    """Make a change and check that it is in place.

    Args:
        send: Makes the change; raises what ``ApiCalls.change`` raises.
        in_place: Reads whether it is in place; raises what ``ApiCalls.query`` raises.
        clock: For the waits.
        what: The change, as part of a sentence, such as ``age is disabled``.

    Raises:
        OutcomeUnknown: A request got no answer, and it is still unknown whether it takes effect.
        Conflict: BioT confirmed the change, and it is not in place: somebody else undid it.
        NoSuchPlugin: The plugin does not exist any more.
        Unreachable, AccessDenied, Refused, RolledBack: Nothing was changed.
        KeyboardInterrupt: Says that the change may have been applied.
    """
    try:
        _apply_change(send, in_place, clock, what)
    except KeyboardInterrupt as error:
        msg = "the change may have been applied. `biot-plugin list` shows the current state."
        raise KeyboardInterrupt(msg) from error


def _apply_change(send: Callable[[], object], in_place: Callable[[], bool], clock: Clock, what: str) -> None:
    unknown: OutcomeUnknown | None = None
    attempt = 0
    while True:
        attempt += 1
        failure = _send(send)
        if isinstance(failure, OutcomeUnknown):
            unknown = failure
        if _is_in_place(in_place, clock, confirmed=failure is None):
            return
        if failure is None:
            msg = f"BioT confirmed that {what}, but it is not: somebody else changed it."
            raise Conflict(msg, hint="Check the current state with `biot-plugin list`, then run the command again.")
        requested = min(requested_wait(failure) or 0.0, _LONGEST_REQUESTED_WAIT)
        wait = ACTION_RETRIES.wait(attempt, requested=requested, elapsed=0.0, chance=random.random())  # noqa: S311 - jitter, not a secret
        if wait is None or not is_transient(failure):
            raise unknown or failure
        clock.sleep(wait)


def _send(send: Callable[[], object]) -> PublishError | None:
    try:
        send()
    except PublishError as error:
        return error
    return None


def _is_in_place(in_place: Callable[[], bool], clock: Clock, *, confirmed: bool) -> bool:
    """Whether the change is in place. A confirmed change that cannot be read back counts as in place."""
    for wait in _READ_BACK_WAITS if confirmed else _READ_BACK_WAITS[:1]:
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
