"""Choosing versions with uv, for a runtime that is not this machine's."""

from __future__ import annotations

import re
import sys
import tomllib
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from builder import process
from builder.dependencies import operator_settings, tool_failures
from builder.dependencies.python.newer_platforms import explain_newer_glibc
from builder.dependencies.python.other_runtimes import explain_other_runtimes
from builder.dependencies.python.platform_tags import uv_platform
from builder.dependencies.python.wheels import available_versions
from builder.errors import DependencyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.dependencies.python.newer_platforms import VersionLookup
    from builder.errors import Problem
    from builder.platform.runtimes import Runtime

_PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)", re.MULTILINE)
_DIGEST = re.compile(r"--hash=(sha256:[0-9a-f]{64})")
_INDEX_KEYS = {"index", "index-url", "extra-index-url", "find-links", "no-index"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolutionRequest:
    """What uv is asked.

    Attributes:
        wanted: Requirements.
        constraints: Requirements that only limit versions.
        keep: Versions to keep where they still fit, ``name==version`` lines.
        runtime: Whose platform and Python count.
        universal: For every platform and for Python from ``python`` on, instead of only the runtime.
        python: Lowest Python version of a universal answer; without it the runtime's.
        sources: Names of packages that are taken as source.
        alone: Whether what the packages need is left out of the answer.
    """

    wanted: tuple[str, ...]
    constraints: tuple[str, ...]
    keep: str
    runtime: Runtime
    universal: bool = False
    python: str = ""
    sources: tuple[str, ...] = ()
    alone: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvedPackage:
    """One package as uv chose it, with the hashes of every file of that version."""

    name: str
    version: str
    digests: tuple[str, ...]


def compile_command(uv: str, interpreter: str, question: ResolutionRequest) -> list[str]:
    """Uv's argument list, for a folder with ``wanted.in``, ``constraints.txt`` and ``answer.txt``.

    The answer file holds the versions to keep before, and the answer afterwards.
    """
    command = [
        uv,
        "pip",
        "compile",
        "--quiet",
        "wanted.in",
        "--constraints",
        "constraints.txt",
        "--output-file",
        "answer.txt",
    ]
    command += ["--python", interpreter, "--no-python-downloads"]
    command += ["--python-version", question.python or question.runtime.version]
    command += ["--universal"] if question.universal else ["--python-platform", uv_platform(question.runtime)]
    command += ["--only-binary", ":all:", *(f"--no-binary={name}" for name in question.sources)]
    command += ["--no-deps"] if question.alone else []
    return [*command, "--generate-hashes", "--no-header", "--no-annotate"]


def resolve(question: ResolutionRequest, folder: Path, pip: Mapping[str, str]) -> str:
    """Uv's answer as the text of a requirements file.

    Args:
        question: What is asked.
        folder: An empty folder. An empty ``uv.toml`` in it ends uv's search for project settings in parent folders.
        pip: pip's settings, whose index uv takes where it was told none.

    Raises:
        DependencyError: There is no set of versions for the runtime, or the index cannot be reached.
    """
    from uv import find_uv_bin

    for name, text in (
        ("uv.toml", ""),
        ("wanted.in", "".join(f"{line}\n" for line in question.wanted)),
        ("constraints.txt", "".join(f"{line}\n" for line in question.constraints)),
        ("answer.txt", question.keep),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    environment = operator_settings.uv_environment(
        process.current_environment(), pip, configured=_index_is_configured()
    )
    if question.sources:  # uv asks a package's own code what it needs, where its metadata does not say
        environment = operator_settings.build_environment(environment)
    try:
        command = compile_command(find_uv_bin(), sys.executable, question)
    except FileNotFoundError as error:
        msg = "uv, which chooses the versions, is not installed beside the kit."
        raise DependencyError(
            msg,
            hint="Install the kit again with its dependencies, for example `pipx install biot-plugin-kit`.",
        ) from error
    done = process.run(command, cwd=folder, environment=environment)
    if done.returncode != 0:
        index = operator_settings.pip_environment(process.current_environment(), pip)
        offered = cache(partial(available_versions, folder=folder, environment=index))
        explained = () if question.universal else _explained(done.stderr, question, offered)
        raise tool_failures.resolution_error(done, question.runtime, explained)
    return (folder / "answer.txt").read_text(encoding="utf-8")


def published_digests(
    name: str, version: str, runtime: Runtime, folder: Path, pip: Mapping[str, str]
) -> frozenset[str]:
    """``sha256:<hex>`` of every file of one release, for whatever platform; none when the index does not say.

    Args:
        name: Of the package.
        version: Of the release.
        runtime: One that the release is asked for.
        folder: An empty folder.
        pip: As for ``resolve``.
    """
    question = ResolutionRequest(
        wanted=(f"{name}=={version}",), constraints=(), keep="", runtime=runtime, universal=True, alone=True
    )
    try:
        answer = parse_resolution(resolve(question, folder, pip))
    except DependencyError:
        return frozenset()
    return frozenset(digest for one in answer for digest in one.digests)


def _explained(said: str, question: ResolutionRequest, offered: VersionLookup) -> tuple[Problem, ...]:
    """What uv does not say about packages without a usable wheel, asked of the index."""
    newer = tuple(explain_newer_glibc(said, question.runtime, offered))
    known = {problem.message.split(" ", 1)[0] for problem in newer}
    limits = (*question.wanted, *question.constraints)
    return (*newer, *explain_other_runtimes(said, limits, question.runtime, offered, known))


def parse_resolution(text: str) -> tuple[ResolvedPackage, ...]:
    """The packages of an answer for one runtime."""
    starts = list(_PINNED.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    return tuple(
        ResolvedPackage(
            name=start["name"], version=start["version"], digests=tuple(_DIGEST.findall(text[start.start() : end]))
        )
        for start, end in zip(starts, ends, strict=True)
    )


def _index_is_configured() -> bool:
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
