"""check(), lock(), package(), inspect() and verify(): the stages in order, nothing else."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from builder import bundle as bundles
from builder import dependencies, evidence
from builder import manifest as manifests
from builder.background import meanwhile
from builder.coldstart.cold_start_tools import find_tools
from builder.errors import ManifestError, PackagingError, ProjectError, Severity, count_problems
from builder.handler import SourceLayout, check_handler, check_hooks
from builder.manifest.model import Manifest, PackageType
from builder.source_checks import check_imports, run_checks
from builder.stages import Checked, Packaged, Parts, Project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.build_values import Pack
    from builder.bundle import SourceFile
    from builder.dependencies import Store
    from builder.dependencies.lock.lock_changes import LockResult
    from builder.errors import Problem
    from builder.evidence import Earlier
    from builder.evidence.inspection.contents import Inspection
    from builder.progress import Progress
    from builder.verification import Verified

__all__ = [
    "Checked",
    "Packaged",
    "Parts",
    "Project",
    "build",
    "check",
    "gather",
    "inspect",
    "lock",
    "package",
    "reuse",
    "verify",
]


def check(project: Project) -> Checked:
    """Hold plugin.toml, the handler and the plugin's own files against every rule. Nothing of the plugin is executed.

    Raises:
        ManifestError: plugin.toml breaks rules; carries every problem, the handler's too.
        ProjectError: There is no plugin.toml, the handler is not there, or the files lack the hook of a subscription or
            a module that they import, or hold secrets or broken code: all of these.
    """
    from builder.code import refuse_syntax_errors
    from builder.secrets import refuse_secrets

    checked = _check(project)
    manifest = checked.manifest
    if manifest.plugin.deployment_package_type is PackageType.IMAGE:
        return checked
    sources = bundles.select_sources(manifest, dependencies.folders_of(manifest))
    checks = (
        lambda: refuse_syntax_errors(sources, manifest.runtime, bundled=bool(manifest.build.bundle)),
        lambda: _refuse_unanswered(manifest, sources),
        lambda: check_imports(manifest, sources, dependencies.default_store()),
        lambda: refuse_secrets(manifest, sources),
    )
    return run_checks(checked, checks)


def _check(project: Project) -> Checked:
    file = manifests.find_manifest(project.start)
    try:
        loaded = manifests.load(file, environment=project.environment, today=project.today)
    except ManifestError as error:
        place = manifests.read_handler_settings(file, today=project.today)
        problem = place and check_handler(
            SourceLayout(folder=file.parent, root=place.root, shared=place.shared),
            place.handler,
            place.runtime.language,
            version=place.runtime.version,
        )
        if problem:
            problems = (*error.problems, problem)
            message = f"The plugin has {count_problems(problems)}."
            raise ManifestError(message, hint=error.hint, problems=problems) from error
        raise
    manifest = loaded.manifest
    plugin = manifest.plugin
    told = loaded.warnings
    if plugin.environment_variables or manifest.environments:
        from builder.secrets import check_variables

        told = (*told, *check_variables(manifest))
        if any(problem.severity is Severity.ERROR for problem in told):
            message = "Secrets are among the environment variables."
            raise ProjectError(message, problems=told)
    if plugin.deployment_package_type is PackageType.IMAGE:
        return Checked(manifest=manifest, warnings=told)
    runtime = manifest.runtime
    places = SourceLayout(folder=manifest.folder, root=manifest.build.root, shared=manifest.build.shared)
    problem = check_handler(places, plugin.handler, runtime.language, version=runtime.version)
    if problem and problem.severity is Severity.ERROR:
        message = "Lambda would not find the handler."
        raise ProjectError(message, problems=(*told, problem))
    return Checked(manifest=manifest, warnings=(*told, *((problem,) if problem else ())))


def _refuse_unanswered(manifest: Manifest, sources: Sequence[SourceFile]) -> tuple[Problem, ...]:
    """Stop where a subscription has no hook that answers it; else warnings.

    Raises:
        ProjectError: With every such subscription.
    """
    problems = manifests.locate_findings(check_hooks(manifest, sources), manifest.file)
    if any(problem.severity is Severity.ERROR for problem in problems):
        message = "The plugin does not answer all the calls that plugin.toml subscribes it to."
        raise ProjectError(message, problems=problems)
    return tuple(problems)


def lock(project: Project, progress: Progress, *, upgrade: bool = False) -> LockResult:
    """Pin the dependencies for the manifest's runtime.

    Raises:
        ManifestError, ProjectError: plugin.toml is missing or wrong.
        DependencyError: The dependencies cannot be had for the runtime.
    """
    file = manifests.find_manifest(project.start)
    manifest = manifests.load(file, environment=project.environment, today=project.today).manifest
    _refuse_image(manifest)
    return dependencies.write_lock(manifest, dependencies.chosen_store(project.store), progress, upgrade=upgrade)


def package(project: Project, progress: Progress, *, output: Path | None = None) -> Packaged:
    """Write ``<output>/<name>-<version>.zip`` and its report, unless they are there already.

    Args:
        project: The plugin.
        progress: Told what is fetched.
        output: Folder of the artifact; None for ``dist`` beside plugin.toml.

    Raises:
        ManifestError, ProjectError: As ``check``.
        DependencyError: The lock is missing or stale, or a package cannot be had.
        PackagingError: The parts do not fit together, or are larger than Lambda takes.
    """
    parts = gather(project, output=output)
    if (done := reuse(parts)) is not None:
        return done
    store = dependencies.chosen_store(project.store)
    packs = meanwhile(
        lambda: dependencies.collect(parts.lock, parts.checked.manifest, store, progress),
        lambda: import_module("builder.building"),  # takes as long as hashing the packages
    )
    return build(parts, packs, store)


def gather(project: Project, *, output: Path | None = None) -> Parts:
    """The first step of ``package``: everything that decides the artifact, before any package is looked at.

    Raises:
        ManifestError, ProjectError: As ``check``.
        DependencyError: The lock is missing or stale.
    """
    checked = _check(project)
    manifest = checked.manifest
    _refuse_image(manifest)
    lock = dependencies.read_lock(manifest)
    sources = bundles.select_sources(manifest, lock.folders)
    checked = run_checks(checked, [lambda: _refuse_unanswered(manifest, sources)])
    settings = evidence.read_settings(manifest, lock, os.environ)
    tools = find_tools(manifest, os.environ, lambda: dependencies.locked_bundler(manifest))
    inputs = evidence.inputs_digest(manifest, lock, sources, (*settings.inputs, *tools.inputs))
    target = (output or manifest.folder / "dist").absolute() / f"{manifest.plugin.name}-{manifest.plugin.version}.zip"
    return Parts(
        checked=checked,
        lock=lock,
        sources=sources,
        inputs=inputs,
        target=target,
        evidence=settings,
        cold_start_tools=tools,
    )


def reuse(parts: Parts) -> Packaged | None:
    """The second step: the artifact that an earlier run made of the same parts, if it is still as it was written.

    Raises:
        DependencyError: There is none, and the lock is incomplete, so none can be made.
    """
    earlier = evidence.earlier_build(parts.target, parts.inputs, keyid=parts.evidence.keyid)
    if earlier:
        return _unchanged(parts, earlier)
    dependencies.refuse_incomplete_lock(parts.lock, parts.checked.manifest)
    return None


def build(parts: Parts, packs: Sequence[Pack], store: Store) -> Packaged:
    """The last step: ``builder.building.put_together``, which is imported when there is something to build."""
    from builder.building import put_together

    return put_together(parts, packs, store)


def inspect(artifact: Path) -> Inspection:
    """What is inside an artifact, by package and by size; read strictly, so what is told is what everybody reads.

    Raises:
        VerificationError: It is no ZIP that everybody reads alike.
    """
    from builder.evidence.inspection.contents import inspect as read_artifact

    return read_artifact(artifact)


def verify(artifact: Path, rebuild: Project | None, progress: Progress) -> Verified:
    """Hold an artifact against its report, and against the same plugin built again in a folder of its own.

    Args:
        artifact: The ZIP.
        rebuild: The plugin to build again, or None to read only the artifact and its report.
        progress: Told what is fetched.

    Raises:
        VerificationError: It is no ZIP that everybody reads alike, or its report is missing.
        ManifestError, ProjectError, DependencyError, PackagingError: The plugin cannot be built again.
    """
    from tempfile import TemporaryDirectory

    from builder import verification

    seen = verification.examine(artifact, report_needed=rebuild is None)
    if rebuild is None:
        return seen
    locked = verification.hold_against_lock(seen, dependencies.read_lock(check(rebuild).manifest))
    if locked.differences != seen.differences:
        return locked  # other packages cannot give this artifact
    with TemporaryDirectory() as folder:
        again = package(rebuild, progress, output=Path(folder))
        return verification.hold_against_build(seen, again.artifact.file, again.report)


def _refuse_image(manifest: Manifest) -> None:
    if manifest.plugin.deployment_package_type is PackageType.IMAGE:
        message = f"{manifest.plugin.name} is an IMAGE plugin; this version of the kit builds ZIPs."
        raise PackagingError(message, hint='Write deploymentPackageType = "ZIP", or build the image with Docker.')


def _unchanged(parts: Parts, earlier: Earlier) -> Packaged:
    return Packaged(
        artifact=earlier.artifact,
        report=earlier.report,
        report_file=evidence.report_file(parts.target),
        packages=earlier.packages,
        warnings=(
            *parts.checked.warnings,
            *evidence.warnings_of(earlier.report),
            *bundles.check_sizes(earlier.artifact.size, earlier.artifact.unpacked_size, earlier.packages),
            *evidence.told_again(parts.evidence.soup, parts.target),
        ),
        unchanged=True,
    )
