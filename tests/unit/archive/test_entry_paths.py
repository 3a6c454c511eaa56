"""Paths in archives: which are safe, how they are printed, and their order."""

from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.archive.entry_paths import folders_of, path_problem, sort_key


@pytest.mark.parametrize(
    "path",
    ["a", "a/b.py", ".env", "...", "a/.../b", "größe/ü.py", "a b", "ab:c", "@scope/x.js", "x" * 255, "a/" * 40 + "b"],
)
def test_ordinary_paths_pass(path: str) -> None:
    assert path_problem(path) == ""


@pytest.mark.parametrize(
    "path",
    ["", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "./a", "a\\b", "C:", "c:x", "a\0", "\x7f", "x" * 256],
)
def test_unsafe_paths_are_refused(path: str) -> None:
    assert path_problem(path)


@given(st.text(alphabet=st.sampled_from("ab./\\:\0\u202e\ud800é-_ "), max_size=12))
def test_no_accepted_path_escapes_or_has_a_second_spelling(path: str) -> None:
    """Joined to any root and normalised, an accepted path stays below that root and stays as it is."""
    if path_problem(path):
        return
    joined = posixpath.normpath(posixpath.join("/root", path))
    assert joined == f"/root/{path}"
    path.encode()


def test_folders_of_a_path_start_at_the_top() -> None:
    assert folders_of("a/b/c") == ["a", "a/b"]
    assert folders_of("a") == []


def test_the_order_is_that_of_utf8_bytes() -> None:
    """Text order differs: U+FF5E sorts after U+1F600 in UTF-16, before it in UTF-8."""
    assert sorted(["\U0001f600", "\uff5e", "a-b", "a/b", "a", "B"], key=sort_key) == [
        "B",
        "a",
        "a-b",
        "a/b",
        "\uff5e",
        "\U0001f600",
    ]
