"""Faults -> problems: one for each package and cause, with the files it is about and the way out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.errors import Problem, Severity
from builder.manifest.text.toml_snippet import snippet
from builder.natives.load_problems import optional_use
from builder.platform.libraries import symbol_versions
from builder.platform.runtimes import RUNTIMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from builder.natives.load_problems import LoadProblem
    from builder.platform.libraries import Version
    from builder.platform.runtimes import Runtime

_OWN = "The plugin's own"
_HEADLESS = {"opencv-python": "opencv-python-headless", "opencv-contrib-python": "opencv-contrib-python-headless"}
"""Packages whose authors publish a twin without the libraries of a screen."""
_SEVERAL = frozenset({"library", "elsewhere"})
"""Sorts of which one problem names everything that a package needs."""


def describe_load_problems(find_load_problems: Iterable[LoadProblem], runtime: Runtime) -> Iterator[Problem]:
    """Tell the faults, errors first; a package with errors is not warned about on top."""
    groups: dict[tuple[Severity, str, str, str], list[LoadProblem]] = {}
    for fault in find_load_problems:
        apart = optional_use(fault.placed) if fault.sort in _SEVERAL else fault.what
        groups.setdefault((fault.severity, fault.placed.owner, fault.sort, apart), []).append(fault)
    wrong = {owner for severity, owner, sort, _ in groups if severity is Severity.ERROR and sort == "library"}
    for (severity, owner, sort, _), group in sorted(groups.items(), key=lambda item: (item[0][0], item[0][1:])):
        if severity is Severity.ERROR or sort != "library" or owner not in wrong:
            yield _problem(group, runtime)


def _problem(group: list[LoadProblem], runtime: Runtime) -> Problem:
    first = max(group, key=lambda fault: fault.number)
    message, hint = _TOLD[first.sort](group, runtime)
    names = sorted({one.what for one in group})
    return Problem(
        message=f"{_who(first)} {message} ({_files(group)}).",
        hint=hint,
        setting=snippet("build.allow-missing", names[0], "why") if first.sort == "library" else "",
        severity=first.severity,
    )


def _who(fault: LoadProblem) -> str:
    return fault.placed.owner or _OWN + " code"


def _name(fault: LoadProblem) -> str:
    return fault.placed.owner.rpartition(" ")[0]


def _files(group: list[LoadProblem]) -> str:
    paths = list(dict.fromkeys(fault.placed.path for fault in group))
    others = len(paths) - 1
    return paths[0] + (f" and {others} more file{'s' if others > 1 else ''}" if others else "")


def _version(group: list[LoadProblem], runtime: Runtime) -> tuple[str, str]:
    fault = max(group, key=lambda one: one.number)
    family = fault.what
    has = _dotted(symbol_versions(runtime)[family])
    message = f"needs {family}_{_dotted(fault.number)}; {runtime.name} has {has}"
    newer = later_runtime(runtime, family, fault.number)
    ways = [f"use {newer} or later"] if newer else []
    if fault.placed.owner:
        name, version = fault.placed.owner.rpartition(" ")[::2]
        older = f'"{name}": "<{version}"' if runtime.language == "nodejs" else f"{name}<{version}"
        ways.append(f"ask for {older} and run `biot-plugin lock`")
    else:
        ways.append(f"build it on {runtime.operating_system}")
    return message, _sentence(ways)


def later_runtime(runtime: Runtime, family: str, number: Version) -> str:
    """The oldest runtime of the language that has this version of a symbol; empty when none has."""
    fitting = (
        one.name
        for one in RUNTIMES.values()
        if one.language == runtime.language and symbol_versions(one)[family] >= number
    )
    return next(fitting, "")


def _library(group: list[LoadProblem], runtime: Runtime) -> tuple[str, str]:
    fault = group[0]
    names = sorted({one.what for one in group})
    message = f"needs {', '.join(names)}, which {_are(names)} neither in the artifact nor on {runtime.name}'s machine"
    lost = optional_use(fault.placed)
    if lost:
        message += f"; without it {lost} does not load, and the package takes another"
    elif fault.severity is Severity.WARNING:
        message += "; other libraries of the package load, so it may do without"
    headless = _HEADLESS.get(_name(fault))
    ways = [f"depend on {headless} in its place"] if headless else []
    if not lost:
        ways.append(f"put the files for {runtime.operating_system} into lib/ under the build root")
    ways.append("when the function does without, add this to plugin.toml")
    return message, _sentence(ways)


def _elsewhere(group: list[LoadProblem], _runtime: Runtime) -> tuple[str, str]:
    names = ", ".join(sorted({one.what for one in group}))
    return (
        f"needs {names} of another package, which the loader finds only after that package was imported",
        "Import the other package first, or depend on versions of both that know each other.",
    )


def _machine(group: list[LoadProblem], runtime: Runtime) -> tuple[str, str]:
    fault = group[0]
    if fault.what == "musl":
        message = "is built for musl (Alpine Linux); Lambda's C library is glibc"
    else:
        message = f"is built for {fault.what}; Lambda's machine is x86-64 Linux"
    if fault.severity is Severity.WARNING:
        return message, "It never runs there; when it is data to your function, nothing needs to be done."
    if not fault.placed.owner:
        return message, f"Build it on {runtime.operating_system} for x86-64."
    return (
        message,
        f"Run `biot-plugin lock --upgrade`, or choose a version of {_name(fault)} that has x86-64 Linux files.",
    )


def _tag(group: list[LoadProblem], runtime: Runtime) -> tuple[str, str]:
    fault = group[0]
    return (
        f"has an extension module for {_interpreter(fault.what)}, which {runtime.name} does not import",
        (
            f"Run `biot-plugin lock`: it chooses wheels for {runtime.name}."
            if fault.placed.owner
            else f"Build it with python{runtime.version}."
        ),
    )


def _damage(group: list[LoadProblem], _runtime: Runtime) -> tuple[str, str]:
    fault = group[0]
    return (
        f"has an extension module that is damaged: {fault.what}",
        f"Choose another version of {_name(fault)}; tell its authors." if fault.placed.owner else "Build it again.",
    )


def _interpreter(tag: str) -> str:
    kind, _, digits = tag.partition("-")
    if kind == "cpython" and digits[:1] == "3":
        return f"python3.{digits[1:].removesuffix('t')}" + (" without the GIL" if digits.endswith("t") else "")
    return tag


def _dotted(number: Version) -> str:
    return ".".join(str(part) for part in number)


def _are(names: list[str]) -> str:
    return "are" if len(names) > 1 else "is"


def _sentence(ways: list[str]) -> str:
    text = ", or ".join(ways)
    return f"{text[0].upper()}{text[1:]}."


_TOLD: dict[str, Callable[[list[LoadProblem], Runtime], tuple[str, str]]] = {
    "version": _version,
    "library": _library,
    "elsewhere": _elsewhere,
    "machine": _machine,
    "tag": _tag,
    "damage": _damage,
}
