"""The build itself: check the packages, assemble the tree, write the ZIP or image, and write the evidence beside it.

This module is imported only when there is something to build, so that "nothing changed" starts
fast.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from builder import bundle as bundles
from builder import dependencies, evidence
from builder.archive.writer import write_artifact, zip_size
from builder.bundle.assemble import assemble
from builder.bundle.shadowing import path_file_warnings
from builder.code import refuse_missing_imports, refuse_syntax_errors
from builder.coldstart.advice import advice_lines, size_advice
from builder.coldstart.cold_start_tools import report_with_tools
from builder.coldstart.optimization import optimize
from builder.coldstart.pruning import prune_packs
from builder.evidence.evidence_writer import FinishedBuild, write_evidence
from builder.evidence.sbom.package_analysis import analyze_packages, package_result_cache
from builder.natives import check_natives, select_platform_files
from builder.secrets import refuse_secrets
from builder.stages import PackagedPlugin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from builder.archive.cached_results import ResultCache
    from builder.archive.file_results import FileResults
    from builder.build_values import Artifact, Bundle, Pack
    from builder.dependencies import Store
    from builder.errors import Problem
    from builder.evidence import PackageRow
    from builder.evidence.components import PackageAnalysis
    from builder.natives.platform_packs import PlatformPacks
    from builder.stages import BuildInputs


def build_artifact(inputs: BuildInputs, packs: Sequence[Pack], store: Store) -> PackagedPlugin:
    """Splice the collected packages and the plugin's own files into the artifact, and write the evidence beside it.

    Raises:
        ProjectError: The plugin's own files contain secrets or do not parse.
        DependencyError: The lock is incomplete, or native code of a package does not load on the
            runtime.
        PackagingError: Files collide, or the artifact is larger than Lambda allows.
    """
    manifest = inputs.checked.manifest
    results = inputs.results
    check_syntax(inputs)
    secret_warnings = refuse_secrets(manifest, inputs.sources, results)

    # The files of the artifact: one tree of packages and own files, optimized as [build] says.
    examined = select_platform_files(manifest, packs)
    packs = prune_packs(examined.packs, manifest.build.prune, manifest.runtime.language)
    cache = package_result_cache(store, manifest, inputs.evidence.lock_sha256, packs)
    assembled, recorded = _assemble(inputs, packs, examined, cache, results)
    results.save()
    optimized = optimize(assembled, manifest, inputs.cold_start_tools, store, dependencies.collect_bundler)
    bundle = optimized.bundle

    # The ZIP or the image, unless it would be too large for Lambda, and everything beside it.
    written = _write_zip(inputs, bundle, packs) if inputs.base is None else _write_image(inputs, bundle, store)
    artifact, rows = written.artifact, written.rows
    report = evidence.build_report(manifest, inputs.lock, rows, artifact, inputs=inputs.digest)
    report = evidence.with_warnings({**report, **written.report}, recorded)
    report = report_with_tools(report, inputs.cold_start_tools, optimized.bundled_sizes)
    report_file = evidence.write_report(report, inputs.target)
    analysis = analyze_packages(manifest, packs, lambda: dependencies.direct_requirements(manifest), cache)
    soup_warnings = _write_evidence(inputs, analysis, bundle, artifact)
    build_warnings = (*secret_warnings, *recorded, *optimized.warnings, *written.warnings, *soup_warnings)
    return PackagedPlugin(
        artifact=artifact,
        report=report,
        report_file=report_file,
        packages=rows,
        warnings=(*inputs.checked.warnings, *build_warnings),
        unchanged=False,
        advice=advice_lines(manifest, packs, artifact.size, cache),
    )


def check_syntax(inputs: BuildInputs) -> None:
    """Parse the plugin's own files, except those that an earlier build or an earlier call found valid.

    Raises:
        ProjectError: Files have syntax errors.
    """
    manifest = inputs.checked.manifest
    bundled = bool(manifest.build.bundle)
    refuse_syntax_errors(inputs.sources, manifest.runtime, bundled=bundled, results=inputs.results)


def _write_evidence(
    inputs: BuildInputs, analysis: PackageAnalysis, bundle: Bundle, artifact: Artifact
) -> tuple[Problem, ...]:
    finished = FinishedBuild(
        manifest=inputs.checked.manifest,
        analysis=analysis,
        bundle=bundle,
        artifact=artifact,
        settings=inputs.evidence,
        images=(inputs.base.used,) if inputs.base else (),
    )
    return write_evidence(finished)


class _Written(Struct, frozen=True, kw_only=True):
    """A written artifact, with what the report says about it besides its digests."""

    artifact: Artifact
    rows: tuple[PackageRow, ...]
    warnings: tuple[Problem, ...]
    report: Mapping[str, object] = field(default_factory=dict)


def _write_zip(inputs: BuildInputs, bundle: Bundle, packs: Sequence[Pack]) -> _Written:
    rows = evidence.package_rows(bundle)
    advice = partial(size_advice, inputs.checked.manifest, packs)
    warnings = bundles.check_sizes(zip_size(bundle.entries), bundle.size, rows, advice)
    return _Written(artifact=write_artifact(bundle, inputs.target), rows=rows, warnings=warnings)


def _write_image(inputs: BuildInputs, bundle: Bundle, store: Store) -> _Written:
    from builder.dependencies.store.layer_store import LayerStore
    from builder.image.image_writer import ImageSettings, write_image

    plugin, base = inputs.checked.manifest.plugin, inputs.base
    assert base is not None  # noqa: S101 - the caller has looked
    # The files of one layer are compressed together: none has a compressed size of its own.
    rows = tuple(replace(row, packed_size=row.size) for row in evidence.package_rows(bundle))
    warnings = bundles.check_image_size(bundle.size, sum(layer.size for layer in base.layers), rows)
    settings = ImageSettings(base=base, runtime=plugin.runtime or "", handler=plugin.handler, tag=str(plugin.version))
    image = write_image(bundle, settings, inputs.target, LayerStore(store))
    return _Written(artifact=image.artifact, rows=rows, warnings=warnings, report={"image": image.describe()})


def _assemble(
    inputs: BuildInputs, packs: Sequence[Pack], examined: PlatformPacks, cache: ResultCache, results: FileResults
) -> tuple[Bundle, tuple[Problem, ...]]:
    """One tree of packages and own files: the lock is complete, every import is found, and all native code loads.

    Returns:
        The tree, and the warnings that only a complete build finds: the report records them.
    """
    manifest = inputs.checked.manifest
    lock_warnings = dependencies.check_completeness(manifest, packs, cache)
    bundle = assemble(manifest, inputs.sources, packs)
    paths = (entry.path for entry in bundle.entries)
    import_warnings = refuse_missing_imports(manifest, inputs.sources, paths, results=results)
    native_warnings = check_natives(manifest, bundle, examined)
    return bundle, (*lock_warnings, *import_warnings, *native_warnings, *path_file_warnings(bundle.entries))
