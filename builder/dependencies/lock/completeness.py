"""Whether ``requirements.lock`` is complete: each requirement of the plugin and of its packages is pinned, and fits.

The requirements of packages come from the metadata in their wheels, for the runtime's Python and platform. Pure.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field
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
"""The name of the plugin itself among the requirers."""


class PinnedWheel(Struct, frozen=True, kw_only=True):
    """A pin of the lock, and its wheel's metadata.

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
        """Its requirements, as PEP 508 lines."""
        return self.metadata.get("requires-dist", [])

    @property
    def extras(self) -> frozenset[str]:
        """The extras that it has. Old build tools list them only in the requirements."""
        names = [*self.metadata.get("provides-extra", []), *_EXTRA.findall("\n".join(self.requirements))]
        return frozenset(canonicalize_name(name) for name in names)


class _Requirer(NamedTuple):
    """What requires packages: the plugin, or a package with one of its extras."""

    name: str
    extra: str


def completeness_problems(
    requirements: Requirements, wheels: Iterable[PinnedWheel], runtime: Runtime, source: str
) -> tuple[Problem, ...]:
    """What is missing in a lock or does not fit; as warnings, the pins that nothing requires.

    Args:
        requirements: Of the plugin.
        wheels: Every pin.
        runtime: Whose Python and platform decide the markers.
        source: The file with the requirements, for messages.
    """
    pinned = {wheel.name: wheel for wheel in wheels}
    walk = _RequirementWalk(pinned=pinned, environment=marker_environment(runtime), source=source)
    walk.run(requirements.direct)
    problems = [problem for wheel in pinned.values() if (problem := _misnamed(wheel))]
    problems += walk.problems.values()
    problems += _excluded(requirements.constraints, pinned, walk.environment)
    if not problems and not walk.unreadable:
        problems += [_unneeded(wheel) for wheel in pinned.values() if wheel.name not in walk.reached]
    return tuple(problems)


class _RequirementWalk(Struct, kw_only=True):
    """Follows all requirements, starting at the plugin.

    Attributes:
        pinned: The pins by name.
        environment: Marker values of the runtime.
        source: The file with the plugin's requirements.
        problems: By package and kind, so that each is reported once, for the first package that requires it.
        reached: Names of required packages.
        unreadable: Whether a package has a requirement that is not PEP 508; uv may understand it.
    """

    pinned: Mapping[str, PinnedWheel]
    environment: Mapping[str, str]
    source: str
    problems: dict[tuple[str, str], Problem] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)
    unreadable: bool = False

    def run(self, direct: Iterable[str]) -> None:
        """Follow the plugin's direct requirements to their end; cycles are fine."""
        pending = [_Requirer(_PLUGIN, "")]
        seen = set(pending)
        while pending:
            requirer = pending.pop(0)
            lines = direct if requirer.name == _PLUGIN else self.pinned[requirer.name].requirements
            for requirement in self._read(lines, requirer.extra):
                new = dict.fromkeys(one for one in self._follow(requirer, requirement) if one not in seen)
                seen.update(new)
                pending += new

    def _read(self, lines: Iterable[str], extra: str) -> Iterator[Requirement]:
        """The requirements that apply on the runtime; with an extra only that extra's."""
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

    def _follow(self, requirer: _Requirer, requirement: Requirement) -> Iterator[_Requirer]:
        name = canonicalize_name(requirement.name)
        wheel = self.pinned.get(name)
        self.reached.add(name)
        text = _without_marker(requirement)
        if wheel is None:
            message = f"{name} is missing: {self._label(requirer)} requires {text}."
            self.problems.setdefault((name, ""), Problem(message=message, file=LOCK_NAME, code="incomplete-lock"))
            return
        if not _fits(wheel.version, requirement.specifier):
            message = f"{wheel.label} does not fit: {self._label(requirer)} requires {text}."
            self.problems.setdefault(
                (name, "version"), Problem(message=message, file=LOCK_NAME, code="incomplete-lock")
            )
        yield _Requirer(name, "")
        for extra in sorted(canonicalize_name(extra) for extra in requirement.extras):
            if extra in wheel.extras:
                yield _Requirer(name, extra)
            elif requirer.name == _PLUGIN:  # that a package requires a missing extra is its authors' business
                self.problems.setdefault((name, extra), self._missing_extra(wheel, extra))

    def _label(self, requirer: _Requirer) -> str:
        if requirer.name == _PLUGIN:
            return self.source
        extra = f"[{requirer.extra}]" if requirer.extra else ""
        return f"{requirer.name}{extra} {self.pinned[requirer.name].version}"

    def _missing_extra(self, wheel: PinnedWheel, extra: str) -> Problem:
        has = f"It has {', '.join(sorted(wheel.extras))}." if wheel.extras else "It has no extras."
        return Problem(
            message=f"{wheel.label} has no extra {extra!r}. {has}",
            hint=f"Fix {wheel.name}[{extra}] and run `biot-plugin lock`.",
            file=self.source,
            code="missing-extra",
        )


def _misnamed(wheel: PinnedWheel) -> Problem | None:
    """A pin whose hash belongs to another package."""
    name = next(iter(wheel.metadata.get("name", [])), wheel.name)
    version = next(iter(wheel.metadata.get("version", [])), wheel.version)
    if canonicalize_name(name) == wheel.name and _same(version, wheel.version):
        return None
    message = f"{wheel.label} is pinned with the hash of {name} {version}."
    return Problem(message=message, file=LOCK_NAME, code="wrong-hash")


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
            yield Problem(message=message, file=LOCK_NAME, code="incomplete-lock")


def _unneeded(wheel: PinnedWheel) -> Problem:
    return Problem(
        message=f"Nothing requires {wheel.label}.",
        hint="Run `biot-plugin lock`, which removes unneeded packages.",
        file=LOCK_NAME,
        code="unneeded-package",
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
