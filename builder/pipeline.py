"""What a user can do with one plugin on this machine: check, lock, package, inspect and verify it.

``package`` is the story of one build. Each step returns a value of ``builder.stages`` or
``builder.build_values``, and the next step takes it:

1. ``gather_inputs``: read and check plugin.toml, the lock and the plugin's own files. ->
   ``BuildInputs``
2. ``reuse_previous_build``: return the artifact of an earlier build with the same inputs. ->
   ``PackagedPlugin`` or None
3. ``dependencies.collect``: find each locked package in the store, or download it by its hash. ->
   ``Pack``
4. ``build``: put everything together, write the ZIP and its evidence. -> ``PackagedPlugin``

Functions import what only they need, so that each command starts fast.
"""

from __future__ import annotations

import os
import time
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from builder import bundle as bundles
from builder import dependencies, evidence, source_checks
from builder import manifest as manifests
from builder.archive.file_results import FileResults
from builder.coldstart.cold_start_tools import find_tools
from builder.host.background import run_both
from builder.host.store_location import store_folder
from builder.last_build import BuildInput, BuildRequest, LastBuild, RecordedBuild, SharedListings
from builder.stages import BuildInputs, CheckedPlugin, PackagedPlugin, Project, UnlockedInputs
from builder.unlocked_packaging import check_unlocked, package_unlocked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.build_values import Pack
    from builder.dependencies import Store
    from builder.dependencies.lock.lock_changes import LockResult
    from builder.errors import Problem
    from builder.evidence import PreviousBuild
    from builder.evidence.inspection.contents import Inspection
    from builder.image.base_image import BaseImage
    from builder.manifest import LoadedManifest
    from builder.manifest.model import Manifest
    from builder.progress import Progress
    from builder.verification import VerificationResult

__all__ = [
    "BuildInputs",
    "CheckedPlugin",
    "PackagedPlugin",
    "Project",
    "UnlockedInputs",
    "build",
    "check",
    "gather_inputs",
    "inspect",
    "lock",
    "package",
    "record_build",
    "reuse_previous_build",
    "verify",
]


def check(project: Project, *, loaded: LoadedManifest | None = None) -> CheckedPlugin:
    """Check plugin.toml, the handler and the plugin's own files against every rule. No code of the plugin is executed.

    Args:
        project: The plugin.
        loaded: Its manifest, if the caller has loaded it already.

    Raises:
        ManifestError: plugin.toml breaks rules; with every problem, the handler's too.
        ProjectError: No plugin.toml was found, or the handler is missing; or the own files lack the
            hook of a subscription, import a missing module, contain secrets or do not parse (with
            all of these problems).
    """
    from builder.code import refuse_syntax_errors
    from builder.secrets import refuse_secrets

    checked = source_checks.check_manifest(project, loaded)
    manifest = checked.manifest
    if not manifest.is_built:
        return checked
    if not manifest.chooses_packages:
        return check_unlocked(checked, _target(manifest, None))
    sources = bundles.select_sources(manifest, dependencies.read_local_folders(manifest))
    checks = (
        lambda: refuse_syntax_errors(sources, manifest.runtime, bundled=bool(manifest.build.bundle)),
        lambda: source_checks.refuse_missing_hooks(manifest, sources),
        lambda: source_checks.check_imports(manifest, sources, dependencies.default_store()),
        lambda: refuse_secrets(manifest, sources),
    )
    return source_checks.run_checks(checked, checks)


def lock(project: Project, progress: Progress, *, upgrade: bool = False) -> LockResult:
    """Pin the dependencies for the manifest's runtime, and the base image of an IMAGE plugin.

    Raises:
        ManifestError, ProjectError: plugin.toml is missing or wrong.
        DependencyError: No usable packages exist for the runtime, or the base image is unavailable.
    """
    file = manifests.find_manifest(project.start)
    manifest = manifests.load(file, environment=project.environment, today=project.today).manifest
    source_checks.refuse_pushed_image(manifest)
    result = dependencies.write_lock(manifest, dependencies.open_store(project.store), progress, upgrade=upgrade)
    if not manifest.pins_base:
        return result
    from msgspec.structs import replace

    from builder.image.image_lock import lock_base  # only for an image, as the registry's client
    from builder.registry import pull_base

    return replace(result, base=lock_base(manifest, partial(pull_base, progress=progress), upgrade=upgrade))


def package(
    project: Project,
    progress: Progress,
    *,
    output: Path | None = None,
    loaded: LoadedManifest | None = None,
    listings: SharedListings | None = None,
) -> PackagedPlugin:
    """Write the artifact below ``output`` and its evidence, unless an earlier build wrote them already.

    Args:
        project: The plugin.
        progress: Receives what is downloaded.
        output: Folder of the artifact; None for ``dist`` beside plugin.toml.
        loaded: The manifest, if the caller has loaded it already.
        listings: What the caller has listed already for the record of the build.

    Raises:
        ManifestError, ProjectError: As ``check``.
        DependencyError: The lock is missing or stale, or a package is unavailable.
        PackagingError: Files collide, or the artifact is larger than Lambda allows.
    """
    began = time.time_ns()
    inputs = gather_inputs(project, output=output, loaded=loaded)
    if isinstance(inputs, UnlockedInputs):
        return package_unlocked(inputs, dependencies.open_store(project.store), progress)
    if (packaged := reuse_previous_build(inputs)) is None:
        store = dependencies.open_store(project.store)
        packs = run_both(
            lambda: dependencies.collect(inputs.lock, inputs.checked.manifest, store, progress),
            lambda: import_module("builder.building").check_syntax(inputs),  # it waits for another program
        )
        packaged = build(inputs, packs, store)
    record_build(project, inputs, packaged, began, listings)
    return packaged


def gather_inputs(
    project: Project, *, output: Path | None = None, loaded: LoadedManifest | None = None
) -> BuildInputs | UnlockedInputs:
    """Step 1 of ``package``: read and check all that decides the artifact; without a lock, this is the manifest.

    Raises:
        ManifestError, ProjectError: As ``check``.
        DependencyError: The lock is missing or stale.
    """
    checked = source_checks.check_manifest(project, loaded)
    manifest = checked.manifest
    if not manifest.chooses_packages:
        return UnlockedInputs(checked=checked, target=_target(manifest, output))
    source_checks.refuse_pushed_image(manifest)
    lock = dependencies.read_lock(manifest)
    results = FileResults.of_plugin(store_folder(project.store, os.environ), manifest.folder)
    sources = bundles.select_sources(manifest, lock.folders, results)
    checked = source_checks.run_checks(checked, [lambda: source_checks.refuse_missing_hooks(manifest, sources)])
    base = _read_base(manifest)
    settings = evidence.read_settings(manifest, lock, os.environ)
    tools = find_tools(manifest, os.environ, lambda: dependencies.locked_bundler(manifest))
    decided_by = (*settings.inputs, *tools.inputs, *((base.reference, base.digest) if base else ()))
    return BuildInputs(
        checked=checked,
        lock=lock,
        sources=sources,
        digest=evidence.inputs_digest(manifest, lock, sources, decided_by),
        target=_target(manifest, output),
        evidence=settings,
        cold_start_tools=tools,
        results=results,
        base=base,
    )


def artifact_name(manifest: Manifest) -> str:
    """``<name>-<version>.zip``, or ``<name>-<version>.oci`` for an image."""
    return f"{manifest.plugin.name}-{manifest.plugin.version}{'.oci' if manifest.builds_image else '.zip'}"


def _target(manifest: Manifest, output: Path | None) -> Path:
    return (output or manifest.folder / "dist").absolute() / artifact_name(manifest)


def _read_base(manifest: Manifest) -> BaseImage | None:
    """The base image that the plugin's lock pins; None for a ZIP."""
    if not manifest.pins_base:
        return None
    from builder.image.image_lock import read_image_lock  # only for an image

    return read_image_lock(manifest)


def reuse_previous_build(inputs: BuildInputs) -> PackagedPlugin | None:
    """Step 2 of ``package``: the artifact of an earlier build with the same inputs, if no file of it changed since.

    Raises:
        DependencyError: No such artifact exists, and none can be built because the lock is
            incomplete.
    """
    previous = evidence.find_previous_build(inputs.target, inputs.digest, keyid=inputs.evidence.keyid)
    if previous:
        return _unchanged(inputs, previous)
    dependencies.refuse_incomplete_lock(inputs.lock, inputs.checked.manifest)
    return None


def build(inputs: BuildInputs, packs: Sequence[Pack], store: Store) -> PackagedPlugin:
    """Step 4 of ``package``: ``builder.building.build_artifact``, which is imported only when something is built."""
    from builder.building import build_artifact

    return build_artifact(inputs, packs, store)


def inspect(artifact: Path) -> Inspection:
    """The contents of an artifact, by package and by size.

    Raises:
        VerificationError: It is not a ZIP that all programs read the same way, or not an image in
            the form that the kit writes.
    """
    from builder.evidence.inspection.contents import inspect as inspect_artifact

    return inspect_artifact(artifact)


def verify(artifact: Path, rebuild: Project | None, progress: Progress) -> VerificationResult:
    """Compare an artifact with its report, and with the same plugin built again in a temporary folder.

    Args:
        artifact: The ZIP or the image.
        rebuild: The plugin to build again, or None to read only the artifact and its report.
        progress: Receives what is downloaded.

    Raises:
        VerificationError: It is not a ZIP that all programs read the same way, or its report is
            missing.
        ManifestError, ProjectError, DependencyError, PackagingError: The plugin cannot be built
            again.
    """
    from tempfile import TemporaryDirectory

    from builder import verification

    result = verification.examine_artifact(artifact, report_needed=rebuild is None)
    if rebuild is None:
        return result
    manifest = check(rebuild).manifest
    if manifest.chooses_packages:
        with_lock = verification.add_lock_differences(result, dependencies.read_lock(manifest))
        if with_lock.differences != result.differences:
            return with_lock  # other packages cannot give this artifact
    with TemporaryDirectory() as folder:
        rebuilt = package(rebuild, progress, output=Path(folder))
        return verification.add_rebuild_differences(result, rebuilt.artifact.file, rebuilt.report)


def record_build(
    project: Project, inputs: BuildInputs, packaged: PackagedPlugin, began: int, listings: SharedListings | None = None
) -> None:
    """Record a finished build for the next run, if the listed folders and the environment are all that decided it.

    ``began`` is when its inputs began to be read, in nanoseconds since 1970; ``listings`` is what was listed already.
    """
    manifest, artifact = inputs.checked.manifest, packaged.artifact
    if inputs.lock.reads_other_folders or inputs.cold_start_tools.interpreter is not None:
        return
    request = BuildRequest(manifest.folder, project.environment, inputs.target.parent, project.today)
    warnings = _repeated_warnings(inputs, packaged)
    build = RecordedBuild(artifact=artifact.file, size=artifact.size, sha256=artifact.sha256, warnings=warnings)
    decided_by = BuildInput(folders=bundles.listed_folders(manifest, inputs.lock.folders, inputs.results), began=began)
    record = LastBuild(store_folder(project.store, os.environ), request, os.environ, listings)
    record.write(build, decided_by, evidence.evidence_files(artifact.file).values())


def _unchanged(inputs: BuildInputs, previous: PreviousBuild) -> PackagedPlugin:
    return PackagedPlugin(
        artifact=previous.artifact,
        report=previous.report,
        report_file=evidence.report_file(inputs.target),
        packages=previous.packages,
        warnings=_repeated_warnings(inputs, previous),
        unchanged=True,
    )


def _repeated_warnings(inputs: BuildInputs, built: PreviousBuild | PackagedPlugin) -> tuple[Problem, ...]:
    """What a run warns about that finds an artifact up to date."""
    return (
        *inputs.checked.warnings,
        *evidence.recorded_warnings(built.report),
        *_size_warnings(inputs, built),
        *evidence.recheck_soup(inputs.evidence.soup, inputs.target),
    )


def _size_warnings(inputs: BuildInputs, built: PreviousBuild | PackagedPlugin) -> tuple[Problem, ...]:
    if inputs.base is None:
        return bundles.check_sizes(built.artifact.size, built.artifact.unpacked_size, built.packages)
    base = sum(layer.size for layer in inputs.base.layers)
    return bundles.check_image_size(built.artifact.unpacked_size, base, built.packages)
