"""An artifact against its report, its lock, and the report of the same build made again. Pure."""

from __future__ import annotations

import json
from collections import Counter
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
    """What the report says that can be read from the artifact itself, and is not so.

    Args:
        artifact: Its digests and sizes, computed from the file.
        members: Its files.
        report: The report beside it.
        rows: The report's table by package.
    """
    told = {
        "artifact": {
            "file": artifact.file.name,
            "sha256": artifact.sha256,
            "treeDigest": artifact.tree_digest,
            "size": artifact.size,
            "unpackedSize": artifact.unpacked_size,
            "files": artifact.entries,
        }
    }
    said = {"artifact": report.get("artifact")}
    return (*_deep("", said, told, "the artifact says"), *_compare_rows(members, rows))


def compare_reports(actual: Mapping[str, object], wanted: Mapping[str, object]) -> tuple[Difference, ...]:
    """Every key in which a report differs from the one that the same build made again."""
    return tuple(_deep("", actual, wanted, "built again it says"))


def compare_with_lock(report: Mapping[str, object], lock: Lock) -> tuple[Difference, ...]:
    """Packages that the report says are inside, and that the lock pins otherwise or not at all."""
    pinned = {f"{package.name} {package.version}": package.digest for package in lock.packages}
    found = []
    for row in _dictionaries(report.get("packages")):
        label = f"{row.get('name', '')} {row.get('version', '')}".strip()
        if not label or pinned.get(label) == row.get("digest"):
            continue
        wanted = f"the lock pins {pinned[label]}" if label in pinned else "the lock does not pin it"
        detail = f"went in as {row.get('digest')}, {wanted}"
        found.append(Difference(kind=DifferenceKind.LOCK, path=label, detail=detail))
    return tuple(found)


def own_members(members: Sequence[PackMember], rows: Sequence[PackageRow]) -> tuple[PackMember, ...]:
    """The files that are the plugin's own: of its row in the report's table, or of none."""
    owners = {path: number for number, row in enumerate(rows) for path in row.paths}
    placed = ((member, _owner(member.path, owners)) for member in members)
    return tuple(member for member, owner in placed if owner is None or not rows[owner].name)


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
            yield Difference(kind=DifferenceKind.REPORT, path=member.path, detail="belongs to no package of the report")
    sums: Counter[tuple[int | None, str]] = Counter()
    for member, owner in assigned:
        sums.update({(owner, "files"): 1, (owner, "size"): member.size, (owner, "packed"): member.compressed_size})
    for number, row in enumerate(rows):
        told = {"files": row.files, "unpackedSize": row.size, "packedSize": row.packed_size, "paths": list(row.paths)}
        seen = {
            "files": sums[number, "files"],
            "unpackedSize": sums[number, "size"],
            "packedSize": sums[number, "packed"],
            "paths": paths.get(str(number), []),
        }
        yield from _deep(f"packages[{number}]", told, seen, "the artifact says")


def _owner(path: str, owners: Mapping[str, int]) -> int | None:
    """Which row has a path: by its own name, or by the nearest folder."""
    candidates = [path, *(f"{folder}/" for folder in reversed(folders_of(path)))]
    return next((owners[candidate] for candidate in candidates if candidate in owners), None)


def _deep(key: str, said: object, wanted: object, witness: str) -> Iterator[Difference]:
    for at, one, other in _children(key, said, wanted):
        if type(one) is type(other) and isinstance(one, dict | list):
            yield from _deep(at, one, other, witness)
        elif type(one) is not type(other) or one != other:
            detail = f"the report says {_text(one)}, {witness} {_text(other)}"
            yield Difference(kind=DifferenceKind.REPORT, path=at, detail=detail)


def _children(key: str, said: object, wanted: object) -> Iterable[tuple[str, object, object]]:
    if isinstance(said, dict) and isinstance(wanted, dict):
        names = [*wanted, *(name for name in said if name not in wanted)]
        dot = "." if key else ""
        return [(f"{key}{dot}{name}", said.get(name, _ABSENT), wanted.get(name, _ABSENT)) for name in names]
    if isinstance(said, list) and isinstance(wanted, list):
        length = max(len(said), len(wanted))
        ours, theirs = ([*values, *[_ABSENT] * (length - len(values))] for values in (said, wanted))
        return [(f"{key}[{at}]", ours[at], theirs[at]) for at in range(length)]
    return [(key, said, wanted)]


def _text(value: object) -> str:
    if value is _ABSENT:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
