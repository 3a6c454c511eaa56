"""Tables and lists at the width of a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.cli.output import definition_list, table

if TYPE_CHECKING:
    import pytest

ROWS = [("name", "path", "size"), ("a", "p" * 100, "10 bytes"), ("n" * 60, "q", "1.0 MB")]


def test_a_table_fits_the_terminal_and_narrow_columns_leave_room_to_wide_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builder.cli.output.table_width", lambda: 80)

    lines = table(ROWS, right=(2,), flexible=(0, 1))
    one_wide = table([("name", "path"), ("abc", "p" * 100)], flexible=(0, 1))

    assert max(map(len, lines)) <= 80
    assert lines[2].endswith("  10 bytes")
    assert "…" in lines[2]
    assert one_wide[2].startswith("abc   p")
    assert len(one_wide[2]) == 80


def test_a_table_in_a_pipe_has_whole_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builder.cli.output.table_width", lambda: None)

    lines = table(ROWS, flexible=(0, 1))

    assert "p" * 100 in lines[2]
    assert "n" * 60 in lines[3]


def test_columns_that_are_not_flexible_are_never_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builder.cli.output.table_width", lambda: 40)

    assert table([("a",), ("b" * 60,)], flexible=())[2] == "b" * 60


def test_the_texts_of_a_list_wrap_beside_their_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builder.cli.output.text_width", lambda: 40)

    lines = definition_list([("reset", "the connection ends before the answer comes"), ("slow", "it waits")])

    assert lines == ["reset  the connection ends before the", "       answer comes", "slow   it waits"]
