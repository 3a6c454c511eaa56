"""Carry out a plan over a network that loses answers, and end in what is known.

After every request whose outcome is not certain the plugin is read back; what was sent is sent again only when BioT has
the plugin as before, and BioT's version check then keeps a lost request and its repetition from both taking effect.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from builder.errors import PublishError
from builder.publishing.api.retry_policy import is_race, is_worth_repeating
from builder.publishing.execution.remote_state import (
    RemoteState,
    RemoteStatus,
    assess_remote,
    may_still_apply,
    only_orders_left,
)
from builder.publishing.failures import (
    AccessDenied,
    OutcomeUnknown,
    Refused,
    RolledBack,
)
from builder.publishing.planning.plan import Create, Update
from builder.publishing.records.outcome import PublishOutcome, Verdict, describe_remote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from builder.publishing.api_values import RemotePlugin
    from builder.publishing.clock import Clock
    from builder.publishing.planning.plan import DesiredPlugin

_AGAIN: Final = "Run `biot-plugin plan` to see what BioT has now, then publish again."
_FIND_OUT: Final = (
    "Run `biot-plugin plan` in a minute: it reads the plugin and says what is still missing, if anything."
)


class PluginApi(Protocol):
    """As much of BioT's API as publishing needs."""

    def read(self, name: str) -> RemotePlugin | None:
        """The plugin, or None when there is none. Raises PublishError."""

    def create(self, config: Mapping[str, object], code: Path | None) -> RemotePlugin:
        """Create it. Raises OutcomeUnknown, or another PublishError when nothing was changed."""

    def update(self, name: str, changes: Mapping[str, object], code: Path | None) -> RemotePlugin:
        """Change it. Raises OutcomeUnknown, or another PublishError when nothing was changed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How patient a publish is.

    Attributes:
        looks: Seconds before each time the plugin is read back after one request.
        attempts: How often the request is sent at most.
        rollbacks: How often it is sent at most when BioT answers each time that it rolled it back.
        first_wait: Seconds before the second attempt at most; doubled each time.
        longest_wait: No wait between attempts is longer, unless BioT asks for it.
        deadline: Seconds after which no further attempt begins.
        chance: Random numbers from 0 to 1, so that many publishers do not come back at one moment.
    """

    looks: tuple[float, ...] = (0.0, 0.5, 1.5, 3.0)
    attempts: int = 6
    rollbacks: int = 3
    first_wait: float = 0.5
    longest_wait: float = 10.0
    deadline: float = 600.0
    chance: Callable[[], float] = random.random


def carry_out(
    api: PluginApi, desired: DesiredPlugin, first: Create | Update, clock: Clock, *, pace: Pace | None = None
) -> PublishOutcome:
    """Send a plan that was just made, and find out what became of it. What fails is the outcome's cause, never raised.

    Args:
        api: BioT.
        desired: What is wanted.
        first: The plan for the plugin as it was read just now.
        clock: Time.
        pace: How patient to be.
    """
    return _Run(api, desired, first, (clock, pace or Pace())).to_the_end()


class _Run:
    """One publish under way."""

    def __init__(
        self, api: PluginApi, desired: DesiredPlugin, first: Create | Update, time: tuple[Clock, Pace]
    ) -> None:
        self.api, self.desired = api, desired
        self.first = self.plan = first
        self.clock, self.pace = time
        self.ends = self.clock.monotonic() + self.pace.deadline
        self.requests, self.rollbacks, self.partly = 0, 0, False
        self.lost: list[Create | Update] = []
        self.answer: RemotePlugin | None = None
        self.unread: PublishError | None = None

    def to_the_end(self) -> PublishOutcome:
        if self.plan.code is None and self.plan.before is not None and (ended := self._look_first()) is not None:
            return ended
        while True:
            failure = self._send()
            last = self._look(failure)
            if (outcome := self._decide(failure, last)) is not None:
                return outcome
            if last is not None and last.left is not None:
                self.partly = self.partly or last.place is RemoteStatus.PARTLY
                self.plan = last.left
            if self.requests >= self.pace.attempts or not self._wait(failure):
                return self._give_up(failure, last)

    def _look_first(self) -> PublishOutcome | None:
        """BioT guards code by its version, and settings by nothing: so they are read right before they are sent."""
        try:
            now = assess_remote(self.desired, self.plan, self.api.read(self.desired.name))
        except PublishError as error:
            told = f"{error.message} Nothing was sent."
            return self._outcome(Verdict.NOT_APPLIED, told, error.hint, self.plan.before, error)
        if now.place is RemoteStatus.AS_WANTED:
            return self._done(now.remote)
        if now.place is not RemoteStatus.AS_BEFORE or now.left is None:
            return self._others(None, now)
        self.plan = now.left
        return None

    def _send(self) -> PublishError | None:
        self.requests += 1
        self.answer = None
        plan = self.plan
        file = plan.code.file if plan.code is not None else None
        try:
            if isinstance(plan, Create):
                self.answer = self.api.create(plan.config, file)
            else:
                self.answer = self.api.update(self.desired.name, plan.sent, file)
        except OutcomeUnknown as error:
            self.lost.append(plan)
            return error
        except RolledBack as error:
            self.rollbacks += 1
            return error  # complete, so nothing of it is under way any more
        except PublishError as error:
            return error  # nothing was changed, and all the others prove it
        return None

    def _look(self, failure: PublishError | None) -> RemoteState | None:
        """Read back until it is clear how things stand, as long as patience lasts; None when nothing could be read."""
        last: RemoteState | None = None
        for wait in self.pace.looks:
            self.clock.sleep(wait * (0.5 + self.pace.chance()))
            try:
                remote = self.api.read(self.desired.name)
            except AccessDenied as error:
                self.unread = error
                break
            except PublishError as error:
                self.unread = error
                continue
            last = assess_remote(self.desired, self.plan, remote)
            if self._is_clear(failure, last):
                break
        return last

    def _is_clear(self, failure: PublishError | None, standing: RemoteState) -> bool:
        if standing.place is RemoteStatus.AS_WANTED:
            return True
        if self._pending(standing.remote):
            return False  # what was sent may arrive while we look
        if standing.place is RemoteStatus.AS_BEFORE:
            # Right after "done" or "there is another version" an old state is an old copy: look again.
            return failure is not None and not is_race(failure)
        return True

    def _pending(self, remote: RemotePlugin | None) -> bool:
        return any(may_still_apply(sent, remote) for sent in self.lost)

    def _decide(self, failure: PublishError | None, last: RemoteState | None) -> PublishOutcome | None:
        """The end, or None when there is something to send."""
        if last is None:
            return self._unread(failure)
        if last.place is RemoteStatus.AS_WANTED:
            return self._done(last.remote)
        if last.place is RemoteStatus.UNTELLABLE:
            return self._untellable(failure, last)
        mine = failure is None or isinstance(failure, RolledBack) or bool(self.lost)
        if last.place is RemoteStatus.OTHER or (last.place is RemoteStatus.PARTLY and not mine):
            return self._others(failure, last)
        return self._confirmed(last) if failure is None else self._refused_for_good(failure, last)

    def _others(self, failure: PublishError | None, last: RemoteState) -> PublishOutcome:
        if self._pending(last.remote):
            told = f"{last.told} What this run sent got no answer and may still be applied."
            return self._outcome(Verdict.UNKNOWN, told, _FIND_OUT, last.remote, failure)
        told = f"{last.told} BioT does not tell who it was. It stays as it is."
        return self._outcome(Verdict.CONFLICT, told, _AGAIN, last.remote)

    def _confirmed(self, last: RemoteState) -> PublishOutcome | None:
        if last.place is RemoteStatus.PARTLY:
            return None  # the rest is sent next
        if isinstance(self.plan, Create):
            told = "BioT confirmed the new plugin, and now it is not there: somebody deleted it."
            return self._others(None, replace(last, told=told))
        if last.remote is not None and only_orders_left(self.desired, last.remote):
            return self._done(last.remote)
        told = f"BioT confirmed the change and still shows the plugin as before: {describe_remote(last.remote)}."
        return self._outcome(Verdict.UNKNOWN, told, _FIND_OUT, last.remote)

    def _refused_for_good(self, failure: PublishError, last: RemoteState) -> PublishOutcome | None:
        if is_worth_repeating(failure) and self.rollbacks < self.pace.rollbacks:
            return None
        partly = self.partly or last.place is RemoteStatus.PARTLY
        if not partly and not self._pending(last.remote):
            return self._not_applied(failure, last.remote)
        why = "Part of it is in place, the rest was not taken." if partly else "A lost request may still arrive."
        told = f"{why} {failure.message}"
        return self._outcome(Verdict.UNKNOWN, told, failure.hint or _FIND_OUT, last.remote, failure)

    def _unread(self, failure: PublishError | None) -> PublishOutcome:
        why = self.unread.message if self.unread is not None else ""
        if self.answer is not None:
            if assess_remote(self.desired, self.plan, self.answer).place in {
                RemoteStatus.AS_WANTED,
                RemoteStatus.UNTELLABLE,
            }:
                return self._done(self.answer, f" It could not be read back afterwards: {why}")
            told = f"BioT confirmed the request with other values than were sent, and could not be read: {why}"
            return self._outcome(Verdict.UNKNOWN, told, _FIND_OUT, None, self.unread)
        if not self.lost and not self.partly and failure is not None:
            return self._not_applied(failure, self.plan.before)
        told = f"The request got no usable answer, and BioT could not be read afterwards: {why}"
        return self._outcome(Verdict.UNKNOWN, told, _FIND_OUT, None, failure)

    def _untellable(self, failure: PublishError | None, last: RemoteState) -> PublishOutcome | None:
        if failure is None:
            return None if last.left is not None else self._done(last.remote, " No digest was compared.")
        if not self.lost:
            told = f"BioT has another version meanwhile: {describe_remote(last.remote)}."
            return self._outcome(Verdict.CONFLICT, told, _AGAIN, last.remote, failure)
        told = (
            f"BioT has {describe_remote(last.remote)}. Whether that is what this run sent cannot be seen, because "
            "the digest is switched off."
        )
        hint = "Call the plugin to see which code runs; with the digest switched on the kit can tell."
        return self._outcome(Verdict.UNKNOWN, told, hint, last.remote, failure)

    def _give_up(self, failure: PublishError | None, last: RemoteState | None) -> PublishOutcome:
        remote = last.remote if last is not None else None
        if failure is None:
            fields = ", ".join(sorted({change.field for change in self.plan.changes}))
            told = f"BioT confirmed the change and does not keep it: {fields}."
            return self._outcome(Verdict.CONFLICT, told, _AGAIN, remote)
        if self._pending(remote):
            at = self.clock.now().strftime("%H:%M:%S")
            had = describe_remote(remote) if remote is not None else "no such plugin"
            told = f"At {at} UTC BioT had {had}. What was sent may still be applied. {failure.message}"
            return self._outcome(Verdict.UNKNOWN, told, _FIND_OUT, remote, failure)
        if self.partly:
            told = f"Part of the change is in place, the rest could not be sent. {failure.message}"
            return self._outcome(Verdict.UNKNOWN, told, _FIND_OUT, remote, failure)
        return self._not_applied(failure, remote)

    def _wait(self, failure: PublishError | None) -> bool:
        """Wait before the next attempt; False when there is no time for one."""
        wait = self.pace.chance() * min(self.pace.longest_wait, self.pace.first_wait * 2.0 ** (self.requests - 1))
        if isinstance(failure, Refused | RolledBack | OutcomeUnknown) and failure.retry_after is not None:
            wait += failure.retry_after
        if self.clock.monotonic() + wait > self.ends:
            return False
        self.clock.sleep(wait)
        return True

    def _done(self, remote: RemotePlugin | None, remark: str = "") -> PublishOutcome:
        told = f"BioT has {self.desired.name} as wanted: {describe_remote(remote)}.{remark}{self._copies(remote)}"
        return self._outcome(Verdict.DONE, told, "", remote)

    def _copies(self, remote: RemotePlugin | None) -> str:
        """What to know about requests without an answer that are still on their way, once the plugin is as wanted.

        Only settings can be: BioT refuses a late upload by its version. Without a confirmation one of the lost requests
        is the one that was applied.
        """
        lost = sum(may_still_apply(sent, remote) for sent in self.lost)
        if lost <= (self.answer is None):
            return ""
        return " A copy of the request may still be applied; it would undo later changes of the same settings."

    def _not_applied(self, failure: PublishError, remote: RemotePlugin | None) -> PublishOutcome:
        told = f"{failure.message} BioT has the plugin as before: {describe_remote(remote)}."
        return self._outcome(Verdict.NOT_APPLIED, told, failure.hint or "Publish again.", remote, failure)

    def _outcome(
        self, verdict: Verdict, told: str, hint: str, remote: RemotePlugin | None, cause: PublishError | None = None
    ) -> PublishOutcome:
        return PublishOutcome(
            verdict=verdict,
            detail=told,
            hint=hint,
            remote=remote,
            version_from=self.first.version_from,
            version_to=self.first.version_to,
            requests=self.requests,
            cause=cause,
        )
