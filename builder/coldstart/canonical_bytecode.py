"""Bytecode as CPython marshals it, without what only this process knows.

``marshal`` marks every object that something else also holds at that moment, in case it comes up again. Whether
something else does depends on what the process did before, so the same code gives different bytes. Here the marks that
nothing refers to are taken away and the others are counted anew: what remains follows from the code alone.
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
"""Of a code object: bytes of numbers, objects, bytes of the first line's number, objects (Python/marshal.c)."""


def canonicalize(data: bytes, version: tuple[int, int]) -> bytes:
    """The same code object in the one spelling that does not depend on the process that wrote it.

    Args:
        data: What ``marshal.dumps`` gave for a code object.
        version: Of the CPython that wrote it.

    Raises:
        ValueError: It is nothing that this CPython writes for code.
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
    """Positions of marked objects in their order, and (position, number) of each reference to one."""
    layout = _LAYOUTS[version]
    marked: list[int] = []
    references: list[tuple[int, int]] = []
    # What is still to be read: a number above zero counts objects, one below zero bytes to pass over.
    waiting, position = [1], 0
    while waiting:
        count = waiting.pop()
        if count < 0:
            position -= count
            continue
        if count > 1:
            waiting.append(count - 1)
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
        waiting.extend(number for number in reversed(inside) if number)
    if position != len(data):
        msg = "the bytecode has bytes after its end"
        raise ValueError(msg)
    return marked, references


def _inside(kind: int, data: bytes, position: int, layout: tuple[int, int, int, int]) -> tuple[int, tuple[int, ...]]:
    """Where an object's own bytes end, and what belongs to it after them."""
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
    """Objects that begin with a count of four bytes."""
    count = int.from_bytes(data[position : position + _SIZE], "little", signed=True)
    position += _SIZE
    if kind in _LONG_TEXT:
        return position + count, ()
    if kind == ord("l"):
        return position + 2 * abs(count), ()
    if kind in b"(><[":
        return position, (count,)
    msg = f"{chr(kind)!r} stands for nothing in bytecode"
    raise ValueError(msg)
