"""``plan`` and ``publish`` of a plugin on one's own account, and what they print."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from builder import manifest as manifests
from builder.cli.output import describe_failure, print_document, print_problems, print_text
from builder.cli.terminal import code_prompt
from builder.errors import KitError, Problem, PublishError
from builder.publishing.clock import SystemClock
from builder.publishing.failures import StalePlan
from builder.publishing.planning.saved_plan import SCHEMA, read_plan, write_plan
from builder.publishing.state_folder import find_state_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from builder.manifest import Manifest
    from builder.publishing.own_endpoint.endpoint_plan import EndpointPlan
    from builder.publishing.own_endpoint.endpoint_release import PlannedEndpoint

CHANGES_EXIT = 10


def own_manifest(folder: Path, environment: str | None) -> Manifest | None:
    """The manifest if it says that the plugin runs on one's own account in this environment, otherwise None.

    A manifest with problems is None too: the usual way reports them.
    """
    try:
        file = manifests.find_manifest(folder.resolve())
        if b"hosting" not in file.read_bytes():
            return None  # almost all plugins; their manifest is read once, by what follows
        manifest = manifests.load(file, environment=environment, today=datetime.now(UTC).date()).manifest
    except (KitError, OSError):
        return None
    return manifest if manifest.hosting == "own" else None


def run_own(manifest: Manifest, plan_file: Path | None, *, send: bool, as_json: bool) -> int:
    """Plan or publish, print the result, and return the exit code.

    Args:
        manifest: The plugin.
        plan_file: Where ``plan`` writes its plan, or the plan that ``publish`` must find unchanged; or None.
        send: Whether to publish.
        as_json: Whether to print JSON.
    """
    from builder.cli.progress_bar import TerminalProgress
    from builder.publishing.own_endpoint.endpoint_release import release_endpoint
    from builder.publishing.own_endpoint.endpoint_run import EndpointContext

    progress = TerminalProgress(quiet=as_json)
    context = EndpointContext(
        manifest=manifest,
        state=find_state_folder(os.environ),
        environ=os.environ,
        clock=SystemClock(),
        progress=progress,
        ask_code=code_prompt(),
    )
    try:
        check = _checker(plan_file, manifest.environment, send=send)
        planned = release_endpoint(context, send=send, check=check)
    finally:
        progress.close()
    outcome = planned.outcome
    failed = outcome is not None and not outcome.succeeded
    code = PublishError.exit_code if failed else 0 if send or not planned.plan.changes else CHANGES_EXIT
    if as_json:
        print_document(describe_endpoint(planned, code))
        return code
    _print_plan(planned)
    if outcome is not None:
        if failed:
            print_problems([Problem(message=outcome.detail, hint=outcome.hint, code=outcome.kind)])
        word = outcome.verdict.value.replace("-", " ")
        print_text(f"{word}: {planned.plugin} in {planned.target.name}, {planned.plan.endpoint}")
    return code


def _checker(file: Path | None, environment: str | None, *, send: bool) -> Callable[[EndpointPlan], None]:
    """Write the plan to the file, or compare it with the file."""

    def check(plan: EndpointPlan) -> None:
        if file is None:
            return
        where = {"environment": environment, "endpointUrl": plan.endpoint}
        document = {"schema": SCHEMA, "salt": "", **where, "changes": _changes(plan)}
        if not send:
            write_plan(document, file)
        elif read_plan(file) != document:
            msg = f"{file} does not show what publishing would change now. Nothing was sent."
            raise StalePlan(msg, hint="Run `biot-plugin plan` again and review the result.")

    return check


def _changes(plan: EndpointPlan) -> list[dict[str, object]]:
    return [
        {"sign": change.sign.value, "kind": change.kind, "subscription": dict(change.row)} for change in plan.changes
    ]


def _print_plan(planned: PlannedEndpoint) -> None:
    where = f"{planned.plugin} in {planned.target.name} ({planned.target.base_url}), on your own account"
    changes = planned.plan.changes
    print_text(f"{where}: {'subscribe ' + planned.plan.endpoint if changes else 'nothing to do, BioT is up to date.'}")
    for change in changes:
        moved = change.row.get("endpoint") != planned.plan.endpoint
        old = f" (earlier address {change.row.get('endpoint')})" if moved else ""
        print_text(f"  {change.sign.value} {change.kind}  {change.label}{old}")
    for note in planned.notes:
        print_text(f"  note: {note}")


def describe_endpoint(planned: PlannedEndpoint, code: int) -> dict[str, object]:
    """A plan or a publish of an endpoint as JSON, with its exit code."""
    outcome = planned.outcome
    verdict = outcome.verdict.value if outcome else "changes" if planned.plan.changes else "nothing-to-do"
    document: dict[str, object] = {
        "status": verdict,
        "plugin": planned.plugin,
        "environment": planned.target.name,
        "baseUrl": planned.target.base_url,
        "hosting": "own",
        "endpointUrl": planned.plan.endpoint,
        "changes": _changes(planned.plan),
        "notes": list(planned.notes),
    }
    if outcome is None or outcome.succeeded:
        return {**document, "verdict": verdict, "exitCode": code}
    failure = describe_failure(outcome.kind, code, outcome.detail, outcome.hint)
    return {**document, **failure, "verdict": verdict, "exitCode": code, "detail": outcome.detail}
