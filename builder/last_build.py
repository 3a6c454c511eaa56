"""A record of each plugin's last build: ``package`` need not read the plugin when nothing has changed since.

``package`` decides by content. It reads plugin.toml, the lock and every own file, and compares their digest with the
report beside the artifact; importing what does that takes longer than doing it. The record is a shortcut in front of
it, as git's index is. It has the name, mode, size, times and inode of every file in the folders that decided the last
build, and of the kit's own files. If all of them are the same, and the artifact and the files beside it still have
their digests, nothing has changed. Whatever differs, the complete comparison decides. If only the plugin differs, the
digest of the kit's code is taken from the record.

Records are in the store, in ``builds/``. A planted one cannot pass an artifact off as up to date: it would need the
change times and inodes of the plugin's files on this file system.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from builder.errors import Problem, Severity
from builder.host.fingerprint import LOADED_AT, code_digest, remember_code_digest
from builder.host.git_repository import repository_top

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

RECORDS_FOLDER = "builds"
_SECOND = 1_000_000_000
_FINE_STEP = _SECOND // 20
"""More nanoseconds than pass between two times that a file system can tell apart, ..."""
_COARSE_STEP = 2 * _SECOND
"""... and for file systems that store whole seconds: FAT counts in steps of two."""
_EPOCH_VARIABLE = "SOURCE_DATE_EPOCH"
_SIGNING_KEY_VARIABLE = "BIOT_PLUGIN_SIGNING_KEY"
_ABANDONED_AFTER_SECONDS = 30 * 24 * 60 * 60
_FIELDS = ("message", "hint", "setting", "file", "line", "key", "code")


class RecordedBuild(NamedTuple):
    """The result of the last build.

    Attributes:
        artifact: The ZIP or the folder of the image, absolute.
        size: Its bytes.
        sha256: The digest of the ZIP, or of the image's manifest, in hex.
        warnings: What the build warned about.
    """

    artifact: Path
    size: int
    sha256: str
    warnings: tuple[Problem, ...]


class BuildRequest(NamedTuple):
    """What ``package`` is asked for.

    Attributes:
        folder: The plugin's folder, absolute.
        environment: The ``[environments.NAME]`` to apply, or None.
        output: Folder of the artifact, absolute.
        today: Decides which runtimes can still be used.
    """

    folder: Path
    environment: str | None
    output: Path
    today: date


class BuildInput(NamedTuple):
    """What decided a build, besides the files in the plugin's folder itself and in those above it.

    Attributes:
        folders: Every other folder whose files count.
        began: When the build began, in nanoseconds since 1970.
    """

    folders: tuple[str, ...]
    began: int


class SharedListings:
    """What several records have in common: the kit's own files, and the folders above the plugins.

    Each is listed once. What changes afterwards differs from the record at the next run, so that the complete
    comparison decides then.
    """

    def __init__(self) -> None:
        self.began = time.time_ns()
        self._kit: _Listing | None = None
        self._above: dict[str, _Listing] = {}
        self.is_pruned = False
        """Whether the records of abandoned plugins were deleted already."""

    def kit(self) -> _Listing:
        """The kit's own files, and the folders with the installed packages."""
        if self._kit is None:
            files = _listing(_files_of_the_kit(str(Path(__file__).parent)))
            # A package that is installed or removed changes the time of its folder.
            installed = _listing(_File(path, Path(path).stat()) for path in sys.path if path.endswith("-packages"))
            text = hashlib.sha256(f"{installed.text}\n{files.text}".encode("utf-8", "surrogateescape")).hexdigest()
            self._kit = _Listing(text, files.newest)
        return self._kit

    def files_above(self, folder: str) -> _Listing:
        """The files directly in a folder above a plugin. Its folders do not count: they are other plugins."""
        if folder not in self._above:
            files = [file for file in _files(folder) if file.status is not None]
            self._above[folder] = _listing([_File(f"{folder}/", None), *files])
        return self._above[folder]


class LastBuild:
    """The record of the last build of one plugin.

    Args:
        store: The folder of the store.
        request: What to build.
        variables: The environment variables.
        listings: What the records of several plugins have in common.
    """

    def __init__(
        self,
        store: Path,
        request: BuildRequest,
        variables: Mapping[str, str],
        listings: SharedListings | None = None,
    ) -> None:
        self._listings = listings or SharedListings()
        self._folder = request.folder
        self._request = [*map(str, request), variables.get(_EPOCH_VARIABLE, "")]
        # Whether the provenance has the right signature is decided by reading it.
        self._signed = bool(variables.get(_SIGNING_KEY_VARIABLE))
        name = hashlib.sha256(os.fsencode(request.folder)).hexdigest()
        self._file = store / RECORDS_FOLDER / f"{name}.json"

    def find(self) -> RecordedBuild | None:
        """The last build, if no file that decided it has changed since; else None."""
        if self._signed:
            return None
        try:
            record = json.loads(self._file.read_bytes())
            if record["code"] and record["kit"] == self._listings.kit().text:
                remember_code_digest(record["code"])
            outputs = {output["file"]: output["sha256"] for output in record["outputs"]}
            if (
                record["request"] != self._request
                or record["digest"] != self._snapshot(record["folders"]).text
                or any(_sha256(file) != digest for file, digest in outputs.items())
                or any(str(file) not in outputs for file in _files_of_artifact(Path(record["artifact"])))
            ):
                return None
            return RecordedBuild(
                artifact=Path(record["artifact"]),
                size=int(record["size"]),
                sha256=str(record["sha256"]),
                warnings=tuple(Problem(**row, severity=Severity.WARNING) for row in record["warnings"]),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None  # no record, or another version of the kit wrote it

    def write(self, build: RecordedBuild, inputs: BuildInput, beside: Iterable[Path]) -> None:
        """Record a finished build, unless its files are so fresh that a later change could go unnoticed.

        A store that is not writable records nothing.

        Args:
            build: Its result.
            inputs: What decided it.
            beside: The files that it wrote beside the artifact; it also records the artifact's own.
        """
        with suppress(OSError):
            snapshot = self._snapshot(inputs.folders)
            if self._signed or snapshot.is_fresh(min(inputs.began, self._listings.began)):
                return
            kit = self._listings.kit()
            written = [*_files_of_artifact(build.artifact), *beside]
            outputs = {file: build.sha256 if file == build.artifact else _sha256(file) for file in written}
            record = {
                "request": self._request,
                "folders": inputs.folders,
                "digest": snapshot.text,
                "kit": kit.text,
                "code": "" if kit.is_fresh(LOADED_AT) else code_digest(),  # this process runs older files
                "artifact": str(build.artifact),
                "size": build.size,
                "sha256": build.sha256,
                "outputs": [{"file": str(file), "sha256": digest} for file, digest in outputs.items()],
                "warnings": [{name: getattr(warning, name) for name in _FIELDS} for warning in build.warnings],
            }
            self._replace_file(json.dumps(record))

    def _replace_file(self, text: str) -> None:
        """Write the record; delete those of plugins that nobody has built for a month."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        part = self._file.with_suffix(f".{os.urandom(4).hex()}.part")
        part.write_text(text, encoding="utf-8")
        part.replace(self._file)
        if self._listings.is_pruned:
            return
        self._listings.is_pruned = True
        for file in self._file.parent.iterdir():
            with suppress(FileNotFoundError):
                if time.time() - file.stat().st_mtime > _ABANDONED_AFTER_SECONDS:
                    file.unlink()

    def _snapshot(self, folders: Iterable[str]) -> _Listing:
        top = repository_top(self._folder)
        above = [str(parent) for parent in self._folder.parents if parent.is_relative_to(top)]
        files = []
        for folder in dict.fromkeys([str(self._folder), *folders]):
            files += [_File(f"{folder}/", None), *_files(folder)]
        listings = [self._listings.kit(), *map(self._listings.files_above, above), _listing(files)]
        text = "\n".join(listing.text for listing in listings)
        digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
        return _Listing(digest, max(listing.newest for listing in listings))


class _File(NamedTuple):
    """A file with what the system knows of it, or the name of a folder."""

    name: str
    status: os.stat_result | None


class _Listing(NamedTuple):
    """Files as lines of text or as their digest, and the newest time among them in nanoseconds; 0 without files."""

    text: str
    newest: int

    def is_fresh(self, began: int) -> bool:
        """Whether a file changed so shortly before ``began`` that another change could leave the same time."""
        step = _COARSE_STEP if self.newest % _SECOND == 0 else _FINE_STEP
        return self.newest > began - step


def _listing(files: Iterable[_File]) -> _Listing:
    files = tuple(files)
    times = (max(file.status.st_mtime_ns, file.status.st_ctime_ns) for file in files if file.status)
    return _Listing("\n".join(map(_describe, files)), max(times, default=0))


def _files_of_artifact(artifact: Path) -> list[Path]:
    """The ZIP itself, or every file in the folder of an image."""
    return [file for file in artifact.rglob("*") if not file.is_dir()] if artifact.is_dir() else [artifact]


def _files(folder: str) -> Iterator[_File]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=_name):
            yield _File(f"{entry.name}/", None) if entry.is_dir() else _File(entry.name, entry.stat())


def _files_of_the_kit(folder: str) -> Iterator[_File]:
    for file in _files(folder):
        yield file
        if file.status is None and file.name != "__pycache__/":
            yield from _files_of_the_kit(f"{folder}/{file.name[:-1]}")


def _describe(file: _File) -> str:
    if (status := file.status) is None:
        return file.name
    return f"{file.name} {status.st_mode} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _sha256(file: str | Path) -> str:
    with Path(file).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
