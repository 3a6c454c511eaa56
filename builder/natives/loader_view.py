"""What the loader would find: the artifact's files, the platform's libraries, and the paths that lead to them."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from builder.natives.elf import Elf, ElfType
from builder.natives.native_files import NativeFormat, abi_tag, is_library
from builder.platform.libraries import LIBRARY_FOLDERS, MUSL, libraries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from builder.natives.native_files import NativeFile
    from builder.platform.runtimes import Runtime

_TASK = "/var/task"


class LibraryLocation(StrEnum):
    """Where a needed library is."""

    INSIDE = "in the artifact, where the loader looks first"
    PLATFORM = "on Lambda's machine"
    LOOSE = "in the artifact, where only the package's own code can find it"
    ELSEWHERE = "in the artifact, in another package's folder"
    MISSING = "nowhere"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlacedFile:
    """A program or library at its place in the artifact; ``owner`` is ``name version``, empty for the plugin's own."""

    path: str
    owner: str
    native: NativeFile

    @property
    def elf(self) -> Elf | None:
        """What it asks for, if it is Linux code that a program can load."""
        elf = self.native.elf
        return elf if elf is not None and elf.form is not ElfType.OTHER else None

    @property
    def runs(self) -> bool:
        """It is code for Lambda's machine that could be read."""
        return self.elf is not None and self.elf.machine == "x86-64" and not self.elf.damage

    @property
    def is_extension(self) -> bool:
        """Python or Node loads it by its name."""
        return self.path.endswith(".node") or bool(abi_tag(self.path)) or bool(self.elf and self.elf.initialises)

    @property
    def is_program(self) -> bool:
        """It is started, not loaded."""
        elf = self.elf
        return elf is not None and (elf.form is ElfType.PROGRAM or bool(elf.interpreter)) and not is_library(self.path)

    @property
    def is_musl(self) -> bool:
        """It was built for musl's C library, which Lambda does not have."""
        elf = self.elf
        if elf is None or self.native.kind is not NativeFormat.ELF:
            return False
        return "ld-musl" in elf.interpreter or any(name == MUSL or "musl" in name for name in elf.needed)


class LoaderView:
    """The artifact as the loader sees it.

    Args:
        runtime: Whose libraries are there.
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

    def find(self, asking: PlacedFile, name: str) -> tuple[LibraryLocation, str]:
        """Where ``asking`` finds a library, in the loader's order, and its path when it is in the artifact."""
        elf = asking.elf
        if elf is None:
            return LibraryLocation.MISSING, ""
        first = () if elf.runpath else elf.rpath
        if path := self._in_folders(asking, first, name):
            return LibraryLocation.INSIDE, path
        if name in self._platform:
            return LibraryLocation.PLATFORM, ""
        if path := self._in_folders(asking, (*elf.runpath, *(f"{_TASK}/{folder}" for folder in LIBRARY_FOLDERS)), name):
            return LibraryLocation.INSIDE, path
        return self._anywhere(asking, name)

    def needs(self, asking: PlacedFile) -> Iterator[tuple[str, LibraryLocation, str]]:
        """Every library that a file asks for, with where it is."""
        for name in asking.elf.needed if asking.elf else ():
            yield (name, *self.find(asking, name))

    def loaded_by_extensions(self) -> frozenset[str]:
        """The extension modules and every library of the artifact that one of them leads to."""
        waiting = [one for one in self.placed.values() if one.is_extension]
        seen = {one.path for one in waiting}
        while waiting:
            for _, _, path in self.needs(waiting.pop()):
                if path in self.placed and path not in seen:
                    seen.add(path)
                    waiting.append(self.placed[path])
        return frozenset(seen)

    def _in_folders(self, asking: PlacedFile, folders: Iterable[str], name: str) -> str:
        origin = posixpath.dirname(asking.path)
        for folder in folders:
            told = folder.replace("${ORIGIN}", "$ORIGIN").replace("$ORIGIN", f"{_TASK}/{origin}")
            path = posixpath.normpath(f"{told}/{name}").removeprefix(f"{_TASK}/")
            if path in self.paths:
                return path
        return ""

    def _anywhere(self, asking: PlacedFile, name: str) -> tuple[LibraryLocation, str]:
        candidates = self._named.get(posixpath.basename(name), [])
        own = [path for path in candidates if self.paths[path] == asking.owner and path != asking.path]
        if own:
            return LibraryLocation.LOOSE, own[0]
        others = [path for path in candidates if path != asking.path]
        return (LibraryLocation.ELSEWHERE, others[0]) if others else (LibraryLocation.MISSING, "")
