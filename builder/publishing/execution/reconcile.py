"""Carry out a plan over a network that loses responses, and report only what is certain.

After every request whose outcome is uncertain the plugin is read back. A request is sent again only when BioT has the
plugin as before; BioT's version check then keeps a lost request and its repetition from both taking effect.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from builder.errors import PublishError
from builder.network.verdict import Verdict
from builder.publishing.api.retry_policy import PublishPolicy, is_race, is_worth_repeating, requested_wait
from builder.publishing.execution.remote_state import (
    RemoteState,
    RemoteStatus,
    assess_remote,
    may_still_apply,
    only_orders_left,
)
from builder.publishing.failures import AccessDenied, OutcomeUnknown, RolledBack
from builder.publishing.planning.plan import Create, Update
from builder.publishing.records.outcome import PublishOutcome, describe_remote

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from builder.publishing.api_values import RemotePlugin
    from builder.publishing.clock import Clock
    from builder.publishing.planning.plan import DesiredPlugin

_PLAN_AGAIN: Final = "Run `biot-plugin plan` to see what BioT has now, then publish again."
_PLAN_LATER: Final = "Run `biot-plugin plan` in a minute: it shows what is still missing, if anything."


class PluginApi(Protocol):
    """The part of BioT's API that publishing needs."""

    def read(self, name: str) -> RemotePlugin | None:
        """The plugin, or None when it does not exist. Raises PublishError."""

    def create(self, config: Mapping[str, object], code: Path | None) -> RemotePlugin:
        """Create it. Raises OutcomeUnknown, or another PublishError when nothing was changed."""

    def update(self, name: str, changes: Mapping[str, object], code: Path | None) -> RemotePlugin:
        """Change it. Raises OutcomeUnknown, or another PublishError when nothing was changed."""


def carry_out(
    api: PluginApi,
    desired: DesiredPlugin,
    first_plan: Create | Update,
    clock: Clock,
    *,
    policy: PublishPolicy | None = None,
) -> PublishOutcome:
    """Send a new plan, and find out how it ended. A failure is the outcome's cause, never raised.

    Args:
        api: BioT.
        desired: The plugin to reach.
        first_plan: The plan for the plugin as it was read just now.
        clock: Time.
        policy: How long to keep trying.
    """
    return _Reconciliation(api, desired, first_plan, (clock, policy or PublishPolicy())).run()


class _Reconciliation:
    """One publish in progress.

    ``unanswered`` holds the plans whose requests got no usable answer, ``confirmed`` the plugin that BioT answered to
    the last request, and ``read_error`` why the plugin could not be read back.
    """

    def __init__(
        self,
        api: PluginApi,
        desired: DesiredPlugin,
        first_plan: Create | Update,
        timing: tuple[Clock, PublishPolicy],
    ) -> None:
        self.api, self.desired = api, desired
        self.first_plan = self.plan = first_plan
        self.clock, self.policy = timing
        self.started = self.clock.monotonic()
        self.requests, self.rollbacks, self.partly = 0, 0, False
        self.unanswered: list[Create | Update] = []
        self.confirmed: RemotePlugin | None = None
        self.read_error: PublishError | None = None

    def run(self) -> PublishOutcome:
        settings_only = self.plan.code is None and self.plan.before is not None
        if settings_only and (outcome := self._check_before_sending()) is not None:
            return outcome
        while True:
            failure = self._send()
            state = self._read_back(failure)
            if (outcome := self._decide(failure, state)) is not None:
                return outcome
            if state is not None and state.remaining is not None:
                self.partly = self.partly or state.status is RemoteStatus.PARTLY_APPLIED
                self.plan = state.remaining
            if not self._wait(failure):
                return self._give_up(failure, state)

    def _check_before_sending(self) -> PublishOutcome | None:
        """BioT guards code by its version but settings by nothing, so they are read right before they are sent."""
        try:
            state = assess_remote(self.desired, self.plan, self.api.read(self.desired.name))
        except PublishError as error:
            detail = f"{error.message} Nothing was sent."
            return self._outcome(Verdict.NOT_APPLIED, detail, error.hint, self.plan.before, error)
        if state.status is RemoteStatus.APPLIED:
            return self._done(state.remote)
        if state.status is not RemoteStatus.AS_BEFORE or state.remaining is None:
            return self._changed_by_others(None, state)
        self.plan = state.remaining
        return None

    def _send(self) -> PublishError | None:
        self.requests += 1
        self.confirmed = None
        plan = self.plan
        file = plan.code.file if plan.code is not None else None
        try:
            if isinstance(plan, Create):
                self.confirmed = self.api.create(plan.config, file)
            else:
                self.confirmed = self.api.update(self.desired.name, plan.sent, file)
        except OutcomeUnknown as error:
            self.unanswered.append(plan)
            return error
        except RolledBack as error:
            self.rollbacks += 1
            return error  # a complete answer: nothing of this request is still on its way
        except PublishError as error:
            return error  # all other errors prove that nothing was changed
        return None

    def _read_back(self, failure: PublishError | None) -> RemoteState | None:
        """Read the plugin until its state is conclusive or the waits are used up; None when every read failed."""
        state: RemoteState | None = None
        for wait in self.policy.read_back_waits:
            self.clock.sleep(wait * (0.5 + self.policy.chance()))
            try:
                remote = self.api.read(self.desired.name)
            except AccessDenied as error:
                self.read_error = error
                break
            except PublishError as error:
                self.read_error = error
                continue
            state = assess_remote(self.desired, self.plan, remote)
            if self._is_conclusive(failure, state):
                break
        return state

    def _is_conclusive(self, failure: PublishError | None, state: RemoteState) -> bool:
        if state.status is RemoteStatus.APPLIED:
            return True
        if self._may_still_change(state.remote):
            return False  # a lost request may arrive in the meantime
        if state.status is RemoteStatus.AS_BEFORE:
            # After a success or a version conflict the old state must be a stale copy: read again.
            return failure is not None and not is_race(failure)
        return True

    def _may_still_change(self, remote: RemotePlugin | None) -> bool:
        return any(may_still_apply(plan, remote) for plan in self.unanswered)

    def _decide(self, failure: PublishError | None, state: RemoteState | None) -> PublishOutcome | None:
        """The outcome, or None when something remains to be sent."""
        if state is None:
            return self._not_read_back(failure)
        if state.status is RemoteStatus.APPLIED:
            return self._done(state.remote)
        if state.status is RemoteStatus.UNIDENTIFIED_CODE:
            return self._unidentified_code(failure, state)
        may_be_own = failure is None or isinstance(failure, RolledBack) or bool(self.unanswered)
        if state.status is RemoteStatus.CHANGED_BY_OTHERS:
            return self._changed_by_others(failure, state)
        if state.status is RemoteStatus.PARTLY_APPLIED and not may_be_own:
            return self._changed_by_others(failure, state)
        return self._after_success(state) if failure is None else self._after_failure(failure, state)

    def _changed_by_others(self, failure: PublishError | None, state: RemoteState) -> PublishOutcome:
        if self._may_still_change(state.remote):
            detail = f"{state.detail} The request of this run got no answer and may still be applied."
            return self._outcome(Verdict.UNKNOWN, detail, _PLAN_LATER, state.remote, failure)
        detail = f"{state.detail} BioT does not say who changed it. It was left as it is."
        return self._outcome(Verdict.CONFLICT, detail, _PLAN_AGAIN, state.remote)

    def _after_success(self, state: RemoteState) -> PublishOutcome | None:
        if state.status is RemoteStatus.PARTLY_APPLIED:
            return None  # the rest is sent next
        if isinstance(self.plan, Create):
            detail = "BioT confirmed the new plugin, but it does not exist now: somebody deleted it."
            return self._changed_by_others(None, replace(state, detail=detail))
        if state.remote is not None and only_orders_left(self.desired, state.remote):
            return self._done(state.remote)
        detail = f"BioT confirmed the change but still shows the plugin as before: {describe_remote(state.remote)}."
        return self._outcome(Verdict.UNKNOWN, detail, _PLAN_LATER, state.remote)

    def _after_failure(self, failure: PublishError, state: RemoteState) -> PublishOutcome | None:
        if is_worth_repeating(failure) and self.rollbacks < self.policy.rollbacks:
            return None
        partly = self.partly or state.status is RemoteStatus.PARTLY_APPLIED
        if not partly and not self._may_still_change(state.remote):
            return self._not_applied(failure, state.remote)
        reason = "Only part of the change is in place." if partly else "A request without an answer may still arrive."
        detail = f"{reason} {failure.message}"
        return self._outcome(Verdict.UNKNOWN, detail, failure.hint or _PLAN_LATER, state.remote, failure)

    def _not_read_back(self, failure: PublishError | None) -> PublishOutcome:
        reason = self.read_error.message if self.read_error is not None else ""
        if self.confirmed is not None:
            status = assess_remote(self.desired, self.plan, self.confirmed).status
            if status in {RemoteStatus.APPLIED, RemoteStatus.UNIDENTIFIED_CODE}:
                return self._done(self.confirmed, f" It could not be read back afterwards: {reason}")
            detail = f"BioT confirmed the request with other values than were sent. It could not be read back: {reason}"
            return self._outcome(Verdict.UNKNOWN, detail, _PLAN_LATER, None, self.read_error)
        if not self.unanswered and not self.partly and failure is not None:
            return self._not_applied(failure, self.plan.before)
        detail = f"The request got no usable answer, and the plugin could not be read back: {reason}"
        return self._outcome(Verdict.UNKNOWN, detail, _PLAN_LATER, None, failure)

    def _unidentified_code(self, failure: PublishError | None, state: RemoteState) -> PublishOutcome | None:
        if failure is None:
            return None if state.remaining is not None else self._done(state.remote, " No digest was compared.")
        if not self.unanswered:
            detail = f"BioT has another version now: {describe_remote(state.remote)}."
            return self._outcome(Verdict.CONFLICT, detail, _PLAN_AGAIN, state.remote, failure)
        detail = (
            f"BioT has {describe_remote(state.remote)}. Without the digest the kit cannot see whether this is the code "
            "of this run."
        )
        hint = "Call the plugin to see which code runs, and publish without --without-digest from now on."
        return self._outcome(Verdict.UNKNOWN, detail, hint, state.remote, failure)

    def _give_up(self, failure: PublishError | None, state: RemoteState | None) -> PublishOutcome:
        remote = state.remote if state is not None else None
        if failure is None:
            fields = ", ".join(sorted({change.field for change in self.plan.changes}))
            detail = f"BioT confirmed the change but does not keep it: {fields}."
            return self._outcome(Verdict.CONFLICT, detail, _PLAN_AGAIN, remote)
        if self._may_still_change(remote):
            time = self.clock.now().strftime("%H:%M:%S")
            plugin = describe_remote(remote) if remote is not None else "no such plugin"
            detail = f"At {time} UTC BioT had {plugin}. The request may still be applied. {failure.message}"
            return self._outcome(Verdict.UNKNOWN, detail, _PLAN_LATER, remote, failure)
        if self.partly:
            detail = f"Only part of the change is in place; the rest could not be sent. {failure.message}"
            return self._outcome(Verdict.UNKNOWN, detail, _PLAN_LATER, remote, failure)
        return self._not_applied(failure, remote)

    def _wait(self, failure: PublishError | None) -> bool:
        """Wait before the next request; False when there must be none."""
        wait = self.policy.retries.wait(
            self.requests,
            requested=requested_wait(failure),
            elapsed=self.clock.monotonic() - self.started,
            chance=self.policy.chance(),
        )
        if wait is None:
            return False
        self.clock.sleep(wait)
        return True

    def _done(self, remote: RemotePlugin | None, remark: str = "") -> PublishOutcome:
        detail = (
            f"BioT has {self.desired.name} as wanted: {describe_remote(remote)}.{remark}{self._late_copy_note(remote)}"
        )
        return self._outcome(Verdict.DONE, detail, "", remote)

    def _late_copy_note(self, remote: RemotePlugin | None) -> str:
        """A warning about requests that may still arrive although the plugin is as wanted.

        This concerns settings only: BioT refuses late code by its version. When no request was confirmed, one of the
        unanswered ones is the one that was applied.
        """
        late = sum(may_still_apply(plan, remote) for plan in self.unanswered)
        if late <= (self.confirmed is None):
            return ""
        return " A copy of the request may still be applied; it would undo later changes of the same settings."

    def _not_applied(self, failure: PublishError, remote: RemotePlugin | None) -> PublishOutcome:
        detail = f"{failure.message} BioT has the plugin as before: {describe_remote(remote)}."
        return self._outcome(Verdict.NOT_APPLIED, detail, failure.hint or "Publish again.", remote, failure)

    def _outcome(
        self, verdict: Verdict, detail: str, hint: str, remote: RemotePlugin | None, cause: PublishError | None = None
    ) -> PublishOutcome:
        return PublishOutcome(
            verdict=verdict,
            detail=detail,
            hint=hint,
            remote=remote,
            version_from=self.first_plan.version_from,
            version_to=self.first_plan.version_to,
            requests=self.requests,
            cause=cause,
        )
