"""check(), lock(), package(), inspect() and verify(): the stages in order, nothing else."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from builder import bundle as bundles
from builder import dependencies, evidence
from builder import manifest as manifests
from builder.coldstart.choice import choose, with_tools
from builder.errors import ManifestError, PackagingError, Problem, ProjectError, Severity
from builder.handler import Places, check_handler
from builder.manifest.model import Manifest, PackageType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from builder.bundle import SourceFile
    from builder.coldstart.choice import Choice
    from builder.dependencies import LockResult, Store
    from builder.evidence import Earlier, PackageRow, Settings
    from builder.evidence.inspection import Inspection
    from builder.progress import Progress
    from builder.values import Artifact, Lock, Pack
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """Which plugin to work on.

    Attributes:
        start: A folder of the plugin, or its plugin.toml; the manifest is looked for here and above.
        environment: The ``[environments.NAME]`` to apply, or None.
        today: The day the runtimes' life cycles are judged by.
        store: A folder of packs or an ``s3://`` address, where not only ``BIOT_PLUGIN_STORE`` counts; or empty.
    """

    start: Path
    environment: str | None
    today: date
    store: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """A plugin whose manifest and handler are fine, with what should be told anyway."""

    manifest: Manifest
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """Everything that decides an artifact's bytes, before a package was fetched."""

    checked: Checked
    lock: Lock
    sources: tuple[SourceFile, ...]
    inputs: str
    target: Path
    evidence: Settings
    choice: Choice


@dataclass(frozen=True, kw_only=True, slots=True)
class Packaged:
    """A written artifact and the report beside it.

    ``unchanged`` says that an earlier run wrote these very bytes from these very inputs, so nothing was written now.
    ``advice`` are lines that name a choice which would make it smaller or start faster, told when it is written.
    """

    artifact: Artifact
    report: Mapping[str, object]
    report_file: Path
    packages: tuple[PackageRow, ...]
    warnings: tuple[Problem, ...]
    unchanged: bool
    advice: tuple[str, ...] = ()


def check(project: Project) -> Checked:
    """Hold plugin.toml, the handler and the plugin's own files against every rule. Nothing of the plugin is executed.

    Raises:
        ManifestError: plugin.toml breaks rules; carries every problem, the handler's too.
        ProjectError: There is no plugin.toml, the handler is not there, or secrets are among the files.
    """
    from builder.secrets import refuse_secrets

    checked = _check(project)
    if checked.manifest.plugin.deployment_package_type is PackageType.IMAGE:
        return checked
    idle = refuse_secrets(checked.manifest, bundles.select_sources(checked.manifest))
    return replace(checked, warnings=(*checked.warnings, *idle))


def _check(project: Project) -> Checked:
    file = manifests.find_manifest(project.start)
    try:
        loaded = manifests.load(file, environment=project.environment, today=project.today)
    except ManifestError as error:
        place = manifests.peek_handler(file, today=project.today)
        problem = place and check_handler(
            Places(folder=file.parent, root=place.root, shared=place.shared),
            place.handler,
            place.runtime.language,
            version=place.runtime.version,
        )
        if problem:
            raise ManifestError(error.message, hint=error.hint, problems=(*error.problems, problem)) from error
        raise
    manifest = loaded.manifest
    plugin = manifest.plugin
    told = loaded.warnings
    if plugin.environment_variables:
        from builder.secrets import variable_warnings

        told = (*told, *variable_warnings(manifest))
    if plugin.deployment_package_type is PackageType.IMAGE:
        return Checked(manifest=manifest, warnings=told)
    runtime = manifest.runtime
    places = Places(folder=manifest.folder, root=manifest.build.root, shared=manifest.build.shared)
    problem = check_handler(places, plugin.handler, runtime.language, version=runtime.version)
    if problem and problem.severity is Severity.ERROR:
        message = "Lambda would not find the handler."
        raise ProjectError(message, problems=(*told, problem))
    return Checked(manifest=manifest, warnings=(*told, *((problem,) if problem else ())))


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
    return build(parts, dependencies.collect(parts.lock, parts.checked.manifest, store, progress), store)


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
    sources = bundles.select_sources(manifest)
    settings = evidence.read_settings(manifest, lock, os.environ)
    choice = choose(manifest, os.environ, lambda: dependencies.locked_bundler(manifest))
    inputs = evidence.inputs_digest(manifest, lock, sources, (*settings.inputs, *choice.inputs))
    target = (output or manifest.folder / "dist").absolute() / f"{manifest.plugin.name}-{manifest.plugin.version}.zip"
    return Parts(
        checked=checked, lock=lock, sources=sources, inputs=inputs, target=target, evidence=settings, choice=choice
    )


def reuse(parts: Parts) -> Packaged | None:
    """The second step: the artifact that an earlier run made of the same parts, if it is still as it was written."""
    earlier = evidence.earlier_build(parts.target, parts.inputs, keyid=parts.evidence.keyid)
    return _unchanged(parts, earlier) if earlier else None


def build(parts: Parts, packs: Sequence[Pack], store: Store) -> Packaged:
    """The last step: splice the collected packages and the sources into the artifact, and write the report beside it.

    Raises:
        ProjectError: Secrets are among the sources.
        DependencyError: A package's native code does not load on the runtime.
        PackagingError: The parts do not fit together, or are larger than Lambda takes.
    """
    from builder.archive.writer import write_artifact, zip_size
    from builder.bundle.assemble import assemble
    from builder.bundle.hiding import path_file_warnings
    from builder.coldstart.advice import advise
    from builder.coldstart.lightening import lighten
    from builder.coldstart.pruning import prune_packs
    from builder.evidence.study import memory_of, study
    from builder.evidence.writing import Made, write_evidence
    from builder.natives import check_natives, examine
    from builder.secrets import refuse_secrets

    manifest = parts.checked.manifest
    idle = refuse_secrets(manifest, parts.sources)
    examined = examine(manifest, packs)
    packs = prune_packs(examined.packs, manifest.build.prune, manifest.runtime.language)
    bundle = assemble(manifest, parts.sources, packs)
    natives = (*check_natives(manifest, bundle, examined), *path_file_warnings(bundle.entries))
    light = lighten(bundle, manifest, parts.choice, store, dependencies.collect_bundler)
    bundle = light.bundle
    rows = evidence.package_rows(bundle)
    sizes = bundles.check_sizes(zip_size(bundle.entries), bundle.size, rows)
    artifact = write_artifact(bundle, parts.target)
    report = evidence.build_report(manifest, parts.lock, rows, artifact, inputs=parts.inputs)
    report = with_tools(evidence.with_warnings(report, natives), parts.choice, light.shares)
    report_file = evidence.write_report(report, parts.target)
    memory = memory_of(store, manifest, parts.evidence, packs)
    known = study(manifest, packs, lambda: dependencies.direct_requirements(manifest), memory)
    made = Made(manifest=manifest, known=known, bundle=bundle, artifact=artifact, settings=parts.evidence)
    return Packaged(
        artifact=artifact,
        report=report,
        report_file=report_file,
        packages=rows,
        warnings=(*parts.checked.warnings, *idle, *natives, *light.warnings, *sizes, *write_evidence(made)),
        unchanged=False,
        advice=advise(manifest, packs, artifact.size, memory),
    )


def inspect(artifact: Path) -> Inspection:
    """What is inside an artifact, by package and by size; read strictly, so what is told is what everybody reads.

    Raises:
        VerificationError: It is no ZIP that everybody reads alike.
    """
    from builder.evidence.inspection import inspect as read_artifact

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
