"""A scenario file: which request meets which fault. All its problems are told at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from builder.errors import ManifestError, Problem, SandboxError
from builder.manifest.suggestion import suggest
from builder.manifest.text.line_numbers import line_numbers, line_of
from builder.manifest.text.toml_document import decode, parse_toml
from sandbox.faults.fault_list import FAULT_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from sandbox.faults.fault_list import FaultKind

ELSEWHERE = "https://elsewhere.invalid"
REQUEST_MAX = 1_000_000
SECONDS_MAX = 3600
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultRule:
    """One ``[[fault]]`` of a scenario.

    Attributes:
        kind: What happens.
        method: Of the requests it is about; empty for any.
        path: Their path without the query, with ``*`` for anything; empty for any.
        request: The first of those requests that meets it, from 1.
        times: How many in a row meet it; 0 for all that follow.
        seconds: Length of its pauses; None for the kind's own.
        elsewhere: Where redirects lead.
    """

    kind: FaultKind
    method: str = ""
    path: str = ""
    request: int = 1
    times: int = 1
    seconds: float | None = None
    elsewhere: str = ELSEWHERE

    @property
    def pause_seconds(self) -> float:
        """Seconds that a pause of this fault takes."""
        return self.kind.seconds if self.seconds is None else self.seconds

    def applies_to(self, method: str, path: str) -> bool:
        """Whether the rule is about such requests."""
        return self.method in {"", method} and (not self.path or fnmatchcase(path, self.path))

    def is_due(self, number: int) -> bool:
        """Whether the ``number``-th request that it is about meets the fault."""
        return number >= self.request and (self.times == 0 or number < self.request + self.times)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """Rules in the order of the file; of several that strike at once the first counts."""

    rules: tuple[FaultRule, ...] = ()


def load_scenario(path: Path) -> Scenario:
    """The scenario of a file.

    Raises:
        SandboxError: The file cannot be read or says something that no scenario can; every problem is in it.
    """
    file = path.name
    try:
        text = decode(path.read_bytes(), file=file)
        document = parse_toml(text, file=file)
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}."
        raise SandboxError(msg, hint="Give a scenario file: `biot-plugin sandbox --help` shows one.") from error
    except ManifestError as error:
        raise SandboxError(error.message, problems=error.problems) from error
    rules, findings = read_rules(document)
    if findings:
        lines = line_numbers(text)
        problems = [
            Problem(file=file, line=line_of(lines, key), message=message, hint=hint) for key, message, hint in findings
        ]
        msg = f"{file} is no scenario of faults."
        raise SandboxError(msg, problems=problems)
    return Scenario(rules=rules)


Found = tuple[tuple[str | int, ...], str, str]
"""Key path, message, hint."""


def read_rules(document: Mapping[str, object]) -> tuple[tuple[FaultRule, ...], list[Found]]:
    """The rules of a document and everything that is wrong with it."""
    findings: list[Found] = [
        ((key,), f"`{key}` means nothing here.", "A scenario consists of [[fault]] tables.")
        for key in document
        if key != "fault"
    ]
    tables = document.get("fault", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        return (), [*findings, (("fault",), "`fault` is no list of tables.", "Write [[fault]], with two brackets.")]
    rules = []
    for number, table in enumerate(tables):
        wrong = [(("fault", number, key), message, hint) for key, message, hint in _wrong(table)]
        findings += wrong
        if not wrong:
            rules.append(FaultRule(**{**table, "kind": FAULT_KINDS[table["kind"]]}))
    return tuple(rules), findings


def _wrong(table: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    if "kind" not in table:
        yield "", "`kind` is missing.", 'Name the fault: kind = "reset-after-apply".'
    for key, value in table.items():
        if key not in _CHECKS:
            near = suggest(key, tuple(_CHECKS))
            hint = f"Is it `{near}`?" if near else f"A [[fault]] has {', '.join(_CHECKS)}."
            yield key, f"`{key}` means nothing in [[fault]].", hint
        elif wrong := _CHECKS[key](value):
            yield key, *wrong


def _kind(value: object) -> tuple[str, str] | None:
    if isinstance(value, str) and value in FAULT_KINDS:
        return None
    near = suggest(str(value), tuple(FAULT_KINDS))
    hint = f"Is it `{near}`?" if near else "`biot-plugin sandbox --fault-kinds` lists the kinds."
    return f"`{value}` is no kind of fault.", hint


def _method(value: object) -> tuple[str, str] | None:
    return (
        None if value in METHODS else (f"`{value}` is no method.", f"Use one of {', '.join(METHODS)}, or leave it out.")
    )


def _path(value: object) -> tuple[str, str] | None:
    if isinstance(value, str) and value.startswith(("/", "*")):
        return None
    return f"`{value}` is no path.", "Write it from the first slash, with * for anything: /settings/v2/plugins/*."


def _whole_number(lowest: int) -> Callable[[object], tuple[str, str] | None]:
    def check(value: object) -> tuple[str, str] | None:
        if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= REQUEST_MAX:
            return None
        return f"`{value}` is no whole number from {lowest} to {REQUEST_MAX}.", "Leave it out for 1."

    return check


def _seconds(value: object) -> tuple[str, str] | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= SECONDS_MAX:
        return None
    return f"`{value}` is no number of seconds from 0 to {SECONDS_MAX}.", "Leave it out for the kind's own."


def _address(value: object) -> tuple[str, str] | None:
    if isinstance(value, str) and re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+/?", value):
        return None
    return f"`{value}` is no address of a host.", "Write it as https://elsewhere.example."


_CHECKS: Mapping[str, Callable[[object], tuple[str, str] | None]] = {
    "kind": _kind,
    "method": _method,
    "path": _path,
    "request": _whole_number(1),
    "times": _whole_number(0),
    "seconds": _seconds,
    "elsewhere": _address,
}
