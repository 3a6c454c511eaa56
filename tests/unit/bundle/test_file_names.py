"""Names of own files: valid on every system, or rejected with the reason."""

from __future__ import annotations

import unicodedata

import pytest

from builder.bundle.file_names import name_fault, source_problems
from builder.bundle.selection import marker_for
from builder.bundle.source_files import SourceFile
from builder.errors import ProjectError


def source(path: str, content: bytes = b"") -> SourceFile:
    return SourceFile(path=path, origin=f"src/{path}", content=content)


@pytest.mark.parametrize("path", ["a.py", "größe.py", "a b.txt", "com.py", "console/aux_data.js", "a.b.c", "x" * 250])
def test_ordinary_names_are_accepted(path: str) -> None:
    assert name_fault(path) == ""


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (unicodedata.normalize("NFD", "größe.py"), "NFD"),
        ("a\tb", "control"),
        ("a\u202eb", "text-direction"),
        ("a:b", "drive"),
        ("ab:c", "Windows"),
        ("what?.txt", "Windows"),
        ('say "hi".txt', "Windows"),
        ("a.", "Windows"),
        ("a /b", "Windows"),
        ("AUX", "Windows"),
        ("data/nul.txt", "Windows"),
        ("com1.tar.gz", "Windows"),
        ("d/" * 125 + "x", "251 bytes"),
        ("../a", "leaves the archive"),
    ],
)
def test_names_that_another_system_cannot_store_are_rejected(path: str, reason: str) -> None:
    assert reason in name_fault(path)


def test_names_that_differ_only_in_case_are_reported_together() -> None:
    (problem,) = source_problems([source("Index.py"), source("index.py")])
    assert "src/index.py" in problem.message
    assert "src/Index.py" in problem.message


def test_windows_line_endings_are_a_problem_only_in_scripts() -> None:
    problems = source_problems([source("run.sh", b"#!/bin/sh\r\necho\r\n"), source("a.txt", b"one\r\ntwo\r\n")])
    assert [problem.file for problem in problems] == ["src/run.sh"]


def test_all_problems_are_reported() -> None:
    assert len(source_problems([source("a."), source("b?"), source("nul")])) == 3


@pytest.mark.parametrize(
    ("content", "executable"),
    [(b"#!/bin/sh\n", True), (b"\x7fELF\x02", True), (b"", False), (b"import os\n", False)],
    ids=["script", "program", "empty", "module"],
)
def test_the_content_decides_whether_a_file_is_executable(content: bytes, *, executable: bool) -> None:
    assert source("x", content).executable is executable


@pytest.mark.parametrize(
    ("text", "files"),
    [
        (b'{"type": "module", "name": "x"}', [("package.json", b'{"type": "module"}\n')]),
        (b'{"type": "commonjs"}', []),
        (b'{"name": "x"}', []),
        (b"[]", []),
    ],
    ids=["modules", "CommonJS", "no type", "not an object"],
)
def test_es_modules_get_a_package_json_with_only_their_type(text: bytes, files: list[tuple[str, bytes]]) -> None:
    assert [(file.path, file.content) for file in marker_for(text, "package.json")] == files


def test_an_invalid_package_json_is_named() -> None:
    with pytest.raises(ProjectError, match=r"package\.json is not valid JSON"):
        marker_for(b"{", "package.json")
