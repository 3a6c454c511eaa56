"""``biot-plugin explain``."""

from __future__ import annotations

import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from builder.cli.options import json_option
from builder.cli.output import definition_list, print_document, print_lines
from builder.cli.terminal import text_width
from builder.error_codes import read_error_codes
from builder.errors import UsageError
from builder.manifest.finding import shorten
from builder.manifest.suggestion import suggest

if TYPE_CHECKING:
    from builder.error_codes import ErrorCode


class _CodeType(click.ParamType[str]):
    """The code of an error, with completion; brackets around it are removed, because messages print them."""

    name = "code"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002 - click's signature
        return str(value).strip("[]").lower()

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        param: click.Parameter,  # noqa: ARG002 - click's signature
        incomplete: str,
    ) -> list[CompletionItem]:
        codes = read_error_codes().values()
        return [CompletionItem(code.code, help=code.title) for code in codes if code.code.startswith(incomplete)]


@click.command(
    short_help="Explain an error code: cause and fix.",
    epilog="""\b
Examples:
  biot-plugin explain manifest-cron-schedule
  biot-plugin explain          list every code
""",
)
@click.argument("code", type=_CodeType(), required=False)
@json_option
def command(code: str | None, *, as_json: bool) -> None:
    """Explain the code that is printed in brackets after an error. Without CODE, list all codes. Uses no network."""
    codes = read_error_codes()
    if code is None:
        if as_json:
            print_document({"status": "ok", "codes": [_describe(each) for each in codes.values()]})
        else:
            print_lines(definition_list([(each.code, f"{each.title}.") for each in codes.values()]))
        return
    if code not in codes:
        suggestion = suggest(code, list(codes))
        hint = f"Did you mean {suggestion}?" if suggestion else "`biot-plugin explain` lists all codes."
        message = f"There is no error code {shorten(code)}."
        raise UsageError(message, hint=hint)
    if as_json:
        print_document({"status": "ok", **_describe(codes[code])})
        return
    print_lines(_page(codes[code]))


def _page(code: ErrorCode) -> list[str]:
    ending = f"exit code {code.exit_code}" if code.exit_code else "a warning"
    lines = [f"{code.title} [{code.code}], {ending}", ""]
    for heading, text in (("Cause", code.cause), ("Fix", code.fix)):
        lines += [f"{heading}:", *textwrap.wrap(text, text_width(), initial_indent="  ", subsequent_indent="  "), ""]
    if code.example:
        lines += ["Example:", *(f"  {line}" for line in code.example.splitlines()), ""]
    return lines[:-1]


def _describe(code: ErrorCode) -> dict[str, object]:
    described = asdict(code)
    described["exitCode"] = described.pop("exit_code")
    return described
