"""Apply the layers of an image to a folder, as far as they concern ``/var/task``."""

from __future__ import annotations

import hashlib
import os
import tarfile
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from builder.archive.tree_digest import tree_digest
from builder.image.lambda_images import TASK_ROOT
from builder.quoting import printable
from sandbox.functions.images.layer_entries import EntryKind, task_entries, unusable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from builder.oci import Descriptor
    from sandbox.functions.images.function_image import FunctionImage
    from sandbox.functions.images.layer_entries import LayerEntry

_PIECE = 1 << 20
_READ_AND_EXECUTE = 0o555
_FILE_MODE, _PROGRAM_MODE, _LINK_MODE = 0o644, 0o755, 0o777
_ROOT: Final = PurePosixPath("/", TASK_ROOT)


def unpack_image(image: FunctionImage, folder: Path) -> str:
    """Write the code of an image into a new folder, and return the tree digest of it.

    The digest is that of ``package``: of paths, modes (0644, or 0755 for a program) and contents. A symbolic link
    counts with the mode 0777 and its target.

    Args:
        image: The image. Layers of its base that this machine lacks are left out: they are below all others.
        folder: Must not exist.

    Raises:
        FunctionUnavailableError: A layer above the base is missing, damaged or unsafe, or there is no code.
        OSError: The folder cannot be written.
    """
    folder.mkdir(mode=0o700)
    tree = _CodeTree(folder)
    for file, layer in _present_layers(image):
        tree.begin_layer()
        try:
            for entry in task_entries(file, layer):
                tree.apply(entry)
        except (tarfile.TarError, EOFError, zlib.error) as error:  # in the middle of a file
            msg = f"The layer {layer.digest} cannot be read: {error}."
            raise unusable(msg) from error
    return tree.finish()


def _present_layers(image: FunctionImage) -> Iterator[tuple[Path, Descriptor]]:
    """Yield the layers from the lowest one that is here. Those of the base may be missing, but none above."""
    begun = False
    for layer in image.layers:
        file = image.find_blob(layer.digest)
        if file is not None:
            begun = True
            yield file, layer
        elif begun:
            msg = f"The layer {layer.digest} is missing."
            raise unusable(msg)
    if not begun:
        msg = "The image has no layer on this machine."
        raise unusable(msg)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Node:
    """A path of the code: a folder, a file or a symbolic link, as the tree digest sees it."""

    path: str
    kind: EntryKind
    mode: int
    sha256: str = ""


class _CodeTree:
    """The folder while layers are applied. Nothing is ever written through a link."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._nodes: dict[str, _Node] = {}
        self._added: set[str] = set()

    def begin_layer(self) -> None:
        """Whatever exists now belongs to lower layers."""
        self._added.clear()

    def apply(self, entry: LayerEntry) -> None:
        """Carry out one entry."""
        if entry.kind is EntryKind.REMOVAL:
            self._remove([*self._below(entry.path), entry.path], lower_only=True)
        elif entry.kind is EntryKind.EMPTIED_FOLDER:
            self._remove(self._below(entry.path), lower_only=True)
        else:
            self._add(entry)

    def finish(self) -> str:
        """Write-protect the folders, check where links lead to, and return the tree digest."""
        if not self._nodes:
            msg = "The image has no files below /var/task."
            raise unusable(msg)
        root = os.path.realpath(self._folder)
        for node in self._nodes.values():
            if node.kind is EntryKind.SYMBOLIC_LINK:
                end = os.path.realpath(self._place(node.path))
                if end != root and not end.startswith(root + os.sep):
                    msg = f"{printable(node.path)} is a link that leads out of /var/task."
                    raise unusable(msg)
        for path in sorted((node.path for node in self._nodes.values() if node.kind is EntryKind.FOLDER), reverse=True):
            self._place(path).chmod(_READ_AND_EXECUTE)
        self._folder.chmod(_READ_AND_EXECUTE)
        return tree_digest(node for node in self._nodes.values() if node.kind is not EntryKind.FOLDER)

    def _add(self, entry: LayerEntry) -> None:
        self._make_parents(entry.path)
        existing = self._nodes.get(entry.path)
        if existing and not (existing.kind is entry.kind is EntryKind.FOLDER):
            self._remove([*self._below(entry.path), entry.path], lower_only=False)
        if entry.kind is EntryKind.FOLDER:
            self._place(entry.path).mkdir(exist_ok=True)
            self._note(_Node(path=entry.path, kind=entry.kind, mode=entry.mode))
        elif entry.kind is EntryKind.SYMBOLIC_LINK:
            self._link(entry)
        elif entry.kind is EntryKind.HARD_LINK:
            self._copy(entry)
        else:
            self._write(entry)

    def _write(self, entry: LayerEntry) -> None:
        place, digest = self._place(entry.path), hashlib.sha256()
        with place.open("xb") as stream:
            while entry.content is not None and (piece := entry.content.read(_PIECE)):
                digest.update(piece)
                stream.write(piece)
        place.chmod(entry.mode)
        mode = _PROGRAM_MODE if entry.mode & 0o001 else _FILE_MODE
        self._note(_Node(path=entry.path, kind=EntryKind.FILE, mode=mode, sha256=digest.hexdigest()))

    def _copy(self, entry: LayerEntry) -> None:
        original = self._nodes.get(entry.target)
        if original is None or original.kind is not EntryKind.FILE:
            msg = f"{printable(entry.path)} is a link to {printable(entry.target)}, which is not a file."
            raise unusable(msg)
        os.link(self._place(entry.target), self._place(entry.path))
        self._note(_Node(path=entry.path, kind=original.kind, mode=original.mode, sha256=original.sha256))

    def _link(self, entry: LayerEntry) -> None:
        target = PurePosixPath(entry.target)
        if target.is_absolute():  # the code may be unpacked anywhere
            if not target.is_relative_to(_ROOT):
                msg = f"{printable(entry.path)} is a link to {printable(entry.target)}, outside of /var/task."
                raise unusable(msg)
            parent = PurePosixPath(entry.path).parent
            target = PurePosixPath(*[".."] * len(parent.parts), target.relative_to(_ROOT))
        self._place(entry.path).symlink_to(str(target))
        sha256 = hashlib.sha256(entry.target.encode("utf-8", "surrogateescape")).hexdigest()
        self._note(_Node(path=entry.path, kind=entry.kind, mode=_LINK_MODE, sha256=sha256))

    def _make_parents(self, path: str) -> None:
        """Create the folders above a path. A link or a file among them is refused: writing would follow it."""
        for parent in [str(one) for one in reversed(PurePosixPath(path).parents)][1:]:
            node = self._nodes.get(parent)
            if node is None:
                self._place(parent).mkdir()
                self._note(_Node(path=parent, kind=EntryKind.FOLDER, mode=_READ_AND_EXECUTE))
            elif node.kind is not EntryKind.FOLDER:
                msg = f"{printable(path)} is below {printable(parent)}, which is not a folder."
                raise unusable(msg)

    def _remove(self, paths: list[str], *, lower_only: bool) -> None:
        """Remove paths that exist; ``lower_only``: not what the present layer has added."""
        for one in sorted(paths, reverse=True):  # what is in a folder comes before the folder
            if one not in self._nodes or (lower_only and one in self._added):
                continue
            place = self._place(one)
            if self._nodes[one].kind is EntryKind.FOLDER:
                with suppress(OSError):  # the present layer has added something to it
                    place.rmdir()
                    del self._nodes[one]
            else:
                place.unlink()
                del self._nodes[one]

    def _below(self, path: str) -> list[str]:
        return [one for one in self._nodes if not path or one.startswith(f"{path}/")]

    def _note(self, node: _Node) -> None:
        self._nodes[node.path] = node
        self._added.add(node.path)

    def _place(self, path: str) -> Path:
        return self._folder / path
