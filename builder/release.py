"""plan(), publish(), rollback() and history(): the stages in order, nothing else. Beside pipeline.py, which builds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from builder import manifest as manifests
from builder.publishing.access.connection import open_platform, target_of
from builder.publishing.execution.order_watch import fit_orders
from builder.publishing.failures import NotPossible
from builder.publishing.planning import planner
from builder.publishing.planning.plan import Files, Goal, Unchanged
from builder.publishing.planning.saved_plan import hold_to_plan, plan_document, read_plan, write_plan
from builder.publishing.records.verdicts import describe_remote
from builder.publishing.remote.fetched_catalog import refuse_unknown, without_offline_warnings
from builder.publishing.state_folder import state_of
from builder.release_artifact import Prepared, prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from builder.manifest.model import Manifest
    from builder.pipeline import Project
    from builder.progress import Progress
    from builder.publishing.api.settings_service import Platform
    from builder.publishing.api_values import RemotePlugin, Target
    from builder.publishing.clock import Clock
    from builder.publishing.execution.run import Running
    from builder.publishing.planning.plan import ReleasePlan
    from builder.publishing.records.journal import Entry
    from builder.publishing.records.verdicts import Outcome
    from builder.release_artifact import Wish


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
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
class Planned:
    """What publishing would change, and what should be known of orders that it leaves."""

    prepared: Prepared
    release: ReleasePlan
    notes: tuple[str, ...] = ()

    @property
    def changes_anything(self) -> bool:
        """Whether there is something to publish."""
        return not isinstance(self.release, Unchanged)


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """How a publish ended, and what should be known besides: orders that moved, runs that were settled."""

    planned: Planned
    outcome: Outcome
    notes: tuple[str, ...] = ()


def plan(project: Project, wish: Wish, desk: Desk, *, out: Path | None = None) -> Planned:
    """Say what publishing would change; nothing is changed.

    Args:
        project: The plugin and its environment.
        wish: What is to be published.
        desk: This machine.
        out: Where to write the plan for ``publish --plan``, or None.

    Raises:
        KitError: The plugin cannot be built.
        PublishError: There is no environment or no access, BioT cannot be read, or has no way to what is wanted.
    """
    prepared = _prepare(project, wish, desk)
    with _open(prepared, desk) as api:
        remote = api.read(prepared.goal.name)
        _refuse_existing(wish, remote)
        goal, notes = fit_orders(api.hooks, prepared.goal, remote)
    planned = Planned(prepared=prepared, release=planner.plan(goal, remote), notes=notes)
    if out is not None:
        write_plan(plan_document(prepared.target, prepared.goal, planned.release), out)
    return planned


def publish(project: Project, wish: Wish, desk: Desk) -> Published:
    """Bring a plugin to BioT, unless it is there already.

    Args:
        project: The plugin and its environment.
        wish: What is to be published.
        desk: This machine.

    Returns:
        One of the five endings.

    Raises:
        KitError: The plugin cannot be built; nothing was sent.
        PublishError: Nothing was sent: no access, BioT cannot be read, a stale plan, or no way to what is wanted.
    """
    document = read_plan(wish.plan_file) if wish.plan_file is not None else None
    prepared = _prepare(project, wish, desk)
    with _open(prepared, desk) as api:
        run = _running(api, prepared, desk)
        with run.journal.locked(desk.clock, desk.progress):
            remote, settled = run.look()
            _refuse_existing(wish, remote)
            goal, moved = fit_orders(api.hooks, prepared.goal, remote)
            planned = Planned(prepared=prepared, release=planner.plan(goal, remote), notes=moved)
            if document is not None:
                hold_to_plan(document, prepared.target, prepared.goal, planned.release)
            outcome, notes = run.to_the_end(
                goal, planned.release, prepared.files, command="publish", disabled_first=wish.disabled_first
            )
    return Published(planned=planned, outcome=outcome, notes=(*settled, *notes))


def rollback(project: Project, desk: Desk, *, version: int | None = None) -> Published:
    """Publish an earlier artifact with its own settings again, as a higher version.

    Args:
        project: The plugin and its environment; nothing is built.
        desk: This machine.
        version: The version to go back to; None for the newest one with other code than BioT has.

    Raises:
        ManifestError, ProjectError: plugin.toml is missing or wrong.
        PublishError: As ``publish``, or nothing that could be published again is kept.
    """
    from builder.publishing.records.restore import restore

    manifest, target = _aim(project, desk)
    nothing = Goal(name=manifest.plugin.name, desired={}, code=None)
    prepared = Prepared(manifest=manifest, target=target, goal=nothing, files=Files())
    with _open(prepared, desk) as api:
        run = _running(api, prepared, desk)
        with run.journal.locked(desk.clock, desk.progress):
            remote, settled = run.look()
            state = manifest.plugin.enabled_state
            earlier = restore(run.journal.entries(), run.kept, remote, version, state)
            prepared = replace(prepared, goal=earlier.goal, files=earlier.files)
            goal, moved = fit_orders(api.hooks, earlier.goal, remote)
            planned = Planned(prepared=prepared, release=planner.plan(goal, remote), notes=moved)
            outcome, notes = run.to_the_end(goal, planned.release, earlier.files, command="rollback")
    return Published(planned=planned, outcome=outcome, notes=(*settled, *notes))


def history(project: Project, desk: Desk) -> tuple[Entry, ...]:
    """Every publish of this plugin from this machine, oldest first; of one environment when one is named.

    Raises:
        ManifestError, ProjectError: plugin.toml is missing or wrong.
        PublishError: The environment is not known, or the journal cannot be read.
    """
    from builder.publishing.records.journal import Journal, all_entries

    state = state_of(desk.environ)
    if project.environment is not None:
        manifest, target = _aim(project, desk)
        return Journal(state, target, manifest.plugin.name).entries()
    name = _load(project).plugin.name
    return tuple(sorted((one for one in all_entries(state) if one.plugin == name), key=lambda entry: entry.opened))


def _load(project: Project) -> Manifest:
    file = manifests.find_manifest(project.start)
    return manifests.load(file, environment=project.environment, today=project.today).manifest


def _aim(project: Project, desk: Desk) -> tuple[Manifest, Target]:
    manifest = _load(project)
    return manifest, target_of(project.environment, manifest.environments, state_of(desk.environ))


def _open(prepared: Prepared, desk: Desk) -> Platform:
    folder = prepared.manifest.folder
    return open_platform(
        prepared.target, desk.environ, folder, desk.clock, ask_code=desk.ask_code, progress=desk.progress
    )


def _running(api: Platform, prepared: Prepared, desk: Desk) -> Running:
    from builder.publishing.execution.run import Place, Running

    place = Place(
        state=state_of(desk.environ),
        target=prepared.target,
        plugin=prepared.goal.name,
        folder=prepared.manifest.folder,
        environ=desk.environ,
    )
    return Running(api, place, desk.clock)


def _prepare(project: Project, wish: Wish, desk: Desk) -> Prepared:
    """Where it goes first, so that nothing is built for an environment that is not there."""
    manifest, target = _aim(project, desk)
    if wish.disabled_first and manifest.plugin.enabled_state is None:
        msg = "--disabled-first enables the plugin at the end, and plugin.toml does not say that it is to be enabled."
        raise NotPossible(msg, hint='Write enabledState = "ENABLED" in plugin.toml, or leave --disabled-first out.')
    day = refuse_unknown(manifest, desk.environ)
    prepared = prepare(project, wish, desk.progress, (manifest, target))
    warnings = without_offline_warnings(prepared.warnings) if day else prepared.warnings
    return replace(prepared, catalog=day, warnings=warnings)


def _refuse_existing(wish: Wish, remote: RemotePlugin | None) -> None:
    """BioT deploys its seed only when a plugin is created.

    Raises:
        NotPossible: There is a plugin of this name.
    """
    if wish.without_code and remote is not None:
        msg = f"--without-code creates a plugin, and {remote.name} is there already: {describe_remote(remote)}."
        raise NotPossible(msg, hint="Leave --without-code out to publish your code. Nothing was sent.")
