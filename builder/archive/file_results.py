"""Results about the plugin's own files, kept from one build to the next: only a changed file is examined again.

Examining one file takes about 1.5 ms, and a plugin has dozens or thousands. A result follows from
the file's path, its content, the kit's code, the installed packages and the Python that runs them;
all of these are compared. The results of one plugin are one file in the store, beside the record of
its last build, deleted like it after a month, and never shared between machines.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.errors import PackagingError
from builder.host.fingerprint import code_digest
from builder.last_build import RECORDS_FOLDER

if TYPE_CHECKING:
    from builder.build_values import OwnFile


class FileResults:
    """The results about one plugin's own files.

    Args:
        file: Where they are stored; None to keep nothing.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._stored = _read(file) if file is not None else {}
        self._used: dict[tuple[str, str], Any] = {}
        self._is_new = False
        self._digests: dict[tuple[str, int], str] = {}

    @classmethod
    def of_plugin(cls, store: Path, folder: Path) -> FileResults:
        """The results about the plugin in a folder.

        Args:
            store: The folder of the store.
            folder: The plugin's folder, absolute.
        """
        return cls(store / RECORDS_FOLDER / f"{hashlib.sha256(os.fsencode(folder)).hexdigest()}-files.json")

    def get(self, name: str, source: OwnFile) -> Any:  # noqa: ANN401 - whatever JSON has
        """The result of an examination of this very content, or None.

        Args:
            name: The examination, with everything but the file that decides its result.
            source: The file.
        """
        key = (self._digest(source), name)
        result = self._used.get(key, self._stored.get(key))
        if result is not None:
            self._used[key] = result
        return result

    def put(self, name: str, source: OwnFile, result: object) -> None:
        """Keep a result that JSON has; None means that nothing is known."""
        self._used[self._digest(source), name] = result
        self._is_new = True

    def save(self) -> None:
        """Store the results that this build used; a store that is not writable keeps the old ones."""
        if self._file is None or not self._is_new:
            return
        from builder.archive.atomic_files import atomic_file

        rows = [(digest, name, result) for (digest, name), result in self._used.items()]
        text = json.dumps({"examiner": _examiner(), "results": rows})
        with suppress(PackagingError), atomic_file(self._file) as stream:
            stream.write(text.encode("utf-8", "surrogatepass"))

    def _digest(self, source: OwnFile) -> str:
        place = (source.path, id(source.content))
        if place not in self._digests:
            path = os.fsencode(source.path)
            self._digests[place] = hashlib.sha256(b"%d:%b%b" % (len(path), path, source.content)).hexdigest()
        return self._digests[place]


def _read(file: Path) -> dict[tuple[str, str], Any]:
    try:
        stored = json.loads(file.read_bytes())
        rows = stored["results"] if stored["examiner"] == _examiner() else ()
        return {(digest, name): result for digest, name, result in rows}
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # none yet, or another version of the kit wrote them


def _examiner() -> list[str]:
    """Everything that decides a result besides the file: this Python, the kit, and what is installed beside it."""
    installed = [path for path in sys.path if path.endswith("-packages")]
    times = [f"{path} {Path(path).stat().st_mtime_ns}" for path in installed if Path(path).is_dir()]
    return [sys.version, code_digest(), *times]
