"""What changed between two JSON values: ``patch(diff(a, b), a) == b``.

Values of a list keep their place: a value that was inserted in front does not make all others look changed.
"""

from __future__ import annotations

import json
import marshal
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import msgpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Path = tuple[str | int, ...]
_WITHOUT_REFERENCES = 2
"""The version of marshal that writes equal values as equal bytes."""
_PACK = msgpack.Encoder().encode
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
    """Compare the values between those that both lists have."""
    old_from = new_from = 0
    for old_to, new_to in [*_common_values(old, new), (len(old), len(new))]:
        if old_from < old_to or new_from < new_to:
            yield from _compare_positions(old[old_from:old_to], new[new_from:new_to], path, old_from)
        old_from, new_from = old_to + 1, new_to + 1


def _common_values(old: list[object], new: list[object]) -> Iterator[tuple[int, int]]:
    """Yield the positions of equal values in both lists, in ascending order.

    These are the values at both ends, and between them the longest series of values that appear once in each list. So
    the time is in proportion to the length, however often values repeat.
    """
    olds, news = _texts(old, new)
    shorter = min(len(olds), len(news))
    start = next((at for at in range(shorter) if olds[at] != news[at]), shorter)
    end = next((at for at in range(shorter - start) if olds[-1 - at] != news[-1 - at]), shorter - start)
    yield from ((at, at) for at in range(start))
    counts = Counter(olds[start : len(olds) - end])
    new_counts = Counter(news[start : len(news) - end])
    places = {olds[at]: at for at in range(start, len(olds) - end)}
    pairs = [
        (places[news[at]], at)
        for at in range(start, len(news) - end)
        if counts[news[at]] == 1 and new_counts[news[at]] == 1
    ]
    yield from _longest_ascending(pairs)
    yield from ((len(olds) - at, len(news) - at) for at in range(end, 0, -1))


def _texts(*lists: list[Any]) -> list[list[bytes]]:
    """Return each value of each list as bytes, which distinguish true, 1 and 1.0.

    MessagePack takes half as long as marshal and a twentieth of json, but knows no half of a surrogate pair and no
    integer of more than 64 bits.
    """
    try:
        return [[_PACK(value) for value in values] for values in lists]
    except (UnicodeEncodeError, OverflowError):
        return [[marshal.dumps(value, _WITHOUT_REFERENCES) for value in values] for values in lists]


def _longest_ascending(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest series of pairs whose first numbers ascend (patience sorting)."""
    if pairs == sorted(pairs):  # nothing has moved, which is the usual case
        return pairs
    tops: list[int] = []
    before: list[int] = []
    piles: list[int] = []
    for at, (place, _) in enumerate(pairs):
        pile = bisect_left(tops, place)
        before.append(piles[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [place]
        piles[pile : pile + 1] = [at]
    series = []
    at = piles[-1] if piles else -1
    while at >= 0:
        series.append(pairs[at])
        at = before[at]
    return series[::-1]


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
