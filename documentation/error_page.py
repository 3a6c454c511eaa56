"""The reference of the error codes, from their explanations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from documentation.markdown import code_block

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from builder.error_codes import ErrorCode

HEADING = """# Error codes

This page is generated from the texts of `biot-plugin explain CODE`, which needs no network. The
code is printed in brackets after a message. In `--json` it is the `kind` of the error, and the
`code` of each of its problems: an error that carries several problems, such as `project`, has a
code, and each problem has one of its own.
"""


def error_page(codes: Iterable[ErrorCode]) -> str:
    """The page with a section for each code, in the order of the exit codes."""
    ordered = sorted(codes, key=lambda code: code.exit_code or 1000)
    rows = [f"| [`{code.code}`](#{code.code}) | {code.exit_code or 'a warning'} | {code.title} |" for code in ordered]
    table = ["| code | exit code | what is wrong |", "| --- | --- | --- |", *rows, ""]
    return "\n".join([HEADING, *table, *(line for code in ordered for line in _section(code))])


def _section(code: ErrorCode) -> Iterator[str]:
    yield f"## {code.code} {{ #{code.code} }}\n"
    yield f"**{code.title}.** {code.cause}\n"
    yield f"**Fix.** {code.fix}\n"
    if code.example:
        yield code_block(code.example, "toml")
