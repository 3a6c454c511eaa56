"""Write a plugin's image as an OCI layout, completely or not at all: the same bundle gives the same bytes."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from builder.build_values import Artifact
from builder.errors import PackagingError
from builder.image.base_image import BaseImage, config_document, diff_ids
from builder.image.image_config import image_config
from builder.image.layer_plan import LayerPlan, plan_layers
from builder.image.layer_writer import LayerStorage, collect_layers, write_layer
from builder.image.layout_files import (
    BLOBS,
    INDEX_FILE,
    VERSION_DOCUMENT,
    VERSION_FILE,
    LayoutNotes,
    blob_path,
    index_document,
    layout_size,
)
from builder.oci import OCI_CONFIG, Descriptor, StoredLayer, content_digest, write_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from builder.build_values import Bundle

_ABANDONED_AFTER_SECONDS: Final = 3600


class ImageSettings(Struct, frozen=True, kw_only=True):
    """What decides an image besides its files.

    Attributes:
        base: The base image.
        runtime: The Lambda runtime that the code was built for.
        handler: What Lambda calls, as ``file.function``.
        tag: The plugin's version.
    """

    base: BaseImage
    runtime: str
    handler: str
    tag: str


class ImageLayer(Struct, frozen=True, kw_only=True):
    """One layer of a written image.

    Attributes:
        digest: ``sha256:<hex>`` of the layer as a registry has it.
        diff_id: ``sha256:<hex>`` of its tar.
        size: Bytes as a registry has it.
        contents: ``name version`` of each package; empty for the plugin's own files.
        is_base: Whether it is the base's.
    """

    digest: str
    diff_id: str
    size: int
    contents: tuple[str, ...] = ()
    is_base: bool = False


class WrittenImage(Struct, frozen=True, kw_only=True):
    """A written image.

    Attributes:
        artifact: Its folder, digests and sizes.
        base: The base image.
        layers: All layers, the lowest first.
    """

    artifact: Artifact
    base: BaseImage
    layers: tuple[ImageLayer, ...]

    def describe(self) -> dict[str, object]:
        """The image as the build report has it."""
        return {
            "base": self.base.reference,
            "baseDigest": self.base.digest,
            "layers": [
                {
                    "digest": layer.digest,
                    "diffId": layer.diff_id,
                    "size": layer.size,
                    "isBase": layer.is_base,
                    "packages": list(layer.contents),
                }
                for layer in self.layers
            ],
        }


def write_image(bundle: Bundle, settings: ImageSettings, target: Path, storage: LayerStorage) -> WrittenImage:
    """Write the bundle as an image.

    Args:
        bundle: The files; the packages that they are copied from must not have changed.
        settings: The base image, the handler and the tag.
        target: The folder of the layout. It is replaced when everything is written, and unchanged
            otherwise.
        storage: Has the layers of packages that were written before.

    Raises:
        PackagingError: The target cannot be written, or a package is missing or was changed.
        DependencyError: The storage is not writable.
    """
    base = settings.base
    plans = plan_layers(bundle, len(base.layers))
    packages, own = [plan for plan in plans if plan.owners], [plan for plan in plans if not plan.owners]
    stored = collect_layers(packages, storage)
    with new_layout_folder(target) as folder:
        blobs = folder / BLOBS
        blobs.mkdir(parents=True)
        for layer in stored:
            link_blob(layer.file, blob_path(folder, layer.descriptor.digest))
        layers = (*stored, *(_write_own(plan, folder) for plan in own))
        config = image_config(base, settings.runtime, settings.handler, [layer.diff_id for layer in layers])
        descriptor = Descriptor(media_type=OCI_CONFIG, digest=content_digest(config), size=len(config))
        manifest = write_manifest(descriptor, (*base.layers, *(layer.descriptor for layer in layers)))
        notes = LayoutNotes(
            tag=settings.tag, base=base.reference, base_digest=base.digest, base_layers=len(base.layers)
        )
        digest = content_digest(manifest.content)
        blob_path(folder, descriptor.digest).write_bytes(config)
        blob_path(folder, digest).write_bytes(manifest.content)
        (folder / VERSION_FILE).write_bytes(VERSION_DOCUMENT)
        (folder / INDEX_FILE).write_bytes(index_document(manifest, notes))
    artifact = Artifact(
        file=target.absolute(),
        sha256=digest.removeprefix("sha256:"),
        size=layout_size(target),
        unpacked_size=bundle.size,
        entries=len(bundle.entries),
        tree_digest=bundle.tree_digest,
    )
    return WrittenImage(artifact=artifact, base=base, layers=_describe(base, layers, plans))


def _write_own(plan: LayerPlan, folder: Path) -> StoredLayer:
    """Write the layer of the plugin's own files, which are too seldom the same to be stored."""
    layer = write_layer(plan.entries, folder / "own.gz")
    layer.file.replace(blob_path(folder, layer.descriptor.digest))
    return layer


def link_blob(source: Path, target: Path) -> None:
    """Link a layer of the store, or copy it where the file system has no links or is another one."""
    if target.exists():
        return  # two layers with the same files
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _describe(base: BaseImage, layers: Sequence[StoredLayer], plans: Sequence[LayerPlan]) -> tuple[ImageLayer, ...]:
    of_base = zip(base.layers, diff_ids(config_document(base.config)), strict=True)
    return (
        *(
            ImageLayer(digest=layer.digest, diff_id=diff_id, size=layer.size, is_base=True)
            for layer, diff_id in of_base
        ),
        *(
            ImageLayer(
                digest=layer.descriptor.digest,
                diff_id=layer.diff_id,
                size=layer.descriptor.size,
                contents=plan.owners,
            )
            for layer, plan in zip(layers, plans, strict=True)
        ),
    )


@contextmanager
def new_layout_folder(target: Path) -> Iterator[Path]:
    """A new folder beside the target, which takes the target's place at the end. An interrupted write leaves nothing.

    A process that is killed just before the end may leave neither the old folder nor the new one: no system call
    that every platform has exchanges two folders.
    """
    part = target.with_name(f".{target.name}.{os.urandom(4).hex()}.part")
    old = part.with_suffix(".old")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(target)
        part.mkdir()
        yield part
        if target.is_symlink() or (target.exists() and not target.is_dir()):
            target.unlink()
        with suppress(FileNotFoundError):
            target.rename(old)
        part.rename(target)
    except OSError as error:
        msg = f"{target} cannot be written: {error.strerror}."
        hint = "Check that its folder exists, that you may write there, and that the disk has free space."
        raise PackagingError(msg, hint=hint) from error
    finally:
        for folder in (part, old):
            shutil.rmtree(folder, ignore_errors=True)


def _remove_abandoned(target: Path) -> None:
    """Delete what killed processes left beside the target, but not what another process is writing now."""
    for ending in ("part", "old"):
        for abandoned in target.parent.glob(f".{target.name}.*.{ending}"):
            with suppress(OSError):
                if time.time() - abandoned.stat().st_mtime > _ABANDONED_AFTER_SECONDS:
                    shutil.rmtree(abandoned)
