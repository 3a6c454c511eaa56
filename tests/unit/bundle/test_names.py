"""Names of first-party files: the same on every system, or refused with the reason."""

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
def test_ordinary_names_pass(path: str) -> None:
    assert name_fault(path) == ""


@pytest.mark.parametrize(
    ("path", "told"),
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
        ("../a", "climbs"),
    ],
)
def test_names_that_another_system_cannot_store_are_refused(path: str, told: str) -> None:
    assert told in name_fault(path)


def test_names_that_differ_only_in_case_are_refused_with_both() -> None:
    (problem,) = source_problems([source("Index.py"), source("index.py")])
    assert "src/index.py" in problem.message
    assert "src/Index.py" in problem.message


def test_a_script_with_windows_line_ends_is_refused_and_other_text_is_not() -> None:
    problems = source_problems([source("run.sh", b"#!/bin/sh\r\necho\r\n"), source("a.txt", b"one\r\ntwo\r\n")])
    assert [problem.file for problem in problems] == ["src/run.sh"]


def test_all_problems_are_told() -> None:
    assert len(source_problems([source("a."), source("b?"), source("nul")])) == 3


@pytest.mark.parametrize(
    ("content", "executable"),
    [(b"#!/bin/sh\n", True), (b"\x7fELF\x02", True), (b"", False), (b"import os\n", False)],
    ids=["script", "program", "empty", "module"],
)
def test_the_content_says_whether_a_file_is_executable(content: bytes, *, executable: bool) -> None:
    assert source("x", content).executable is executable


@pytest.mark.parametrize(
    ("text", "files"),
    [
        (b'{"type": "module", "name": "x"}', [("package.json", b'{"type": "module"}\n')]),
        (b'{"type": "commonjs"}', []),
        (b'{"name": "x"}', []),
        (b"[]", []),
    ],
    ids=["modules", "CommonJS", "not said", "not an object"],
)
def test_es_modules_get_a_package_json_that_says_only_so(text: bytes, files: list[tuple[str, bytes]]) -> None:
    assert [(file.path, file.content) for file in marker_for(text, "package.json")] == files


def test_a_package_json_that_is_not_json_is_named() -> None:
    with pytest.raises(ProjectError, match=r"package\.json is not JSON"):
        marker_for(b"{", "package.json")
