"""Versions whose wheels are for a newer machine than the runtime's: uv calls them unusable, without saying why."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from builder.errors import Problem
from builder.platform.runtimes import RUNTIMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from builder.platform.runtimes import Runtime

    VersionLookup = Callable[[str, Runtime], tuple[str, ...]]
    """Name of a package -> the versions that have a wheel for a runtime."""

_UNUSABLE = re.compile(r"([A-Za-z0-9._-]+)(==|>=)(\S+) has no usable wheels")
_MINORS = (28, 31, 34, 35, 39)
"""glibc minors that wheels are built for beyond manylinux2014 (PEP 600 policies in use)."""


def explain_newer_glibc(said: str, runtime: Runtime, offered: VersionLookup) -> Iterator[Problem]:
    """A problem for each requirement that has wheels only for a newer glibc than the runtime's.

    Args:
        said: What uv printed when it failed.
        runtime: Whose glibc counts.
        offered: Asks the index.
    """
    for name, relation, written in dict.fromkeys(_UNUSABLE.findall(said)):
        version = _version(written)
        if version is None:
            continue
        older = _versions(offered(name, runtime))
        later = relation == ">="
        shown, needs = (f"{name} {version} and later", "need") if later else (f"{name} {version}", "needs")
        if _among(version, relation, older):
            yield Problem(
                message=f"{shown}: there is a wheel for {runtime.name}, and uv has no name for its platform.",
                hint=f"Ask for {name}<{version}.",
            )
            continue
        for minor in (minor for minor in _MINORS if (2, minor) > runtime.glibc):
            if _among(version, relation, _versions(offered(name, replace(runtime, glibc=(2, minor))))):
                has = ".".join(map(str, runtime.glibc))
                message = f"{shown} {needs} GLIBC_2.{minor}; {runtime.name} has {has}."
                yield Problem(message=message, hint=_ways(f"{name}<{version}", (2, minor), runtime, older, version))
                break


def _ways(narrower: str, glibc: tuple[int, int], runtime: Runtime, older: tuple[Version, ...], version: Version) -> str:
    later = (one.name for one in RUNTIMES.values() if one.language == runtime.language and one.glibc >= glibc)
    ways = [f"use {name} or later" for name in list(later)[:1]]
    fits = max((one for one in older if one < version), default=None)
    ways += [f"ask for {narrower} ({fits} fits)"] if fits else []
    text = ", or ".join(ways) or "choose another package"
    return f"{text[0].upper()}{text[1:]}."


def _among(version: Version, relation: str, versions: tuple[Version, ...]) -> bool:
    return any(one == version or (relation == ">=" and one > version) for one in versions)


def _versions(texts: tuple[str, ...]) -> tuple[Version, ...]:
    found = (_version(text) for text in texts)
    return tuple(one for one in found if one is not None)


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
