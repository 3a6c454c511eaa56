"""Runs the parsers that are installed with the kit: ruff for Python and oxlint for JavaScript."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from builder.errors import PackagingError
from builder.host import process

if TYPE_CHECKING:
    from collections.abc import Iterator


def run_parser(name: str, arguments: list[str], folder: Path | None, text: str = "") -> str:
    """Run a parser and return what it prints.

    Exit code 1 is not an error: both programs use it for "there are findings".

    Args:
        name: ``ruff`` or ``oxlint``.
        arguments: Its arguments.
        folder: The folder it runs in; None when it reads no files.
        text: What it reads from standard input.

    Raises:
        PackagingError: The program is not installed, or it failed.
    """
    done = process.run([_program(name), *arguments], cwd=folder, text=text)
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
    if sys.prefix != sys.base_prefix:  # a virtual environment, as pipx and tox make them
        yield Path(sys.executable).with_name(file)
    import sysconfig

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
