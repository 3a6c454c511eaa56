"""One publish from the first read to the closed line of the journal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import builder
from builder.errors import PublishError
from builder.publishing.execution.order_watch import OrderWatch, shift_notes
from builder.publishing.execution.reconcile import PluginApi, carry_out
from builder.publishing.planning.differences import DISABLED, STATE
from builder.publishing.planning.plan import Unchanged
from builder.publishing.planning.planner import make_plan
from builder.publishing.records.interrupted_runs import resolve_interrupted_run
from builder.publishing.records.journal import Journal, JournalEntry, format_time, new_id
from builder.publishing.records.outcome import PublishOutcome, Verdict, describe_remote
from builder.publishing.records.publisher import commit_of, publisher_name
from builder.publishing.records.retained_releases import RetainedReleases, settings_digest

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
    """Where a release goes to and comes from.

    Attributes:
        state: The kit's folder.
        target: The environment.
        plugin: The name without ``Plugin-``.
        folder: Of plugin.toml, whose git commit is written down.
        environ: The process's environment, which tells a CI job's name.
    """

    state: StateFolder
    target: TargetEnvironment
    plugin: str
    folder: Path
    environ: Mapping[str, str]


class PublishRun:
    """A publish under way; the journal's lock is held around it.

    Args:
        api: BioT.
        place: Where it goes to.
        clock: Time.
    """

    def __init__(self, api: PublishApi, place: RunContext, clock: Clock) -> None:
        self._api = api
        self._place = place
        self._clock = clock
        self.journal = Journal(place.state, place.target, place.plugin)
        self.kept = RetainedReleases(place.state)

    def look(self) -> tuple[RemotePlugin | None, tuple[str, ...]]:
        """The plugin as BioT has it, and a sentence for every killed publish that this settles.

        Raises:
            PublishError: BioT cannot be read, or the journal not be written.
        """
        remote = self._api.read(self._place.plugin)
        notes = []
        for entry in self.journal.entries():
            if entry.closed is None:
                now = self._clock.now()
                outcome = resolve_interrupted_run(entry, self.kept.config(entry.config), remote, now)
                self.journal.close(entry, outcome, now, settled_by=new_id())
                notes.append(f"The {entry.command} of {entry.opened} by {entry.who} had no end. {outcome.detail}")
        return remote, tuple(notes)

    def to_the_end(
        self,
        desired: DesiredPlugin,
        release: ReleasePlan,
        files: ReleaseFiles,
        *,
        command: str,
        disabled_first: bool = False,
    ) -> tuple[PublishOutcome, tuple[str, ...]]:
        """Carry out a plan that was just made.

        Args:
            desired: What is wanted.
            release: The plan.
            files: What is kept for a rollback.
            command: ``publish`` or ``rollback``.
            disabled_first: Whether the plugin is switched on only after everything else was read back.

        Returns:
            How it ended, and what should be known besides.

        Raises:
            PublishError: Nothing was sent: the journal or the kept files cannot be written.
        """
        if isinstance(release, Unchanged):
            return _nothing_to_do(desired, release), ()
        watch = OrderWatch(self._api.dispatcher, release)
        entry = self._entry(desired, release, files, command)
        for file, sha256 in ((files.artifact, files.artifact_sha256), (files.report, files.report_sha256)):
            if file is not None and sha256 is not None:
                self.kept.keep_file(file, sha256)
        self.kept.keep_config(desired.settings)
        self.journal.open(entry)
        try:
            outcome = self._disabled_first(desired, release) if disabled_first else self._carry_out(desired, release)
            notes = self._close(entry, outcome)
            return outcome, (*notes, *self._order_notes(desired, outcome, watch))
        except KeyboardInterrupt as error:
            msg = "what was sent may have been applied. `biot-plugin plan` shows it; the next publish settles it."
            raise KeyboardInterrupt(msg) from error

    def _order_notes(self, desired: DesiredPlugin, outcome: PublishOutcome, watch: OrderWatch) -> tuple[str, ...]:
        remote = outcome.remote
        if remote is None:
            return watch.notes("")
        own = shift_notes(desired, remote) if outcome.succeeded else ()
        return (*own, *watch.notes(remote.endpoint_url))

    def _carry_out(self, desired: DesiredPlugin, release: Create | Update) -> PublishOutcome:
        return carry_out(self._api, desired, release, self._clock)

    def _disabled_first(self, desired: DesiredPlugin, release: Create | Update) -> PublishOutcome:
        """Everything but switched off; then, when that was read back, switched on."""
        if desired.settings.get(STATE) == DISABLED:
            return self._carry_out(desired, release)
        quiet = replace(desired, settings={**desired.settings, STATE: DISABLED})
        first = make_plan(quiet, release.before)
        if isinstance(first, Unchanged):
            return self._carry_out(desired, release)  # an earlier run got as far as this
        outcome = self._carry_out(quiet, first)
        last = make_plan(desired, outcome.remote) if outcome.succeeded else None
        if last is None or isinstance(last, Unchanged):
            return outcome
        return _both(outcome, self._carry_out(desired, last))

    def _entry(
        self, desired: DesiredPlugin, release: Create | Update, files: ReleaseFiles, command: str
    ) -> JournalEntry:
        place = self._place
        return JournalEntry(
            id=new_id(),
            opened=format_time(self._clock.now()),
            command=command,
            who=publisher_name(place.environ),
            plugin=desired.name,
            environment=place.target.name,
            base_url=place.target.base_url,
            version_from=release.version_from,
            version_to=release.version_to,
            digest_from=release.before.tree_digest if release.before is not None else None,
            digest_to=desired.code.tree_digest if desired.code is not None else None,
            code=release.code is not None,
            config=settings_digest(desired.settings),
            artifact=files.artifact_sha256,
            report=files.report_sha256,
            commit=commit_of(place.folder),
            kit=builder.__version__,
        )

    def _close(self, entry: JournalEntry, outcome: PublishOutcome) -> tuple[str, ...]:
        """Write the end down. That it cannot be written changes nothing about how it ended."""
        try:
            self.journal.close(entry, outcome, self._clock.now())
            self.kept.prune()
        except PublishError as error:
            return (f"{error.message} The next publish finds out from BioT how this one ended.",)
        return ()


def _both(first: PublishOutcome, ended: PublishOutcome) -> PublishOutcome:
    """Published switched off, then switched on: the second ending, without a word that forgets the first half."""
    whole = replace(
        ended,
        version_from=first.version_from,
        version_to=first.version_to,
        requests=first.requests + ended.requests,
    )
    if ended.succeeded:
        return whole
    verdict = Verdict.UNKNOWN if ended.verdict is Verdict.NOT_APPLIED else ended.verdict
    told = "The plugin is published and still switched off; switching it on did not end well."
    reason = ended.cause.message if ended.cause is not None else ended.detail
    hint = "Run `biot-plugin enable` for it, or publish again: only what is missing is sent."
    return replace(whole, verdict=verdict, detail=f"{told} {reason}", hint=hint)


def _nothing_to_do(desired: DesiredPlugin, release: Unchanged) -> PublishOutcome:
    return PublishOutcome(
        verdict=Verdict.NOTHING_TO_DO,
        detail=f"BioT has {desired.name} as wanted already: {describe_remote(release.remote)}. Nothing was sent.",
        remote=release.remote,
        version_from=release.remote.version,
        version_to=release.remote.version,
    )
