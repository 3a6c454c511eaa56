"""plan(), publish(), rollback() and history(): the stages in order. pipeline.py, which builds, is its counterpart.

Modules that only one command needs are imported by that command.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from msgspec.structs import replace as struct_replace

from builder import manifest as manifests
from builder.publishing.access.connection import open_client, resolve_target
from builder.publishing.access.credentials import source_variables
from builder.publishing.execution.order_watch import keep_shifted_orders
from builder.publishing.failures import NotPossible
from builder.publishing.planning import planner
from builder.publishing.planning.plan import DesiredPlugin, ReleaseFiles, Unchanged
from builder.publishing.planning.saved_plan import plan_document, read_plan, require_same_plan, write_plan
from builder.publishing.records.outcome import describe_remote
from builder.publishing.remote.fetched_catalog import check_subscriptions, without_offline_warnings
from builder.publishing.state_folder import find_state_folder
from builder.release_artifact import PreparedRelease, prepare, prepare_promoted, read_proven

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from builder.manifest import LoadedManifest
    from builder.manifest.model import Manifest
    from builder.pipeline import Project
    from builder.progress import Progress
    from builder.publishing.api.client import BiotClient
    from builder.publishing.api_values import RemotePlugin, TargetEnvironment
    from builder.publishing.clock import Clock
    from builder.publishing.execution.run import PublishRun
    from builder.publishing.planning.plan import ReleasePlan
    from builder.publishing.records.journal_entry import JournalEntry
    from builder.publishing.records.outcome import PublishOutcome
    from builder.release_artifact import PublishRequest


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseContext:
    """The machine that a release runs on.

    Attributes:
        environ: The process's environment: credentials, folders, the name of the CI job.
        clock: Time.
        progress: Shows builds and uploads.
        ask_code: Asks the user for the code of a second factor; None without a terminal.
        before_sending: Called by ``publish`` with what it is about to do; None for no notice.
        connect: Gives a connection that several releases use, which stays open; None to open one for each release.
            Whoever gives it also prunes the retained releases, once at the end.
    """

    environ: Mapping[str, str]
    clock: Clock
    progress: Progress
    ask_code: Callable[[], str] | None = None
    before_sending: Callable[[PlannedRelease], None] | None = None
    connect: Callable[[TargetEnvironment, Path], BiotClient] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedRelease:
    """What publishing would change, and notes about interception orders that it leaves as they are."""

    prepared: PreparedRelease
    plan: ReleasePlan
    notes: tuple[str, ...] = ()

    @property
    def changes_anything(self) -> bool:
        """Whether there is anything to publish."""
        return not isinstance(self.plan, Unchanged)


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishResult:
    """How a publish ended, with notes about moved orders and interrupted runs."""

    planned: PlannedRelease
    outcome: PublishOutcome
    notes: tuple[str, ...] = ()


def plan(
    project: Project, request: PublishRequest, context: ReleaseContext, *, out: Path | None = None
) -> PlannedRelease:
    """Show what publishing would change; nothing is changed.

    Args:
        project: The plugin and its environment.
        request: What to publish.
        context: This machine.
        out: File to write the plan to, for ``publish --plan``; or None.

    Raises:
        KitError: The plugin cannot be built.
        PublishError: No environment or no access, BioT cannot be read, or it cannot make the change.
    """
    prepared = _prepare(project, request, context)
    with _open(prepared, context) as client:
        remote = client.read(prepared.desired.name)
        _check_is_new(request, remote)
        desired, notes = keep_shifted_orders(client.dispatcher, prepared.desired, remote)
    planned = PlannedRelease(prepared=prepared, plan=planner.make_plan(desired, remote), notes=notes)
    if out is not None:
        write_plan(plan_document(prepared.target, prepared.desired, planned.plan), out)
    return planned


def publish(project: Project, request: PublishRequest, context: ReleaseContext) -> PublishResult:
    """Create or update a plugin on BioT, unless BioT has it already.

    Args:
        project: The plugin and its environment.
        request: What to publish.
        context: This machine.

    Returns:
        One of the five endings.

    Raises:
        KitError: The plugin cannot be built; nothing was sent.
        PublishError: Nothing was sent: no access, BioT cannot be read, a stale plan, or an impossible change.
    """
    document = read_plan(request.plan_file) if request.plan_file is not None else None
    prepared = _prepare(project, request, context)
    with _open(prepared, context) as client:
        run = _start_run(client, prepared, context)
        with run.journal.locked(context.clock, context.progress):
            remote, resolved = run.read_remote()
            _check_is_new(request, remote)
            desired, order_notes = keep_shifted_orders(client.dispatcher, prepared.desired, remote)
            planned = PlannedRelease(prepared=prepared, plan=planner.make_plan(desired, remote), notes=order_notes)
            if document is not None:
                require_same_plan(document, prepared.target, prepared.desired, planned.plan)
            pushed = _push_image(prepared, planned.plan, client, context)
            if context.before_sending is not None:
                context.before_sending(planned)
            outcome, notes = run.execute(
                desired, planned.plan, prepared.files, command="publish", disabled_first=request.disabled_first
            )
    return PublishResult(planned=planned, outcome=outcome, notes=(*resolved, *pushed, *notes))


def rollback(project: Project, context: ReleaseContext, *, version: int | None = None) -> PublishResult:
    """Publish a previous artifact with its settings again, as a higher version.

    Args:
        project: The plugin and its environment; nothing is built.
        context: This machine.
        version: The version to roll back to; None for the newest one with other code than BioT has.

    Raises:
        ManifestError, ProjectError: plugin.toml is missing or wrong.
        PublishError: As ``publish``, or no such release is retained.
    """
    from builder.publishing.records.restore import find_previous_release

    loaded, target = _load_target(project, context)
    manifest = loaded.manifest
    if manifest.hosting == "own":
        msg = "The plugin runs on your own account, so BioT has no code of it to roll back."
        raise NotPossible(
            msg, hint="Deploy the earlier version there. `publish` sets the subscriptions of plugin.toml."
        )
    unknown = DesiredPlugin(name=manifest.plugin.name, settings={}, code=None)
    prepared = PreparedRelease(manifest=manifest, target=target, desired=unknown, files=ReleaseFiles())
    with _open(prepared, context) as client:
        run = _start_run(client, prepared, context)
        with run.journal.locked(context.clock, context.progress):
            remote, resolved = run.read_remote()
            state = manifest.plugin.enabled_state
            previous = find_previous_release(run.journal.entries(), run.retained, remote, version, state)
            prepared = replace(prepared, desired=previous.desired, files=previous.files)
            desired, order_notes = keep_shifted_orders(client.dispatcher, previous.desired, remote)
            planned = PlannedRelease(prepared=prepared, plan=planner.make_plan(desired, remote), notes=order_notes)
            outcome, notes = run.execute(desired, planned.plan, previous.files, command="rollback")
    return PublishResult(planned=planned, outcome=outcome, notes=(*resolved, *notes))


def history(project: Project, context: ReleaseContext) -> tuple[JournalEntry, ...]:
    """All publishes of this plugin that are recorded, oldest first; of one environment if one is given.

    Raises:
        ManifestError, ProjectError: plugin.toml is missing or wrong.
        PublishError: The environment is unknown, or the journal cannot be read.
    """
    from builder.publishing.records.plugin_records import entries_everywhere, entries_in

    state = find_state_folder(context.environ)
    if project.environment is not None:
        loaded, target = _load_target(project, context)
        return entries_in(state, target, loaded.manifest.plugin.name)
    name = _load(project).manifest.plugin.name
    return entries_everywhere(state, name)


def _load(project: Project) -> LoadedManifest:
    file = manifests.find_manifest(project.start)
    return manifests.load(file, environment=project.environment, today=project.today)


def _load_target(project: Project, context: ReleaseContext) -> tuple[LoadedManifest, TargetEnvironment]:
    loaded = _load(project)
    environments = loaded.manifest.environments
    return loaded, resolve_target(project.environment, environments, find_state_folder(context.environ))


def _open(prepared: PreparedRelease, context: ReleaseContext) -> AbstractContextManager[BiotClient]:
    return _connect(prepared.target, prepared.manifest.folder, context)


def _connect(target: TargetEnvironment, folder: Path, context: ReleaseContext) -> AbstractContextManager[BiotClient]:
    if context.connect is not None:
        return nullcontext(context.connect(target, folder))
    return open_client(
        target, context.environ, folder, context.clock, ask_code=context.ask_code, progress=context.progress
    )


def _start_run(client: BiotClient, prepared: PreparedRelease, context: ReleaseContext) -> PublishRun:
    from builder.publishing.execution.run import PublishRun, RunContext

    run_context = RunContext(
        state=find_state_folder(context.environ),
        target=prepared.target,
        plugin=prepared.desired.name,
        folder=prepared.manifest.folder,
        environ=context.environ,
        prunes=context.connect is None,
    )
    return PublishRun(client, run_context, context.clock)


def _prepare(project: Project, request: PublishRequest, context: ReleaseContext) -> PreparedRelease:
    """Find the environment, then build: nothing is built for an environment that does not exist."""
    loaded, target = _load_target(project, context)
    if request.disabled_first and loaded.manifest.plugin.enabled_state is None:
        msg = "--disabled-first enables the plugin at the end, but plugin.toml has no enabledState."
        raise NotPossible(msg, hint='Write enabledState = "ENABLED" in plugin.toml, or leave --disabled-first out.')
    day = check_subscriptions(loaded.manifest, context.environ)
    if request.source is None:
        prepared = prepare(project, request, context.progress, loaded, target)
    else:
        prepared = _promote(project, request.source, context, loaded.manifest, target)
    warnings = without_offline_warnings(prepared.warnings) if day else prepared.warnings
    return replace(prepared, catalog=day, warnings=warnings)


def _promote(
    project: Project, source_name: str, context: ReleaseContext, manifest: Manifest, target: TargetEnvironment
) -> PreparedRelease:
    """Take the bytes that another environment has."""
    loaded, source = _load_target(struct_replace(project, environment=source_name), context)
    if source.base_url == target.base_url:
        msg = f"{source.name} and {target.name} are the same BioT ({target.base_url}), so there is nothing to promote."
        raise NotPossible(msg, hint="Name two environments: --from where it was tested, -e where it goes.")
    sender = replace(context, environ=source_variables(context.environ))
    with _connect(source, manifest.folder, sender) as client:
        proven = read_proven(client, loaded.manifest.plugin.name, find_state_folder(context.environ))
    return prepare_promoted(proven, manifest, target)


def _push_image(
    prepared: PreparedRelease, plan: ReleasePlan, client: BiotClient, context: ReleaseContext
) -> tuple[str, ...]:
    """Push the image before BioT gets its tag, and return a note about it.

    Raises:
        PublishError: It could not be pushed; the plugin on BioT is as before.
    """
    if prepared.image is None or isinstance(plan, Unchanged) or plan.code is None:
        return ()
    from builder.image_release import describe_push, push_to_biot  # only for an image
    from builder.registry.registry_failures import RegistryError

    try:
        pushed = push_to_biot(client, prepared.image, context.environ, context.progress)
    except RegistryError as error:
        error.extend(after=f"BioT has {prepared.desired.name} as before.")
        raise
    return (describe_push(pushed),)


def _check_is_new(request: PublishRequest, remote: RemotePlugin | None) -> None:
    """Refuse ``--without-code`` for an existing plugin: BioT deploys its seed code only for new ones.

    Raises:
        NotPossible: The plugin exists.
    """
    if request.without_code and remote is not None:
        msg = f"--without-code creates a plugin, and {remote.name} exists already: {describe_remote(remote)}."
        raise NotPossible(msg, hint="Leave --without-code out to publish your code. Nothing was sent.")
