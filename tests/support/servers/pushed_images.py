"""Small images for pushes: random layers, some of which only the base's registry has."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.oci import OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST, Descriptor, StoredImage, write_manifest
from tests.support.servers.image_registry import sha256

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.support.servers.image_registry import Stored


@dataclass(frozen=True, kw_only=True)
class SmallImage:
    """An image on this machine, and the bytes of its blobs by digest; ``base`` are those that have no file."""

    image: StoredImage
    blobs: Mapping[str, bytes]
    base: tuple[str, ...]

    @property
    def digest(self) -> str:
        return sha256(self.image.manifest.content)

    @property
    def own(self) -> tuple[str, ...]:
        return tuple(digest for digest in self.blobs if digest not in self.base)


def small_image(
    folder: Path, own: tuple[int, ...], base: tuple[int, ...] = (), *, base_name: str = "", seed: int = 7
) -> SmallImage:
    """An image with layers of these sizes; the base's come first and have no file."""
    chance = random.Random(seed)  # noqa: S311 - the same bytes each time
    contents = [chance.randbytes(size) for size in (*base, *own)]
    config = json.dumps({"architecture": "amd64", "os": "linux", "seed": seed}).encode()
    blobs = {sha256(content): content for content in (*contents, config)}
    layers = tuple(descriptor(content, OCI_LAYER_GZIP) for content in contents)
    files = {}
    for digest in list(blobs)[len(base) :]:
        files[digest] = folder / digest.removeprefix("sha256:")
        files[digest].write_bytes(blobs[digest])
    manifest = write_manifest(descriptor(config, OCI_CONFIG), layers)
    image = StoredImage(manifest=manifest, files=files, base=base_name)
    return SmallImage(image=image, blobs=blobs, base=tuple(sha256(content) for content in contents[: len(base)]))


def descriptor(content: bytes, media_type: str) -> Descriptor:
    return Descriptor(media_type=media_type, digest=sha256(content), size=len(content))


def store_image(repository: Stored, image: SmallImage, tag: str) -> None:
    """Put a whole image into a repository, as somebody else's push would."""
    repository.blobs.update(image.blobs)
    repository.manifests[image.digest] = (OCI_MANIFEST, image.image.manifest.content)
    repository.tags[tag] = image.digest
