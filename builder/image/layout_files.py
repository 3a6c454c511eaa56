"""An OCI layout as a folder: its files, and the two documents that the kit writes at its root.

::

    oci-layout               the version of the format
    index.json               names the one manifest, the base image, and how many layers are the base's
    blobs/sha256/<hex>       the manifest, the config, and each of the plugin's own layers

The base's layers are not inside: a registry has them, and every plugin on the same base shares them.
Sources: OCI image layout specification 1.1; annotations ``org.opencontainers.image.*`` of the OCI
image specification.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from builder.image.lambda_images import ARCHITECTURE, OPERATING_SYSTEM
from builder.oci import (
    MANIFEST_TYPES,
    OCI_INDEX,
    Descriptor,
    ImageManifest,
    InvalidOciDocumentError,
    StoredImage,
    content_digest,
    encode_document,
    parse_index,
    parse_manifest,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SUFFIX: Final = ".oci"
"""Of the folder of an image, as ``.zip`` is that of a ZIP."""
VERSION_FILE: Final = "oci-layout"
INDEX_FILE: Final = "index.json"
BLOBS: Final = "blobs/sha256"
VERSION_DOCUMENT: Final = encode_document({"imageLayoutVersion": "1.0.0"})

TAG_KEY: Final = "org.opencontainers.image.ref.name"
BASE_NAME_KEY: Final = "org.opencontainers.image.base.name"
BASE_DIGEST_KEY: Final = "org.opencontainers.image.base.digest"
BASE_LAYERS_KEY: Final = "io.github.biot-plugin-kit.base-layers"
"""The first so many layers of the manifest are the base's, and not in the layout: other tools need to fetch them."""

_PLATFORMS: Final = {(OPERATING_SYSTEM, ARCHITECTURE), ("", "")}
"""The platform of Lambda, and an entry of an index that names none."""


class LayoutNotes(Struct, frozen=True, kw_only=True):
    """What ``index.json`` says besides the manifest.

    Attributes:
        tag: The plugin's version.
        base: The base image, with its registry.
        base_digest: ``sha256:<hex>`` of its manifest.
        base_layers: How many of the first layers are the base's.
    """

    tag: str
    base: str
    base_digest: str
    base_layers: int

    @property
    def repository(self) -> str:
        """The base without its tag and digest: the repository that has its layers."""
        host, slash, path = self.base.partition("@")[0].partition("/")
        return f"{host}{slash}{path.partition(':')[0]}"


def is_from_dockerfile(notes: LayoutNotes) -> bool:
    """Whether an index says that a Docker engine built the image: it names no base, because all layers are inside."""
    return not notes.base


def is_layout(artifact: Path) -> bool:
    """Whether the path of an artifact is that of an image, not of a ZIP."""
    return artifact.suffix == SUFFIX


def artifact_stem(artifact: Path) -> str:
    """``a-1`` for ``dist/a-1.zip`` and for ``dist/a-1.oci``."""
    return artifact.name.removesuffix(".zip").removesuffix(SUFFIX)


def layout_files(layout: Path) -> dict[str, Path]:
    """Every file in a layout by its path inside, sorted; also those that do not belong there."""
    files = (file for file in layout.rglob("*") if not file.is_dir() or file.is_symlink())
    return dict(sorted((file.relative_to(layout).as_posix(), file) for file in files))


def blob_path(layout: Path, digest: str) -> Path:
    """The file of a blob in a layout."""
    return layout / BLOBS / digest.removeprefix("sha256:")


def layout_size(layout: Path) -> int:
    """Bytes of all files in a layout."""
    return sum(file.stat().st_size for file in layout_files(layout).values())


def index_document(manifest: ImageManifest, notes: LayoutNotes) -> bytes:
    """``index.json`` in the only form that the kit writes."""
    descriptor = Descriptor(
        media_type=manifest.media_type, digest=content_digest(manifest.content), size=len(manifest.content)
    )
    annotations = {
        TAG_KEY: notes.tag,
        BASE_NAME_KEY: notes.base,
        BASE_DIGEST_KEY: notes.base_digest,
        BASE_LAYERS_KEY: str(notes.base_layers),
    }
    platform = {"os": OPERATING_SYSTEM, "architecture": ARCHITECTURE}
    entry = {**descriptor.to_document(), "platform": platform, "annotations": annotations}
    return encode_document({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]})


def read_notes(index: bytes, number: int = 0) -> LayoutNotes:
    """What an ``index.json`` says about one of its images; empty texts and 0 where it says nothing valid."""
    entry = _image_entry(index, number)
    found = entry.get("annotations")
    annotations: Mapping[str, object] = found if isinstance(found, dict) else {}
    layers = str(annotations.get(BASE_LAYERS_KEY, ""))
    return LayoutNotes(
        tag=str(annotations.get(TAG_KEY, "")),
        base=str(annotations.get(BASE_NAME_KEY, "")),
        base_digest=str(annotations.get(BASE_DIGEST_KEY, "")),
        base_layers=int(layers) if layers.isascii() and layers.isdigit() and len(layers) <= 3 else 0,  # noqa: PLR2004 - at most 127
    )


def image_digest(layout: Path) -> str:
    """The digest of the image in a layout, in hex, as its index names it.

    Raises:
        OSError: It has no index.
        ValueError: The index is damaged.
    """
    digest = _image_entry((layout / INDEX_FILE).read_bytes(), 0).get("digest")
    if not isinstance(digest, str) or not digest.startswith("sha256:"):
        msg = "The index names no manifest."
        raise ValueError(msg)
    return digest.removeprefix("sha256:")


def find_image(layout: Path) -> tuple[ImageManifest, LayoutNotes]:
    """The manifest of the one image for Lambda in a layout of any tool, and what the index says about its base.

    Raises:
        OSError: A document cannot be read.
        InvalidOciDocumentError: The layout is damaged, or has no image for linux/amd64, or several.
    """
    index = (layout / INDEX_FILE).read_bytes()
    entries = parse_index(index, OCI_INDEX)
    numbers = [
        number
        for number, entry in enumerate(entries)
        if entry.descriptor.media_type in MANIFEST_TYPES and (entry.operating_system, entry.architecture) in _PLATFORMS
    ]
    if len(numbers) != 1:
        msg = f"Its index has {len(numbers)} images for {OPERATING_SYSTEM}/{ARCHITECTURE}, not one."
        raise InvalidOciDocumentError(msg)
    descriptor = entries[numbers[0]].descriptor
    content = blob_path(layout, descriptor.digest).read_bytes()
    if content_digest(content) != descriptor.digest:
        msg = "It has a manifest that was changed: its bytes do not have the digest that the index names."
        raise InvalidOciDocumentError(msg)
    return parse_manifest(content, descriptor.media_type), read_notes(index, numbers[0])


def stored_image(layout: Path) -> StoredImage:
    """The image in a layout that this kit wrote, ready to be pushed. Whoever sends its blobs hashes them.

    Raises:
        OSError, ValueError: The layout is damaged; ``biot-plugin verify`` says how.
    """
    manifest, notes = find_image(layout)
    inside = (manifest.config, *manifest.layers[notes.base_layers :])
    files = {blob.digest: blob_path(layout, blob.digest) for blob in inside}
    return StoredImage(manifest=manifest, files=files, base=notes.repository)


def _image_entry(index: bytes, number: int) -> Mapping[str, object]:
    try:
        document = json.loads(index)
    except RecursionError as error:
        msg = "The index is nested too deeply."
        raise ValueError(msg) from error
    manifests = document.get("manifests") if isinstance(document, dict) else None
    entry = manifests[number] if isinstance(manifests, list) and len(manifests) > number else None
    return entry if isinstance(entry, dict) else {}
