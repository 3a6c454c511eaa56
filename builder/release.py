"""plan(), publish(), rollback() and history(): the stages in order, nothing else. Beside pipeline.py, which builds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from builder import manifest as manifests
from builder.publishing.access.connection import open_client, resolve_target
from builder.publishing.execution.order_watch import keep_shifted_orders
from builder.publishing.failures import NotPossible
from builder.publishing.planning import planner
from builder.publishing.planning.plan import DesiredPlugin, ReleaseFiles, Unchanged
from builder.publishing.planning.saved_plan import plan_document, read_plan, require_same_plan, write_plan
from builder.publishing.records.outcome import describe_remote
from builder.publishing.remote.fetched_catalog import check_subscriptions, without_offline_warnings
from builder.publishing.state_folder import find_state_folder
from builder.release_artifact import PreparedRelease, prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from builder.manifest.model import Manifest
    from builder.pipeline import Project
    from builder.progress import Progress
    from builder.publishing.api.client import BiotClient
    from builder.publishing.api_values import RemotePlugin, TargetEnvironment
    from builder.publishing.clock import Clock
    from builder.publishing.execution.run import PublishRun
    from builder.publishing.planning.plan import ReleasePlan
    from builder.publishing.records.journal import JournalEntry
    from builder.publishing.records.outcome import PublishOutcome
    from builder.release_artifact import PublishRequest


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseContext:
    """What a release needs of this machine.

    Attributes:
        environ: The process's environment: credentials, folders, the CI job's name.
        clock: Time.
        progress: Told of uploads.
        ask_code: Asks the person at the terminal for the code of a second factor; None when there is none.
    """

    environ: Mapping[str, str]
    clock: Clock
    progress: Progress
    ask_code: Callable[[], str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedRelease:
    """What publishing would change, and what should be known of orders that it leaves."""

    prepared: PreparedRelease
    plan: ReleasePlan
    notes: tuple[str, ...] = ()

    @property
    def changes_anything(self) -> bool:
        """Whether there is something to publish."""
        return not isinstance(self.plan, Unchanged)


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishResult:
    """How a publish ended, and what should be known besides: orders that moved, runs that were settled."""

    planned: PlannedRelease
    outcome: PublishOutcome
    notes: tuple[str, ...] = ()


def plan(
    project: Project, request: PublishRequest, context: ReleaseContext, *, out: Path | None = None
) -> PlannedRelease:
    """Say what publishing would change; nothing is changed.

    Args:
        project: The plugin and its environment.
        request: What is to be published.
        context: This machine.
        out: Where to write the plan for ``publish --plan``, or None.

    Raises:
        KitError: The plugin cannot be built.
        PublishError: There is no environment or no access, BioT cannot be read, or has no way to what is wanted.
    """
    prepared = _prepare(project, request, context)
    with _open(prepared, context) as api:
        remote = api.read(prepared.desired.name)
        _refuse_existing(request, remote)
        desired, notes = keep_shifted_orders(api.dispatcher, prepared.desired, remote)
    planned = PlannedRelease(prepared=prepared, plan=planner.make_plan(desired, remote), notes=notes)
    if out is not None:
        write_plan(plan_document(prepared.target, prepared.desired, planned.plan), out)
    return planned


def publish(project: Project, request: PublishRequest, context: ReleaseContext) -> PublishResult:
    """Bring a plugin to BioT, unless it is there already.

    Args:
        project: The plugin and its environment.
        request: What is to be published.
        context: This machine.

    Returns:
        One of the five endings.

    Raises:
        KitError: The plugin cannot be built; nothing was sent.
        PublishError: Nothing was sent: no access, BioT cannot be read, a stale plan, or no way to what is wanted.
    """
    document = read_plan(request.plan_file) if request.plan_file is not None else None
    prepared = _prepare(project, request, context)
    with _open(prepared, context) as api:
        run = _running(api, prepared, context)
        with run.journal.locked(context.clock, context.progress):
            remote, settled = run.look()
            _refuse_existing(request, remote)
            desired, moved = keep_shifted_orders(api.dispatcher, prepared.desired, remote)
            planned = PlannedRelease(prepared=prepared, plan=planner.make_plan(desired, remote), notes=moved)
            if document is not None:
                require_same_plan(document, prepared.target, prepared.desired, planned.plan)
            outcome, notes = run.to_the_end(
                desired, planned.plan, prepared.files, command="publish", disabled_first=request.disabled_first
            )
    return PublishResult(planned=planned, outcome=outcome, notes=(*settled, *notes))


def rollback(project: Project, context: ReleaseContext, *, version: int | None = None) -> PublishResult:
    """Publish an earlier artifact with its own settings again, as a higher version.

    Args:
        project: The plugin and its environment; nothing is built.
        context: This machine.
        version: The version to go back to; None for the newest one with other code than BioT has.

    Raises:
        ManifestError, ProjectError: plugin.toml is missing or wrong.
        PublishError: As ``publish``, or nothing that could be published again is kept.
    """
    from builder.publishing.records.restore import find_previous_release

    manifest, target = _aim(project, context)
    nothing = DesiredPlugin(name=manifest.plugin.name, settings={}, code=None)
    prepared = PreparedRelease(manifest=manifest, target=target, desired=nothing, files=ReleaseFiles())
    with _open(prepared, context) as api:
        run = _running(api, prepared, context)
        with run.journal.locked(context.clock, context.progress):
            remote, settled = run.look()
            state = manifest.plugin.enabled_state
            earlier = find_previous_release(run.journal.entries(), run.kept, remote, version, state)
            prepared = replace(prepared, desired=earlier.desired, files=earlier.files)
            desired, moved = keep_shifted_orders(api.dispatcher, earlier.desired, remote)
            planned = PlannedRelease(prepared=prepared, plan=planner.make_plan(desired, remote), notes=moved)
            outcome, notes = run.to_the_end(desired, planned.plan, earlier.files, command="rollback")
    return PublishResult(planned=planned, outcome=outcome, notes=(*settled, *notes))


def history(project: Project, context: ReleaseContext) -> tuple[JournalEntry, ...]:
    """Every publish of this plugin from this machine, oldest first; of one environment when one is named.

    Raises:
        ManifestError, ProjectError: plugin.toml is missing or wrong.
        PublishError: The environment is not known, or the journal cannot be read.
    """
    from builder.publishing.records.journal import Journal, all_entries

    state = find_state_folder(context.environ)
    if project.environment is not None:
        manifest, target = _aim(project, context)
        return Journal(state, target, manifest.plugin.name).entries()
    name = _load(project).plugin.name
    return tuple(sorted((one for one in all_entries(state) if one.plugin == name), key=lambda entry: entry.opened))


def _load(project: Project) -> Manifest:
    file = manifests.find_manifest(project.start)
    return manifests.load(file, environment=project.environment, today=project.today).manifest


def _aim(project: Project, context: ReleaseContext) -> tuple[Manifest, TargetEnvironment]:
    manifest = _load(project)
    return manifest, resolve_target(project.environment, manifest.environments, find_state_folder(context.environ))


def _open(prepared: PreparedRelease, context: ReleaseContext) -> BiotClient:
    folder = prepared.manifest.folder
    return open_client(
        prepared.target, context.environ, folder, context.clock, ask_code=context.ask_code, progress=context.progress
    )


def _running(api: BiotClient, prepared: PreparedRelease, context: ReleaseContext) -> PublishRun:
    from builder.publishing.execution.run import PublishRun, RunContext

    place = RunContext(
        state=find_state_folder(context.environ),
        target=prepared.target,
        plugin=prepared.desired.name,
        folder=prepared.manifest.folder,
        environ=context.environ,
    )
    return PublishRun(api, place, context.clock)


def _prepare(project: Project, request: PublishRequest, context: ReleaseContext) -> PreparedRelease:
    """Where it goes first, so that nothing is built for an environment that is not there."""
    manifest, target = _aim(project, context)
    if request.disabled_first and manifest.plugin.enabled_state is None:
        msg = "--disabled-first enables the plugin at the end, and plugin.toml does not say that it is to be enabled."
        raise NotPossible(msg, hint='Write enabledState = "ENABLED" in plugin.toml, or leave --disabled-first out.')
    day = check_subscriptions(manifest, context.environ)
    prepared = prepare(project, request, context.progress, (manifest, target))
    warnings = without_offline_warnings(prepared.warnings) if day else prepared.warnings
    return replace(prepared, catalog=day, warnings=warnings)


def _refuse_existing(request: PublishRequest, remote: RemotePlugin | None) -> None:
    """BioT deploys its seed only when a plugin is created.

    Raises:
        NotPossible: There is a plugin of this name.
    """
    if request.without_code and remote is not None:
        msg = f"--without-code creates a plugin, and {remote.name} is there already: {describe_remote(remote)}."
        raise NotPossible(msg, hint="Leave --without-code out to publish your code. Nothing was sent.")
