"""What a release brings to BioT, built or given, before the platform is asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from builder import manifest as manifests
from builder import pipeline
from builder.evidence.build_report import report_file
from builder.evidence.checksums import file_digest
from builder.manifest.model import PackageType
from builder.publishing.failures import NotPossible
from builder.publishing.planning.plan import DesiredPlugin, PluginCode, ReleaseFiles

if TYPE_CHECKING:
    from pathlib import Path

    from builder.build_values import Artifact
    from builder.errors import Problem
    from builder.manifest.model import Manifest
    from builder.pipeline import Project
    from builder.progress import Progress
    from builder.publishing.api_values import TargetEnvironment


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishRequest:
    """What is to be published, and how.

    Attributes:
        artifact: A ZIP that was built before; None builds it now.
        image_tag: The image's tag, instead of the manifest's.
        without_code: Whether a new plugin is created with BioT's seed code; nothing is built.
        marked: Whether the code's digest is sent to BioT.
        disabled_first: Whether the plugin is switched on only after it was read back.
        plan_file: A plan to hold the platform and the artifact to, or None.
    """

    artifact: Path | None = None
    image_tag: str | None = None
    without_code: bool = False
    marked: bool = True
    disabled_first: bool = False
    plan_file: Path | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedRelease:
    """A plugin as it is wanted, before the platform was asked.

    Attributes:
        manifest: With the environment applied.
        target: Where it goes.
        desired: What BioT should have.
        files: What is kept for a rollback.
        warnings: Of the build.
        catalog: The day of the catalog that the subscriptions were held against; empty when none was fetched.
    """

    manifest: Manifest
    target: TargetEnvironment
    desired: DesiredPlugin
    files: ReleaseFiles
    warnings: tuple[Problem, ...] = ()
    catalog: str = ""


def prepare(
    project: Project, request: PublishRequest, progress: Progress, aim: tuple[Manifest, TargetEnvironment]
) -> PreparedRelease:
    """Build what is to be published, or take what was given.

    Args:
        project: The plugin and its environment.
        request: What is to be published.
        progress: Told of packages and files.
        aim: The manifest with the environment applied, and where it goes.

    Raises:
        KitError: The plugin cannot be built, or the given artifact is not what it claims to be.
        NotPossible: The wish does not fit the package type.
    """
    manifest, target = aim
    if request.without_code:
        return _prepare_seed(manifest, target)
    if manifest.plugin.deployment_package_type is PackageType.IMAGE:
        return _prepare_image(project, request, manifest, target)
    if request.image_tag is not None:
        msg = f"{manifest.plugin.name} is a ZIP plugin and has no image tag. Nothing was sent."
        raise NotPossible(msg, hint='Leave --image-tag out, or write deploymentPackageType = "IMAGE".')
    if request.artifact is not None:
        return _prepare_given(request.artifact, request, manifest, target)
    packaged = pipeline.package(project, progress)
    prepared = _prepared(manifest, target, packaged.artifact, packaged.report_file, marked=request.marked)
    return replace(prepared, warnings=packaged.warnings)


def _prepare_seed(manifest: Manifest, target: TargetEnvironment) -> PreparedRelease:
    if manifest.plugin.image_tag is not None:
        msg = f"plugin.toml names the image of {manifest.plugin.name}. Nothing was sent."
        raise NotPossible(msg, hint="Leave imageTag out for BioT's seed image, or --without-code out for your image.")
    desired = _goal(manifest, None, marked=False)
    # The seed has a handler of its own, where BioT's default is; the manifest's is sent with the code.
    settings = {key: value for key, value in desired.settings.items() if key != "handler"}
    return PreparedRelease(
        manifest=manifest, target=target, desired=replace(desired, settings=settings), files=ReleaseFiles()
    )


def _prepare_image(
    project: Project, request: PublishRequest, manifest: Manifest, target: TargetEnvironment
) -> PreparedRelease:
    if request.artifact is not None:
        msg = f"{manifest.plugin.name} is an IMAGE plugin; a ZIP cannot be published for it. Nothing was sent."
        raise NotPossible(msg, hint="Push the image, then publish with --image-tag TAG.")
    warnings = pipeline.check(project).warnings
    tag = request.image_tag or manifest.plugin.image_tag
    code = PluginCode(tree_digest=f"image:{tag}", image_tag=tag) if tag else None
    desired = _goal(manifest, code, marked=request.marked)
    return PreparedRelease(manifest=manifest, target=target, desired=desired, files=ReleaseFiles(), warnings=warnings)


def _prepare_given(
    file: Path, request: PublishRequest, manifest: Manifest, target: TargetEnvironment
) -> PreparedRelease:
    from builder.verification import examine_prebuilt

    seen = examine_prebuilt(file, manifest)
    return _prepared(manifest, target, seen.artifact, report_file(file.absolute()), marked=request.marked)


def _prepared(
    manifest: Manifest, target: TargetEnvironment, artifact: Artifact, report: Path, *, marked: bool
) -> PreparedRelease:
    code = PluginCode(tree_digest=artifact.tree_digest, file=artifact.file)
    files = ReleaseFiles(
        artifact=artifact.file,
        artifact_sha256=artifact.sha256,
        report=report,
        report_sha256=file_digest(report),
    )
    desired = _goal(manifest, code, marked=marked)
    return PreparedRelease(manifest=manifest, target=target, desired=desired, files=files)


def _goal(manifest: Manifest, code: PluginCode | None, *, marked: bool) -> DesiredPlugin:
    digest = code.tree_digest if code is not None and marked else None
    return DesiredPlugin(
        name=manifest.plugin.name, settings=manifests.render_config(manifest.plugin, tree_digest=digest), code=code
    )
