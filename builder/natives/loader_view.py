"""Finds libraries as the loader would: among the artifact's files and the platform's libraries."""

from __future__ import annotations

import posixpath
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from builder.natives.elf import Elf, ElfType
from builder.natives.native_files import NativeFormat, abi_tag, is_library
from builder.platform.libraries import LIBRARY_FOLDERS, MUSL, libraries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from builder.natives.native_files import NativeFile
    from builder.platform.runtimes import Runtime

_TASK = "/var/task"


class LibraryLocation(StrEnum):
    """Where the loader finds a needed library."""

    ARTIFACT = "in the artifact, where the loader looks first"
    PLATFORM = "on Lambda's machine"
    SAME_PACKAGE = "in the artifact, where only the package's own code can find it"
    OTHER_PACKAGE = "in the artifact, in another package's folder"
    MISSING = "nowhere"


class PlacedFile(Struct, frozen=True, kw_only=True):
    """A program or library at its place in the artifact; ``owner`` is ``name version``, empty for the plugin's own."""

    path: str
    owner: str
    native: NativeFile

    @property
    def elf(self) -> Elf | None:
        """Its ELF data, if it is Linux code that can be loaded or run."""
        elf = self.native.elf
        return elf if elf is not None and elf.elf_type is not ElfType.OTHER else None

    @property
    def runs(self) -> bool:
        """It is readable code for Lambda's machine."""
        return self.elf is not None and self.elf.machine == "x86-64" and not self.elf.damage

    @property
    def is_extension(self) -> bool:
        """Python or Node loads it by name."""
        return self.path.endswith(".node") or bool(abi_tag(self.path)) or bool(self.elf and self.elf.has_python_init)

    @property
    def is_program(self) -> bool:
        """It is started, not loaded."""
        elf = self.elf
        return (
            elf is not None and (elf.elf_type is ElfType.PROGRAM or bool(elf.interpreter)) and not is_library(self.path)
        )

    @property
    def is_musl(self) -> bool:
        """It is built for the C library musl, which Lambda does not have."""
        elf = self.elf
        if elf is None or self.native.file_format is not NativeFormat.ELF:
            return False
        return "ld-musl" in elf.interpreter or any(name == MUSL or "musl" in name for name in elf.needed)


class LoaderView:
    """The artifact as the loader sees it.

    Args:
        runtime: Whose libraries are available.
        paths: Every path of the artifact with its owner.
        placed: The programs and libraries among them.
    """

    def __init__(self, runtime: Runtime, paths: Mapping[str, str], placed: Iterable[PlacedFile]) -> None:
        self.runtime = runtime
        self.paths = paths
        self.placed = {one.path: one for one in placed}
        self._platform = libraries(runtime)
        self._named: dict[str, list[str]] = {}
        for path, one in self.placed.items():
            for name in {posixpath.basename(path), one.elf.soname if one.elf else ""} - {""}:
                self._named.setdefault(name, []).append(path)

    def find(self, dependent: PlacedFile, name: str) -> tuple[LibraryLocation, str]:
        """Where ``dependent`` finds a library, in the loader's order, and its path if it is in the artifact."""
        elf = dependent.elf
        if elf is None:
            return LibraryLocation.MISSING, ""
        first = () if elf.runpath else elf.rpath
        if path := self._in_folders(dependent, first, name):
            return LibraryLocation.ARTIFACT, path
        if name in self._platform:
            return LibraryLocation.PLATFORM, ""
        if path := self._in_folders(
            dependent, (*elf.runpath, *(f"{_TASK}/{folder}" for folder in LIBRARY_FOLDERS)), name
        ):
            return LibraryLocation.ARTIFACT, path
        return self._anywhere(dependent, name)

    def needs(self, dependent: PlacedFile) -> Iterator[tuple[str, LibraryLocation, str]]:
        """Every library that a file needs, with its location."""
        for name in dependent.elf.needed if dependent.elf else ():
            yield (name, *self.find(dependent, name))

    def loaded_by_extensions(self) -> frozenset[str]:
        """The extension modules, and every library of the artifact that they load directly or indirectly."""
        pending = [placed for placed in self.placed.values() if placed.is_extension]
        loaded = {placed.path for placed in pending}
        while pending:
            for _, _, path in self.needs(pending.pop()):
                if path in self.placed and path not in loaded:
                    loaded.add(path)
                    pending.append(self.placed[path])
        return frozenset(loaded)

    def _in_folders(self, dependent: PlacedFile, folders: Iterable[str], name: str) -> str:
        origin = posixpath.dirname(dependent.path)
        for folder in folders:
            expanded = folder.replace("${ORIGIN}", "$ORIGIN").replace("$ORIGIN", f"{_TASK}/{origin}")
            path = posixpath.normpath(f"{expanded}/{name}").removeprefix(f"{_TASK}/")
            if path in self.paths:
                return path
        return ""

    def _anywhere(self, dependent: PlacedFile, name: str) -> tuple[LibraryLocation, str]:
        candidates = self._named.get(posixpath.basename(name), [])
        own = [path for path in candidates if self.paths[path] == dependent.owner and path != dependent.path]
        if own:
            return LibraryLocation.SAME_PACKAGE, own[0]
        others = [path for path in candidates if path != dependent.path]
        return (LibraryLocation.OTHER_PACKAGE, others[0]) if others else (LibraryLocation.MISSING, "")
