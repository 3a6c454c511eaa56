"""Runs pip: to read the operator's settings, to list versions in an index, and to download locked wheels.

pip downloads because proxies, mirrors, keyrings and certificates already work in it.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from builder.dependencies import operator_settings, tool_failures
from builder.dependencies.python.platform_tags import abis, platforms
from builder.errors import DependencyError
from builder.host import process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from builder.platform.runtimes import Runtime

    VersionLookup = Callable[[str, Runtime], tuple[str, ...]]
    """Name of a package -> the versions that have a wheel for a runtime."""

_AVAILABLE = re.compile(r"^Available versions: (\S.*?)\s*$", re.MULTILINE)


def download_command(python: str, requirements: str, target: str, runtime: Runtime) -> list[str]:
    """The pip command that downloads wheels only, by hash, for the runtime, whatever the host is.

    ``-P`` keeps Python from importing modules of the folder it runs in.
    """
    command = [python, "-P", "-m", "pip", "download", "--no-input", "--no-deps", "--require-hashes"]
    return [*command, *_runtime_options(runtime), "--dest", target, "--requirement", requirements]


def available_versions(name: str, runtime: Runtime, *, folder: Path, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The versions of a package with a wheel for a runtime, newest first; empty when the index does not say."""
    command = [sys.executable, "-P", "-m", "pip", "index", "versions", "--no-input", *_runtime_options(runtime), name]
    completed = process.run(command, cwd=folder, environment=environment)
    match = _AVAILABLE.search(completed.stdout) if completed.returncode == 0 else None
    return tuple(match[1].split(", ")) if match else ()


def read_pip_settings(folder: Path) -> Mapping[str, str]:
    """The operator's settings of pip, as pip itself lists them.

    Raises:
        DependencyError: pip does not run.
    """
    command = [sys.executable, "-P", "-m", "pip", "config", "list"]
    completed = process.run(command, cwd=folder, environment=process.current_environment())
    if completed.returncode != 0:
        message = f"pip does not run in the kit's Python: {tool_failures.last_line(completed.stderr)}."
        hint = "Install the kit again with its dependencies, for example `pipx install biot-plugin-kit`."
        raise DependencyError(message, hint=hint)
    return operator_settings.pip_settings(completed.stdout)


def _runtime_options(runtime: Runtime) -> Iterator[str]:
    yield from ("--only-binary", ":all:", "--implementation", "cp", "--python-version", runtime.version)
    for platform in platforms(runtime):
        yield from ("--platform", platform)
    for abi in abis(runtime):
        yield from ("--abi", abi)
