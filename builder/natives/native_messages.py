"""Turns load problems into messages: one for each package and cause, with its files and a fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.errors import Problem, Severity
from builder.manifest.text.toml_snippet import snippet
from builder.natives.load_problems import optional_feature
from builder.platform.libraries import symbol_versions
from builder.platform.runtimes import RUNTIMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from builder.natives.load_problems import LoadProblem
    from builder.platform.libraries import Version
    from builder.platform.runtimes import Runtime

_OWN = "The plugin's own"
_HEADLESS = {"opencv-python": "opencv-python-headless", "opencv-contrib-python": "opencv-contrib-python-headless"}
"""Packages whose authors also publish a version without the libraries of a graphical display."""
_COMBINED = frozenset({"library", "elsewhere"})
"""Kinds with one message for everything that a package needs."""


def describe_load_problems(load_problems: Iterable[LoadProblem], runtime: Runtime) -> Iterator[Problem]:
    """The messages, errors first; a package with errors gets no warnings about libraries."""
    groups: dict[tuple[Severity, str, str, str], list[LoadProblem]] = {}
    for problem in load_problems:
        cause = optional_feature(problem.placed) if problem.kind in _COMBINED else problem.subject
        groups.setdefault((problem.severity, problem.placed.owner, problem.kind, cause), []).append(problem)
    failing = {owner for severity, owner, kind, _ in groups if severity is Severity.ERROR and kind == "library"}
    for (severity, owner, kind, _), group in sorted(groups.items(), key=lambda item: (item[0][0], item[0][1:])):
        if severity is Severity.ERROR or kind != "library" or owner not in failing:
            yield _problem(group, runtime)


def _problem(group: list[LoadProblem], runtime: Runtime) -> Problem:
    first = max(group, key=lambda problem: problem.number)
    message, hint = _DESCRIBERS[first.kind](group, runtime)
    names = sorted({one.subject for one in group})
    return Problem(
        message=f"{_owner_label(first)} {message} ({_files(group)}).",
        hint=hint,
        code="native-code",
        setting=snippet("build.allow-missing", names[0], "why") if first.kind == "library" else "",
        severity=first.severity,
    )


def _owner_label(problem: LoadProblem) -> str:
    return problem.placed.owner or _OWN + " code"


def _package_name(problem: LoadProblem) -> str:
    return problem.placed.owner.rpartition(" ")[0]


def _files(group: list[LoadProblem]) -> str:
    paths = list(dict.fromkeys(problem.placed.path for problem in group))
    others = len(paths) - 1
    return paths[0] + (f" and {others} more file{'s' if others > 1 else ''}" if others else "")


def _version(group: list[LoadProblem], runtime: Runtime) -> tuple[str, str]:
    problem = max(group, key=lambda one: one.number)
    family = problem.subject
    has = _dotted(symbol_versions(runtime)[family])
    message = f"needs {family}_{_dotted(problem.number)}; {runtime.name} has {has}"
    newer = later_runtime(runtime, family, problem.number)
    options = [f"use {newer} or later"] if newer else []
    if problem.placed.owner:
        name, version = problem.placed.owner.rpartition(" ")[::2]
        older = f'"{name}": "<{version}"' if runtime.language == "nodejs" else f"{name}<{version}"
        options.append(f"require {older} and run `biot-plugin lock`")
    else:
        options.append(f"build it on {runtime.operating_system}")
    return message, _sentence(options)


def later_runtime(runtime: Runtime, family: str, number: Version) -> str:
    """The oldest runtime of the language with this symbol version; empty when there is none."""
    fitting = (
        one.name
        for one in RUNTIMES.values()
        if one.language == runtime.language and symbol_versions(one)[family] >= number
    )
    return next(fitting, "")


def _library(group: list[LoadProblem], runtime: Runtime) -> tuple[str, str]:
    problem = group[0]
    names = sorted({one.subject for one in group})
    message = f"needs {', '.join(names)}, which {_are(names)} neither in the artifact nor on {runtime.name}"
    lost = optional_feature(problem.placed)
    if lost:
        message += f"; without it {lost} does not load, and the package uses another back end"
    elif problem.severity is Severity.WARNING:
        message += "; other libraries of the package load, so it may work without this one"
    headless = _HEADLESS.get(_package_name(problem))
    options = [f"use {headless} instead"] if headless else []
    if not lost:
        options.append(f"put the files for {runtime.operating_system} into lib/ under the build root")
    options.append("if the function works without it, add this to plugin.toml")
    return message, _sentence(options)


def _elsewhere(group: list[LoadProblem], _runtime: Runtime) -> tuple[str, str]:
    names = ", ".join(sorted({one.subject for one in group}))
    return (
        f"needs {names} of another package, which the loader finds only after that package is imported",
        "Import the other package first, or use versions that are made for each other.",
    )


def _machine(group: list[LoadProblem], runtime: Runtime) -> tuple[str, str]:
    problem = group[0]
    if problem.subject == "musl":
        message = "is built for musl (Alpine Linux); Lambda's C library is glibc"
    else:
        message = f"is built for {problem.subject}; Lambda runs x86-64 Linux"
    if problem.severity is Severity.WARNING:
        return (
            message,
            "It never runs on Lambda. If your function uses it only as data, you do not need to do anything.",
        )
    if not problem.placed.owner:
        return message, f"Build it on {runtime.operating_system} for x86-64."
    return (
        message,
        f"Run `biot-plugin lock --upgrade`, or choose a version of {_package_name(problem)} for x86-64 Linux.",
    )


def _tag(group: list[LoadProblem], runtime: Runtime) -> tuple[str, str]:
    problem = group[0]
    return (
        f"has an extension module for {_interpreter(problem.subject)}, which {runtime.name} cannot import",
        (
            f"Run `biot-plugin lock`, which chooses wheels for {runtime.name}."
            if problem.placed.owner
            else f"Build it with python{runtime.version}."
        ),
    )


def _damage(group: list[LoadProblem], _runtime: Runtime) -> tuple[str, str]:
    problem = group[0]
    return (
        f"has a damaged extension module: {problem.subject}",
        f"Choose another version of {_package_name(problem)}, and report this to its authors."
        if problem.placed.owner
        else "Build it again.",
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


def _sentence(options: list[str]) -> str:
    text = ", or ".join(options)
    return f"{text[0].upper()}{text[1:]}."


_DESCRIBERS: dict[str, Callable[[list[LoadProblem], Runtime], tuple[str, str]]] = {
    "version": _version,
    "library": _library,
    "elsewhere": _elsewhere,
    "machine": _machine,
    "tag": _tag,
    "damage": _damage,
}
