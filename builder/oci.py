"""The documents of a container image, as the OCI image specification 1.1 has them: values, and strict parsing.

An image is a manifest, a config and layers. Each is a blob, known by its digest; a ``Descriptor``
names one. ``builder.image`` writes and reads images in folders, ``builder.registry`` moves them
between registries, and both use these values. Nothing here does I/O.

Sources: OCI image specification 1.1.1 (descriptor, manifest, image index, config, layer media
types) and Docker's image manifest version 2, schema 2, whose names registries still answer with.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from pathlib import Path

OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
OCI_LAYER_GZIP: Final = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_LAYER_TAR: Final = "application/vnd.oci.image.layer.v1.tar"
OCI_LAYER_ZSTD: Final = "application/vnd.oci.image.layer.v1.tar+zstd"
DOCKER_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX: Final = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG: Final = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER_GZIP: Final = "application/vnd.docker.image.rootfs.diff.tar.gzip"

MANIFEST_TYPES: Final = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
INDEX_TYPES: Final = frozenset({OCI_INDEX, DOCKER_INDEX})
CONFIG_TYPES: Final = frozenset({OCI_CONFIG, DOCKER_CONFIG})
GZIP_LAYER_TYPES: Final = frozenset({OCI_LAYER_GZIP, DOCKER_LAYER_GZIP})

MANIFEST_MAX: Final = 4 * 1024 * 1024
"""Bytes of a manifest or an index: what registries accept at least (OCI distribution specification 1.1)."""

_DIGEST = r"sha256:[0-9a-f]{64}"


class InvalidOciDocumentError(ValueError):
    """A manifest, index or config that the specification does not allow; its text says which key is wrong."""


class Descriptor(Struct, frozen=True, kw_only=True):
    """One blob: what it is, its digest, and its size in bytes.

    Attributes:
        media_type: As in the document that names the blob.
        digest: ``sha256:<hex>`` of its bytes.
        size: In bytes.
    """

    media_type: str
    digest: str
    size: int

    def to_document(self) -> dict[str, object]:
        """As a manifest has it."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size}


class ImageManifest(Struct, frozen=True, kw_only=True):
    """The manifest of one image for one platform.

    Attributes:
        media_type: OCI's or Docker's.
        config: The image's config.
        layers: The layers, the lowest first.
        content: The manifest's own bytes; the digest of an image is the sha256 of these.
    """

    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]
    content: bytes


class StoredLayer(Struct, frozen=True, kw_only=True):
    """A layer on this machine.

    Attributes:
        file: The layer as a registry has it, compressed.
        descriptor: Its media type, digest and size.
        diff_id: ``sha256:<hex>`` of its tar, as the config of an image lists it.
    """

    file: Path
    descriptor: Descriptor
    diff_id: str


class StoredImage(Struct, frozen=True, kw_only=True):
    """An image on this machine, ready to be pushed or copied.

    Attributes:
        manifest: Its manifest.
        files: The file of each blob on this machine, by digest: the config, and every layer that is
            not the base's.
        base: The repository that has the other layers, such as
            ``public.ecr.aws/lambda/python``; empty when ``files`` has all layers.
    """

    manifest: ImageManifest
    files: Mapping[str, Path]
    base: str = ""


class PlatformManifest(Struct, frozen=True, kw_only=True):
    """One entry of an image index: a manifest and the platform that it is for."""

    descriptor: Descriptor
    operating_system: str
    architecture: str


def is_digest(text: str) -> bool:
    """Whether a text is ``sha256:`` and 64 lowercase hexadecimal digits."""
    return re.fullmatch(_DIGEST, text) is not None


def content_digest(content: bytes) -> str:
    """``sha256:<hex>`` of some bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def encode_document(document: Mapping[str, object]) -> bytes:
    """A document in the one form that the kit writes: sorted keys, no spaces, UTF-8."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def write_manifest(config: Descriptor, layers: tuple[Descriptor, ...]) -> ImageManifest:
    """The OCI manifest of an image, with its bytes."""
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": config.to_document(),
        "layers": [layer.to_document() for layer in layers],
    }
    return ImageManifest(media_type=OCI_MANIFEST, config=config, layers=layers, content=encode_document(document))


def parse_manifest(content: bytes, media_type: str = "") -> ImageManifest:
    """Read the manifest of one image.

    Args:
        content: Its bytes.
        media_type: As the registry or the index names it; empty to believe the document.

    Raises:
        InvalidOciDocumentError: It is not the manifest of an image.
    """
    document = _parse_object(content, "The manifest")
    found = _media_type(document, media_type, MANIFEST_TYPES, "the manifest of an image")
    config = _descriptor(document.get("config"), "config")
    layers = _descriptors(document, "layers")
    return ImageManifest(media_type=found, config=config, layers=layers, content=content)


def parse_index(content: bytes, media_type: str = "") -> tuple[PlatformManifest, ...]:
    """Read the entries of an image index; entries without a platform have empty names.

    Raises:
        InvalidOciDocumentError: It is not an image index.
    """
    document = _parse_object(content, "The index")
    _media_type(document, media_type, INDEX_TYPES, "an image index")
    entries = document.get("manifests")
    if not isinstance(entries, list):
        msg = "The index has no list of manifests."
        raise InvalidOciDocumentError(msg)
    return tuple(_platform_manifest(entry, position) for position, entry in enumerate(entries))


def _platform_manifest(entry: object, position: int) -> PlatformManifest:
    descriptor = _descriptor(entry, f"manifests[{position}]")
    platform = entry.get("platform") if isinstance(entry, Mapping) else None
    names = platform if isinstance(platform, Mapping) else {}
    return PlatformManifest(
        descriptor=descriptor,
        operating_system=str(names.get("os", "")),
        architecture=str(names.get("architecture", "")),
    )


def _parse_object(content: bytes, what: str) -> Mapping[str, object]:
    if len(content) > MANIFEST_MAX:
        msg = f"{what} has {len(content):,} bytes; at most {MANIFEST_MAX:,} are allowed."
        raise InvalidOciDocumentError(msg)
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        msg = f"{what} is not a JSON object."
        raise InvalidOciDocumentError(msg)
    return document


def _media_type(document: Mapping[str, object], named: str, allowed: frozenset[str], what: str) -> str:
    """The media type of a document: its own and the one that its sender names have to agree."""
    written = document.get("mediaType", named)
    if document.get("schemaVersion") != 2 or written not in allowed or (named and named != written):  # noqa: PLR2004 - the only version of OCI's documents
        msg = f"This is not {what}: schemaVersion {document.get('schemaVersion')!r}, mediaType {written!r}."
        raise InvalidOciDocumentError(msg)
    return str(written)


def _descriptors(document: Mapping[str, object], key: str) -> tuple[Descriptor, ...]:
    values = document.get(key)
    if not isinstance(values, list):
        msg = f"{key} is not a list."
        raise InvalidOciDocumentError(msg)
    return tuple(_descriptor(value, f"{key}[{position}]") for position, value in enumerate(values))


def _descriptor(value: object, key: str) -> Descriptor:
    if not isinstance(value, Mapping):
        msg = f"{key} is not a descriptor."
        raise InvalidOciDocumentError(msg)
    media_type, digest, size = value.get("mediaType"), value.get("digest"), value.get("size")
    if not isinstance(media_type, str) or not isinstance(digest, str) or not is_digest(digest):
        msg = f"{key} has no media type, or its digest is not sha256: and 64 hexadecimal digits."
        raise InvalidOciDocumentError(msg)
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        msg = f"{key} has no size in bytes."
        raise InvalidOciDocumentError(msg)
    return Descriptor(media_type=media_type, digest=digest, size=size)
