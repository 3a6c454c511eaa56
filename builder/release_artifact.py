"""Prepare a release before it is sent: build the ZIP or image, or check an artifact that was built before."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace as struct_replace

from builder import manifest as manifests
from builder import pipeline
from builder.evidence.build_report import report_file
from builder.evidence.checksums import file_digest
from builder.image.layout_files import is_layout, stored_image
from builder.manifest.model import PackageType
from builder.publishing.failures import NotPossible
from builder.publishing.planning.plan import DesiredPlugin, PluginCode, ReleaseFiles
from builder.publishing.records.plugin_records import open_records
from builder.publishing.records.promotion import find_proven_release

if TYPE_CHECKING:
    from builder.build_values import Artifact
    from builder.errors import Problem
    from builder.manifest import LoadedManifest
    from builder.manifest.model import Manifest
    from builder.oci import StoredImage
    from builder.pipeline import PackagedPlugin, Project
    from builder.progress import Progress
    from builder.publishing.api.client import BiotClient
    from builder.publishing.api_values import TargetEnvironment
    from builder.publishing.records.promotion import ProvenRelease
    from builder.publishing.state_folder import StateFolder


_ANY_NAME: Final = "promoted.zip"


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishRequest:
    """What to publish, and how.

    Attributes:
        artifact: A prebuilt ZIP or image; None to build it now.
        packaged: What ``package`` has built a moment ago; None to build it now.
        source: The environment whose code is published, byte for byte; None to build the code.
        image_tag: The tag of an image that other tools have pushed, instead of the manifest's.
        without_code: Whether to create the plugin with BioT's seed code; nothing is built.
        marked: Whether to send the code's digest to BioT.
        disabled_first: Whether to enable the plugin only after it was read back.
        plan_file: A saved plan that the result must match, or None.
    """

    artifact: Path | None = None
    packaged: PackagedPlugin | None = None
    source: str | None = None
    image_tag: str | None = None
    without_code: bool = False
    marked: bool = True
    disabled_first: bool = False
    plan_file: Path | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedRelease:
    """A release that is ready to be compared with BioT.

    Attributes:
        manifest: With the environment applied.
        target: The environment to publish to.
        desired: The plugin as BioT should have it.
        files: The files to retain for a rollback.
        image: The image to push before BioT gets its tag; None for a ZIP, and for an image that other tools pushed.
        warnings: Warnings of the build.
        catalog: The day of the catalog that the subscriptions were checked against; empty without one.
        proven: The release of another environment whose code this is; None when it was built.
    """

    manifest: Manifest
    target: TargetEnvironment
    desired: DesiredPlugin
    files: ReleaseFiles
    image: StoredImage | None = None
    warnings: tuple[Problem, ...] = ()
    catalog: str = ""
    proven: ProvenRelease | None = None


def prepare(
    project: Project, request: PublishRequest, progress: Progress, loaded: LoadedManifest, target: TargetEnvironment
) -> PreparedRelease:
    """Build what is to be published, or check the prebuilt artifact.

    Args:
        project: The plugin and its environment.
        request: What to publish.
        progress: Shows the build.
        loaded: The manifest with the environment applied.
        target: The environment to publish to.

    Raises:
        KitError: The plugin cannot be built, or the prebuilt artifact does not match its report.
        NotPossible: The request does not fit the package type.
    """
    manifest = loaded.manifest
    if request.without_code:
        return _prepare_seed(manifest, target)
    if manifest.plugin.deployment_package_type is PackageType.IMAGE and not _is_built(request, manifest):
        return _prepare_pushed_image(project, request, loaded, target)
    if request.image_tag is not None:
        msg = f"{manifest.plugin.name} is a ZIP plugin and has no image tag. Nothing was sent."
        raise NotPossible(msg, hint='Omit --image-tag, or write deploymentPackageType = "IMAGE".')
    if request.artifact is not None:
        return _prepare_prebuilt(request.artifact, request, manifest, target)
    packaged = request.packaged or pipeline.package(project, progress, loaded=loaded)
    prepared = _prepare_artifact(manifest, target, packaged.artifact, packaged.report_file, marked=request.marked)
    return replace(prepared, warnings=packaged.warnings)


def _prepare_seed(manifest: Manifest, target: TargetEnvironment) -> PreparedRelease:
    if manifest.plugin.image_tag is not None:
        msg = f"--without-code sends no image, but plugin.toml has an imageTag for {manifest.plugin.name}."
        hint = "Delete imageTag for BioT's seed image, or omit --without-code for your image. Nothing was sent."
        raise NotPossible(msg, hint=hint)
    desired = _desired_plugin(manifest, None, marked=False)
    # The seed code has its handler at BioT's default place; the manifest's handler is sent with the code.
    settings = {key: value for key, value in desired.settings.items() if key != "handler"}
    return PreparedRelease(
        manifest=manifest, target=target, desired=replace(desired, settings=settings), files=ReleaseFiles()
    )


def _is_built(request: PublishRequest, manifest: Manifest) -> bool:
    """Whether the kit builds the image of an IMAGE plugin, or has built the given one."""
    return manifest.builds_image and request.image_tag is None


def _prepare_pushed_image(
    project: Project, request: PublishRequest, loaded: LoadedManifest, target: TargetEnvironment
) -> PreparedRelease:
    manifest = loaded.manifest
    if request.artifact is not None:
        msg = f"{manifest.plugin.name} has an image that other tools pushed, so there is no artifact to publish."
        hint = "Omit --artifact; or omit the image tag, and let the kit build the image. Nothing was sent."
        raise NotPossible(msg, hint=hint)
    warnings = pipeline.check(project, loaded=loaded).warnings
    tag = request.image_tag or manifest.plugin.image_tag
    code = PluginCode(tree_digest=f"image:{tag}", image_tag=tag) if tag else None
    desired = _desired_plugin(manifest, code, marked=request.marked)
    return PreparedRelease(manifest=manifest, target=target, desired=desired, files=ReleaseFiles(), warnings=warnings)


def _prepare_prebuilt(
    file: Path, request: PublishRequest, manifest: Manifest, target: TargetEnvironment
) -> PreparedRelease:
    from builder.verification import examine_prebuilt  # only for a prebuilt artifact

    if is_layout(file) != manifest.builds_image:
        wanted = "an image (.oci)" if manifest.builds_image else "a ZIP"
        msg = f"{file.name} cannot be published: by its plugin.toml, {manifest.plugin.name} is {wanted}."
        raise NotPossible(msg, hint="Give the artifact that `biot-plugin package` writes. Nothing was sent.")
    examined = examine_prebuilt(file, manifest)
    return _prepare_artifact(manifest, target, examined.artifact, report_file(file.absolute()), marked=request.marked)


def _prepare_artifact(
    manifest: Manifest, target: TargetEnvironment, artifact: Artifact, report: Path, *, marked: bool
) -> PreparedRelease:
    files = ReleaseFiles(report=report, report_sha256=file_digest(report))
    image = _read_image(artifact) if is_layout(artifact.file) else None
    if image is None:
        code = PluginCode(tree_digest=artifact.tree_digest, file=artifact.file)
        files = replace(files, artifact=artifact.file, artifact_sha256=artifact.sha256)
    else:
        from builder.registry import image_tag  # only for an image

        tag = image_tag(artifact.sha256)
        code = PluginCode(tree_digest=f"image:{tag}", image_tag=tag)
    desired = _desired_plugin(manifest, code, marked=marked)
    return PreparedRelease(manifest=manifest, target=target, desired=desired, files=files, image=image)


def _read_image(artifact: Artifact) -> StoredImage:
    try:
        return stored_image(artifact.file)
    except (OSError, ValueError) as error:
        msg = f"{artifact.file.name} was changed since it was built."
        raise NotPossible(msg, hint="Build it again with `biot-plugin package`. Nothing was sent.") from error


def _desired_plugin(manifest: Manifest, code: PluginCode | None, *, marked: bool) -> DesiredPlugin:
    digest = code.tree_digest if code is not None and marked else None
    settings = manifests.render_config(manifest.plugin, tree_digest=digest)
    return DesiredPlugin(name=manifest.plugin.name, settings=settings, code=code)


def read_proven(client: BiotClient, name: str, state: StateFolder) -> ProvenRelease:
    """The retained bytes of the code that an environment has now.

    Args:
        client: The environment.
        name: The plugin's name there.
        state: The state folder, with the journal and the retained releases.

    Raises:
        NotPossible: It is unknown what the environment has, or its bytes are not retained here.
        PublishError: The environment cannot be read.
    """
    remote, records = client.read(name), open_records(state, client.target, name)
    return find_proven_release(client.target, name, remote, records.journal.entries(), records.retained)


def prepare_promoted(proven: ProvenRelease, manifest: Manifest, target: TargetEnvironment) -> PreparedRelease:
    """Check the bytes against the manifest for another environment.

    Args:
        proven: The release to promote.
        manifest: With the settings for the environment to publish to.
        target: The environment to publish to. It gets the code's digest, so that the release can be promoted on.

    Raises:
        KitError: The bytes are damaged, or do not fit the manifest.
    """
    artifact = _examine(proven, manifest)
    prepared = _prepare_artifact(manifest, target, artifact, proven.report, marked=True)
    return replace(prepared, files=replace(prepared.files, commit=proven.entry.commit), proven=proven)


def _examine(proven: ProvenRelease, manifest: Manifest) -> Artifact:
    """Check the retained ZIP as any ZIP that was built before, under the name that its report has."""
    from builder.verification import examine_prebuilt  # only for a prebuilt artifact

    with TemporaryDirectory() as folder:
        copy = Path(folder) / _name_in(proven.report)
        shutil.copyfile(proven.artifact, copy)
        shutil.copyfile(proven.report, report_file(copy))
        examined = examine_prebuilt(copy, manifest).artifact
    if (examined.sha256, examined.tree_digest) != (proven.entry.artifact, proven.entry.digest_to):
        msg = f"The retained bytes of {manifest.plugin.name} are not those that {proven.source.name} has."
        raise NotPossible(msg, hint="Publish there again, test, and promote that. Nothing was sent.")
    return struct_replace(examined, file=proven.artifact)


def _name_in(report: Path) -> str:
    """The ZIP's file name by its report; any name when the report has none."""
    try:
        name = str(json.loads(report.read_bytes())["artifact"]["file"])
    except (ValueError, KeyError, TypeError):
        return _ANY_NAME
    return name if Path(name).name == name and name.endswith(".zip") else _ANY_NAME
