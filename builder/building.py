"""Collected packages and sources -> the artifact with everything beside it. Imported only when something is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder import bundle as bundles
from builder import dependencies, evidence
from builder.archive.writer import write_artifact, zip_size
from builder.bundle.assemble import assemble
from builder.bundle.shadowing import path_file_warnings
from builder.code import refuse_missing_imports, refuse_syntax_errors
from builder.coldstart.advice import advise, size_advice
from builder.coldstart.cold_start_tools import report_with_tools
from builder.coldstart.optimization import optimize
from builder.coldstart.pruning import prune_packs
from builder.evidence.evidence_files import Made, write_evidence
from builder.evidence.sbom.package_facts import memory_of, study
from builder.natives import check_natives, examine
from builder.secrets import refuse_secrets
from builder.stages import Packaged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.build_values import Pack
    from builder.dependencies import Store
    from builder.stages import Parts


def put_together(parts: Parts, packs: Sequence[Pack], store: Store) -> Packaged:
    """Splice the collected packages and the sources into the artifact, and write the report beside it.

    Raises:
        ProjectError: Secrets or broken code are among the sources.
        DependencyError: The lock is not complete, or a package's native code does not load on the runtime.
        PackagingError: The parts do not fit together, or are larger than Lambda takes.
    """
    manifest = parts.checked.manifest
    refuse_syntax_errors(parts.sources, manifest.runtime, bundled=bool(manifest.build.bundle))
    idle = refuse_secrets(manifest, parts.sources)
    examined = examine(manifest, packs)
    packs = prune_packs(examined.packs, manifest.build.prune, manifest.runtime.language)
    memory = memory_of(store, manifest, parts.evidence, packs)
    unasked = dependencies.check_completeness(manifest, packs, memory)
    bundle = assemble(manifest, parts.sources, packs)
    missing = refuse_missing_imports(manifest, parts.sources, (entry.path for entry in bundle.entries))
    found = (*unasked, *missing, *check_natives(manifest, bundle, examined), *path_file_warnings(bundle.entries))
    optimized = optimize(bundle, manifest, parts.cold_start_tools, store, dependencies.collect_bundler)
    bundle = optimized.bundle
    rows = evidence.package_rows(bundle)
    sizes = bundles.check_sizes(zip_size(bundle.entries), bundle.size, rows, lambda: size_advice(manifest, packs))
    artifact = write_artifact(bundle, parts.target)
    report = evidence.build_report(manifest, parts.lock, rows, artifact, inputs=parts.inputs)
    report = report_with_tools(evidence.with_warnings(report, found), parts.cold_start_tools, optimized.bundled_sizes)
    report_file = evidence.write_report(report, parts.target)
    known = study(manifest, packs, lambda: dependencies.direct_requirements(manifest), memory)
    made = Made(manifest=manifest, known=known, bundle=bundle, artifact=artifact, settings=parts.evidence)
    return Packaged(
        artifact=artifact,
        report=report,
        report_file=report_file,
        packages=rows,
        warnings=(*parts.checked.warnings, *idle, *found, *optimized.warnings, *sizes, *write_evidence(made)),
        unchanged=False,
        advice=advise(manifest, packs, artifact.size, memory),
    )
