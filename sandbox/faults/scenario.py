"""Read scenario files, which define what goes wrong. All problems of a file are reported at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.errors import ManifestError, Problem, SandboxError
from builder.manifest.suggestion import suggest
from builder.manifest.text.line_numbers import line_numbers, line_of
from builder.manifest.text.toml_document import decode, parse_toml
from builder.platform.api_catalog import ACTIONS_BY_ENTITY
from sandbox.faults.fault_list import FAULT_KINDS
from sandbox.faults.hook_fault_list import HOOK_FAULT_KINDS
from sandbox.faults.scenario_rules import FaultRule, HookFaultRule, Scenario
from sandbox.hooks.rules.planned_faults import CRON
from sandbox.hooks.rules.subscription_matching import HookType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

REQUEST_MAX = 1_000_000
SECONDS_MAX = 3600
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
HOOKS = (*(kind.value for kind in HookType), CRON)


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
    scenario, findings = read_scenario(document)
    if findings:
        lines = line_numbers(text)
        problems = [
            Problem(file=file, line=line_of(lines, key), message=message, hint=hint, code="fault-scenario")
            for key, message, hint in findings
        ]
        msg = f"{file} is not a valid fault scenario."
        raise SandboxError(msg, problems=problems)
    return scenario


ScenarioProblem = tuple[tuple[str | int, ...], str, str]
"""Key path, message and hint."""


def read_scenario(document: Mapping[str, object]) -> tuple[Scenario, list[ScenarioProblem]]:
    """Return the rules of a document and its problems."""
    findings: list[ScenarioProblem] = [
        ((key,), f"Unknown key `{key}`.", "A scenario consists of [[fault]] tables.")
        for key in document
        if key != "fault"
    ]
    tables = document.get("fault", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        problem = (("fault",), "`fault` must be a list of tables.", "Write [[fault]], with two brackets.")
        return Scenario(), [*findings, problem]
    rules, hook_rules = [], []
    for number, table in enumerate(tables):
        problems = [(("fault", number, key), message, hint) for key, message, hint in _table_problems(table)]
        findings += problems
        if problems:
            continue
        if table["kind"] in FAULT_KINDS:
            rules.append(FaultRule(**{**table, "kind": FAULT_KINDS[table["kind"]]}))
        else:
            hook_rules.append(HookFaultRule(**{**table, "kind": HOOK_FAULT_KINDS[table["kind"]]}))
    return Scenario(rules=tuple(rules), hook_rules=tuple(hook_rules)), findings


def _table_problems(table: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    if "kind" not in table:
        yield "", "`kind` is missing.", 'Name the fault: kind = "reset-after-apply".'
    for key, value in table.items():
        if key not in _CHECKS:
            near = suggest(key, tuple(_CHECKS))
            hint = f"Did you mean `{near}`?" if near else f"The keys of [[fault]] are {', '.join(_CHECKS)}."
            yield key, f"Unknown key `{key}` in [[fault]].", hint
        elif problem := _CHECKS[key](value) or _place(key, table.get("kind")):
            yield key, *problem


def _place(key: str, kind: object) -> tuple[str, str] | None:
    """Return the problem of a key that selects something that the fault does not happen to."""
    if kind in HOOK_FAULT_KINDS and key in _OF_REQUESTS:
        return f"`{key}` selects requests, and {kind} happens to calls of plugins.", _SELECT_CALLS
    if kind in FAULT_KINDS and key in _OF_CALLS:
        return f"`{key}` selects calls of plugins, and {kind} happens to requests.", _SELECT_REQUESTS
    return None


def _kind(value: object) -> tuple[str, str] | None:
    kinds = (*FAULT_KINDS, *HOOK_FAULT_KINDS)
    if isinstance(value, str) and value in kinds:
        return None
    near = suggest(str(value), kinds)
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


def _plugin(value: object) -> tuple[str, str] | None:
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_*-]{1,100}", value):
        return None
    return f"`{value}` is not the name of a plugin.", "Use the name in plugin.toml, or * for every plugin."


def _one_of(what: str, values: tuple[str, ...]) -> Callable[[object], tuple[str, str] | None]:
    def check(value: object) -> tuple[str, str] | None:
        if value in values:
            return None
        near = suggest(str(value), values)
        return f"`{value}` is not {what}.", f"Did you mean `{near}`?" if near else f"Use one of {', '.join(values)}."

    return check


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
    "plugin": _plugin,
    "hook": _one_of("a hook", HOOKS),
    "entity": _one_of("an entity type of BioT", tuple(ACTIONS_BY_ENTITY)),
    "request": _whole_number(1),
    "times": _whole_number(0),
    "seconds": _seconds,
    "elsewhere": _address,
}
_OF_REQUESTS = frozenset({"method", "path", "elsewhere"})
_OF_CALLS = frozenset({"hook", "entity"})
_SELECT_CALLS = "Select calls with `plugin`, `hook`, `entity` and `request`."
_SELECT_REQUESTS = "Select requests with `method`, `path`, `plugin` and `request`."
