"""Whether ``requirements.lock`` is complete: everything that the plugin and its packages ask for is pinned, and fits.

Packages are judged by the metadata in their own wheels, for the runtime's Python and platform. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from builder.dependencies.lock.requirements_lock import LOCK_NAME
from builder.errors import Problem, Severity
from builder.platform.markers import marker_environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from builder.dependencies.lock.requirements import Requirements
    from builder.platform.runtimes import Runtime

_EXTRA = re.compile(r"""\bextra\s*==\s*["']([^"']+)["']""")
_PLUGIN = ""
"""The plugin itself, among those that ask."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PinnedWheel:
    """A pin of the lock, and what its wheel says.

    Attributes:
        name: Normalised, of the pin.
        version: Of the pin.
        metadata: Header fields of the wheel's ``METADATA`` by lower-case name; empty without one.
    """

    name: str
    version: str
    metadata: Mapping[str, list[str]]

    @property
    def label(self) -> str:
        """Name and version for messages."""
        return f"{self.name} {self.version}"

    @property
    def requirements(self) -> list[str]:
        """What it asks for, as PEP 508 lines."""
        return self.metadata.get("requires-dist", [])

    @property
    def extras(self) -> frozenset[str]:
        """The extras that it has. Old build tools named them in the requirements only."""
        told = [*self.metadata.get("provides-extra", []), *_EXTRA.findall("\n".join(self.requirements))]
        return frozenset(canonicalize_name(extra) for extra in told)


class _Asker(NamedTuple):
    """Who asks for packages: the plugin, or a package with one of its extras."""

    name: str
    extra: str


def completeness_problems(
    requirements: Requirements, wheels: Iterable[PinnedWheel], runtime: Runtime, source: str
) -> tuple[Problem, ...]:
    """What is missing in a lock or does not fit; as warnings, the pins that nothing asks for.

    Args:
        requirements: What the plugin asks for.
        wheels: Every pin.
        runtime: Whose Python and platform the markers are judged for.
        source: The file that holds the requirements, for messages.
    """
    pinned = {wheel.name: wheel for wheel in wheels}
    walk = _Walk(pinned=pinned, environment=marker_environment(runtime), source=source)
    walk.run(requirements.wanted)
    problems = [problem for wheel in pinned.values() if (problem := _misnamed(wheel))]
    problems += walk.problems.values()
    problems += _excluded(requirements.constraints, pinned, walk.environment)
    if not problems and not walk.unreadable:
        problems += [_unasked(wheel) for wheel in pinned.values() if wheel.name not in walk.reached]
    return tuple(problems)


@dataclass(kw_only=True, slots=True)
class _Walk:
    """One way through everything that is asked for, from the plugin on.

    Attributes:
        pinned: The pins by name.
        environment: Marker values of the runtime.
        source: The file that holds the plugin's requirements.
        problems: Keyed by package and kind, so that each is reported once, for the first package that asks.
        reached: Names that somebody asks for.
        unreadable: Whether a package asks for something in a form that no standard knows; uv may understand it.
    """

    pinned: Mapping[str, PinnedWheel]
    environment: Mapping[str, str]
    source: str
    problems: dict[tuple[str, str], Problem] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)
    unreadable: bool = False

    def run(self, wanted: Iterable[str]) -> None:
        """Follow the plugin's own requirements to their end; circles are fine."""
        waiting = [_Asker(_PLUGIN, "")]
        seen = set(waiting)
        while waiting:
            asker = waiting.pop(0)
            lines = wanted if asker.name == _PLUGIN else self.pinned[asker.name].requirements
            for requirement in self._read(lines, asker.extra):
                new = dict.fromkeys(one for one in self._follow(asker, requirement) if one not in seen)
                seen.update(new)
                waiting += new

    def _read(self, lines: Iterable[str], extra: str) -> Iterator[Requirement]:
        """The requirements that count on the runtime, of those with an extra only the asked one's."""
        for line in lines:
            if not extra and "extra" in line.partition(";")[2] and " or " not in line:
                continue  # pandas has 120 of these, and each takes long to parse
            try:
                requirement = Requirement(line)
            except InvalidRequirement:
                self.unreadable = True
                continue
            if requirement.marker is None or requirement.marker.evaluate({**self.environment, "extra": extra}):
                yield requirement

    def _follow(self, asker: _Asker, requirement: Requirement) -> Iterator[_Asker]:
        name = canonicalize_name(requirement.name)
        wheel = self.pinned.get(name)
        self.reached.add(name)
        shown = _without_marker(requirement)
        if wheel is None:
            message = f"{name} is missing: {self._label(asker)} asks for {shown}."
            self.problems.setdefault((name, ""), Problem(message=message, file=LOCK_NAME))
            return
        if not _fits(wheel.version, requirement.specifier):
            message = f"{wheel.label} does not fit: {self._label(asker)} asks for {shown}."
            self.problems.setdefault((name, "version"), Problem(message=message, file=LOCK_NAME))
        yield _Asker(name, "")
        for extra in sorted(canonicalize_name(extra) for extra in requirement.extras):
            if extra in wheel.extras:
                yield _Asker(name, extra)
            elif asker.name == _PLUGIN:  # a package that asks for a lacking extra is its authors' business
                self.problems.setdefault((name, extra), self._lacking(wheel, extra))

    def _label(self, asker: _Asker) -> str:
        if asker.name == _PLUGIN:
            return self.source
        extra = f"[{asker.extra}]" if asker.extra else ""
        return f"{asker.name}{extra} {self.pinned[asker.name].version}"

    def _lacking(self, wheel: PinnedWheel, extra: str) -> Problem:
        has = f"It has {', '.join(sorted(wheel.extras))}." if wheel.extras else "It has no extras."
        return Problem(
            message=f"{wheel.label} has no extra {extra!r}. {has}",
            hint=f"Correct {wheel.name}[{extra}] and run `biot-plugin lock`.",
            file=self.source,
        )


def _misnamed(wheel: PinnedWheel) -> Problem | None:
    """A pin whose hash belongs to another package."""
    name = next(iter(wheel.metadata.get("name", [])), wheel.name)
    version = next(iter(wheel.metadata.get("version", [])), wheel.version)
    if canonicalize_name(name) == wheel.name and _same(version, wheel.version):
        return None
    message = f"{wheel.label} is pinned by the hash of {name} {version}."
    return Problem(message=message, file=LOCK_NAME)


def _excluded(
    constraints: Iterable[str], pinned: Mapping[str, PinnedWheel], environment: Mapping[str, str]
) -> Iterator[Problem]:
    """Pins that a constraint of the plugin does not allow."""
    for line in constraints:
        limit = Requirement(line)
        wheel = pinned.get(canonicalize_name(limit.name))
        applies = limit.marker is None or limit.marker.evaluate({**environment, "extra": ""})
        if wheel is not None and applies and not _fits(wheel.version, limit.specifier):
            message = f"{wheel.label} does not fit: a constraint allows only {_without_marker(limit)}."
            yield Problem(message=message, file=LOCK_NAME)


def _unasked(wheel: PinnedWheel) -> Problem:
    return Problem(
        message=f"Nothing asks for {wheel.label}.",
        hint="Run `biot-plugin lock`: it drops what is not needed.",
        file=LOCK_NAME,
        severity=Severity.WARNING,
    )


def _fits(version: str, specifier: SpecifierSet) -> bool:
    try:
        return specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return specifier == SpecifierSet()


def _same(one: str, other: str) -> bool:
    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return one == other


def _without_marker(requirement: Requirement) -> str:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"
