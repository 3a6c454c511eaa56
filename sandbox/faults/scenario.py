"""Scenario files, which define the requests that meet a fault. All problems of a file are reported at once."""

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
        kind: The fault.
        method: The method of the requests it applies to; empty for any.
        path: Their path without the query, with ``*`` as wildcard; empty for any.
        request: The number of the first of those requests that meets the fault, from 1.
        times: How many requests in a row meet it; 0 for all that follow.
        seconds: The length of its pauses; None for the kind's default.
        elsewhere: The target of redirects.
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
        """The length of this fault's pauses in seconds."""
        return self.kind.seconds if self.seconds is None else self.seconds

    def applies_to(self, method: str, path: str) -> bool:
        """Return whether the rule applies to requests with this method and path."""
        return self.method in {"", method} and (not self.path or fnmatchcase(path, self.path))

    def is_due(self, number: int) -> bool:
        """Return whether the ``number``-th of the requests it applies to meets the fault."""
        return number >= self.request and (self.times == 0 or number < self.request + self.times)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """The rules in the order of the file; if several apply, the first one is used."""

    rules: tuple[FaultRule, ...] = ()


def load_scenario(path: Path) -> Scenario:
    """Read a scenario file.

    Raises:
        SandboxError: The file cannot be read or is not a valid scenario; it lists every problem.
    """
    file = path.name
    try:
        text = decode(path.read_bytes(), file=file)
        document = parse_toml(text, file=file)
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}."
        raise SandboxError(msg, hint="Name a scenario file; `biot-plugin sandbox --help` shows an example.") from error
    except ManifestError as error:
        raise SandboxError(error.message, problems=error.problems) from error
    rules, findings = read_rules(document)
    if findings:
        lines = line_numbers(text)
        problems = [
            Problem(file=file, line=line_of(lines, key), message=message, hint=hint) for key, message, hint in findings
        ]
        msg = f"{file} is not a valid fault scenario."
        raise SandboxError(msg, problems=problems)
    return Scenario(rules=rules)


ScenarioProblem = tuple[tuple[str | int, ...], str, str]
"""Key path, message and hint."""


def read_rules(document: Mapping[str, object]) -> tuple[tuple[FaultRule, ...], list[ScenarioProblem]]:
    """Return the rules of a document and its problems."""
    findings: list[ScenarioProblem] = [
        ((key,), f"Unknown key `{key}`.", "A scenario consists of [[fault]] tables.")
        for key in document
        if key != "fault"
    ]
    tables = document.get("fault", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        return (), [*findings, (("fault",), "`fault` must be a list of tables.", "Write [[fault]], with two brackets.")]
    rules = []
    for number, table in enumerate(tables):
        problems = [(("fault", number, key), message, hint) for key, message, hint in _table_problems(table)]
        findings += problems
        if not problems:
            rules.append(FaultRule(**{**table, "kind": FAULT_KINDS[table["kind"]]}))
    return tuple(rules), findings


def _table_problems(table: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    if "kind" not in table:
        yield "", "`kind` is missing.", 'Name the fault: kind = "reset-after-apply".'
    for key, value in table.items():
        if key not in _CHECKS:
            near = suggest(key, tuple(_CHECKS))
            hint = f"Did you mean `{near}`?" if near else f"The keys of [[fault]] are {', '.join(_CHECKS)}."
            yield key, f"Unknown key `{key}` in [[fault]].", hint
        elif problem := _CHECKS[key](value):
            yield key, *problem


def _kind(value: object) -> tuple[str, str] | None:
    if isinstance(value, str) and value in FAULT_KINDS:
        return None
    near = suggest(str(value), tuple(FAULT_KINDS))
    hint = f"Did you mean `{near}`?" if near else "`biot-plugin sandbox --fault-kinds` lists the kinds."
    return f"`{value}` is not a fault kind.", hint


def _method(value: object) -> tuple[str, str] | None:
    if value in METHODS:
        return None
    return f"`{value}` is not an HTTP method.", f"Use one of {', '.join(METHODS)}, or leave it out."


def _path(value: object) -> tuple[str, str] | None:
    if isinstance(value, str) and value.startswith(("/", "*")):
        return None
    return f"`{value}` is not a path.", "Start with a slash, and use * as wildcard: /settings/v2/plugins/*."


def _whole_number(lowest: int) -> Callable[[object], tuple[str, str] | None]:
    def check(value: object) -> tuple[str, str] | None:
        if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= REQUEST_MAX:
            return None
        return f"`{value}` is not a whole number from {lowest} to {REQUEST_MAX}.", "Leave it out for 1."

    return check


def _seconds(value: object) -> tuple[str, str] | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= SECONDS_MAX:
        return None
    hint = "Leave it out for the kind's default."
    return f"`{value}` is not a number of seconds from 0 to {SECONDS_MAX}.", hint


def _address(value: object) -> tuple[str, str] | None:
    if isinstance(value, str) and re.fullmatch(r"https?://[A-Za-z0-9.:\[\]-]+/?", value):
        return None
    return f"`{value}` is not the address of a host.", "Write it as https://elsewhere.example."


_CHECKS: Mapping[str, Callable[[object], tuple[str, str] | None]] = {
    "kind": _kind,
    "method": _method,
    "path": _path,
    "request": _whole_number(1),
    "times": _whole_number(0),
    "seconds": _seconds,
    "elsewhere": _address,
}
