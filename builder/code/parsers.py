"""The parsers that the kit installs as programs: ruff for Python and oxlint for JavaScript."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

from builder import process
from builder.errors import PackagingError

if TYPE_CHECKING:
    from collections.abc import Iterator


def run_parser(name: str, arguments: list[str], folder: Path) -> str:
    """Start a parser in a folder and return what it prints.

    Exit codes are not looked at: both programs use 1 for "there are findings".

    Raises:
        PackagingError: The program is not installed, or could not do its work.
    """
    done = process.run([_find(name), *arguments], cwd=folder)
    if done.returncode not in {0, 1} or not done.stdout:
        message = f"{name} could not parse the plugin's code: {done.stderr.strip() or f'exit code {done.returncode}'}."
        raise PackagingError(message, hint="Install the kit again with its dependencies.")
    return done.stdout


def _find(name: str) -> str:
    """The program's file, wherever pip put it.

    Raises:
        PackagingError: It is not installed.
    """
    file = name + (".exe" if os.name == "nt" else "")
    program = next((place for place in _places(name, file) if place.is_file()), None)
    if program is None:
        message = f"{name}, which parses the plugin's code, is not installed beside the kit."
        raise PackagingError(message, hint="Install the kit again with its dependencies, for example with pipx.")
    return str(program)


def _places(name: str, file: str) -> Iterator[Path]:
    for scheme in (sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user")):
        yield Path(sysconfig.get_path("scripts", scheme)) / file
    from importlib import metadata

    try:
        installed = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return
    # `pip install --target` moves programs beside the packages, and leaves the list of files as it was.
    yield Path(str(installed.locate_file("bin"))) / file
    yield from (Path(str(path.locate())) for path in installed.files or () if path.name == file)
