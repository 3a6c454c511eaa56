"""Bases: manifests, configs and layers from registries, with every byte hashed."""

from __future__ import annotations

import hashlib
import io
import json
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final

from builder.archive.atomic_files import atomic_file
from builder.errors import DependencyError
from builder.oci import INDEX_TYPES, MANIFEST_MAX, parse_index, parse_manifest
from builder.registry.distribution import RemoteRepository
from builder.registry.image_references import parse_reference
from builder.registry.registry_calls import FAULTS, Patience, RegistryCalls
from builder.registry.registry_failures import DamagedBlobError, RegistryError
from builder.registry.registry_options import RegistryOptions
from builder.registry.registry_transport import RegistryTransport
from builder.registry.stored_log_ins import stored_credentials

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from builder.oci import Descriptor, ImageManifest
    from builder.progress import Progress
    from builder.registry.distribution import RemoteDocument
    from builder.registry.image_references import ImageReference

_OPERATING_SYSTEM: Final = "linux"
_ARCHITECTURE: Final = "amd64"
_MOST_DAMAGED: Final = 3


def pull_base(
    reference: str, *, progress: Progress, options: RegistryOptions | None = None
) -> tuple[ImageManifest, bytes]:
    """The manifest of an image for linux/amd64, and the bytes of its config.

    Args:
        reference: The name of the image, or of an index of images for several platforms.
        progress: Shows what is fetched.
        options: How the registry is used.

    Raises:
        InvalidReferenceError: The name is not the name of an image.
        DependencyError: There is no such image, or the registry gave no usable answer.
    """
    name = parse_reference(reference)
    progress.begin(f"Reading {name}", 2)
    with open_repository(name, options or RegistryOptions()) as repository:
        document = _existing(repository, name, name.pointer)
        if document.media_type in INDEX_TYPES:
            document = _existing(repository, name, _platform_digest(document, name))
        manifest = parse_manifest(document.content, document.media_type)
        progress.advance("manifest")
        config = _read_config(repository, manifest.config, name)
        progress.advance("config")
    return manifest, config


def fetch_blob(reference: str, blob: Descriptor, target: Path, *, options: RegistryOptions | None = None) -> None:
    """Download a blob into a file, which appears whole or not at all.

    Args:
        reference: The name of an image in the repository.
        blob: Its digest and size.
        target: The file; an existing one is replaced.
        options: How the registry is used.

    Raises:
        InvalidReferenceError: The name is not the name of an image.
        DependencyError: The repository does not have the blob, or gave no usable answer.
        PackagingError: The file cannot be written.
    """
    name = parse_reference(reference)
    with open_repository(name, options or RegistryOptions()) as repository, atomic_file(target) as stream:
        _download(repository, blob, stream)


@contextmanager
def open_repository(name: ImageReference, options: RegistryOptions) -> Iterator[RemoteRepository]:
    """A repository for reading, with the credentials that ``docker login`` stored; its failures are DependencyError."""
    with closing(RegistryTransport(options)) as transport:
        scopes = (f"repository:{name.repository}:pull",)
        credentials = stored_credentials(name.registry, options.environ)
        try:
            yield RemoteRepository(RegistryCalls(name.base_url, transport, options, scopes, credentials), name)
        except RegistryError as error:
            msg = f"{name} cannot be read. {error.message}"
            raise DependencyError(msg, hint=error.hint) from error


def _existing(repository: RemoteRepository, name: ImageReference, pointer: str) -> RemoteDocument:
    document = repository.read_manifest(pointer)
    if document is None:
        msg = f"{name.registry} has no image {name.repository} with {pointer}."
        raise DependencyError(msg, hint="Check the name and the tag of the base image.")
    return document


def _platform_digest(document: RemoteDocument, name: ImageReference) -> str:
    entries = parse_index(document.content, document.media_type)
    for entry in entries:
        if (entry.operating_system, entry.architecture) == (_OPERATING_SYSTEM, _ARCHITECTURE):
            return entry.descriptor.digest
    found = sorted({f"{entry.operating_system}/{entry.architecture}" for entry in entries if entry.operating_system})
    msg = f"{name} has no image for linux/amd64, only for {', '.join(found) or 'no platform'}."
    raise DependencyError(msg, hint="Choose a base image for x86_64, the architecture of BioT's functions.")


def _read_config(repository: RemoteRepository, config: Descriptor, name: ImageReference) -> bytes:
    if config.size > MANIFEST_MAX:
        msg = f"The config of {name} has {config.size:,} bytes; at most {MANIFEST_MAX:,} are allowed."
        raise DependencyError(msg, hint="Choose another base image.")
    stream = io.BytesIO()
    _download(repository, config, stream)
    content = stream.getvalue()
    try:
        document = json.loads(content)
        platform = f"{document.get('os')}/{document.get('architecture')}"
    except (ValueError, AttributeError, RecursionError):
        platform = "no platform"
    if platform != f"{_OPERATING_SYSTEM}/{_ARCHITECTURE}":
        msg = f"{name} is an image for {platform}, not for linux/amd64."
        raise DependencyError(msg, hint="Choose a base image for x86_64, the architecture of BioT's functions.")
    return content


def _download(repository: RemoteRepository, blob: Descriptor, stream: BinaryIO | io.FileIO) -> None:
    """Write a blob into an empty stream; after a fault the rest is fetched."""
    patience, state, position, damaged = Patience(repository.calls), hashlib.sha256(), 0, 0
    while True:
        try:
            with closing(repository.read_blob(blob, position)) as pieces:
                for piece in pieces:
                    stream.write(piece)
                    state.update(piece)
                    position += len(piece)
                    patience.progressed()
        except FAULTS as fault:
            patience.wait(fault)
            continue
        if f"sha256:{state.hexdigest()}" == blob.digest:
            return
        damaged += 1
        if damaged == _MOST_DAMAGED:
            msg = f"The bytes that {repository.calls.host} sends for {blob.digest[:19]}… do not have this digest."
            raise DamagedBlobError(msg, hint="Something between this machine and the registry changes downloads.")
        stream.seek(0)
        stream.truncate()
        state, position = hashlib.sha256(), 0
