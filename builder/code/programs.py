"""The parsers that the kit installs as programs: ruff for Python and oxlint for JavaScript."""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path

from builder import process
from builder.errors import PackagingError


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
    file = name + (".exe" if os.name == "nt" else "")
    for scheme in (sysconfig.get_default_scheme(), sysconfig.get_preferred_scheme("user")):
        program = Path(sysconfig.get_path("scripts", scheme)) / file
        if program.is_file():
            return str(program)
    from importlib import metadata

    try:
        installed = metadata.files(name) or []
    except metadata.PackageNotFoundError:
        installed = []
    for path in installed:
        if path.name == file:
            return str(path.locate())
    message = f"{name}, which parses the plugin's code, is not installed beside the kit."
    raise PackagingError(message, hint="Install the kit again with its dependencies, for example with pipx.")
