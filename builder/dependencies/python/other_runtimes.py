"""Packages that uv calls source only although they have wheels: for another Python, or in other versions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from builder.errors import Problem
from builder.manifest.text.toml_snippet import snippet
from builder.platform.runtimes import AS_OF, RUNTIMES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from builder.dependencies.python.newer_platforms import VersionLookup
    from builder.platform.runtimes import Runtime

_SOURCE_ONLY = re.compile(r"Wheels are required for `([^`]+)` because building from source is disabled")


def explain_other_runtimes(
    said: str, wanted: Iterable[str], runtime: Runtime, offered: VersionLookup, explained: Collection[str] = ()
) -> Iterator[Problem]:
    """A problem for each package without a usable wheel that names what has one: another version or another runtime.

    Args:
        said: What uv printed when it failed.
        wanted: The plugin's requirements and constraints.
        runtime: The plugin's.
        offered: Asks the index.
        explained: Names of packages whose reason is known already.
    """
    limits = _limits(wanted)
    for name in dict.fromkeys(_SOURCE_ONLY.findall(said)):
        if name in explained:
            continue
        asked = limits.get(canonicalize_name(name)) or _asked_by_packages(name, said)
        fits = _newest(offered(name, runtime), SpecifierSet())
        other = next(((one, found) for one in _others(runtime) if (found := _newest(offered(name, one), asked))), None)
        if fits is not None or other is not None:
            yield _problem(name, asked, runtime, fits, other)


def _problem(
    name: str, asked: SpecifierSet, runtime: Runtime, fits: Version | None, other: tuple[Runtime, Version] | None
) -> Problem:
    exact = re.fullmatch(r"==([^*,]+)", str(asked))
    shown = f"{name} {exact[1]}" if exact else f"{name} ({asked})" if str(asked) else name
    has = ways = setting = ""
    if other is not None:
        has = f"; {'it' if exact else f'{name} {other[1]}'} has one for {other[0].name}"
        ways = f" or use {other[0].name} in plugin.toml."
    elif fits is not None:
        ways = " or add this to plugin.toml, to build what was asked for from source."
        setting = snippet("build", "allow-sdist", [name])
    first = f"Ask for {name} {fits}, which has a wheel for {runtime.name}" if fits else ""
    text = f"{first},{ways}" if first else ways.removeprefix(" or ")
    return Problem(
        message=f"{shown} has no wheel for {runtime.name}{has}.",
        hint=f"{text[0].upper()}{text[1:]}",
        setting=setting,
    )


def _others(runtime: Runtime) -> list[Runtime]:
    """The other runtimes of Python that AWS supports, the newest first: each costs a question to the index."""
    others = (one for one in reversed(RUNTIMES.values()) if one.language == "python" and one.name != runtime.name)
    return [one for one in others if one.deprecated > AS_OF]


def _limits(wanted: Iterable[str]) -> dict[str, SpecifierSet]:
    limits: dict[str, SpecifierSet] = {}
    for line in wanted:
        requirement = Requirement(line)
        name = canonicalize_name(requirement.name)
        limits[name] = limits.get(name, SpecifierSet()) & requirement.specifier
    return limits


def _asked_by_packages(name: str, said: str) -> SpecifierSet:
    """What uv says that another package asks for; everything when it does not say."""
    found = re.search(rf"depends? on {re.escape(name)}([<>=!~][^\s]*[^\s,.])", said)
    try:
        return SpecifierSet(found[1] if found else "")
    except InvalidSpecifier:
        return SpecifierSet()


def _newest(versions: Iterable[str], allowed: SpecifierSet) -> Version | None:
    found = []
    for text in versions:
        try:
            version = Version(text)
        except InvalidVersion:
            continue
        if allowed.contains(version, prereleases=True):
            found.append(version)
    return max(found, default=None)
