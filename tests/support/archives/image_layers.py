"""Container images for tests: layers as a tar writer makes them, in a folder with the OCI image layout."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.image.layout_files import BASE_NAME_KEY as BASE_NAME
from builder.oci import OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST, Descriptor, content_digest, write_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from builder.oci import ImageManifest


__all__ = ["BASE_NAME"]


@dataclass(frozen=True, kw_only=True)
class LayerMember:
    """A member of a layer's tar.

    Attributes:
        name: As the tar has it.
        content: Of a file.
        kind: A type of ``tarfile``.
        target: Of a link.
        mode: Its permissions.
    """

    name: str
    content: bytes = b""
    kind: bytes = tarfile.REGTYPE
    target: str = ""
    mode: int = 0o644


def file(name: str, content: str = "", mode: int = 0o644) -> LayerMember:
    """A file below /var/task."""
    return LayerMember(name=f"var/task/{name}", content=content.encode(), mode=mode)


def folder(name: str) -> LayerMember:
    """A folder below /var/task."""
    return LayerMember(name=f"var/task/{name}", kind=tarfile.DIRTYPE, mode=0o755)


def symbolic_link(name: str, target: str) -> LayerMember:
    """A symbolic link below /var/task."""
    return LayerMember(name=f"var/task/{name}", kind=tarfile.SYMTYPE, target=target)


def hard_link(name: str, target: str) -> LayerMember:
    """A hard link below /var/task to a path from the root."""
    return LayerMember(name=f"var/task/{name}", kind=tarfile.LNKTYPE, target=target)


def layer(members: Sequence[LayerMember]) -> bytes:
    """A layer, compressed."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member in members:
            info = tarfile.TarInfo(member.name)
            info.type, info.linkname, info.mode, info.size = (
                member.kind,
                member.target,
                member.mode,
                len(member.content),
            )
            archive.addfile(info, io.BytesIO(member.content))
    return gzip.compress(stream.getvalue(), mtime=0)


def write_layout(target: Path, layers: Sequence[bytes], settings: Mapping[str, object] | None = None) -> ImageManifest:
    """Write a layout with one image and return its manifest; ``settings`` is the ``config`` of its config."""
    blobs = target / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": settings or {}}).encode()
    manifest = write_manifest(
        _stored(blobs, config, OCI_CONFIG), tuple(_stored(blobs, one, OCI_LAYER_GZIP) for one in layers)
    )
    descriptor = _stored(blobs, manifest.content, OCI_MANIFEST).to_document()
    index = {"schemaVersion": 2, "manifests": [{**descriptor, "platform": {"os": "linux", "architecture": "amd64"}}]}
    (target / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (target / "index.json").write_text(json.dumps({**index, "mediaType": "application/vnd.oci.image.index.v1+json"}))
    return manifest


def _stored(blobs: Path, content: bytes, media_type: str) -> Descriptor:
    (blobs / hashlib.sha256(content).hexdigest()).write_bytes(content)
    return Descriptor(media_type=media_type, digest=content_digest(content), size=len(content))
