"""plan_all() and publish_all(): prepare every plugin, build what changed, then compare and publish a few at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from builder import batch, dependencies, release
from builder import manifest as manifests
from builder.batch_release.plugin_results import BatchOutcome, ReleasedPlugin
from builder.batch_release.shared_connections import SharedConnections
from builder.batch_release.worker_notes import WorkerNotes
from builder.batch_release.worker_threads import run_in_threads
from builder.errors import KitError, ProjectError
from builder.publishing.access.connection import resolve_target
from builder.publishing.failures import NotStarted
from builder.publishing.own_endpoint.endpoint_release import release_endpoint
from builder.publishing.own_endpoint.endpoint_run import EndpointContext
from builder.publishing.records.retained_releases import RetainedReleases
from builder.publishing.state_folder import find_state_folder
from builder.release import PublishResult

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from builder.batch_release.plugin_results import PluginEnding
    from builder.manifest import Manifest
    from builder.pipeline import PackagedPlugin, Project
    from builder.publishing.api_values import TargetEnvironment
    from builder.release import ReleaseContext
    from builder.release_artifact import PublishRequest

PUBLISHED_AT_ONCE: Final = 4
"""Plugins that are compared or published at the same time: enough to hide the waits, few enough for BioT."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Job:
    """One plugin that can be compared with BioT."""

    project: Project
    manifest: Manifest
    target: TargetEnvironment
    source: TargetEnvironment | None = None
    packaged: PackagedPlugin | None = None

    @property
    def name(self) -> str:
        return self.manifest.plugin.name

    @property
    def folder(self) -> Path:
        return self.manifest.folder

    @property
    def environments(self) -> tuple[TargetEnvironment, ...]:
        """The environments that BioT is asked about: where the code comes from, and where it goes."""
        return (self.target,) if self.source is None else (self.source, self.target)

    @property
    def place(self) -> tuple[str, str]:
        """Where it will be on BioT."""
        return self.target.base_url, self.name


@dataclass(frozen=True, kw_only=True, slots=True)
class _FailedJob:
    """A plugin that cannot be compared with BioT."""

    project: Project
    name: str
    error: KitError


_Stage: TypeAlias = _Job | _FailedJob


def plan_all(projects: Sequence[Project], request: PublishRequest, context: ReleaseContext) -> BatchOutcome:
    """Show what publishing each plugin would change; nothing is changed.

    Args:
        projects: The plugins, each with the environment.
        request: How to publish; it names no artifact.
        context: This machine.

    Returns:
        One result for each project, in the same order. A problem of one plugin does not stop the others.
    """
    return _release_all(projects, request, context, send=False)


def publish_all(projects: Sequence[Project], request: PublishRequest, context: ReleaseContext) -> BatchOutcome:
    """Publish each plugin that BioT does not have already, a few at the same time.

    Ctrl-C starts no other plugin and waits for those that are being published. What a killed run left behind is
    resolved by the next run, as for a single plugin.

    Args:
        projects: The plugins, each with the environment.
        request: How to publish; it names no artifact.
        context: This machine.

    Returns:
        One result for each project, in the same order. A problem of one plugin does not stop the others.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed twice.
    """
    return _release_all(projects, request, context, send=True)


def _release_all(
    projects: Sequence[Project], request: PublishRequest, context: ReleaseContext, *, send: bool
) -> BatchOutcome:
    stages = _refuse_same_plugin([_prepare(project, request.source, context) for project in projects])
    if request.source is None:
        stages = _package(stages, context)
    notes = WorkerNotes(context.progress)
    connections = SharedConnections(context, notes, source=request.source)
    try:
        jobs = [stage for stage in stages if isinstance(stage, _Job)]
        last = {environment: job.name for job in jobs for environment in job.environments}
        for job in jobs:
            for environment in job.environments:
                connections.try_access(environment, job.folder, (job.name, last[environment]))
        work = _Work(request=request, context=context, connections=connections, notes=notes, send=send)
        endings, complete = work.run(jobs)
    finally:
        connections.close()
    if send:
        RetainedReleases(find_state_folder(context.environ)).prune()
    plugins = tuple(
        ReleasedPlugin(folder=stage.project.start, name=stage.name, ending=stage.error)
        if isinstance(stage, _FailedJob)
        else ReleasedPlugin(folder=stage.project.start, name=stage.name, ending=endings[stage.folder])
        for stage in stages
    )
    return BatchOutcome(plugins=plugins, interrupted=not complete)


def _prepare(project: Project, source_name: str | None, context: ReleaseContext) -> _Stage:
    """Read plugin.toml and find the environment; nothing is built for an environment that does not exist."""
    name = ""
    try:
        file = manifests.find_manifest(project.start)
        manifest = manifests.load(file, environment=project.environment, today=project.today).manifest
        name = manifest.plugin.name
        state = find_state_folder(context.environ)
        target = resolve_target(project.environment, manifest.environments, state)
        promoted = source_name is not None and manifest.hosting != "own"
        source = resolve_target(source_name, manifest.environments, state) if promoted else None
    except KitError as error:
        return _FailedJob(project=project, name=name, error=error)
    return _Job(project=project, manifest=manifest, target=target, source=source)


def _refuse_same_plugin(stages: Sequence[_Stage]) -> list[_Stage]:
    """Two folders with one plugin would publish over each other: only the first is published."""
    first: dict[tuple[str, str], _Job] = {}
    checked: list[_Stage] = []
    for stage in stages:
        if isinstance(stage, _Job) and (other := first.setdefault(stage.place, stage)) is not stage:
            message = f"Duplicate plugin {stage.name}: {other.manifest.file} has the same name."
            error = ProjectError(message, hint="Rename one of the two plugins. The second one was not published.")
            checked.append(_FailedJob(project=stage.project, name=stage.name, error=error))
        else:
            checked.append(stage)
    return checked


def _package(stages: Sequence[_Stage], context: ReleaseContext) -> list[_Stage]:
    """Build every plugin whose code the kit builds; each package is looked up once for all of them."""
    built = [stage for stage in stages if isinstance(stage, _Job) and _is_packaged(stage.manifest)]
    if not built:
        return list(stages)
    store = dependencies.open_store(built[0].project.store)
    results = batch.package_all([job.project for job in built], store, context.progress)
    packaged = {job.folder: result.result for job, result in zip(built, results, strict=True)}
    return [
        _with_package(stage, packaged[stage.folder]) if isinstance(stage, _Job) and stage.folder in packaged else stage
        for stage in stages
    ]


def _is_packaged(manifest: Manifest) -> bool:
    return manifest.is_built and manifest.hosting != "own"


def _with_package(job: _Job, result: PackagedPlugin | KitError) -> _Stage:
    if isinstance(result, KitError):
        return _FailedJob(project=job.project, name=job.name, error=result)
    return replace(job, packaged=result)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Work:
    """Compares or publishes plugins, a few at once."""

    request: PublishRequest
    context: ReleaseContext
    connections: SharedConnections
    notes: WorkerNotes
    send: bool

    def run(self, jobs: Sequence[_Job]) -> tuple[dict[Path, PluginEnding], bool]:
        """The ending of each plugin by its folder, and whether every plugin was started."""
        reason = "Ctrl-C was pressed before it was published. Nothing was sent."
        not_started = NotStarted(reason, hint="Run the command again: plugins that BioT has already are not sent.")
        endings: dict[Path, PluginEnding] = {job.folder: not_started for job in jobs}
        running: set[str] = set()
        self.context.progress.begin("Publishing" if self.send else "Comparing", len(jobs))
        work = partial(self._work_on, endings=endings, running=running)
        try:
            complete = run_in_threads(
                jobs, work, threads=PUBLISHED_AT_ONCE, interrupted=lambda: self._note_interrupt(running)
            )
        except KeyboardInterrupt as error:
            if not (self.send and running):
                raise
            names = ", ".join(sorted(running))
            msg = f"the changes of {names} may have been applied. The next `publish --all` finds out how they ended."
            raise KeyboardInterrupt(msg) from error
        return endings, complete

    def _note_interrupt(self, running: set[str]) -> None:
        if running:
            names = ", ".join(sorted(running))
            self.context.progress.note(f"Interrupted. Waiting for {names}; press Ctrl-C again to end at once.")

    def _work_on(self, job: _Job, *, endings: dict[Path, PluginEnding], running: set[str]) -> None:
        self.notes.work_on(job.name)
        running.add(job.name)
        endings[job.folder] = ending = self._ending(job)
        running.discard(job.name)
        verdict = ReleasedPlugin(folder=job.folder, name=job.name, ending=ending).verdict
        self.notes.finish(job.name, verdict.replace("-", " ") if self.send and verdict != "nothing-to-do" else "")

    def _ending(self, job: _Job) -> PluginEnding:
        for environment in job.environments:
            if failure := self.connections.failure(environment, job.folder):
                return failure
        try:
            ending = self._release(job)
        except Exception as error:  # noqa: BLE001 - a bug that one plugin meets must not stop the others
            for environment in job.environments:
                self.connections.examine(error, environment, job.folder)
            return error
        if isinstance(ending, PublishResult):
            self.connections.examine(ending.outcome.cause, job.target, job.folder)
        return ending

    def _release(self, job: _Job) -> PluginEnding:
        if job.manifest.hosting == "own":
            return self._release_endpoint(job)
        context = replace(self.context, progress=self.notes, connect=self.connections.client)
        request = replace(self.request, packaged=job.packaged)
        command: Callable[..., PluginEnding] = release.publish if self.send else release.plan
        return command(job.project, request, context)

    def _release_endpoint(self, job: _Job) -> PluginEnding:
        context = self.context
        endpoint = EndpointContext(
            manifest=job.manifest,
            state=find_state_folder(context.environ),
            environ=context.environ,
            clock=context.clock,
            progress=self.notes,
            ask_code=context.ask_code,
        )
        return release_endpoint(endpoint, send=self.send, check=lambda _: None)
