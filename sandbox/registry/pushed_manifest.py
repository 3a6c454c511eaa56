"""Read a manifest that a client pushes: an image, or an index of several. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from builder.oci import (
    INDEX_TYPES,
    MANIFEST_MAX,
    MANIFEST_TYPES,
    InvalidOciDocumentError,
    parse_index,
    parse_manifest,
)
from sandbox.web.biot_errors import ApiError


@dataclass(frozen=True, kw_only=True, slots=True)
class PushedManifest:
    """A manifest that follows the specification.

    Attributes:
        media_type: OCI's or Docker's, of an image or of an index.
        content: Its bytes, unchanged.
        digest: Of these bytes.
        blobs: The digests of the config and the layers.
        manifests: The digests of the manifests of an index.
    """

    media_type: str
    content: bytes
    digest: str
    blobs: tuple[str, ...] = ()
    manifests: tuple[str, ...] = ()


def read_pushed(content: bytes, content_type: str) -> PushedManifest:
    """Read a manifest.

    Args:
        content: The body of the request.
        content_type: Its ``Content-Type``; empty to believe the document.

    Raises:
        ApiError: 400 ``MANIFEST_INVALID``, 413 ``SIZE_INVALID``.
    """
    if len(content) > MANIFEST_MAX:
        raise ApiError(413, "SIZE_INVALID", f"The manifest is larger than {MANIFEST_MAX} bytes.")
    named = content_type.partition(";")[0].strip()
    media_type = named or _own_type(content)
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    try:
        if media_type in INDEX_TYPES:
            parts = tuple(entry.descriptor.digest for entry in parse_index(content, media_type))
            return PushedManifest(media_type=media_type, content=content, digest=digest, manifests=parts)
        if media_type in MANIFEST_TYPES:
            image = parse_manifest(content, media_type)
            blobs = tuple(dict.fromkeys((image.config.digest, *(layer.digest for layer in image.layers))))
            return PushedManifest(media_type=media_type, content=content, digest=digest, blobs=blobs)
    except InvalidOciDocumentError as error:
        raise ApiError(400, "MANIFEST_INVALID", str(error)) from error
    msg = "The Content-Type is not that of an image manifest or an image index, of OCI or Docker."
    raise ApiError(400, "MANIFEST_INVALID", msg, {"mediaType": media_type})


def _own_type(content: bytes) -> str:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    return str(document.get("mediaType", "")) if isinstance(document, dict) else ""
