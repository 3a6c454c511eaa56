"""Chooses versions with uv, for a runtime that is not this machine's."""

from __future__ import annotations

import re
import sys
import tomllib
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from builder.dependencies import operator_settings, tool_failures
from builder.dependencies.python.missing_wheels import explain_newer_glibc, explain_other_runtimes
from builder.dependencies.python.pip_client import available_versions
from builder.dependencies.python.platform_tags import uv_platform
from builder.errors import DependencyError
from builder.host import process

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.dependencies.python.pip_client import VersionLookup
    from builder.errors import Problem
    from builder.platform.runtimes import Runtime

_PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)", re.MULTILINE)
_DIGEST = re.compile(r"--hash=(sha256:[0-9a-f]{64})")
_INDEX_KEYS = {"index", "index-url", "extra-index-url", "find-links", "no-index"}


class ResolutionRequest(Struct, frozen=True, kw_only=True):
    """What uv resolves.

    Attributes:
        requirements: PEP 508 lines.
        constraints: PEP 508 lines that only limit versions.
        preferences: Versions to keep where they still fit, as ``name==version`` lines.
        runtime: Whose platform and Python count.
        universal: For every platform and for Python from ``lowest_python`` on, instead of only the runtime.
        lowest_python: Of a universal resolution; empty for the runtime's version.
        source_packages: Names of packages that are built from source.
        without_dependencies: Leaves out the dependencies of the requirements.
    """

    requirements: tuple[str, ...]
    constraints: tuple[str, ...]
    preferences: str
    runtime: Runtime
    universal: bool = False
    lowest_python: str = ""
    source_packages: tuple[str, ...] = ()
    without_dependencies: bool = False


class ResolvedPackage(Struct, frozen=True, kw_only=True):
    """One package in the version that uv chose, with the hashes of every file of that version."""

    name: str
    version: str
    digests: tuple[str, ...]


def compile_command(uv: str, interpreter: str, request: ResolutionRequest) -> list[str]:
    """The uv command, for a folder with ``requirements.in``, ``constraints.txt`` and ``resolution.txt``.

    ``resolution.txt`` contains the preferred versions before, and the resolution afterwards.
    """
    command = [
        uv,
        "pip",
        "compile",
        "--quiet",
        "requirements.in",
        "--constraints",
        "constraints.txt",
        "--output-file",
        "resolution.txt",
    ]
    command += ["--python", interpreter, "--no-python-downloads"]
    command += ["--python-version", request.lowest_python or request.runtime.version]
    command += ["--universal"] if request.universal else ["--python-platform", uv_platform(request.runtime)]
    command += ["--only-binary", ":all:", *(f"--no-binary={name}" for name in request.source_packages)]
    command += ["--no-deps"] if request.without_dependencies else []
    return [*command, "--generate-hashes", "--no-header", "--no-annotate"]


def resolve(request: ResolutionRequest, folder: Path, pip: Mapping[str, str]) -> str:
    """Uv's resolution as the text of a requirements file.

    Args:
        request: What to resolve.
        folder: An empty folder. An empty ``uv.toml`` in it ends uv's search for project settings in parent folders.
        pip: pip's settings, whose index uv uses where it has none of its own.

    Raises:
        DependencyError: There is no set of versions for the runtime, or the index is unreachable.
    """
    from uv import find_uv_bin

    for name, text in (
        ("uv.toml", ""),
        ("requirements.in", "".join(f"{line}\n" for line in request.requirements)),
        ("constraints.txt", "".join(f"{line}\n" for line in request.constraints)),
        ("resolution.txt", request.preferences),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    environment = operator_settings.uv_environment(process.current_environment(), pip, configured=index_is_configured())
    if (
        request.source_packages
    ):  # uv runs a package's own code to learn its dependencies where its metadata does not list them
        environment = operator_settings.build_environment(environment)
    try:
        command = compile_command(find_uv_bin(), sys.executable, request)
    except FileNotFoundError as error:
        message = "uv, which chooses the versions, is not installed with the kit."
        hint = "Install the kit again with its dependencies, for example `pipx install biot-plugin-kit`."
        raise DependencyError(message, hint=hint) from error
    completed = process.run(command, cwd=folder, environment=environment)
    if completed.returncode != 0:
        index = operator_settings.pip_environment(process.current_environment(), pip)
        available = cache(partial(available_versions, folder=folder, environment=index))
        explained = () if request.universal else _explain(completed.stderr, request, available)
        raise tool_failures.resolution_error(completed, request.runtime, explained)
    return (folder / "resolution.txt").read_text(encoding="utf-8")


def published_digests(
    name: str, version: str, runtime: Runtime, folder: Path, pip: Mapping[str, str]
) -> frozenset[str]:
    """``sha256:<hex>`` of every file of one release, for any platform; empty when the index does not say.

    Args:
        name: Of the package.
        version: Of the release.
        runtime: The one to resolve for.
        folder: An empty folder.
        pip: As for ``resolve``.
    """
    request = ResolutionRequest(
        requirements=(f"{name}=={version}",),
        constraints=(),
        preferences="",
        runtime=runtime,
        universal=True,
        without_dependencies=True,
    )
    try:
        packages = parse_resolution(resolve(request, folder, pip))
    except DependencyError:
        return frozenset()
    return frozenset(digest for package in packages for digest in package.digests)


def _explain(uv_output: str, request: ResolutionRequest, available: VersionLookup) -> tuple[Problem, ...]:
    """What uv does not say about packages without a usable wheel, looked up in the index."""
    newer = tuple(explain_newer_glibc(uv_output, request.runtime, available))
    explained = {problem.message.split(" ", 1)[0] for problem in newer}
    limits = (*request.requirements, *request.constraints)
    return (*newer, *explain_other_runtimes(uv_output, limits, request.runtime, available, explained))


def parse_resolution(text: str) -> tuple[ResolvedPackage, ...]:
    """The packages of a resolution for one runtime."""
    starts = list(_PINNED.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    return tuple(
        ResolvedPackage(
            name=start["name"], version=start["version"], digests=tuple(_DIGEST.findall(text[start.start() : end]))
        )
        for start, end in zip(starts, ends, strict=True)
    )


def index_is_configured() -> bool:
    """Whether the operator's own uv.toml (user or system) names an index."""
    from platformdirs import user_config_path

    candidates = (user_config_path("uv", appauthor=False, roaming=True) / "uv.toml", Path("/etc/uv/uv.toml"))
    return any(_names_index(file) for file in candidates if file.is_file())


def _names_index(file: Path) -> bool:
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return True
    pip = content.get("pip")
    return bool(_INDEX_KEYS & (content.keys() | (pip.keys() if isinstance(pip, dict) else set())))
