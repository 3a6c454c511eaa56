"""Edits of TOML text that keep its comments, its order and its way of writing everything else."""

from __future__ import annotations

from collections.abc import MutableMapping
from itertools import dropwhile
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.items import AoT, Array, Comment, InlineTable, Table, Whitespace

from sandbox.plugin_files.settings_drift import row_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sandbox.plugin_files.settings_drift import SettingEdit

Container = MutableMapping[str, Any]
_ORDER = "order"
_ROWS = frozenset({"interceptions", "notifications"})


def edited_toml(text: str, edits: Iterable[SettingEdit]) -> str:
    """Return TOML text after some edits.

    Args:
        text: Valid TOML.
        edits: What to change.
    """
    line_end = "\r\n" if "\r\n" in text else "\n"
    document = tomlkit.parse(text.replace("\r\n", "\n"))
    for edit in edits:
        *tables, key = edit.path
        if edit.value is None:
            _remove(document, tables, key)
        elif isinstance(edit.value, list) and (key in _ROWS):
            _set_rows(_table_at(document, tables), key, edit.value, inline=_is_inline(document, tables))
        else:
            _set(_table_at(document, tables), key, edit.value)
    return f"{tomlkit.dumps(document).rstrip()}\n".replace("\n", line_end)


def _table_at(document: Container, names: Sequence[str]) -> Container:
    """Return a table, which is created where it is missing."""
    table = document
    for depth, name in enumerate(names):
        if name not in table:
            last = depth == len(names) - 1
            if _is_inline(document, names[:depth]):
                table[name] = tomlkit.inline_table()
            else:
                new = tomlkit.table(is_super_table=not last)
                if last:
                    new.add(Whitespace("\n"))
                table[name] = new
        table = table[name]
    return table


def _is_inline(document: Container, names: Sequence[str]) -> bool:
    """Return whether a table is written inside of a line, as ``{ key = value }`` or with dotted keys."""
    table = document
    for name in names:
        body = table.value.body if isinstance(table, Table) else ()
        if any(key is not None and key.key == name and key.is_dotted() for key, _ in body):
            return True
        table = table[name]
    return isinstance(table, InlineTable)


def _remove(document: Container, names: Sequence[str], key: str) -> None:
    table = document
    for name in names:
        if name not in table:
            return
        table = table[name]
    if key in table:
        del table[key]


def _set(table: Container, key: str, value: object) -> None:
    if key in table:
        table[key] = value
    else:
        _add(table, key, tomlkit.item(value))


def _add(table: Container, key: str, value: Any) -> None:  # noqa: ANN401 - an item of tomlkit
    """Add a key: behind the last value of a table, not behind the tables inside it and the empty lines before them."""
    if not isinstance(table, Table) or isinstance(value, Table | AoT):
        table[key] = value
        return
    if table.is_super_table():  # it had no line of its own, so it has no comment either
        table.trivia.comment = table.trivia.comment_ws = ""
        value.trivia.trail = "\n\n"
    names = [name for name, item in table.value.body if name is not None and not isinstance(item, Table | AoT)]
    if names:
        table.value._insert_after(names[-1], tomlkit.key(key), value)  # noqa: SLF001 - tomlkit has no public way
        dict.__setitem__(table, key, value)
    else:
        table[key] = value


def _set_rows(table: Container, key: str, rows: Sequence[Mapping[str, object]], *, inline: bool) -> None:
    """Change a list of tables row by row, so that comments of the other rows stay."""
    found = table.get(key)
    if rows and isinstance(found, AoT | Array) and len(found):
        _change_rows(found, rows)
        return
    comments = _comments_after(found[-1]) if isinstance(found, AoT) and len(found) else []
    if found is not None:
        del table[key]
    _add(table, key, _list_of(rows, inline=inline) if rows else tomlkit.array())
    if isinstance(table, Table):
        for item in comments:
            table.add(item)


def _change_rows(found: AoT | Array, rows: Sequence[Mapping[str, object]]) -> None:
    kept = 0
    for row in list(found.unwrap()):
        if kept < len(rows) and row_key(rows[kept]) == row_key(row):
            _set_order(found[kept], rows[kept].get(_ORDER))
            kept += 1
        else:
            _delete_row(found, kept)
    for row in rows[kept:]:
        found.append(_table_of(row) if isinstance(found, AoT) else _inline_of(row))


def _delete_row(found: AoT | Array, at: int) -> None:
    """Delete a row, and keep the comments after it, which are about what follows."""
    comments = _comments_after(found[at]) if isinstance(found, AoT) else []
    del found[at]
    if comments and at < len(found):
        _put_first(found[at], comments)
    elif comments and at:
        found[at - 1].value.body.extend((None, item) for item in comments)


def _put_first(row: Table, comments: Sequence[Comment | Whitespace]) -> None:
    items = list(dropwhile(lambda item: isinstance(item, Whitespace), comments))
    row.value.body[:0] = [(None, item) for item in items]
    places = row.value._map  # noqa: SLF001 - tomlkit has no public way to insert a comment
    for key, place in places.items():
        places[key] = place + len(items) if isinstance(place, int) else tuple(one + len(items) for one in place)


def _comments_after(row: Table) -> list[Comment | Whitespace]:
    """Return what follows the last value of a row, if there is a comment in it."""
    items: list[Comment | Whitespace] = []
    for name, item in row.value.body:
        if name is not None:
            items = []
        elif isinstance(item, Comment | Whitespace):
            items.append(item)
    return items if any(isinstance(item, Comment) for item in items) else []


def _set_order(row: Container, order: object) -> None:
    if order is None:
        row.pop(_ORDER, None)
    elif row.get(_ORDER) != order:
        _set(row, _ORDER, order)


def _list_of(rows: Sequence[Mapping[str, object]], *, inline: bool) -> AoT | Array:
    if inline:
        array = tomlkit.array()
        for row in rows:
            array.append(_inline_of(row))
        return array
    tables = tomlkit.aot()
    for row in rows:
        tables.append(_table_of(row))
    return tables


def _table_of(row: Mapping[str, object]) -> Table:
    table = tomlkit.table()
    for key, value in row.items():
        table.add(key, tomlkit.item(value))
    table.add(Whitespace("\n"))
    return table


def _inline_of(row: Mapping[str, object]) -> InlineTable:
    table = tomlkit.inline_table()
    table.update(row)
    return table
