"""Does an OSV entry speak of a version? The evaluation of https://ossf.github.io/osv-schema/, for listed ecosystems."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from builder.evidence.audit.version_order import ECOSYSTEMS
from builder.evidence.components import normalized_name
from builder.evidence.sbom.purl import parse_purl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from builder.evidence.audit.version_order import Key

_RANGES = ("ECOSYSTEM", "SEMVER")
_LONGEST = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditedPackage:
    """A version of a package that can be looked up.

    Attributes:
        label: For people.
        purl: As in the SBOM.
        ecosystem: As OSV names it.
        name: As its ecosystem compares names.
        key: What its version is compared by.
        order: Makes such keys.
    """

    label: str
    purl: str
    ecosystem: str
    name: str
    key: Key
    order: Callable[[str], Key | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Advisory:
    """An entry that speaks of a version in the artifact.

    Attributes:
        subject: Which one.
        id: Of the entry.
        aliases: Other databases' names for it, such as CVE numbers.
        summary: One line.
        severity: As the entry has it, or ``unknown``.
        fixed: Versions that no longer have it, as the entry lists them.
    """

    subject: AuditedPackage
    id: str
    aliases: tuple[str, ...]
    summary: str
    severity: str
    fixed: tuple[str, ...]


def subject_of(purl: str, label: str) -> AuditedPackage | None:
    """What can be looked up of a component, None when its ecosystem or its version cannot be compared."""
    parts = parse_purl(purl)
    if parts is None or parts[0] not in ECOSYSTEMS:
        return None
    kind, name, version = parts
    ecosystem, order = ECOSYSTEMS[kind]
    key = order(version)
    if key is None:
        return None
    return AuditedPackage(
        label=label, purl=purl, ecosystem=ecosystem, name=known_as(ecosystem, name), key=key, order=order
    )


def known_as(ecosystem: str, name: str) -> str:
    """A name as its ecosystem compares names."""
    return normalized_name(name) if ecosystem == "PyPI" else name


def judge(entry: Mapping[str, object], subjects: Mapping[tuple[str, str], list[AuditedPackage]]) -> Iterator[Advisory]:
    """Every subject that an entry speaks of, unless the entry was withdrawn.

    Args:
        entry: One OSV document.
        subjects: (ecosystem, name) -> the versions to look for.
    """
    if entry.get("withdrawn"):
        return
    found: dict[str, Advisory] = {}
    for affected in _tables(entry.get("affected")):
        package = _table(affected.get("package"))
        ecosystem = _text(package.get("ecosystem")).partition(":")[0]
        for subject in subjects.get((ecosystem, known_as(ecosystem, _text(package.get("name")))), ()):
            if affects(affected, subject):
                found.setdefault(subject.label, _advisory(entry, affected, subject))
    yield from found.values()


def affects(affected: Mapping[str, object], subject: AuditedPackage) -> bool:
    """Whether a version is listed, or lies in a range."""
    listed = affected.get("versions")
    versions = listed if isinstance(listed, list) else []
    if any(subject.order(_text(version)) == subject.key for version in versions):
        return True
    ranges = [one for one in _tables(affected.get("ranges")) if one.get("type") in _RANGES]
    return any(_in_range(_tables(one.get("events")), subject) for one in ranges)


def _in_range(events: list[dict[str, object]], subject: AuditedPackage) -> bool:
    limits = [_text(event["limit"]) for event in events if "limit" in event]
    if limits and not any(limit == "*" or _before(subject, limit) for limit in limits):
        return False
    steps: list[tuple[Key, int, str]] = []
    for event in events:
        for rank, kind in enumerate(("fixed", "introduced", "last_affected")):
            version = _text(event.get(kind))
            key = () if version == "0" else subject.order(version)
            if version and key is not None:
                steps.append((key, rank, kind))
    inside = False
    for key, _, kind in sorted(steps, key=lambda step: step[:2]):
        if kind == "introduced" and key <= subject.key:
            inside = True
        elif (kind == "fixed" and key <= subject.key) or (kind == "last_affected" and key < subject.key):
            inside = False
    return inside


def _before(subject: AuditedPackage, version: str) -> bool:
    key = subject.order(version)
    return key is not None and subject.key < key


def _advisory(entry: Mapping[str, object], affected: Mapping[str, object], subject: AuditedPackage) -> Advisory:
    aliases = entry.get("aliases")
    events = [event for one in _tables(affected.get("ranges")) for event in _tables(one.get("events"))]
    fixed = {_text(event.get("fixed")) for event in events if _text(event.get("fixed"))}
    newer = [version for version in fixed if (key := subject.order(version)) is not None and key > subject.key]
    told = [_text(_table(one.get("database_specific")).get("severity")) for one in (entry, affected)]
    scores = [_text(one.get("score")) for one in (*_tables(entry.get("severity")), *_tables(affected.get("severity")))]
    return Advisory(
        subject=subject,
        id=_text(entry.get("id")),
        aliases=tuple(sorted(map(_text, aliases))) if isinstance(aliases, list) else (),
        summary=" ".join((_text(entry.get("summary")) or _text(entry.get("details"))).split())[:_LONGEST],
        severity=next((text for text in (*told, *scores) if text), "unknown"),
        fixed=tuple(sorted(newer, key=lambda version: subject.order(version) or ())),
    )


def _tables(value: object) -> list[dict[str, object]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _table(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
