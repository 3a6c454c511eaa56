"""Matches of patterns are kept from one build to the next, and never outlive the patterns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from builder.archive.file_results import FileResults
from builder.bundle.ignore_patterns import IgnorePatterns, PatternMatches

if TYPE_CHECKING:
    from pathlib import Path


def parsed(results: FileResults, *lines: str) -> tuple[PatternMatches, IgnorePatterns]:
    matches = PatternMatches(results)
    patterns = matches.parse(lines)
    assert patterns is not None
    return matches, patterns


@pytest.mark.parametrize("lines", [(), ("",), ("# only a comment", "  ")])
def test_lines_without_a_pattern_are_no_patterns(lines: tuple[str, ...]) -> None:
    assert PatternMatches().parse(lines) is None


def test_the_last_pattern_that_matches_decides() -> None:
    _, patterns = parsed(FileResults(), "*.log", "!keep.log", "!")
    assert patterns.match("a.log") is True
    assert patterns.match("keep.log") is False
    assert patterns.match("a.py") is None


def test_the_next_build_knows_the_matches_of_this_one(tmp_path: Path) -> None:
    first = FileResults(tmp_path / "results.json")
    matches, patterns = parsed(first, "*.log")
    assert [patterns.match("a.log"), patterns.match("a.py")] == [True, None]
    matches.keep()
    first.save()

    _, later = parsed(FileResults(tmp_path / "results.json"), "*.log")
    assert [later.match("a.log"), later.match("a.py")] == [True, None]
    assert not later.has_new_matches
    assert later.match("b.log") is True
    assert later.has_new_matches


def test_other_patterns_know_nothing_of_earlier_matches(tmp_path: Path) -> None:
    first = FileResults(tmp_path / "results.json")
    matches, patterns = parsed(first, "*.log")
    patterns.match("a.log")
    matches.keep()
    first.save()

    _, later = parsed(FileResults(tmp_path / "results.json"), "*.txt")
    assert later.match("a.log") is None
    assert later.has_new_matches


def test_matches_of_deleted_files_are_forgotten(tmp_path: Path) -> None:
    first = FileResults(tmp_path / "results.json")
    matches, patterns = parsed(first, "*.log")
    patterns.match("old.log")
    matches.keep()
    first.save()

    second = FileResults(tmp_path / "results.json")
    matches, patterns = parsed(second, "*.log")
    patterns.match("new.log")
    matches.keep()
    second.save()

    _, third = parsed(FileResults(tmp_path / "results.json"), "*.log")
    third.match("old.log")
    assert third.has_new_matches
