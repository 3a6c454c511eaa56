"""Runs the parsers that are installed with the kit: ruff for Python and oxlint for JavaScript."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

from builder.errors import PackagingError
from builder.host import process

if TYPE_CHECKING:
    from collections.abc import Iterator


def run_parser(name: str, arguments: list[str], folder: Path) -> str:
    """Run a parser in a folder and return what it prints.

    Exit code 1 is not an error: both programs use it for "there are findings".

    Raises:
        PackagingError: The program is not installed, or it failed.
    """
    done = process.run([_program(name), *arguments], cwd=folder)
    if done.returncode not in {0, 1} or not done.stdout:
        message = f"{name} could not parse the plugin's code: {done.stderr.strip() or f'exit code {done.returncode}'}."
        raise PackagingError(message, hint="Reinstall the kit with its dependencies.")
    return done.stdout


def _program(name: str) -> str:
    """The path of the program, wherever pip installed it.

    Raises:
        PackagingError: It is not installed.
    """
    file = name + (".exe" if os.name == "nt" else "")
    program = next((path for path in _candidate_paths(name, file) if path.is_file()), None)
    if program is None:
        message = f"The program {name} is not installed; the kit needs it to parse the plugin's code."
        raise PackagingError(message, hint="Reinstall the kit with its dependencies, for example with pipx.")
    return str(program)


def _candidate_paths(name: str, file: str) -> Iterator[Path]:
    for scheme in (sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user")):
        yield Path(sysconfig.get_path("scripts", scheme)) / file
    from importlib import metadata

    try:
        installed = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return
    # `pip install --target` moves programs into a folder beside the packages, but does not update the list of files.
    yield Path(str(installed.locate_file("bin"))) / file
    yield from (Path(str(path.locate())) for path in installed.files or () if path.name == file)
