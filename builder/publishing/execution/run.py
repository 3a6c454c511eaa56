"""One publish or rollback, from the first read to the closed entry of the journal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import builder
from builder.errors import PublishError
from builder.manifest.environments import LOCAL
from builder.network.verdict import Verdict
from builder.publishing.execution.order_watch import OrderWatch, shift_notes
from builder.publishing.execution.reconcile import PluginApi, carry_out
from builder.publishing.planning.differences import DISABLED, STATE
from builder.publishing.planning.plan import Unchanged
from builder.publishing.planning.planner import make_plan
from builder.publishing.records.interrupted_runs import may_be_running, resolve_interrupted_run, running_note
from builder.publishing.records.journal_entry import JournalEntry, format_time, new_id
from builder.publishing.records.outcome import PublishOutcome, describe_remote
from builder.publishing.records.plugin_records import open_records
from builder.publishing.records.publisher import commit_of, publisher_name
from builder.publishing.records.retained_releases import settings_digest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from builder.publishing.api.dispatcher import Dispatcher
    from builder.publishing.api_values import RemotePlugin, TargetEnvironment
    from builder.publishing.clock import Clock
    from builder.publishing.planning.plan import Create, DesiredPlugin, ReleaseFiles, ReleasePlan, Update
    from builder.publishing.state_folder import StateFolder


class PublishApi(PluginApi, Protocol):
    """BioT's plugins, and the dispatcher beside them."""

    dispatcher: Dispatcher


@dataclass(frozen=True, kw_only=True, slots=True)
class RunContext:
    """What a run needs to know besides the plan.

    Attributes:
        state: The kit's state folder.
        target: The environment.
        plugin: The name without ``Plugin-``.
        folder: The folder of plugin.toml; its git commit is recorded.
        environ: The process's environment, which names the CI job.
        prunes: Whether to delete retained files that no journal needs any more. This reads the journals of all plugins,
            so a run of many publishes does it once, at its end.
    """

    state: StateFolder
    target: TargetEnvironment
    plugin: str
    folder: Path
    environ: Mapping[str, str]
    prunes: bool = True


class PublishRun:
    """A publish in progress. The caller holds the journal's lock.

    Args:
        api: BioT.
        context: Environment, plugin and folders.
        clock: Time.
    """

    def __init__(self, api: PublishApi, context: RunContext, clock: Clock) -> None:
        self._api = api
        self._context = context
        self._clock = clock
        records = open_records(context.state, context.target, context.plugin)
        self.journal, self.retained = records.journal, records.retained

    def read_remote(self) -> tuple[RemotePlugin | None, tuple[str, ...]]:
        """The plugin as BioT has it, and a note for each interrupted publish that this read resolves.

        Raises:
            PublishError: BioT cannot be read, or the journal cannot be written.
        """
        remote = self._api.read(self._context.plugin)
        notes = []
        for run in self.journal.unfinished():
            entry, now = run.entry, self._clock.now()
            outcome = resolve_interrupted_run(entry, self.retained.read_settings(entry.config), remote, now)
            if run.elsewhere and not outcome.succeeded and may_be_running(entry, now):
                notes.append(running_note(entry))
                continue
            self.journal.close(entry, outcome, now, settled_by=new_id())
            notes.append(f"The {entry.command} of {entry.opened} by {entry.who} was interrupted. {outcome.detail}")
        return remote, tuple(notes)

    def execute(
        self,
        desired: DesiredPlugin,
        plan: ReleasePlan,
        files: ReleaseFiles,
        *,
        command: str,
        disabled_first: bool = False,
    ) -> tuple[PublishOutcome, tuple[str, ...]]:
        """Carry out a plan that was just made.

        Args:
            desired: The plugin to reach.
            plan: The plan.
            files: What to retain for a rollback.
            command: ``publish`` or ``rollback``.
            disabled_first: Whether to enable the plugin only after everything else was read back.

        Returns:
            How it ended, and notes for the user.

        Raises:
            PublishError: Nothing was sent: the journal or the retained files cannot be written.
        """
        if isinstance(plan, Unchanged):
            return _nothing_to_do(desired, plan), ()
        watch = OrderWatch(self._api.dispatcher, plan)
        entry = self._entry(desired, plan, files, command)
        for file, sha256 in ((files.artifact, files.artifact_sha256), (files.report, files.report_sha256)):
            if file is not None and sha256 is not None:
                self.retained.keep_file(file, sha256)
        self.retained.keep_settings(desired.settings)
        self.journal.open(entry)
        try:
            outcome = self._disabled_first(desired, plan) if disabled_first else self._carry_out(desired, plan)
            notes = self._close(entry, outcome)
            return outcome, (*notes, *self._order_notes(desired, outcome, watch))
        except KeyboardInterrupt as error:
            msg = "the change may have been applied. `biot-plugin plan` shows it; the next publish records the outcome."
            raise KeyboardInterrupt(msg) from error

    def _order_notes(self, desired: DesiredPlugin, outcome: PublishOutcome, watch: OrderWatch) -> tuple[str, ...]:
        remote = outcome.remote
        if remote is None:
            return watch.notes("")
        own = shift_notes(desired, remote) if outcome.succeeded else ()
        return (*own, *watch.notes(remote.endpoint_url))

    def _carry_out(self, desired: DesiredPlugin, plan: Create | Update) -> PublishOutcome:
        return carry_out(self._api, desired, plan, self._clock)

    def _disabled_first(self, desired: DesiredPlugin, plan: Create | Update) -> PublishOutcome:
        """Publish everything with the plugin disabled; enable it after that was read back."""
        if desired.settings.get(STATE) == DISABLED:
            return self._carry_out(desired, plan)
        disabled = replace(desired, settings={**desired.settings, STATE: DISABLED})
        first = make_plan(disabled, plan.before)
        if isinstance(first, Unchanged):
            return self._carry_out(desired, plan)  # an earlier run got this far
        outcome = self._carry_out(disabled, first)
        last = make_plan(desired, outcome.remote) if outcome.succeeded else None
        if last is None or isinstance(last, Unchanged):
            return outcome
        return _combine(outcome, self._carry_out(desired, last))

    def _entry(self, desired: DesiredPlugin, plan: Create | Update, files: ReleaseFiles, command: str) -> JournalEntry:
        context = self._context
        return JournalEntry(
            id=new_id(),
            opened=format_time(self._clock.now()),
            command=command,
            who=publisher_name(context.environ),
            plugin=desired.name,
            environment=context.target.name,
            base_url=context.target.base_url,
            version_from=plan.version_from,
            version_to=plan.version_to,
            digest_from=plan.before.tree_digest if plan.before is not None else None,
            digest_to=desired.code.tree_digest if desired.code is not None else None,
            code=plan.code is not None,
            config=settings_digest(desired.settings),
            artifact=files.artifact_sha256,
            report=files.report_sha256,
            commit=commit_of(context.folder) if files.commit is None else files.commit,
            kit=builder.__version__,
        )

    def _close(self, entry: JournalEntry, outcome: PublishOutcome) -> tuple[str, ...]:
        """Record the outcome. A journal that cannot be written does not change the outcome."""
        try:
            self.journal.close(entry, outcome, self._clock.now())
            if self._context.prunes:
                self.retained.prune()
            if self._context.target.name == LOCAL:  # every save of `dev` publishes there
                self.journal.drop_oldest()
        except PublishError as error:
            return (f"{error.message} The next publish asks BioT how this one ended.",)
        return ()


def _combine(published: PublishOutcome, enabled: PublishOutcome) -> PublishOutcome:
    """The outcome of publishing disabled and then enabling: the second one, without losing sight of the first."""
    combined = replace(
        enabled,
        version_from=published.version_from,
        version_to=published.version_to,
        requests=published.requests + enabled.requests,
    )
    if enabled.succeeded:
        return combined
    verdict = Verdict.UNKNOWN if enabled.verdict is Verdict.NOT_APPLIED else enabled.verdict
    reason = enabled.cause.message if enabled.cause is not None else enabled.detail
    detail = f"The plugin is published but still disabled: enabling it failed. {reason}"
    hint = "Run `biot-plugin enable`, or publish again: only what is missing is sent."
    return replace(combined, verdict=verdict, detail=detail, hint=hint)


def _nothing_to_do(desired: DesiredPlugin, plan: Unchanged) -> PublishOutcome:
    return PublishOutcome(
        verdict=Verdict.NOTHING_TO_DO,
        detail=f"BioT already has {desired.name} as wanted: {describe_remote(plan.remote)}. Nothing was sent.",
        remote=plan.remote,
        version_from=plan.remote.version,
        version_to=plan.remote.version,
    )
