"""Texts and documents of plans, results and the journal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from builder.cli.output import describe_failure, describe_problems, print_document, print_problems, print_text, table
from builder.cli.terminal import code_prompt
from builder.errors import Problem, PublishError
from builder.publishing import clock
from builder.publishing.planning.differences import DISABLED, STATE
from builder.publishing.planning.plan import Create, Unchanged, Update
from builder.publishing.planning.planner import all_lines
from builder.publishing.planning.saved_plan import describe_change
from builder.release import ReleaseContext

if TYPE_CHECKING:
    from builder.cli.progress_bar import TerminalProgress
    from builder.publishing.api_values import RemotePlugin
    from builder.publishing.planning.differences import FieldChange
    from builder.publishing.records.journal_entry import JournalEntry
    from builder.publishing.records.promotion import ProvenRelease
    from builder.release import PlannedRelease, PublishResult

CHANGES_EXIT = 10
_COMMIT_LENGTH = 10
_DIGEST_LENGTH = 19
_HEX_LENGTH = 12


def release_context(progress: TerminalProgress) -> ReleaseContext:
    """The environment variables, the clock and the terminal of this process."""
    return ReleaseContext(environ=os.environ, clock=clock.SystemClock(), progress=progress, ask_code=code_prompt())


def describe_planned(planned: PlannedRelease) -> dict[str, object]:
    """A plan as JSON."""
    plan, prepared = planned.plan, planned.prepared
    remote = plan.remote if isinstance(plan, Unchanged) else plan.before
    desired = prepared.desired
    return {
        "status": "changes" if planned.changes_anything else "nothing-to-do",
        "verdict": "changes" if planned.changes_anything else "nothing-to-do",
        "exitCode": CHANGES_EXIT if planned.changes_anything else 0,
        "plugin": desired.name,
        "environment": prepared.target.name,
        "baseUrl": prepared.target.base_url,
        "action": _action(planned),
        "code": not isinstance(plan, Unchanged) and plan.code is not None,
        "versionFrom": remote.version if remote is not None else None,
        "versionTo": plan.remote.version if isinstance(plan, Unchanged) else plan.version_to,
        "treeDigestFrom": remote.tree_digest if remote is not None else None,
        "treeDigest": desired.code.tree_digest if desired.code is not None else None,
        "enabledStateFrom": _state(remote) if remote is not None else None,
        "enabledStateTo": desired.settings.get(STATE) or (_state(remote) if remote is not None else DISABLED),
        "artifact": str(prepared.files.artifact) if prepared.files.artifact is not None else None,
        "changes": [describe_change(change) for change in all_lines(plan)],
        "catalog": prepared.catalog or None,
        "promotedFrom": _describe_proven(prepared.proven) if prepared.proven is not None else None,
        "notes": [*plan.notes, *planned.notes],
        "warnings": describe_problems(prepared.warnings),
    }


def _describe_proven(proven: ProvenRelease) -> dict[str, object]:
    entry = proven.entry
    return {
        "environment": proven.source.name,
        "baseUrl": proven.source.base_url,
        "version": entry.version_to,
        "sha256": entry.artifact,
        "opened": entry.opened,
        "who": entry.who,
        "commit": entry.commit,
    }


def planned_text(planned: PlannedRelease) -> list[str]:
    """The lines of a plan."""
    target, desired = planned.prepared.target, planned.prepared.desired
    where = f"{desired.name} in {target.name} ({target.base_url})"
    if isinstance(planned.plan, Unchanged):
        head = f"{where}: nothing to do, BioT is up to date (version {planned.plan.remote.version})."
        return [head, *_notes((*planned.plan.notes, *planned.notes))]
    head = f"{where}: {_action(planned)}"
    if (proven := planned.prepared.proven) is not None:
        entry = proven.entry
        when = entry.opened[:16].replace("T", " ")
        head += f", with the bytes of {proven.source.name} (version {entry.version_to}, published {when} UTC)"
    return [head, *map(change_line, all_lines(planned.plan)), *_notes((*planned.plan.notes, *planned.notes))]


def show_published(published: PublishResult, *, as_json: bool) -> int:
    """Print how a publish ended, and return the exit code."""
    outcome = published.outcome
    if as_json:
        print_document(describe_published(published))
        return 0 if outcome.succeeded else PublishError.exit_code
    target, desired = published.planned.prepared.target, published.planned.prepared.desired
    if not outcome.succeeded:
        print_problems([Problem(message=outcome.detail, hint=outcome.hint, code=outcome.kind)])
    planned = published.planned
    plan_notes = () if planned.changes_anything else (*planned.plan.notes, *planned.notes)
    for line in _notes((*plan_notes, *published.notes)):
        print_text(line)
    print_text(f"{outcome.verdict.value.replace('-', ' ')}: {desired.name} in {target.name}, {_ending(published)}")
    return 0 if outcome.succeeded else PublishError.exit_code


def describe_entry(entry: JournalEntry) -> dict[str, object]:
    """One publish of the journal as JSON."""
    return {
        "opened": entry.opened,
        "closed": entry.closed,
        "command": entry.command,
        "who": entry.who,
        "environment": entry.environment,
        "baseUrl": entry.base_url,
        "versionFrom": entry.version_from,
        "versionTo": entry.version_to,
        "code": entry.code,
        "treeDigestFrom": entry.digest_from,
        "treeDigest": entry.digest_to,
        "artifact": entry.artifact,
        "commit": entry.commit,
        "kit": entry.kit,
        "verdict": entry.verdict,
        "version": entry.version,
        "detail": entry.detail,
        "settledLater": entry.settled_by is not None,
    }


def history_text(entries: tuple[JournalEntry, ...]) -> list[str]:
    """The journal as a table, newest first; a second line for each entry has the environment and the publisher."""
    rows = [("when (UTC)", "command", "version", "result", "code", "commit")]
    rows += [
        (
            entry.opened[:16].replace("T", " "),
            entry.command,
            str(entry.version_to) if entry.version_from is None else f"{entry.version_from} → {entry.version_to}",
            (entry.verdict or "not finished").replace("-", " "),
            _code(entry),
            _commit(entry),
        )
        for entry in reversed(entries)
    ]
    head, line, *lines = table(rows, flexible=())
    second_lines = (f"  to {entry.environment}, by {entry.who}{_unsettled(entry)}" for entry in reversed(entries))
    return [head, line, *(text for pair in zip(lines, second_lines, strict=True) for text in pair)]


def _unsettled(entry: JournalEntry) -> str:
    return "" if entry.verdict else "; the next publish resolves it"


def describe_published(published: PublishResult) -> dict[str, object]:
    """How a publish ended, as JSON."""
    outcome = published.outcome
    planned = describe_planned(published.planned)
    remote = outcome.remote
    ending = {
        "status": outcome.verdict.value if outcome.succeeded else "error",
        "verdict": outcome.verdict.value,
        "exitCode": 0 if outcome.succeeded else PublishError.exit_code,
        "detail": outcome.detail,
        "version": remote.version if remote is not None else None,
        "enabledState": _state(remote) if remote is not None else None,
        "endpointUrl": remote.endpoint_url if remote is not None else None,
        "requests": outcome.requests,
        "notes": [*published.planned.plan.notes, *published.planned.notes, *published.notes],
    }
    if outcome.succeeded:
        return {**planned, **ending}
    failure = describe_failure(outcome.kind, PublishError.exit_code, outcome.detail, outcome.hint)
    return {**planned, **failure, **ending}


def _ending(published: PublishResult) -> str:
    """``version 5 → 6, code sha256:…, enabled, https://…`` without the parts that are unknown."""
    plan, outcome = published.planned.plan, published.outcome
    digest = published.planned.prepared.desired.code
    parts = [f"version {outcome.version_from or 'none'} → {outcome.version_to}"]
    if outcome.version_from == outcome.version_to:
        parts = [f"version {outcome.version_to}"]
    if digest is not None and not isinstance(plan, Unchanged):
        parts.append(f"code {_short(digest.tree_digest)}")
    if outcome.succeeded and outcome.remote is not None:
        parts.append(_state_words(published, outcome.remote))
        parts.append(outcome.remote.endpoint_url)
    return ", ".join(part for part in parts if part)


def _state_words(published: PublishResult, remote: RemotePlugin) -> str:
    """``enabled`` or ``disabled``, with the reason when this publish set it."""
    planned, word = published.planned, _state(remote).lower()
    if isinstance(planned.plan, Create):
        return f"created {word}"
    if not any(change.field == STATE for change in all_lines(planned.plan)):
        return word
    return f"now {word}, as plugin.toml says"


def _state(remote: RemotePlugin) -> str:
    return "ENABLED" if remote.enabled else DISABLED


def _action(planned: PlannedRelease) -> str:
    match planned.plan:
        case Create():
            return "create"
        case Update():
            return "update"
        case Unchanged():
            return "none"


def change_line(change: FieldChange) -> str:
    """One line of a plan or a comparison, such as ``  ~ memorySize  256 → 512``."""
    shown = f"{change.old} → {change.new}" if change.old and change.new else change.old or change.new
    if change.hidden is not None:
        shown = "(values of variables are not shown)"
    return f"  {change.sign.value} {change.field}  {shown}".rstrip()


def _notes(notes: tuple[str, ...]) -> list[str]:
    return [f"  note: {note}" for note in notes]


def _short(digest: str | None) -> str:
    if digest is None:
        return "-"
    return digest if len(digest) <= _DIGEST_LENGTH else f"{digest[:_DIGEST_LENGTH]}…"


def _code(entry: JournalEntry) -> str:
    if entry.code:
        return _hex(entry.digest_to)
    return "BioT's seed" if entry.version_from is None else "unchanged"


def _hex(digest: str | None) -> str:
    """The beginning of a digest, enough to distinguish code; the whole tag of an image."""
    return "-" if digest is None else digest.removeprefix("sha256:")[:_HEX_LENGTH]


def _commit(entry: JournalEntry) -> str:
    changed = "+" if entry.commit.endswith("+") else ""
    return f"{entry.commit[:_COMMIT_LENGTH]}{changed}" if entry.commit else "-"
