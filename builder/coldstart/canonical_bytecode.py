"""Makes marshalled bytecode independent of the process that wrote it.

``marshal`` marks every object that has other references at that moment, in case it appears again.
Other references depend on what the process did before, so the same code gives different bytes. This
module removes marks that are never used and numbers the others again: the result depends on the
code alone.
"""

from __future__ import annotations

from typing import Final

_FLAG: Final = 0x80
_REFERENCE: Final = ord("r")
_SIZE: Final = 4
_FIXED: Final = dict.fromkeys(b"N.TFS0", 0) | {ord("i"): 4, ord("r"): 4, ord("I"): 8, ord("g"): 8, ord("y"): 16}
_LONG_TEXT: Final = b"sutaA"
_SHORT_TEXT: Final = b"zZ"
_SLICE: Final = ord(":")
_LAYOUTS: Final = {
    (3, 9): (24, 8, 4, 1),
    (3, 10): (24, 8, 4, 1),
    (3, 11): (20, 8, 4, 2),
    (3, 12): (20, 8, 4, 2),
    (3, 13): (20, 8, 4, 2),
    (3, 14): (20, 8, 4, 2),
}
"""Parts of a code object: bytes of numbers, objects, bytes of the first line number, objects
(Python/marshal.c)."""


def canonicalize(data: bytes, version: tuple[int, int]) -> bytes:
    """The same code object in its canonical form, which does not depend on the process that wrote it.

    Args:
        data: The result of ``marshal.dumps`` for a code object.
        version: Of the CPython that wrote it.

    Raises:
        ValueError: It is not the code object of this CPython version.
    """
    marked, references = _marks(data, version)
    used = {number for _, number in references}
    numbers: dict[int, int] = {}
    result = bytearray(data)
    for number, position in enumerate(marked):
        if number in used:
            numbers[number] = len(numbers)
        else:
            result[position] &= ~_FLAG
    for position, number in references:
        result[position : position + _SIZE] = numbers[number].to_bytes(_SIZE, "little")
    return bytes(result)


def _marks(data: bytes, version: tuple[int, int]) -> tuple[list[int], list[tuple[int, int]]]:
    """Positions of the marked objects in order, and (position, number) of each reference to one."""
    layout = _LAYOUTS[version]
    marked: list[int] = []
    references: list[tuple[int, int]] = []
    # What is left to read: a positive number counts objects, a negative one counts bytes to skip.
    pending, position = [1], 0
    while pending:
        count = pending.pop()
        if count < 0:
            position -= count
            continue
        if count > 1:
            pending.append(count - 1)
        if position >= len(data):
            msg = "the bytecode ends too early"
            raise ValueError(msg)
        kind = data[position]
        if kind & _FLAG:
            marked.append(position)
            kind &= ~_FLAG
        position += 1
        if kind == _REFERENCE:
            references.append((position, int.from_bytes(data[position : position + _SIZE], "little")))
        position, inside = _inside(kind, data, position, layout)
        pending.extend(number for number in reversed(inside) if number)
    if position != len(data):
        msg = "the bytecode continues after its end"
        raise ValueError(msg)
    return marked, references


def _inside(kind: int, data: bytes, position: int, layout: tuple[int, int, int, int]) -> tuple[int, tuple[int, ...]]:
    """Where an object's own bytes end, and its parts after them."""
    if kind in _FIXED:
        return position + _FIXED[kind], ()
    if kind in _SHORT_TEXT:
        return position + 1 + data[position], ()
    if kind == ord("c"):
        numbers, first, line, last = layout
        return position + numbers, (first, -line, last)
    if kind == ord(")"):
        return position + 1, (data[position],)
    if kind == _SLICE:
        return position, (3,)
    return _counted(kind, data, position)


def _counted(kind: int, data: bytes, position: int) -> tuple[int, tuple[int, ...]]:
    """As ``_inside``, for objects that begin with a count of four bytes."""
    count = int.from_bytes(data[position : position + _SIZE], "little", signed=True)
    position += _SIZE
    if kind in _LONG_TEXT:
        return position + count, ()
    if kind == ord("l"):
        return position + 2 * abs(count), ()
    if kind in b"(><[":
        return position, (count,)
    msg = f"{chr(kind)!r} is not a type in bytecode"
    raise ValueError(msg)
