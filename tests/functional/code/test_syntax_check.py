"""The plugin's own code is parsed with the grammar of its runtime, for any Python or Node.js on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from builder.code import refuse_syntax_errors
from builder.errors import ProjectError
from builder.platform.runtimes import RUNTIMES
from tests.functional.cli.conftest import biot_plugin, plugin

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.cli.conftest import Call

__all__ = ["biot_plugin", "plugin"]

CONFLICT = b"a = 1\n<<<<<<< HEAD\nb = 2\n=======\nb = 3\n>>>>>>> main\n"


@dataclass(frozen=True)
class Script:
    path: str
    content: bytes

    @property
    def origin(self) -> str:
        return f"src/{self.path}"


def problems(runtime: str, files: dict[str, bytes]) -> list[tuple[str, int, str]]:
    try:
        refuse_syntax_errors([Script(path, content) for path, content in files.items()], RUNTIMES[runtime])
    except ProjectError as error:
        return [(problem.file, problem.line, problem.message) for problem in error.problems]
    return []


PYTHON_SINCE = {
    "match": ("3.10", b"match x:\n    case 1: pass\n"),
    "except star": ("3.11", b"try: pass\nexcept* ValueError: pass\n"),
    "PEP 695": ("3.12", b"type A[T] = list[T]\ndef f[T](x: T) -> T: return x\n"),
    "PEP 696": ("3.13", b"type A[T = int] = list[T]\n"),
    "PEP 701": ("3.12", b"x = f'{\"a\" + '' + f\"{f'{1}'}\"}'\n".replace(b"''", b"'b'")),
    "PEP 758": ("3.14", b"try: pass\nexcept ValueError, TypeError: pass\n"),
    "t-string": ("3.14", b"x = t'{1}'\n"),
    "parenthesised with": ("3.9", b"with (open('a') as a, open('b') as b): pass\n"),
}


@pytest.mark.parametrize("name", PYTHON_SINCE)
@pytest.mark.parametrize("version", ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"])
def test_python_syntax_is_valid_from_its_version_on(name: str, version: str) -> None:
    since, code = PYTHON_SINCE[name]
    is_valid = int(version[2:]) >= int(since[2:])
    assert (problems(f"python{version}", {"a.py": code}) == []) == is_valid


BROKEN_PYTHON = {
    "syntax error": (b"a = 1\nb = (\n", 2),
    "Python 2 print": (b"import os\nprint 'hello'\n", 2),
    "Python 2 except": (b"try:\n    pass\nexcept ValueError, e:\n    pass\n", 3),
    "NUL byte": (b"a = 1\nb = '\0'\n", 2),
    "conflict markers": (CONFLICT, 2),
    "not UTF-8": (b"a = 1\nb = '\xff'\n", 2),
    "unknown encoding": (b"# -*- coding: uft-8 -*-\n", 1),
    "return at module level": (b"a = 1\nreturn a\n", 2),
    "late future import": (b"import os\nfrom __future__ import annotations\n", 2),
    "hidden from a linter": (b"# ruff: noqa\nbreak  # noqa\n", 2),
}


@pytest.mark.parametrize("name", BROKEN_PYTHON)
@pytest.mark.parametrize("runtime", ["python3.9", "python3.13"])
def test_invalid_python_is_reported_with_its_line(name: str, runtime: str) -> None:
    code, line = BROKEN_PYTHON[name]
    found = problems(runtime, {"good.py": b"a = 1\n", "deep/er/bad.py": code})
    assert [(file, place) for file, place, _ in found] == [("src/deep/er/bad.py", line)]


GOOD_PYTHON = {
    "empty": b"",
    "byte order mark": b"\xef\xbb\xbfa = 1\n",
    "Latin-1": b"# -*- coding: latin-1 -*-\na = '\xe9'\n",
    "doubtful escape": b"a = '\\d'\n",
    "markers in a text": b"'''\n<<<<<<< HEAD\n=======\n>>>>>>> main\n'''\n",
    "form feed and CRLF": b"\x0ca = 1\r\nb = 2\r\n",
}


@pytest.mark.parametrize("name", GOOD_PYTHON)
def test_valid_python_is_accepted(name: str) -> None:
    assert problems("python3.13", {"a.py": GOOD_PYTHON[name], "data.js": b"(", "template.txt": b"("}) == []


MODULE = {"package.json": b'{"type": "module"}'}
BROKEN_JAVASCRIPT = {
    "syntax error": ({"a.js": b"const a = 1;\nconst b = (;\n"}, 2),
    "conflict markers": ({"a.js": CONFLICT}, 2),
    "early error": ({"a.js": b"let a = 1;\nlet a = 2;\n"}, 2),
    "assignment to a call in a module": ({"a.mjs": b"\nf() = 1;\n"}, 2),
    "NUL byte": ({"a.js": b"\nlet a\0 = 1;\n"}, 2),
    "regular expression": ({"a.js": b"const a = /(/;\n"}, 1),
    "types": ({"a.js": b"const a: number = 1;\n"}, 1),
    "import in CommonJS": ({"a.js": b"\nimport b from 'node:fs';\n"}, 2),
    "import in .cjs": ({"a.cjs": b"import b from 'node:fs';\n", **MODULE}, 1),
    "await in CommonJS": ({"a.js": b"const a = 1;\nawait a;\n"}, 2),
    "with in a module": ({"a.js": b"with (a) {}\n", **MODULE}, 1),
    "the nearest package.json": (
        {"a/b.js": b"export const a = 1;\n", "a/package.json": b'{"type": "commonjs"}', **MODULE},
        1,
    ),
}


@pytest.mark.parametrize("name", BROKEN_JAVASCRIPT)
@pytest.mark.parametrize("runtime", ["nodejs20.x", "nodejs22.x"])
def test_invalid_javascript_is_reported_with_its_line(name: str, runtime: str) -> None:
    files, line = BROKEN_JAVASCRIPT[name]
    found = problems(runtime, files)
    assert [(file, place) for file, place, _ in found] == [(f"src/{next(iter(files))}", line)]


EXTENDED_JAVASCRIPT = {
    "JSX element": b"const a = 1;\nexports.b = <div>{a}</div>;\n",
    "JSX without content": b"\nexports.b = <input />;\n",
    "JSX fragment": b"\nexports.b = <></>;\n",
    "decorator of a class": b"\n@sealed class A {}\n",
    "decorator of a method": b"class A {\n  @bound method() {}\n}\n",
}


@pytest.mark.parametrize("name", EXTENDED_JAVASCRIPT)
@pytest.mark.parametrize("runtime", ["nodejs20.x", "nodejs24.x"])
def test_syntax_for_compilers_is_reported_with_its_line(name: str, runtime: str) -> None:
    files = {"a.js": EXTENDED_JAVASCRIPT[name]}
    assert [(file, place) for file, place, _ in problems(runtime, files)] == [("src/a.js", 2)]
    sources = [Script(path, content) for path, content in files.items()]
    refuse_syntax_errors(sources, RUNTIMES[runtime], bundled=True)


CHANGING_JAVASCRIPT = {
    "assert": (b"\nimport a from './a.json' assert { type: 'json' };\n", {"nodejs20.x"}),
    "assert without names": (b"\nimport './a.json' assert { type: 'json' };\n", {"nodejs20.x"}),
    "assert on a line of its own": (b"import {\na } from './a.json'assert { type: 'json' };\n", {"nodejs20.x"}),
    "assert in export": (b"\nexport * from './a.json' assert { type: 'json' };\n", {"nodejs20.x"}),
    "using": (b"\n{ using a = f(); }\n", {"nodejs24.x"}),
    "await using": (b"\nawait using a = f();\n", {"nodejs24.x"}),
    "using in a loop": (b"\nfor (using a of b) {}\n", {"nodejs24.x"}),
}


@pytest.mark.parametrize("name", CHANGING_JAVASCRIPT)
@pytest.mark.parametrize("runtime", ["nodejs20.x", "nodejs22.x", "nodejs24.x"])
def test_javascript_is_valid_only_on_some_versions(name: str, runtime: str) -> None:
    code, valid = CHANGING_JAVASCRIPT[name]
    expected = [] if runtime in valid else [("src/a.mjs", 2)]
    assert [(file, place) for file, place, _ in problems(runtime, {"a.mjs": code})] == expected


GOOD_JAVASCRIPT: dict[str, dict[str, bytes]] = {
    "hashbang": {"a.js": b"#!/usr/bin/env node\nreturn;\n"},
    "top-level await": {"a.mjs": b"await f();\n"},
    "import attributes": {"a.mjs": b"import a from './a.json' with { type: 'json' };\n"},
    "module by package.json": {"a/b.js": b"export default 1;\n", **MODULE},
    "package.json without type between": {"a.js": b"exports.a = 1;\n", "package.json": b"{}"},
    "private fields": {"a.js": b"class A { #a = 1; static { } has(b) { return #a in b; } }\n"},
    "broken package.json": {"a.js": b"exports.a = 1;\n", "package.json": b"{"},
    "comparisons": {"a.cjs": b"if (a < b / 2 && c > /</.exec(d)) { e = '<div></div>'; } // <b/> @c using d = 1\n"},
    "JSX in a text": {"a.cjs": b"const a = `<b>${'</b>'}</b>\nimport a from 'b' assert {}`; /* @a class B {} */\n"},
    "using as a name": {"a.cjs": b"var using, await; using\na = 1; using = 3; for (using of b) {} using(a);\n"},
    "assert as a function": {"a.mjs": b"import 'b'\nassert\n{ }\nimport assert from 'node:assert';\nassert(1);\n"},
    "sloppy mode": {"a.cjs": b"var a = 010; with (a) {} delete a;\n"},
}


@pytest.mark.parametrize("name", GOOD_JAVASCRIPT)
def test_valid_javascript_is_accepted(name: str) -> None:
    assert problems("nodejs22.x", {**GOOD_JAVASCRIPT[name], "other.py": b"("}) == []


def test_node_24_detects_the_module_type_by_the_text() -> None:
    assert problems("nodejs24.x", {"a.js": b"export const a = 1;\n", "b.js": b"exports.a = 1; with (a) {}\n"}) == []
    assert [line for _, line, _ in problems("nodejs24.x", {"a.js": b"export const a = 1;\nwith (a) {}\n"})] == [2]


@pytest.mark.parametrize("command", ["check", "package"])
def test_the_command_reports_every_invalid_file(biot_plugin: Call, plugin: Path, command: str) -> None:
    (plugin / "src" / "old.py").write_text("print 'hello'\n")
    (plugin / "src" / "deep" / "merged.py").write_bytes(CONFLICT)
    done = biot_plugin(command, cwd=plugin)

    assert done.returncode == 4
    assert "src/old.py:1: Syntax error on Python 3.13: " in done.stderr
    assert "convert it to Python 3" in done.stderr
    assert "src/deep/merged.py:2: The file contains merge conflict markers" in done.stderr
    assert not (plugin / "dist").exists()
