"""Compare an artifact with its report, its lock, and the report of a new build. Reads no files."""

from __future__ import annotations

import json
from collections import Counter
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from builder.archive.entry_paths import folders_of
from builder.archive.package_sizes import owned_paths
from builder.verification.artifact_differences import Difference, DifferenceKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from builder.archive.package_sizes import PackageRow
    from builder.build_values import Artifact, Lock, PackMember

_ABSENT: Final = object()
_SHOWN: Final = 80


def compare_with_report(
    artifact: Artifact, members: Sequence[PackMember], report: Mapping[str, object], rows: Sequence[PackageRow]
) -> tuple[Difference, ...]:
    """Values of the report that the artifact itself contradicts.

    Args:
        artifact: Its digests and sizes, computed from the file.
        members: Its files.
        report: The report beside it.
        rows: The report's table by package.
    """
    actual = {
        "artifact": {
            "file": artifact.file.name,
            "sha256": artifact.sha256,
            "treeDigest": artifact.tree_digest,
            "size": artifact.size,
            "unpackedSize": artifact.unpacked_size,
            "files": artifact.entries,
        }
    }
    reported = {"artifact": report.get("artifact")}
    return (*_compare_values("", reported, actual, "the artifact has"), *_compare_rows(members, rows))


def compare_reports(actual: Mapping[str, object], expected: Mapping[str, object]) -> tuple[Difference, ...]:
    """Every key in which a report differs from the report of a new build."""
    return tuple(_compare_values("", actual, expected, "the new build's report has"))


def compare_with_lock(report: Mapping[str, object], lock: Lock) -> tuple[Difference, ...]:
    """Packages in the report that the lock pins with another digest or not at all."""
    pinned = {f"{package.name} {package.version}": package.digest for package in lock.packages}
    differences = []
    for row in _dictionaries(report.get("packages")):
        label = f"{row.get('name', '')} {row.get('version', '')}".strip()
        if not label or pinned.get(label) == row.get("digest"):
            continue
        expected = f"the lock pins {pinned[label]}" if label in pinned else "the lock does not pin it"
        detail = f"the report has {row.get('digest')}, but {expected}"
        differences.append(Difference(kind=DifferenceKind.LOCK, path=label, detail=detail))
    return tuple(differences)


def compare_image_rows(rows: Sequence[PackageRow], expected: Sequence[PackageRow]) -> Iterator[Difference]:
    """The table by package of an image from a Dockerfile, which has one row for all of it."""
    if tuple(rows) != tuple(expected):
        detail = f"the report has {_shown_rows(rows)}, the image has {_shown_rows(expected)}"
        yield Difference(kind=DifferenceKind.REPORT, path="packages", detail=detail)


def _shown_rows(rows: Sequence[PackageRow]) -> str:
    return ", ".join(f"{row.label} with {row.size} bytes" for row in rows[:2]) or "nothing"


def own_members(members: Sequence[PackMember], rows: Sequence[PackageRow]) -> tuple[PackMember, ...]:
    """The plugin's own files: those of its row in the report's table, and those of no row."""
    owners = {path: number for number, row in enumerate(rows) for path in row.paths}
    assigned = ((member, _owner(member.path, owners)) for member in members)
    return tuple(member for member, owner in assigned if owner is None or not rows[owner].name)


def _dictionaries(value: object) -> Iterator[Mapping[str, object]]:
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            yield item


def _compare_rows(members: Sequence[PackMember], rows: Sequence[PackageRow]) -> Iterator[Difference]:
    owners = {path: number for number, row in enumerate(rows) for path in row.paths}
    assigned = [(member, _owner(member.path, owners)) for member in members]
    paths = owned_paths((member.path, str(owner)) for member, owner in assigned)
    for member, owner in assigned:
        if owner is None:
            yield Difference(kind=DifferenceKind.REPORT, path=member.path, detail="belongs to no package in the report")
    sums: Counter[tuple[int | None, str]] = Counter()
    for member, owner in assigned:
        sums.update({(owner, "files"): 1, (owner, "size"): member.size, (owner, "packed"): member.compressed_size})
    for number, row in enumerate(rows):
        sizes = {"files": row.files, "unpackedSize": row.size, "packedSize": row.packed_size}
        reported = {**sizes, "paths": list(row.paths)}
        actual = {
            "files": sums[number, "files"],
            "unpackedSize": sums[number, "size"],
            "packedSize": sums[number, "packed"],
            "paths": paths.get(str(number), []),
        }
        yield from _compare_values(f"packages[{number}]", reported, actual, "the artifact has")


def _owner(path: str, owners: Mapping[str, int]) -> int | None:
    """The row that has a path: by its own name, or by the nearest folder."""
    candidates = [path, *(f"{folder}/" for folder in reversed(folders_of(path)))]
    return next((owners[candidate] for candidate in candidates if candidate in owners), None)


def _compare_values(key: str, actual: object, expected: object, source: str) -> Iterator[Difference]:
    for path, value, other in _children(key, actual, expected):
        if type(value) is type(other) and isinstance(value, dict | list):
            yield from _compare_values(path, value, other, source)
        elif type(value) is not type(other) or value != other:
            detail = f"the report has {_text(value)}, {source} {_text(other)}"
            yield Difference(kind=DifferenceKind.REPORT, path=path, detail=detail)


def _children(key: str, actual: object, expected: object) -> Iterable[tuple[str, object, object]]:
    if isinstance(actual, dict) and isinstance(expected, dict):
        names = [*expected, *(name for name in actual if name not in expected)]
        dot = "." if key else ""
        return [(f"{key}{dot}{name}", actual.get(name, _ABSENT), expected.get(name, _ABSENT)) for name in names]
    if isinstance(actual, list) and isinstance(expected, list):
        pairs = zip_longest(actual, expected, fillvalue=_ABSENT)
        return [(f"{key}[{index}]", value, other) for index, (value, other) in enumerate(pairs)]
    return [(key, actual, expected)]


def _text(value: object) -> str:
    if value is _ABSENT:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
