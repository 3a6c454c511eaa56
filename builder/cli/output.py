"""Print results, problems and tables for people, and JSON documents for machines."""

from __future__ import annotations

import io
import json
import os
import sys
from typing import TYPE_CHECKING

import click

from builder.cli.terminal import table_width, text_width
from builder.errors import KitError, Problem, Severity
from builder.quoting import printable, printable_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from builder.archive.package_sizes import PackageRow
    from builder.build_values import Artifact
    from builder.pipeline import PackagedPlugin

_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow"}
_UNITS = ("bytes", "kB", "MB")
_STEP = 1024
_NARROWEST_CELL = 12
_LONGEST_CELL = 2000
_NARROWEST_TEXT = 30


_stopped: set[int] = set()
"""The outputs whose readers have gone."""


def escape_unencodable_characters() -> None:
    """Print characters that an encoding lacks as escapes: an arrow on code page 1252, a file name that is not text."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def is_read() -> bool:
    """Whether somebody still reads standard output, as far as is known."""
    return 1 not in _stopped


def stop_printing(*outputs: int) -> None:
    """Discard further output: the reader (head, less) has closed the pipe, and Python would fail when it flushes.

    Args:
        outputs: 1 is standard output, 2 standard error.
    """
    _stopped.update(outputs)
    descriptor = os.open(os.devnull, os.O_WRONLY)
    for output in outputs:
        os.dup2(descriptor, output)
    os.close(descriptor)


def print_document(document: Mapping[str, object]) -> None:
    """Print the one JSON document of a ``--json`` run; it stays valid JSON in every encoding of the output."""
    text = printable_json(json.dumps(document, indent=2, ensure_ascii=False))
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")  # a closed output is None
    except UnicodeEncodeError:
        text = json.dumps(document, indent=2)
    _echo(text)


def print_json_line(document: Mapping[str, object]) -> None:
    """Print one of many JSON documents, on a line of its own."""
    _echo(printable_json(json.dumps(document)))


def print_text(text: str) -> None:
    """Print one line; text from servers and packages can neither break the line nor control the terminal."""
    _echo(printable(text))


def print_lines(lines: Iterable[str]) -> None:
    """Print lines, each like :func:`print_text`."""
    _echo("\n".join(map(printable, lines)))


def print_to_stderr(text: str) -> None:
    """Print one line about the running work to standard error."""
    _print_error_line(printable(text))


def print_problems(problems: Iterable[Problem]) -> None:
    """Print problems to standard error, each with its place and its next step."""
    for problem in problems:
        head = click.style(f"{problem.severity.value}:", fg=_COLORS[problem.severity], bold=True)
        where = f" {problem.where}:" if problem.where else ""
        code = click.style(f" [{problem.code}]", dim=True) if problem.code else ""
        _print_error_line(f"{head}{printable(f'{where} {problem.message}')}{code}")
        if problem.hint:
            _print_error_line(f"  {click.style('→', fg='cyan')} {printable(problem.hint)}")
        for line in problem.setting.splitlines():
            _print_error_line(f"      {printable(line)}")


def print_error(error: KitError) -> None:
    """Print why a command failed: every problem, then the summary."""
    print_problems(error.problems)
    print_problems([Problem(message=error.message, hint=error.hint, setting=error.setting, code=error.kind)])


def print_bug(error: Exception) -> None:
    """Print a failure that is a bug of the kit."""
    import traceback

    for line in "".join(traceback.format_exception(error)).splitlines():
        _print_error_line(printable(line))
    _print_error_line(f"This is a bug in biot-plugin-kit. Please report it with the lines above: {source_url()}")


def describe_error(error: KitError) -> dict[str, object]:
    """Why a command failed, as JSON."""
    return describe_failure(error.kind, error.exit_code, error.message, error.hint, error.problems)


def describe_failure(
    kind: str, exit_code: int, message: str, hint: str, problems: Iterable[Problem] = ()
) -> dict[str, object]:
    """Any failure as JSON; an error of the kit, a wrong command line, an interrupt and a bug have the same keys."""
    return {
        "status": "error",
        "kind": kind,
        "exitCode": exit_code,
        "message": message,
        "hint": hint,
        "problems": describe_problems(problems),
    }


def describe_packaged(packaged: PackagedPlugin) -> dict[str, object]:
    """A finished artifact, as JSON."""
    from builder.evidence.checksums import evidence_files

    return {
        "status": "nothing-to-do" if packaged.unchanged else "done",
        "artifact": str(packaged.artifact.file),
        "reportFile": str(packaged.report_file),
        "evidence": {kind: str(file) for kind, file in evidence_files(packaged.artifact.file).items()},
        "report": packaged.report,
        "warnings": describe_problems(packaged.warnings),
        "advice": list(packaged.advice),
    }


def describe_problems(problems: Iterable[Problem]) -> list[dict[str, object]]:
    """Problems as JSON."""
    return [
        {
            "message": problem.message,
            "hint": problem.hint,
            "setting": problem.setting,
            "file": problem.file,
            "line": problem.line,
            "key": problem.key,
            "code": problem.code,
            "severity": problem.severity.value,
        }
        for problem in problems
    ]


def source_url() -> str:
    """The address of the kit's repository, from its own metadata."""
    from importlib import metadata

    try:
        urls = metadata.metadata("biot-plugin-kit").get_all("Project-URL", [])
    except metadata.PackageNotFoundError:
        return "the kit's issue tracker"
    return next((url.split(",", 1)[1].strip() for url in urls if url.startswith("Source")), "the kit's issue tracker")


def table(rows: Sequence[Sequence[str]], *, right: Sequence[int] = (), flexible: Sequence[int] = (0,)) -> list[str]:
    """The lines of a table with aligned columns; the first row is the heading.

    Args:
        rows: Their cells; control characters are escaped here, because escapes change the width.
        right: The columns that are aligned to the right.
        flexible: The columns whose cells are cut in the middle when a terminal is too narrow. A pipe gets whole cells.
    """
    rows = [[printable(cell, _LONGEST_CELL) for cell in row] for row in rows]
    widths = _fitting_widths([max(len(row[column]) for row in rows) for column in range(len(rows[0]))], flexible)
    lines = [
        "  ".join(
            shorten(cell, width).rjust(width) if column in right else shorten(cell, width).ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return [lines[0], "  ".join("-" * width for width in widths), *lines[1:]]


def definition_list(rows: Sequence[tuple[str, str]]) -> list[str]:
    """The lines of ``term  text`` rows, whose texts wrap beside the terms."""
    import textwrap  # few commands print such rows

    indent = max(len(term) for term, _ in rows) + 2
    width = max(text_width() - indent, _NARROWEST_TEXT)
    lines: list[str] = []
    for term, text in rows:
        first, *others = textwrap.wrap(text, width, break_on_hyphens=False) or [""]
        lines += [f"{term.ljust(indent)}{first}".rstrip(), *(f"{' ' * indent}{line}" for line in others)]
    return lines


def readable_size(size_bytes: int) -> str:
    """``1234567`` as ``1.2 MB``, counted as Lambda counts its limits: 1 MB is 1,048,576 bytes."""
    size = float(size_bytes)
    for unit in _UNITS[:-1]:
        if size < _STEP:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= _STEP
    return f"{size:.1f} {_UNITS[-1]}"


def package_table(rows: Sequence[PackageRow], *, packed: bool) -> list[str]:
    """The lines of a table of packages by size.

    Args:
        rows: The packages.
        packed: Whether their sizes in the ZIP are known.
    """
    columns = 4 if packed else 3
    cells = [("package", "files", "unpacked", "in the ZIP")[:columns]]
    cells += [
        (row.label, str(row.files), readable_size(row.size), readable_size(row.packed_size))[:columns] for row in rows
    ]
    return table(cells, right=(1, 2, 3))


def size_summary(artifact: Artifact) -> str:
    """``8.4 MB, 577 files, 25.3 MB unpacked``."""
    unpacked = readable_size(artifact.unpacked_size)
    return f"{readable_size(artifact.size)}, {artifact.entries} files, {unpacked} unpacked"


def shorten(text: str, width: int) -> str:
    """``text`` in at most ``width`` columns, cut in the middle, where paths differ least."""
    if len(text) <= width:
        return text
    head = (width - 1) // 2
    return f"{text[:head]}…{text[len(text) - (width - 1 - head) :]}"


def _fitting_widths(widths: Sequence[int], flexible: Sequence[int]) -> list[int]:
    """The widths of columns, the flexible ones cut to fit the terminal; narrow ones leave their room to wide ones."""
    columns = table_width()
    if columns is None:
        return list(widths)
    fitting = list(widths)
    room = columns - 2 * (len(widths) - 1) - sum(width for at, width in enumerate(widths) if at not in flexible)
    for count, column in enumerate(sorted(flexible, key=lambda at: widths[at])):
        share = max(room // (len(flexible) - count), _NARROWEST_CELL)
        fitting[column] = min(widths[column], share)
        room -= fitting[column]
    return fitting


def _echo(text: str) -> None:
    """Print; when nobody reads any more, the command goes on, because its exit code still tells how it ended."""
    try:
        click.echo(text)
    except BrokenPipeError:
        stop_printing(1)


def _print_error_line(text: str) -> None:
    # Errors are printed after click's context, which knows about colours, has gone.
    try:
        click.echo(text, err=True, color=False if os.environ.get("NO_COLOR") else None)
    except OSError:  # a closed pipe, a full disk: a message must not end the work that it is about
        stop_printing(2)
