"""What a release brings to BioT, built or given, before the platform is asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from builder import manifest as manifests
from builder import pipeline
from builder.evidence.build_report import file_digest, report_file
from builder.manifest.model import PackageType
from builder.publishing.failures import NotPossible
from builder.publishing.planning.plan import CodeState, Files, Goal

if TYPE_CHECKING:
    from pathlib import Path

    from builder.build_values import Artifact
    from builder.errors import Problem
    from builder.manifest.model import Manifest
    from builder.pipeline import Project
    from builder.progress import Progress
    from builder.publishing.api_values import Target


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
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
class Prepared:
    """A plugin as it is wanted, before the platform was asked.

    Attributes:
        manifest: With the environment applied.
        target: Where it goes.
        goal: What BioT should have.
        files: What is kept for a rollback.
        warnings: Of the build.
        catalog: The day of the catalog that the subscriptions were held against; empty when none was fetched.
    """

    manifest: Manifest
    target: Target
    goal: Goal
    files: Files
    warnings: tuple[Problem, ...] = ()
    catalog: str = ""


def prepare(project: Project, wish: Wish, progress: Progress, aim: tuple[Manifest, Target]) -> Prepared:
    """Build what is to be published, or take what was given.

    Args:
        project: The plugin and its environment.
        wish: What is to be published.
        progress: Told of packages and files.
        aim: The manifest with the environment applied, and where it goes.

    Raises:
        KitError: The plugin cannot be built, or the given artifact is not what it claims to be.
        NotPossible: The wish does not fit the package type.
    """
    manifest, target = aim
    if wish.without_code:
        return _prepare_seed(manifest, target)
    if manifest.plugin.deployment_package_type is PackageType.IMAGE:
        return _prepare_image(project, wish, manifest, target)
    if wish.image_tag is not None:
        msg = f"{manifest.plugin.name} is a ZIP plugin and has no image tag. Nothing was sent."
        raise NotPossible(msg, hint='Leave --image-tag out, or write deploymentPackageType = "IMAGE".')
    if wish.artifact is not None:
        return _prepare_given(wish.artifact, wish, manifest, target)
    packaged = pipeline.package(project, progress)
    prepared = _prepared(manifest, target, packaged.artifact, packaged.report_file, marked=wish.marked)
    return replace(prepared, warnings=packaged.warnings)


def _prepare_seed(manifest: Manifest, target: Target) -> Prepared:
    if manifest.plugin.image_tag is not None:
        msg = f"plugin.toml names the image of {manifest.plugin.name}. Nothing was sent."
        raise NotPossible(msg, hint="Leave imageTag out for BioT's seed image, or --without-code out for your image.")
    goal = _goal(manifest, None, marked=False)
    # The seed has a handler of its own, where BioT's default is; the manifest's is sent with the code.
    settings = {key: value for key, value in goal.desired.items() if key != "handler"}
    return Prepared(manifest=manifest, target=target, goal=replace(goal, desired=settings), files=Files())


def _prepare_image(project: Project, wish: Wish, manifest: Manifest, target: Target) -> Prepared:
    if wish.artifact is not None:
        msg = f"{manifest.plugin.name} is an IMAGE plugin; a ZIP cannot be published for it. Nothing was sent."
        raise NotPossible(msg, hint="Push the image, then publish with --image-tag TAG.")
    warnings = pipeline.check(project).warnings
    tag = wish.image_tag or manifest.plugin.image_tag
    code = CodeState(tree_digest=f"image:{tag}", image_tag=tag) if tag else None
    goal = _goal(manifest, code, marked=wish.marked)
    return Prepared(manifest=manifest, target=target, goal=goal, files=Files(), warnings=warnings)


def _prepare_given(file: Path, wish: Wish, manifest: Manifest, target: Target) -> Prepared:
    from builder.verification import examine_given

    seen = examine_given(file, manifest)
    return _prepared(manifest, target, seen.artifact, report_file(file.absolute()), marked=wish.marked)


def _prepared(manifest: Manifest, target: Target, artifact: Artifact, report: Path, *, marked: bool) -> Prepared:
    code = CodeState(tree_digest=artifact.tree_digest, file=artifact.file)
    files = Files(
        artifact=artifact.file,
        artifact_sha256=artifact.sha256,
        report=report,
        report_sha256=file_digest(report),
    )
    goal = _goal(manifest, code, marked=marked)
    return Prepared(manifest=manifest, target=target, goal=goal, files=files)


def _goal(manifest: Manifest, code: CodeState | None, *, marked: bool) -> Goal:
    digest = code.tree_digest if code is not None and marked else None
    return Goal(name=manifest.plugin.name, desired=manifests.config(manifest.plugin, tree_digest=digest), code=code)
