"""A strict reader of OCI layouts: it accepts only the form that ``image_writer`` writes, and hashes every byte."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, Final, NoReturn

from msgspec import Struct
from msgspec.structs import replace

from builder.archive.directory import ENTRIES_MAX
from builder.archive.entry_paths import folders_of
from builder.archive.tree_digest import tree_digest
from builder.build_values import Artifact, PackMember
from builder.errors import VerificationError
from builder.image.base_image import config_document, diff_ids
from builder.image.dockerfile.normalized_layer_reader import read_normalized_layer, visible_files
from builder.image.lambda_images import ARCHITECTURE, IMAGE_MAX, LAYERS_MAX, OPERATING_SYSTEM, TASK_ROOT
from builder.image.layer_reader import read_layer_file
from builder.image.layer_tar import LayerContents, LayerRefusedError
from builder.image.layout_files import (
    BLOBS,
    INDEX_FILE,
    VERSION_DOCUMENT,
    VERSION_FILE,
    LayoutNotes,
    blob_path,
    index_document,
    is_from_dockerfile,
    read_notes,
)
from builder.oci import (
    MANIFEST_MAX,
    OCI_CONFIG,
    OCI_LAYER_GZIP,
    Descriptor,
    ImageManifest,
    InvalidOciDocumentError,
    content_digest,
    encode_document,
    parse_index,
    parse_manifest,
    write_manifest,
)
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

_HINT: Final = "It is damaged or was changed, or another tool wrote it: run `biot-plugin package` again."
_BLOB: Final = re.compile(rf"{BLOBS}/[0-9a-f]{{64}}")
_FOLDERS: Final = frozenset({"blobs", BLOBS})
_INDEX_MAX: Final = 1 << 16


class ReadLayer(Struct, frozen=True, kw_only=True):
    """A layer of an image; without ``contents`` it is the base's, which is not in the layout."""

    descriptor: Descriptor
    diff_id: str
    contents: LayerContents | None


class ReadLayout(Struct, frozen=True, kw_only=True):
    """An image that was read completely.

    Attributes:
        artifact: Its digests and sizes.
        manifest: Its manifest.
        config: Its config, as bytes.
        notes: What the index says about the base.
        layers: All layers, the lowest first.
        members: The files of the plugin, as they are below var/task, sorted by path; or all files of an image from a
            Dockerfile, by their whole paths.
    """

    artifact: Artifact
    manifest: ImageManifest
    config: bytes
    notes: LayoutNotes
    layers: tuple[ReadLayer, ...]
    members: tuple[PackMember, ...]

    @property
    def has_dockerfile(self) -> bool:
        """Whether a Docker engine built it from a Dockerfile: then the layout has all layers, and names no base."""
        return is_from_dockerfile(self.notes)


def read_layout(folder: Path) -> ReadLayout:
    """Read every byte of a layout.

    Raises:
        VerificationError: It is missing, damaged, malicious, or in another form than the kit writes.
    """
    try:
        return _read(folder)
    except OSError as error:
        msg = f"{folder} cannot be read: {error.strerror}."
        raise VerificationError(msg, hint="Check the path.") from error
    except UnicodeEncodeError:
        _refuse(folder, "one of its documents has a character that UTF-8 cannot store")


def _read(folder: Path) -> ReadLayout:
    sizes = dict(_list_files(folder))
    if _read_small(folder, VERSION_FILE, sizes, len(VERSION_DOCUMENT)) != VERSION_DOCUMENT:
        _refuse(folder, f"{VERSION_FILE} is not of version 1.0.0, in the form that the kit writes")
    index = _read_small(folder, INDEX_FILE, sizes, _INDEX_MAX)
    manifest, notes = _read_manifest(folder, index, sizes)
    config = _read_blob(folder, manifest.config, sizes)
    ids = _check_config(folder, manifest, config)
    if notes.base_layers > len(manifest.layers):
        _refuse(folder, f"{INDEX_FILE} counts more layers of the base than the image has")
    own = manifest.layers[notes.base_layers :]
    blobs = {f"{BLOBS}/{one.digest.removeprefix('sha256:')}" for one in (manifest.config, *own)}
    blobs.add(f"{BLOBS}/{content_digest(manifest.content).removeprefix('sha256:')}")
    if unknown := sorted(sizes.keys() - blobs - {VERSION_FILE, INDEX_FILE}):
        _refuse(folder, f"it has a file that does not belong to the image: {unknown[0]}")
    layers = tuple(_read_layers(folder, manifest, notes, ids, sizes))
    contents = [layer.contents for layer in layers if layer.contents is not None]
    members = visible_files(contents) if is_from_dockerfile(notes) else _merge(folder, contents)
    artifact = Artifact(
        file=folder.absolute(),
        sha256=content_digest(manifest.content).removeprefix("sha256:"),
        size=sum(sizes.values()),
        unpacked_size=sum(member.size for member in members),
        entries=len(members),
        tree_digest=manifest.config.digest if is_from_dockerfile(notes) else tree_digest(members),
    )
    if is_from_dockerfile(notes):  # as dockerfile_layout counts
        unpacked = sum(layer.unpacked_size for layer in contents)
        artifact = replace(artifact, unpacked_size=unpacked, entries=len(layers))
    return ReadLayout(artifact=artifact, manifest=manifest, config=config, notes=notes, layers=layers, members=members)


def _list_files(folder: Path) -> Iterator[tuple[str, int]]:
    """Path and size of every file, none of which may be a link or a device."""
    pending, count = [""], 0
    while pending:
        prefix = pending.pop()
        with os.scandir(folder / prefix) as entries:
            for entry in entries:
                path, status = f"{prefix}{entry.name}", entry.stat(follow_symlinks=False)
                count += 1
                if count > 2 * LAYERS_MAX:
                    _refuse(folder, "it has more files than any image of the kit")
                if stat.S_ISDIR(status.st_mode) and path in _FOLDERS:
                    pending.append(f"{path}/")
                elif stat.S_ISREG(status.st_mode) and (path in {VERSION_FILE, INDEX_FILE} or _BLOB.fullmatch(path)):
                    yield path, status.st_size
                else:
                    _refuse(folder, f"it has an entry that does not belong into an OCI layout: {printable(path, 200)}")


def _read_small(folder: Path, path: str, sizes: Mapping[str, int], limit: int) -> bytes:
    if path not in sizes:
        _refuse(folder, f"{path} is missing")
    if sizes[path] > limit:
        _refuse(folder, f"{path} has {sizes[path]:,} bytes; at most {limit:,} are allowed")
    return (folder / path).read_bytes()


def _read_blob(folder: Path, descriptor: Descriptor, sizes: Mapping[str, int]) -> bytes:
    path = blob_path(folder, descriptor.digest).relative_to(folder).as_posix()
    content = _read_small(folder, path, sizes, MANIFEST_MAX)
    if len(content) != descriptor.size or content_digest(content) != descriptor.digest:
        _refuse(folder, f"{path} does not have the size and the digest that name it")
    return content


def _read_manifest(folder: Path, index: bytes, sizes: Mapping[str, int]) -> tuple[ImageManifest, LayoutNotes]:
    try:
        entries = parse_index(index)
        if len(entries) != 1:
            _refuse(folder, f"{INDEX_FILE} names {len(entries)} images; the kit writes one")
        descriptor = entries[0].descriptor
        manifest = parse_manifest(_read_blob(folder, descriptor, sizes), descriptor.media_type)
        notes = read_notes(index)
    except (InvalidOciDocumentError, RecursionError) as error:
        _refuse(folder, f"{str(error).rstrip('.')}")
    if len(manifest.layers) > LAYERS_MAX:
        _refuse(folder, f"its manifest has {len(manifest.layers)} layers; at most {LAYERS_MAX} are allowed")
    if write_manifest(manifest.config, manifest.layers).content != manifest.content:
        _refuse(folder, "its manifest is not in the form that the kit writes")
    if index_document(manifest, notes) != index:
        _refuse(folder, f"{INDEX_FILE} is not in the form that the kit writes")
    return manifest, notes


def _check_config(folder: Path, manifest: ImageManifest, config: bytes) -> Sequence[str]:
    document = config_document(config)
    ids = diff_ids(document)
    if manifest.config.media_type != OCI_CONFIG or encode_document(document) != config:
        _refuse(folder, "its config is not in the form that the kit writes")
    if (document.get("os"), document.get("architecture")) != (OPERATING_SYSTEM, ARCHITECTURE):
        _refuse(folder, f"it is not an image for {OPERATING_SYSTEM}/{ARCHITECTURE}")
    if len(ids) != len(manifest.layers):
        _refuse(folder, "its config does not list the digest of each layer")
    return ids


def _read_layers(
    folder: Path, manifest: ImageManifest, notes: LayoutNotes, ids: Sequence[str], sizes: Mapping[str, int]
) -> Iterator[ReadLayer]:
    read = read_normalized_layer if is_from_dockerfile(notes) else read_layer_file
    unpacked = files = 0
    for number, (descriptor, diff_id) in enumerate(zip(manifest.layers, ids, strict=True)):
        if descriptor.media_type != OCI_LAYER_GZIP:
            _refuse(folder, f"layer {number + 1} is not compressed by gzip")
        contents = None
        if number >= notes.base_layers:
            contents = _read_layer(folder, descriptor, sizes, read)
            if contents.diff_id != diff_id:
                _refuse(folder, f"the tar in layer {number + 1} does not have the digest that the config lists")
            unpacked, files = unpacked + contents.unpacked_size, files + len(contents.members)
        if unpacked > IMAGE_MAX or files > ENTRIES_MAX:
            _refuse(folder, f"it has more than {ENTRIES_MAX:,} files, or unpacks to more than {IMAGE_MAX:,} bytes")
        yield ReadLayer(descriptor=descriptor, diff_id=diff_id, contents=contents)


def _read_layer(
    folder: Path, descriptor: Descriptor, sizes: Mapping[str, int], read: Callable[[Path, int], LayerContents]
) -> LayerContents:
    file = blob_path(folder, descriptor.digest)
    path = file.relative_to(folder).as_posix()
    if sizes.get(path) != descriptor.size:
        _refuse(folder, f"{path} is missing, or does not have the {descriptor.size:,} bytes that the manifest names")
    try:
        contents = read(file, descriptor.size)
    except LayerRefusedError as error:
        msg = f"Layer {path} of {folder.name} cannot be trusted: {error}"
        raise VerificationError(msg, hint=_HINT) from error
    if contents.digest != descriptor.digest:
        _refuse(folder, f"{path} does not have the digest in its name")
    return contents


def _merge(folder: Path, layers: Sequence[LayerContents]) -> tuple[PackMember, ...]:
    """The files of all layers, each of which is in one layer only, and never where another layer has a folder."""
    members: dict[str, PackMember] = {}
    folders: set[str] = set()
    for layer in layers:
        for member in layer.members:
            path = member.path.removeprefix(f"{TASK_ROOT}/")
            if path in members:
                _refuse(folder, f"{printable(path)} is in two layers")
            members[path] = replace(member, path=path)
            folders.update(folders_of(path))
    if both := sorted(members.keys() & folders):
        _refuse(folder, f"{printable(both[0])} is a file and a folder at once")
    return tuple(members[path] for path in sorted(members, key=str.encode))


def _refuse(folder: Path, reason: str) -> NoReturn:
    msg = f"{folder.name} is not an image of this kit: {reason}."
    raise VerificationError(msg, hint=_HINT)
