"""In which line of a JSON text each value is. No I/O."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

JsonPath = tuple[str | int, ...]
_MARK = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


@dataclass(slots=True)
class _Level:
    """An object or a list that is open, and the key or position in it."""

    is_object: bool
    at: str | int
    expects_key: bool


def json_lines(text: str) -> Mapping[JsonPath, int]:
    """The line of each value of a valid JSON text, from 1; of a member of an object, the line of its key."""
    lines: dict[JsonPath, int] = {}
    levels: list[_Level] = []
    line, counted = 1, 0
    for match in _MARK.finditer(text):
        line += text.count("\n", counted, match.start())
        counted, mark = match.start(), match[0]
        top = levels[-1] if levels else None
        if mark == ":":
            continue
        if mark in "}]":
            levels.pop()
        elif mark == "," and top:
            top.expects_key = top.is_object
            top.at = top.at if isinstance(top.at, str) else top.at + 1
        elif top and top.expects_key:
            top.at, top.expects_key = str(json.loads(mark)), False
            lines[_path(levels)] = line
        else:
            lines.setdefault(_path(levels), line)
            if mark in "{[":
                is_object = mark == "{"
                levels.append(_Level(is_object=is_object, at="" if is_object else 0, expects_key=is_object))
    return lines


def _path(levels: list[_Level]) -> JsonPath:
    return tuple(level.at for level in levels)
