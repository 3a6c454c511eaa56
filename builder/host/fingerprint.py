"""A digest of the kit's own code: results of other code are computed again.

Every file of the package counts, data too. A list of the files that can change a result would be
shorter, and wrong as soon as somebody forgets to extend it.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMPILED = "__pycache__"


@cache
def code_digest(*parts: str) -> str:
    """The sha256 of the names and contents of the kit's files, in hex.

    Args:
        parts: Files such as ``dependencies/npm/tarball.py``, and folders such as ``archive/``; all
            files without any.
    """
    digests = _file_digests()
    lines = [f"{name} {digest}" for name, digest in digests.items() if not parts or name.startswith(parts)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@cache
def _file_digests() -> dict[str, str]:
    """Path inside the package -> sha256 in hex. 290 files take 6 ms; with pathlib they take 26 ms."""
    return dict(sorted(_files(str(Path(__file__).parents[1]), "")))


def _files(folder: str, inside: str) -> Iterator[tuple[str, str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.is_dir():
                with FileIO(entry.path) as file:
                    yield f"{inside}{entry.name}", hashlib.sha256(file.readall()).hexdigest()
            elif entry.name != _COMPILED:
                yield from _files(entry.path, f"{inside}{entry.name}/")
