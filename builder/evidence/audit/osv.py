"""Which versions of a package an OSV entry affects, as https://ossf.github.io/osv-schema/ defines it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec import Struct

from builder.evidence.audit.version_order import ECOSYSTEMS
from builder.evidence.sbom.purl import parse_purl
from builder.platform.package_names import normalized_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from builder.evidence.audit.version_order import Key

_RANGES = ("ECOSYSTEM", "SEMVER")
_LONGEST = 200


class AuditedPackage(Struct, frozen=True, kw_only=True):
    """A version of a package that can be looked up in OSV.

    Attributes:
        label: Name and version for people.
        purl: As in the SBOM.
        ecosystem: As OSV names it.
        name: As its ecosystem compares names.
        key: Sorts its version.
        order: Returns such a key for any version of the ecosystem.
    """

    label: str
    purl: str
    ecosystem: str
    name: str
    key: Key
    order: Callable[[str], Key | None]


class Advisory(Struct, frozen=True, kw_only=True):
    """An OSV entry that affects a version in the artifact.

    Attributes:
        package: The affected version.
        id: Of the entry.
        aliases: Other databases' names for it, such as CVE numbers.
        summary: One line.
        severity: As the entry has it, or ``unknown``.
        fixed: Newer versions without the vulnerability, as the entry lists them.
    """

    package: AuditedPackage
    id: str
    aliases: tuple[str, ...]
    summary: str
    severity: str
    fixed: tuple[str, ...]


def audited_package(purl: str, label: str) -> AuditedPackage | None:
    """A component as OSV can look it up; None when its ecosystem or its version cannot be compared."""
    parts = parse_purl(purl)
    if parts is None or parts[0] not in ECOSYSTEMS:
        return None
    kind, name, version = parts
    ecosystem, order = ECOSYSTEMS[kind]
    key = order(version)
    if key is None:
        return None
    return AuditedPackage(
        label=label, purl=purl, ecosystem=ecosystem, name=comparable_name(ecosystem, name), key=key, order=order
    )


def comparable_name(ecosystem: str, name: str) -> str:
    """A name as its ecosystem compares names."""
    return normalized_name(name) if ecosystem == "PyPI" else name


def matching_advisories(
    entry: Mapping[str, object], packages: Mapping[tuple[str, str], list[AuditedPackage]]
) -> Iterator[Advisory]:
    """An advisory for every package that an entry affects; none when the entry was withdrawn.

    Args:
        entry: One OSV document.
        packages: (ecosystem, name) -> the versions in the artifact.
    """
    if entry.get("withdrawn"):
        return
    advisories: dict[str, Advisory] = {}
    for affected in _tables(entry.get("affected")):
        named = _table(affected.get("package"))
        ecosystem = _text(named.get("ecosystem")).partition(":")[0]
        for package in packages.get((ecosystem, comparable_name(ecosystem, _text(named.get("name")))), ()):
            if affects(affected, package):
                advisories.setdefault(package.label, _advisory(entry, affected, package))
    yield from advisories.values()


def affects(affected: Mapping[str, object], package: AuditedPackage) -> bool:
    """Whether a version is listed or inside a range."""
    listed = affected.get("versions")
    versions = listed if isinstance(listed, list) else []
    if any(package.order(_text(version)) == package.key for version in versions):
        return True
    ranges = [table for table in _tables(affected.get("ranges")) if table.get("type") in _RANGES]
    return any(_in_range(_tables(table.get("events")), package) for table in ranges)


def _in_range(events: list[dict[str, object]], package: AuditedPackage) -> bool:
    limits = [_text(event["limit"]) for event in events if "limit" in event]
    if limits and not any(limit == "*" or _before(package, limit) for limit in limits):
        return False
    steps: list[tuple[Key, int, str]] = []
    for event in events:
        for rank, kind in enumerate(("fixed", "introduced", "last_affected")):
            version = _text(event.get(kind))
            key = () if version == "0" else package.order(version)
            if version and key is not None:
                steps.append((key, rank, kind))
    inside = False
    for key, _, kind in sorted(steps, key=lambda step: step[:2]):
        if kind == "introduced" and key <= package.key:
            inside = True
        elif (kind == "fixed" and key <= package.key) or (kind == "last_affected" and key < package.key):
            inside = False
    return inside


def _before(package: AuditedPackage, version: str) -> bool:
    key = package.order(version)
    return key is not None and package.key < key


def _advisory(entry: Mapping[str, object], affected: Mapping[str, object], package: AuditedPackage) -> Advisory:
    aliases = entry.get("aliases")
    events = [event for one in _tables(affected.get("ranges")) for event in _tables(one.get("events"))]
    fixed = {_text(event.get("fixed")) for event in events if _text(event.get("fixed"))}
    newer = [version for version in fixed if (key := package.order(version)) is not None and key > package.key]
    severities = [_text(_table(one.get("database_specific")).get("severity")) for one in (entry, affected)]
    scores = [_text(one.get("score")) for one in (*_tables(entry.get("severity")), *_tables(affected.get("severity")))]
    return Advisory(
        package=package,
        id=_text(entry.get("id")),
        aliases=tuple(sorted(map(_text, aliases))) if isinstance(aliases, list) else (),
        summary=" ".join((_text(entry.get("summary")) or _text(entry.get("details"))).split())[:_LONGEST],
        severity=next((text for text in (*severities, *scores) if text), "unknown"),
        fixed=tuple(sorted(newer, key=lambda version: package.order(version) or ())),
    )


def _tables(value: object) -> list[dict[str, object]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _table(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
