"""The build context: the files that the Docker engine receives, as one tar with the same bytes on every machine."""

from __future__ import annotations

import hashlib
import os
import stat
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from builder.build_values import EXECUTABLE_MODE, REGULAR_MODE
from builder.errors import PackagingError, ProjectError
from builder.image.dockerfile.tar_members import DIRECTORY, FILE, SIZE_MAX, SYMBOLIC_LINK, TarMember, member_records
from builder.image.tar_records import END, MODIFIED, padding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import IO

IGNORE_FILE: Final = ".dockerignore"
ALWAYS_LEFT_OUT: Final = ("**/.git",)
"""Git's history has everything that was ever committed, also what was deleted since."""

_PROGRAM_STARTS: Final = (b"#!", b"\x7fELF")


class ContextFile(Struct, frozen=True, kw_only=True):
    """One file, folder or symbolic link of a build context.

    Attributes:
        path: Relative to the plugin's folder, with ``/``.
        file: Where it is.
        kind: The type flag of its header in a tar.
    """

    path: str
    file: Path
    kind: bytes

    @property
    def origin(self) -> str:
        """The path, for messages about the file."""
        return self.path

    @property
    def content(self) -> bytes:
        """Its bytes; they are read each time.

        Raises:
            PackagingError: It cannot be read.
        """
        try:
            return self.file.read_bytes()
        except OSError as error:
            msg = f"{self.path} cannot be read: {error.strerror}."
            hint = f"Give yourself read permission, or add the file to {IGNORE_FILE}."
            raise PackagingError(msg, hint=hint) from error


def select_context(folder: Path, dockerfile: str, left_out: Sequence[str] = ()) -> tuple[ContextFile, ...]:
    """The files of a build context: everything in the folder that .dockerignore does not name, and never ``.git``.

    Args:
        folder: The plugin's folder.
        dockerfile: The Dockerfile, relative to the folder. A file ``<Dockerfile>.dockerignore`` beside it
            is used instead of ``.dockerignore``, as Docker does.
        left_out: Further patterns in the syntax of ``.dockerignore``.

    Raises:
        ProjectError: There is no Dockerfile, or .dockerignore is not text.
        PackagingError: The docker library is missing, or the folder cannot be read.
    """
    if not (folder / dockerfile).is_file():
        msg = f"{dockerfile} does not exist in the plugin's folder."
        raise ProjectError(msg, hint="Create it, or name another file: dockerfile in [build.image].")
    patterns = [*_ignore_patterns(folder, dockerfile), *left_out, *ALWAYS_LEFT_OUT]
    try:
        found = sorted(_selected_paths(folder, patterns, dockerfile), key=_in_order)
        files = [_context_file(folder, path) for path in found]
    except OSError as error:
        msg = f"{error.filename or folder} cannot be read: {error.strerror}."
        raise PackagingError(msg, hint=f"Give yourself read permission, or add it to {IGNORE_FILE}.") from error
    return tuple(file for file in files if file is not None)


def write_context(files: Iterable[ContextFile], stream: IO[bytes]) -> str:
    """Write a build context as a tar.

    All files have one time and the modes 0644 or 0755: git and Windows know no other modes, and umask
    differs between machines. Files that start with ``#!`` and Linux programs are executable.

    Returns:
        The sha256 of the tar in hex: it depends on nothing but the paths and contents of the files.

    Raises:
        PackagingError: A file cannot be read or is too large.
    """
    digest = hashlib.sha256()

    def write(data: bytes) -> None:
        digest.update(data)
        stream.write(data)

    for file in files:
        content = file.content if file.kind == FILE else b""
        if len(content) > SIZE_MAX:
            msg = f"{file.path} is larger than {SIZE_MAX >> 30} GiB."
            raise PackagingError(msg, hint=f"Add it to {IGNORE_FILE}.")
        write(member_records(_member(file, content)))
        write(content)
        write(padding(len(content)))
    write(END)
    return digest.hexdigest()


def unpack_context(files: Iterable[ContextFile], target: Path) -> None:
    """Copy a build context into an empty folder, for programs that do not read a tar, with the same modes and times.

    Raises:
        PackagingError: A file cannot be read.
        OSError: The folder is not writable.
    """
    for file in files:
        place = target / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        if file.kind == DIRECTORY:
            place.mkdir(exist_ok=True)
        elif file.kind == SYMBOLIC_LINK:
            place.symlink_to(file.file.readlink())
        else:
            content = file.content
            place.write_bytes(content)
            place.chmod(_member(file, content).mode)
            os.utime(place, (MODIFIED, MODIFIED))


def _member(file: ContextFile, content: bytes) -> TarMember:
    if file.kind == SYMBOLIC_LINK:
        return TarMember(path=file.path, kind=file.kind, mode=0o777, target=file.file.readlink().as_posix())
    executable = file.kind == DIRECTORY or content.startswith(_PROGRAM_STARTS)
    mode = EXECUTABLE_MODE if executable else REGULAR_MODE
    return TarMember(path=file.path, kind=file.kind, mode=mode, size=len(content))


def _ignore_patterns(folder: Path, dockerfile: str) -> list[str]:
    for name in (f"{dockerfile}{IGNORE_FILE}", IGNORE_FILE):
        try:
            text = (folder / name).read_text("utf-8-sig")
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as error:
            msg = f"{name} cannot be read as text in UTF-8."
            raise ProjectError(msg, hint="Save it as UTF-8, with read permission.") from error
        lines = (line.strip() for line in text.splitlines())
        return [line for line in lines if line and not line.startswith("#")]
    return []


def _selected_paths(folder: Path, patterns: list[str], dockerfile: str) -> set[str]:
    """The paths as the docker library selects them, and the folders above them."""
    try:
        from docker.utils.build import exclude_paths
    except ImportError:
        raise missing_library() from None
    selected = {str(path).replace(os.sep, "/") for path in exclude_paths(str(folder), patterns, dockerfile)}
    above = {parent for path in selected for parent in _folders_above(path)}
    return {path for path in selected | above if ".git" not in path.split("/")}


def missing_library() -> PackagingError:
    """The error when the ``docker`` library is not installed."""
    msg = "A Dockerfile is built through the docker library, which is not installed."
    return PackagingError(msg, hint='Install it: `pip install "biot-plugin-kit[image]"`.')


def _folders_above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _in_order(path: str) -> list[bytes]:
    """Folders before what is in them."""
    return [os.fsencode(part) for part in path.split("/")]


def _context_file(folder: Path, path: str) -> ContextFile | None:
    """The file at a path; None for sockets, pipes and devices, which no build can use."""
    file = folder / path
    mode = file.lstat().st_mode
    if stat.S_ISLNK(mode):
        return ContextFile(path=path, file=file, kind=SYMBOLIC_LINK)
    if stat.S_ISDIR(mode):
        return ContextFile(path=path, file=file, kind=DIRECTORY)
    return ContextFile(path=path, file=file, kind=FILE) if stat.S_ISREG(mode) else None
