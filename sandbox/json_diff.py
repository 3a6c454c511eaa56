"""What changed between two JSON values: ``patch(diff(a, b), a) == b``.

Values of a list keep their place: a value that was inserted in front does not make all others look changed.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Path = tuple[str | int, ...]
_ALIGNMENT_STEPS_MAX = 200_000
"""Lists in which the same values appear very often are compared position by position: aligning them takes too long."""
_TEXT_MAX = 200


class ChangeKind(StrEnum):
    """What happened to a value."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One difference.

    Attributes:
        kind: What happened.
        path: Keys and positions from the outside to the value. Positions are those in the old list; a value is added
            in front of the value at its position.
        old: The old value; None for an added one.
        new: The new value; None for a removed one.
    """

    kind: ChangeKind
    path: Path
    old: object = None
    new: object = None


def diff(old: object, new: object) -> tuple[Change, ...]:
    """Return the changes that make ``new`` of ``old``, from the beginning to the end of the text."""
    return tuple(_compare(old, new, ()))


def patch(changes: Iterable[Change], value: object) -> object:
    """Return a copy of a value with changes from ``diff``."""
    result = [json.loads(json.dumps(value))]
    # From the end to the beginning, so that the positions of the remaining changes stay right.
    for change in reversed(tuple(changes)):
        _apply(change, result)
    return result[0]


def describe(change: Change) -> str:
    """Return a change as one line: ``+ path: value``, ``- path: value`` or ``~ path: old -> new``."""
    place = path_text(change.path)
    if change.kind is ChangeKind.ADDED:
        return f"+ {place}: {_short(change.new)}"
    if change.kind is ChangeKind.REMOVED:
        return f"- {place}: {_short(change.old)}"
    return f"~ {place}: {_short(change.old)} -> {_short(change.new)}"


def path_text(path: Path) -> str:
    """Return a path as in JavaScript: ``request.body.items[2].name``; ``(all)`` for the whole value."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "(all)"


def _compare(old: object, new: object, path: Path) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _compare_objects(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _compare_lists(old, new, path)
    elif not _same_scalar(old, new):
        yield Change(kind=ChangeKind.CHANGED, path=path, old=old, new=new)


def _same_scalar(old: object, new: object) -> bool:
    """Return whether two values are equal in JSON, where true is not the number 1."""
    return old == new and isinstance(old, bool) is isinstance(new, bool)


def _compare_objects(old: dict[str, object], new: dict[str, object], path: Path) -> Iterator[Change]:
    for key, value in old.items():
        if key not in new:
            yield Change(kind=ChangeKind.REMOVED, path=(*path, key), old=value)
        elif value is not new[key]:
            yield from _compare(value, new[key], (*path, key))
    for key, value in new.items():
        if key not in old:
            yield Change(kind=ChangeKind.ADDED, path=(*path, key), new=value)


def _compare_lists(old: list[object], new: list[object], path: Path) -> Iterator[Change]:
    texts = [[json.dumps(value, sort_keys=True) for value in values] for values in (old, new)]
    if len(old) == len(new):
        changed = [at for at, (one, other) in enumerate(zip(*texts, strict=True)) if one != other]
        if len(changed) <= len(old) // 2 or len(old) <= 1:
            for at in changed:
                yield from _compare(old[at], new[at], (*path, at))
            return
    start = _common(*texts)
    end = min(_common(texts[0][::-1], texts[1][::-1]), min(len(old), len(new)) - start)
    old_part, new_part = slice(start, len(old) - end), slice(start, len(new) - end)
    if _alignment_steps(texts[0][old_part], texts[1][new_part]) > _ALIGNMENT_STEPS_MAX:
        yield from _compare_positions(old[old_part], new[new_part], path, start)
        return
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(None, texts[0][old_part], texts[1][new_part], autojunk=False)
    for tag, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        if tag != "equal":
            olds = old[start + old_start : start + old_end]
            yield from _compare_positions(olds, new[start + new_start : start + new_end], path, start + old_start)


def _alignment_steps(one: list[str], other: list[str]) -> int:
    """Return about how many pairs of equal values an alignment looks at."""
    counts = Counter(other)
    return sum(counts[text] for text in one)


def _common(one: list[str], other: list[str]) -> int:
    """Return how many values at the beginning are equal."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (left, right) in enumerate(pairs) if left != right), min(len(one), len(other)))


def _compare_positions(old: list[object], new: list[object], path: Path, start: int) -> Iterator[Change]:
    common = min(len(old), len(new))
    for position in range(common):
        yield from _compare(old[position], new[position], (*path, start + position))
    for position in range(common, len(old)):
        yield Change(kind=ChangeKind.REMOVED, path=(*path, start + position), old=old[position])
    for value in new[common:]:
        yield Change(kind=ChangeKind.ADDED, path=(*path, start + len(old)), new=value)


def _apply(change: Change, root: list[object]) -> None:
    parent: object = root
    for key in (0, *change.path)[: len(change.path)]:
        parent = parent[key]  # type: ignore[index]  # diff made this path from such a value
    last = change.path[-1] if change.path else 0
    new = json.loads(json.dumps(change.new))
    if isinstance(parent, list) and isinstance(last, int):
        if change.kind is ChangeKind.ADDED:
            parent.insert(last, new)
        elif change.kind is ChangeKind.REMOVED:
            del parent[last]
        else:
            parent[last] = new
    elif isinstance(parent, dict):
        if change.kind is ChangeKind.REMOVED:
            del parent[last]
        else:
            parent[last] = new


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _TEXT_MAX else f"{text[: _TEXT_MAX - 1]}…"
