"""Key path -> line of plugin.toml, for messages. Needed only if there is something to report."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from builder.manifest.text.toml_tokens import KEY_PARTS_MAX, Token, tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.manifest.finding import KeyPath

_END = Token("end", "", 0)


def line_numbers(text: str) -> dict[KeyPath, int]:
    """The line of each key of a TOML text.

    The text may have errors: the keys of what cannot be understood are missing from the result.
    """
    index = _Index(text)
    while index.token.kind != "end":
        index.statement()
    return index.lines


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    """The line of the key, or of the nearest table around it; 0 if neither is known."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 0


class _Index:
    """Reads the statements of one text and collects the lines of their keys."""

    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._tokens = tokens(text)
        self._table: KeyPath = ()
        self._list_lengths: dict[KeyPath, int] = {}
        self.token = _END
        self._next()

    def statement(self) -> None:
        if self.token.text == "[" and self.token.kind == "mark":
            self._header()
        elif self.token.kind in {"bare", "string"}:
            self._pair(self._table)
        while self.token.kind not in {"newline", "end"}:
            self._next()
        self._next()

    def _next(self) -> None:
        self.token = next(self._tokens, _END)

    def _header(self) -> None:
        line = self.token.line
        self._next()
        is_list = self.token.text == "["
        if is_list:
            self._next()
        keys = self._keys()
        path: KeyPath = ()
        for position, key in enumerate(keys, start=1):
            path = (*path, key)
            if is_list and position == len(keys):
                self._list_lengths[path] = self._list_lengths.get(path, 0) + 1
            if path in self._list_lengths:
                path = (*path, self._list_lengths[path] - 1)
        self._table = path
        self._remember(path, line)

    def _pair(self, table: KeyPath) -> None:
        line = self.token.line
        path = (*table, *self._keys())
        self._remember(path, line)
        if self.token.text == "=":
            self._next()
            self._value(path)

    def _keys(self) -> tuple[str, ...]:
        keys: list[str] = []
        while self.token.kind in {"bare", "string"} or self.token.text == ".":
            if self.token.text != "." and len(keys) < KEY_PARTS_MAX:
                keys.append(_plain(self.token.text))
            self._next()
        return tuple(keys)

    def _value(self, path: KeyPath) -> None:
        if self.token.text == "[":
            self._items(path, "]")
        elif self.token.text == "{":
            self._items(path, "}")
        else:
            while self.token.kind not in {"newline", "end"} and self.token.text not in {",", "]", "}"}:
                self._next()

    def _items(self, path: KeyPath, closing: str) -> None:
        """The items of an array or an inline table: an array's items have an index, a table's are pairs."""
        self._next()
        position = 0
        while self.token.kind != "end" and self.token.text != closing:
            if self.token.kind == "newline" or self.token.text in {",", "]", "}", "=", "."}:
                position += self.token.text == ","
                self._next()
            elif closing == "}":
                self._inline_pair(path)
            else:
                self._remember((*path, position), self.token.line)
                self._value((*path, position))
        self._next()

    def _inline_pair(self, path: KeyPath) -> None:
        before = self.token
        self._pair(path)
        if self.token is before:
            self._next()

    def _remember(self, path: KeyPath, line: int) -> None:
        for length in islice(range(len(path), 0, -1), KEY_PARTS_MAX):
            self.lines.setdefault(path[:length], line)


def _plain(text: str) -> str:
    """A key without its quotes. Escapes are not decoded; a key with one gets the line of its table."""
    return text[1:-1] if text[:1] in {'"', "'"} else text
