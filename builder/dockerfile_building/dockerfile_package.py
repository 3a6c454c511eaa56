"""Build the image of a plugin, and write it with its evidence, unless an earlier build did."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

from msgspec import Struct

import builder
from builder import evidence
from builder.archive.compression import compressor
from builder.archive.tree_digest import tree_digest
from builder.build_values import Bundle, Lock
from builder.dependencies.store.layer_store import LayerStore
from builder.dockerfile_building.context_check import read_context
from builder.errors import Problem, Severity
from builder.evidence.evidence_writer import FinishedBuild, write_evidence
from builder.evidence.sbom.package_analysis import analyze_packages, package_result_cache
from builder.host.fingerprint import code_digest
from builder.image.dockerfile.build_context import ContextFile, write_context
from builder.image.dockerfile.dockerfile_image import DockerfileBuild, build_dockerfile
from builder.image.dockerfile.dockerfile_instructions import parse_dockerfile, unrepeatable_steps
from builder.image.dockerfile.dockerfile_layout import image_rows, write_dockerfile_layout
from builder.stages import CheckedPlugin, PackagedPlugin

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from builder.dependencies import Store
    from builder.evidence import EvidenceSettings
    from builder.image.dockerfile.dockerfile_image import DockerfileImage
    from builder.image.dockerfile.dockerfile_instructions import UnrepeatableStep
    from builder.manifest.model import Manifest
    from builder.progress import Progress

_NO_LOCK = Lock(file=None, packages=())


def package_dockerfile(checked: CheckedPlugin, target: Path, store: Store, progress: Progress) -> PackagedPlugin:
    """Build the image by the Docker engine, and write it with its evidence, unless an earlier build did.

    Args:
        checked: The plugin.
        target: The folder of the layout.
        store: Has the layers that were normalised before.
        progress: Shows the steps.

    Raises:
        ProjectError: There is no Dockerfile, or the context has secrets.
        PackagingError: No engine answers, a step failed, or Lambda could not run the image.
    """
    checked, files = read_context(checked, target)
    manifest = checked.manifest
    settings = evidence.read_settings(manifest, _NO_LOCK, os.environ)
    digest = _inputs_digest(manifest, files, settings.inputs)
    previous = evidence.find_previous_build(target, digest, keyid=settings.keyid)
    if previous:
        return PackagedPlugin(
            artifact=previous.artifact,
            report=previous.report,
            report_file=evidence.report_file(target),
            packages=previous.packages,
            warnings=(*checked.warnings, *evidence.recorded_warnings(previous.report)),
            unchanged=True,
        )
    return _build(_Inputs(checked=checked, files=files, settings=settings, digest=digest), target, store, progress)


class _Inputs(Struct, frozen=True, kw_only=True):
    checked: CheckedPlugin
    files: tuple[ContextFile, ...]
    settings: EvidenceSettings
    digest: str


def _build(inputs: _Inputs, target: Path, store: Store, progress: Progress) -> PackagedPlugin:
    manifest, files = inputs.checked.manifest, inputs.files
    plugin, dockerfile = manifest.plugin, manifest.dockerfile
    build = DockerfileBuild(dockerfile=dockerfile, files=files, plugin=plugin.name, handler=plugin.handler)
    image = build_dockerfile(build, LayerStore(store), os.environ, progress)
    artifact = write_dockerfile_layout(image, str(plugin.version), target)
    rows = image_rows(artifact)
    steps = unrepeatable_steps(parse_dockerfile(_text(files, dockerfile)))
    recorded = (*(_warning(dockerfile, step) for step in steps), _without_packages(dockerfile))
    report = evidence.build_report(manifest, _NO_LOCK, rows, artifact, inputs=inputs.digest)
    report = evidence.with_warnings({**report, "image": _describe(dockerfile, image, steps)}, recorded)
    report_file = evidence.write_report(report, target)
    analysis = analyze_packages(manifest, (), lambda: (), package_result_cache(store, manifest, "", ()))
    bundle = Bundle(entries=(), tree_digest=tree_digest(()))
    finished = FinishedBuild(
        manifest=manifest,
        analysis=analysis,
        bundle=bundle,
        artifact=artifact,
        settings=inputs.settings,
        images=image.used,
    )
    soup_warnings = write_evidence(finished)
    return PackagedPlugin(
        artifact=artifact,
        report=report,
        report_file=report_file,
        packages=rows,
        warnings=(*inputs.checked.warnings, *recorded, *soup_warnings),
        unchanged=False,
    )


def _text(files: Sequence[ContextFile], dockerfile: str) -> str:
    return next((file.content.decode("utf-8", "replace") for file in files if file.path == dockerfile), "")


def _inputs_digest(manifest: Manifest, files: Sequence[ContextFile], settings: Sequence[str]) -> str:
    """The digest of everything in the repository that decides the image and its evidence."""
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device has no use for a path
        context = write_context(files, nowhere)
    plugin = manifest.plugin
    inputs = [
        [plugin.name, plugin.version, plugin.runtime, plugin.handler],
        [manifest.dockerfile, context, dict(manifest.build.allow_secrets), list(settings)],
        [builder.__version__, code_digest(), compressor()],
    ]
    return f"sha256:{hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()}"


def _warning(dockerfile: str, step: UnrepeatableStep) -> Problem:
    message = f"{step.instruction.shown}: {step.reason} Another build can give another layer."
    return Problem(
        file=dockerfile,
        line=step.instruction.line,
        message=message,
        hint=step.hint,
        code="unrepeatable-step",
        severity=Severity.WARNING,
    )


def _without_packages(dockerfile: str) -> Problem:
    message = "The SBOM and the SOUP list do not have the packages of an image from a Dockerfile."
    hint = "List them by a scanner of images; soup.toml can have entries for them."
    return Problem(file=dockerfile, message=message, hint=hint, code="incomplete-sbom", severity=Severity.WARNING)


def _describe(dockerfile: str, image: DockerfileImage, steps: Sequence[UnrepeatableStep]) -> dict[str, object]:
    """The image as the report has it."""
    return {
        "dockerfile": dockerfile,
        "images": [used.describe() for used in image.used],
        "layers": [
            {"digest": one.descriptor.digest, "diffId": one.diff_id, "size": one.descriptor.size, "isBase": False}
            for one in image.layers
        ],
        "unrepeatableSteps": [
            {"line": step.instruction.line, "step": step.instruction.shown, "reason": step.reason} for step in steps
        ],
    }
