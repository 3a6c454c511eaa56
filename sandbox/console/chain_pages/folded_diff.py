"""The difference of two JSON values as lines of text, in which whatever did not change is folded. No I/O."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.console.recorded_text import shortened_json
from sandbox.json_diff import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sandbox.json_diff import Change

LINES_MAX = 400
"""Lines of a difference on a page. Nobody reads more, and a browser would need seconds for a hundred thousand."""
_FOLDED_MAX = 4_000
"""Characters that can be unfolded at one place."""
_NAMES_MAX = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class DiffLine:
    """One line.

    Attributes:
        kind: ``added``, ``removed``, ``same``, or ``folded`` for values that did not change.
        depth: How far it is indented.
        text: The line.
        folded: The folded values as JSON; empty for other lines.
    """

    kind: str
    depth: int
    text: str
    folded: str = ""


@dataclass(slots=True)
class _Branch:
    """The changes below one place: of it as a whole, of its parts, and values that are added in front of a part."""

    whole: Change | None = None
    parts: dict[str | int, _Branch] = field(default_factory=dict)
    added: dict[str | int, list[Change]] = field(default_factory=dict)


def folded_diff(old: object, changes: Iterable[Change]) -> tuple[tuple[DiffLine, ...], int]:
    """The lines that show a difference.

    Args:
        old: The old value.
        changes: From ``json_diff.diff``.

    Returns:
        At most ``LINES_MAX`` lines, and the number of lines that are left out.
    """
    lines: list[DiffLine] = []
    left_out = 0
    for line in _value_lines(old, _tree(changes), "", 0):
        if len(lines) < LINES_MAX:
            lines.append(line)
        else:
            left_out += 1
    return tuple(lines), left_out


def _tree(changes: Iterable[Change]) -> _Branch:
    root = _Branch()
    for change in changes:
        branch, last = root, change.path[-1] if change.path else None
        for part in change.path[:-1]:
            branch = branch.parts.setdefault(part, _Branch())
        if last is None:
            root.whole = change
        elif change.kind is ChangeKind.ADDED:
            branch.added.setdefault(last, []).append(change)
        else:
            branch.parts.setdefault(last, _Branch()).whole = change
    return root


def _value_lines(old: object, branch: _Branch, name: str, depth: int) -> Iterator[DiffLine]:
    """The lines of a value that changed somewhere."""
    if branch.whole is not None:
        yield from _changed(branch.whole, name, depth)
    elif not branch.parts and not branch.added:
        yield _fold({name: old} if name else old, 0, depth, "nothing changed")
    elif isinstance(old, dict):
        yield DiffLine(kind="same", depth=depth, text=f"{name}{{")
        yield from _members(old, branch, depth + 1)
        for change in (one for added in branch.added.values() for one in added):
            yield from _changed(change, _key(str(change.path[-1])), depth + 1)
        yield DiffLine(kind="same", depth=depth, text="}")
    elif isinstance(old, list):
        yield DiffLine(kind="same", depth=depth, text=f"{name}[")
        yield from _items(old, branch, depth + 1)
        yield DiffLine(kind="same", depth=depth, text="]")


def _members(old: dict[str, object], branch: _Branch, depth: int) -> Iterator[DiffLine]:
    same: dict[str, object] = {}
    for key, value in old.items():
        if key not in branch.parts:
            same[key] = value
            continue
        if same:
            yield _fold(same, len(same), depth, ", ".join(list(same)[:_NAMES_MAX]))
            same = {}
        yield from _value_lines(value, branch.parts[key], _key(key), depth)
    if same:
        yield _fold(same, len(same), depth, ", ".join(list(same)[:_NAMES_MAX]))


def _items(old: list[object], branch: _Branch, depth: int) -> Iterator[DiffLine]:
    start = 0
    for position in sorted({*branch.parts, *branch.added}, key=int):
        at = int(position)
        if at > start:
            yield _fold(old[start:at], at - start, depth, "")
        for change in branch.added.get(position, ()):
            yield from _changed(change, "", depth)
        start = at
        if position in branch.parts:
            yield from _value_lines(old[at], branch.parts[position], "", depth)
            start = at + 1
    if start < len(old):
        yield _fold(old[start:], len(old) - start, depth, "")


def _changed(change: Change, name: str, depth: int) -> Iterator[DiffLine]:
    if change.kind is not ChangeKind.ADDED:
        yield DiffLine(kind="removed", depth=depth, text=f"{name}{shortened_json(change.old)}")
    if change.kind is not ChangeKind.REMOVED:
        yield DiffLine(kind="added", depth=depth, text=f"{name}{shortened_json(change.new)}")


def _fold(values: object, count: int, depth: int, names: str) -> DiffLine:
    words = f"{count} unchanged" + (f": {names}" if names else "") if count else names
    if isinstance(values, dict) and count > _NAMES_MAX:
        words += ", …"
    return DiffLine(kind="folded", depth=depth, text=words, folded=_beginning(values))


def _beginning(values: object) -> str:
    """The first of many folded values: writing all of 1 MB takes longer than the comparison."""
    if isinstance(values, list) and len(values) > _NAMES_MAX:
        return f"{shortened_json(values[:_NAMES_MAX], _FOLDED_MAX)}\n… {len(values) - _NAMES_MAX:,} more"
    return shortened_json(values, _FOLDED_MAX)


def _key(name: str) -> str:
    return f"{json.dumps(name, ensure_ascii=False)}: "
