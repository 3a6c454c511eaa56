"""One publish of a plugin on one's own account, from the first read to the closed entry of the journal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import builder
from builder.errors import PublishError
from builder.network.verdict import Verdict
from builder.publishing.failures import Conflict, OutcomeUnknown
from builder.publishing.own_endpoint.endpoint_plan import make_endpoint_plan, wanted_rows
from builder.publishing.planning.differences import ChangeSign
from builder.publishing.records.interrupted_runs import may_be_running, running_note
from builder.publishing.records.journal_entry import JournalEntry, format_time, new_id, own_account_journal
from builder.publishing.records.outcome import PublishOutcome
from builder.publishing.records.plugin_records import open_records
from builder.publishing.records.publisher import commit_of, publisher_name
from builder.publishing.remote.endpoint_subscriptions import list_subscriptions, subscribe, unsubscribe

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from builder.manifest import Manifest
    from builder.progress import Progress
    from builder.publishing.api.client import BiotClient
    from builder.publishing.api.dispatcher import HookKind
    from builder.publishing.clock import Clock
    from builder.publishing.own_endpoint.endpoint_plan import EndpointPlan
    from builder.publishing.state_folder import StateFolder


@dataclass(frozen=True, kw_only=True, slots=True)
class EndpointContext:
    """What a run needs to know besides BioT.

    Attributes:
        manifest: The plugin, with the environment applied.
        state: The kit's state folder.
        environ: The process's environment, which names the CI job.
        clock: Time.
        progress: Shows waits.
        ask_code: Asks the user for the code of a second factor; None without a terminal.
    """

    manifest: Manifest
    state: StateFolder
    environ: Mapping[str, str]
    clock: Clock
    progress: Progress
    ask_code: Callable[[], str] | None = None


class EndpointRun:
    """Plans and makes the subscriptions of one endpoint.

    Args:
        client: BioT.
        context: The plugin and this machine.
    """

    def __init__(self, client: BiotClient, context: EndpointContext) -> None:
        self._client = client
        self._context = context
        records = open_records(context.state, client.target, own_account_journal(context.manifest.plugin.name))
        self.retained, self.journal = records.retained, records.journal

    def plan(self) -> EndpointPlan:
        """Compare plugin.toml with the dispatcher. Raises PublishError when it cannot be read."""
        manifest, dispatcher = self._context.manifest, self._client.dispatcher
        subscriptions = manifest.plugin.subscriptions
        with_api = any(one.api_id for one in subscriptions.interceptions)
        api_ids = [str(row.get("apiId") or "") for row in self._client.interceptable()] if with_api else []
        wanted = wanted_rows(subscriptions, manifest.endpoint_url, api_ids)
        present: dict[HookKind, tuple[Mapping[str, object], ...]] = {
            "interceptions": list_subscriptions(dispatcher, "interceptions"),
            "notifications": list_subscriptions(dispatcher, "notifications"),
        }
        return make_endpoint_plan(manifest.endpoint_url, wanted, present, self._earlier_endpoints())

    def resolve_interrupted(self, plan: EndpointPlan) -> tuple[str, ...]:
        """Close the entries of runs that were killed, and return a note for each."""
        notes = []
        for run in self.journal.unfinished():
            entry, now = run.entry, self._context.clock.now()
            if run.elsewhere and plan.changes and may_be_running(entry, now):
                notes.append(running_note(entry))
                continue
            verdict = Verdict.UNKNOWN if plan.changes else Verdict.DONE
            detail = "It was interrupted before everything was in place." if plan.changes else "It was applied."
            outcome = PublishOutcome(verdict=verdict, detail=detail)
            self.journal.close(entry, outcome, now, settled_by=new_id())
            notes.append(f"The publish of {entry.opened} by {entry.who} was interrupted. {detail}")
        return tuple(notes)

    def execute(self, plan: EndpointPlan) -> tuple[PublishOutcome, tuple[str, ...]]:
        """Carry out a plan, and record it.

        Returns:
            How it ended, and a note for each interceptor whose order BioT moved.

        Raises:
            PublishError: Nothing was sent: the journal cannot be written.
        """
        if not plan.changes:
            detail = "BioT already has these subscriptions. Nothing was sent."
            return PublishOutcome(verdict=Verdict.NOTHING_TO_DO, detail=detail), ()
        entry = self._entry(plan)
        self.journal.open(entry)
        outcome, notes = self._carry_out(plan)
        try:
            self.journal.close(entry, outcome, self._context.clock.now())
        except PublishError as error:
            notes = (*notes, error.message)
        return outcome, notes

    def _carry_out(self, plan: EndpointPlan) -> tuple[PublishOutcome, tuple[str, ...]]:
        notes: list[str] = []
        dispatcher, clock = self._client.dispatcher, self._context.clock
        try:
            for change in plan.changes:
                if change.sign is ChangeSign.REMOVE:
                    unsubscribe(dispatcher, change.kind, change.row, clock)
                    continue
                result = subscribe(dispatcher, change.kind, change.row, clock)
                notes += [f"BioT moved {where} from order {old} to {new}." for where, old, new in result.moved]
        except PublishError as error:
            return self._failed(plan, error), tuple(notes)
        count = len(plan.changes)
        detail = f"{count} subscription{'' if count == 1 else 's'} changed, and read back."
        return PublishOutcome(verdict=Verdict.DONE, detail=detail, requests=count), tuple(notes)

    def _failed(self, plan: EndpointPlan, error: PublishError) -> PublishOutcome:
        """What is certain after a change failed: BioT is asked again."""
        hint = error.hint or "Publish again: only what is missing is sent."
        failed = PublishOutcome(verdict=Verdict.UNKNOWN, detail=error.message, hint=hint, cause=error)
        if isinstance(error, Conflict):
            return replace(failed, verdict=Verdict.CONFLICT)
        try:
            left = self.plan().changes
        except PublishError:
            return failed
        if not left:
            return PublishOutcome(verdict=Verdict.DONE, detail="Everything is in place, as BioT says now.")
        if len(left) == len(plan.changes) and not isinstance(error, OutcomeUnknown):
            return replace(failed, verdict=Verdict.NOT_APPLIED)
        detail = f"{len(plan.changes) - len(left)} of {len(plan.changes)} changes are in place. {error.message}"
        return replace(failed, detail=detail)

    def _earlier_endpoints(self) -> set[str]:
        """The addresses that this plugin had here, as far as this machine knows."""
        settings = (self.retained.read_settings(entry.config) for entry in self.journal.entries())
        return {str(one["endpointUrl"]) for one in settings if one and "endpointUrl" in one}

    def _entry(self, plan: EndpointPlan) -> JournalEntry:
        context, target = self._context, self._client.target
        version = context.manifest.plugin.version
        return JournalEntry(
            id=new_id(),
            opened=format_time(context.clock.now()),
            command="publish",
            who=publisher_name(context.environ),
            plugin=context.manifest.plugin.name,
            environment=target.name,
            base_url=target.base_url,
            version_from=version,
            version_to=version,
            digest_from=None,
            digest_to=None,
            code=False,
            config=self.retained.keep_settings({"endpointUrl": plan.endpoint}),
            commit=commit_of(context.manifest.folder),
            kit=builder.__version__,
        )
