"""Finds the first syntax error of Python files for one version of Python, with ruff's parser.

ruff supports the grammar of every Python since 3.7, so the Python that runs the kit does not
matter. It reads UTF-8 only, so this module decodes a file's declared encoding, as CPython does.
"""

from __future__ import annotations

import io
import json
import tokenize
from pathlib import Path
from typing import TYPE_CHECKING

from builder.code.parsers import run_parser
from builder.code.syntax_problem import SyntaxProblem, syntax_problem_at

if TYPE_CHECKING:
    from collections.abc import Mapping

_COMPILER_ERRORS = "E9,F404,F407,F621,F622,F701,F702,F704,F706,F707,PLE0115,PLE0117,PLE0118,PLE1142"
"""ruff's rules for errors that CPython's compiler finds after parsing, such as ``return`` outside
of a function. Compared with CPython 3.9 to 3.13 over 5,236 files of CPython's own tests, the only
differences are declared encodings."""
_PYTHON_2 = ("print", "exec")
_PYTHON_2_HINT = "This looks like Python 2 code; convert it to Python 3."


def as_utf8(content: bytes) -> bytes | SyntaxProblem:
    """A Python file in UTF-8 without a byte order mark, or the reason why Python cannot read it."""
    if b"\0" in content:
        return syntax_problem_at(content, content.index(b"\0"), "the file contains a NUL byte")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        return syntax_problem_at(content, error.start, f"the file is not valid {error.encoding}")
    except (SyntaxError, LookupError) as error:
        return SyntaxProblem(line=1, message=str(getattr(error, "msg", error)))
    return text.encode()


def python_syntax_problems(files: Mapping[str, bytes], version: str) -> dict[str, SyntaxProblem]:
    """The first syntax error of each file that has one.

    Args:
        files: Any key -> the file in UTF-8; not empty.
        version: Of the runtime's Python, such as ``3.13``.
    """
    names = {f"{number}.py": key for number, key in enumerate(files)}
    target = "py" + version.replace(".", "")
    arguments = ["check", "--isolated", "--no-cache", "--ignore-noqa", "--output-format", "json"]
    arguments += ["--select", _COMPILER_ERRORS, "--target-version", target]
    problems: dict[str, SyntaxProblem] = {}
    for row in json.loads(_run_ruff(arguments, {name: files[key] for name, key in names.items()})):
        key = names[row["filename"].replace("\\", "/").rpartition("/")[2]]
        problem = _syntax_problem(row, files[key])
        if key not in problems or problem.line < problems[key].line:
            problems[key] = problem
    return problems


def _run_ruff(arguments: list[str], files: Mapping[str, bytes]) -> str:
    """Run ruff on files by name. It reads a single one, as after most saves, from standard input."""
    if len(files) == 1:
        [(name, content)] = files.items()
        return run_parser("ruff", [*arguments, "--stdin-filename", name, "-"], None, content.decode())
    from tempfile import TemporaryDirectory  # a twentieth of the time of `package` after one changed line

    with TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        return run_parser("ruff", [*arguments, "."], Path(folder))


def _syntax_problem(row: dict[str, object], content: bytes) -> SyntaxProblem:
    location = row["location"]
    line = int(location["row"]) if isinstance(location, dict) else 1
    lines = content.rstrip().split(b"\n")
    line = min(line, len(lines))  # an unclosed bracket is reported after the last line
    words = lines[line - 1].split()
    is_python_2 = bool(words) and words[0].decode("utf-8", "replace") in _PYTHON_2
    return SyntaxProblem(line=line, message=str(row["message"]).rstrip("."), hint=_PYTHON_2_HINT if is_python_2 else "")
