"""Why uv found no usable wheel of a package, explained with what the index has.

uv calls a version unusable, or a package source only, without saying that it has wheels for a newer glibc, for another
Python, or in other versions.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace
from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from builder.errors import Problem
from builder.manifest.text.toml_snippet import snippet
from builder.platform.runtimes import AS_OF, RUNTIMES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from builder.dependencies.python.pip_client import VersionLookup
    from builder.platform.runtimes import Runtime

_UNUSABLE = re.compile(r"([A-Za-z0-9._-]+)(==|>=)(\S+) has no usable wheels")
_SOURCE_ONLY = re.compile(r"Wheels are required for `([^`]+)` because building from source is disabled")
_MINORS = (28, 31, 34, 35, 39)
"""glibc minors that wheels are built for beyond manylinux2014 (PEP 600 policies in use)."""


def explain_newer_glibc(uv_output: str, runtime: Runtime, available: VersionLookup) -> Iterator[Problem]:
    """A problem for each requirement that has wheels only for a newer glibc than the runtime's.

    Args:
        uv_output: What uv printed when it failed.
        runtime: Whose glibc counts.
        available: Looks up versions in the index.
    """
    for name, operator, text in dict.fromkeys(_UNUSABLE.findall(uv_output)):
        version = _parse_version(text)
        if version is None:
            continue
        usable = _parse_versions(available(name, runtime))
        or_later = operator == ">="
        label, need = (f"{name} {version} and later", "need") if or_later else (f"{name} {version}", "needs")
        if _includes(usable, operator, version):
            yield Problem(
                message=f"{label}: there is a wheel for {runtime.name}, but uv has no name for its platform.",
                hint=f"Require {name}<{version}.",
                code="no-wheel",
            )
            continue
        for minor in (minor for minor in _MINORS if (2, minor) > runtime.glibc):
            newer = _parse_versions(available(name, replace(runtime, glibc=(2, minor))))
            if _includes(newer, operator, version):
                has = ".".join(map(str, runtime.glibc))
                older = max((one for one in usable if one < version), default=None)
                yield Problem(
                    message=f"{label} {need} GLIBC_2.{minor}; {runtime.name} has {has}.",
                    hint=_glibc_hint(f"{name}<{version}", (2, minor), runtime, older),
                    code="no-wheel",
                )
                break


def explain_other_runtimes(
    uv_output: str,
    requirements: Iterable[str],
    runtime: Runtime,
    available: VersionLookup,
    explained: Collection[str] = (),
) -> Iterator[Problem]:
    """A problem for each package without a usable wheel that has one in another version or for another runtime.

    Args:
        uv_output: What uv printed when it failed.
        requirements: The plugin's requirements and constraints.
        runtime: The plugin's.
        available: Looks up versions in the index.
        explained: Names of packages with a known reason.
    """
    limits = _limits(requirements)
    for name in dict.fromkeys(_SOURCE_ONLY.findall(uv_output)):
        if name in explained:
            continue
        required = limits.get(canonicalize_name(name)) or _required_by_packages(name, uv_output)
        usable = _newest(available(name, runtime), SpecifierSet())
        elsewhere = next(
            ((other, newest) for other in _others(runtime) if (newest := _newest(available(name, other), required))),
            None,
        )
        if usable is not None or elsewhere is not None:
            yield _other_wheel_problem(name, required, runtime, usable, elsewhere)


def _glibc_hint(older_requirement: str, glibc: tuple[int, int], runtime: Runtime, older: Version | None) -> str:
    runtimes = (one.name for one in RUNTIMES.values() if one.language == runtime.language and one.glibc >= glibc)
    options = [f"use {name} or later" for name in list(runtimes)[:1]]
    options += [f"require {older_requirement} ({older} has a usable wheel)"] if older else []
    return _as_sentence(", or ".join(options) or "choose another package") + "."


def _other_wheel_problem(
    name: str,
    required: SpecifierSet,
    runtime: Runtime,
    usable: Version | None,
    elsewhere: tuple[Runtime, Version] | None,
) -> Problem:
    exact = re.fullmatch(r"==([^*,]+)", str(required))
    label = f"{name} {exact[1]}" if exact else f"{name} ({required})" if str(required) else name
    has = option = setting = ""
    if elsewhere is not None:
        has = f"; {'it' if exact else f'{name} {elsewhere[1]}'} has one for {elsewhere[0].name}"
        option = f"use {elsewhere[0].name} in plugin.toml."
    elif usable is not None:
        option = "add this to plugin.toml to build the required version from source."
        setting = snippet("build", "allow-sdist", [name])
    first = f"require {name} {usable}, which has a wheel for {runtime.name}, or " if usable else ""
    return Problem(
        message=f"{label} has no wheel for {runtime.name}{has}.",
        hint=_as_sentence(f"{first}{option}"),
        setting=setting,
        code="no-wheel",
    )


def _others(runtime: Runtime) -> list[Runtime]:
    """The other Python runtimes that AWS supports, the newest first; each costs a request to the index."""
    others = (one for one in reversed(RUNTIMES.values()) if one.language == "python" and one.name != runtime.name)
    return [one for one in others if one.deprecated > AS_OF]


def _limits(requirements: Iterable[str]) -> dict[str, SpecifierSet]:
    limits: dict[str, SpecifierSet] = {}
    for line in requirements:
        requirement = Requirement(line)
        name = canonicalize_name(requirement.name)
        limits[name] = limits.get(name, SpecifierSet()) & requirement.specifier
    return limits


def _required_by_packages(name: str, uv_output: str) -> SpecifierSet:
    """The versions that another package requires, as far as uv says; otherwise every version."""
    match = re.search(rf"depends? on {re.escape(name)}([<>=!~][^\s]*[^\s,.])", uv_output)
    try:
        return SpecifierSet(match[1] if match else "")
    except InvalidSpecifier:
        return SpecifierSet()


def _newest(texts: Iterable[str], allowed: SpecifierSet) -> Version | None:
    return max((one for one in _parse_versions(texts) if allowed.contains(one, prereleases=True)), default=None)


def _includes(versions: tuple[Version, ...], operator: str, version: Version) -> bool:
    return any(one == version or (operator == ">=" and one > version) for one in versions)


def _parse_versions(texts: Iterable[str]) -> tuple[Version, ...]:
    versions = (_parse_version(text) for text in texts)
    return tuple(version for version in versions if version is not None)


def _parse_version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _as_sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"
