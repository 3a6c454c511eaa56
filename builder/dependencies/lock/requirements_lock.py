"""``requirements.lock``: one wheel per package, by its hash and without an address, for one runtime.

The file is also a valid requirements file for ``pip install --require-hashes``. Exactly one hash per package, the one
of the wheel that the runtime takes: the same lock gives the same bytes on any day, and a warm store needs no index.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.errors import DependencyError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from builder.platform.runtimes import Runtime

LOCK_NAME = "requirements.lock"
DEV_LOCK_NAME = "requirements-dev.lock"
_HEADER = re.compile(r"^# (?P<key>runtime|glibc|inputs): (?P<value>\S+)$")
_WHEEL = re.compile(r"^# (?P<wheel>[A-Za-z0-9._!+-]+\.whl)$")
_SOURCE = re.compile(r"^# built from (?P<source>[A-Za-z0-9._!+-]+ sha256:[0-9a-f]{64} by [ -~]{1,100})$")
_PIN = re.compile(
    r"^(?P<name>[a-z0-9]+(?:-[a-z0-9]+)*)==(?P<version>[0-9A-Za-z][0-9A-Za-z.!+_-]*)"
    r" --hash=(?P<digest>sha256:[0-9a-f]{64})$"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pin:
    """One locked wheel.

    Attributes:
        name: Normalised name.
        version: Exact version.
        digest: ``sha256:<hex>`` of the wheel.
        wheel: The wheel's file name, for people and for the report; empty when the lock does not say.
        source: ``<sdist> sha256:<hex> by <build tool>`` of a wheel that was built here; else empty.
    """

    name: str
    version: str
    digest: str
    wheel: str = ""
    source: str = ""

    @property
    def published(self) -> str:
        """``sha256:<hex>`` of the file that the index has: the wheel, or what it was built from."""
        return self.source.split(" ")[1] if self.source else self.digest


@dataclass(frozen=True, kw_only=True, slots=True)
class PythonLock:
    """The content of ``requirements.lock``.

    Attributes:
        runtime: Lambda's name of the runtime it was made for.
        glibc: The runtime's glibc as text, ``2.34``.
        inputs: ``sha256:<hex>`` of the requirements it was made from.
        pins: By name.
    """

    runtime: str
    glibc: str
    inputs: str
    pins: tuple[Pin, ...]


def glibc_text(runtime: Runtime) -> str:
    """The runtime's glibc as people write it, ``2.34``."""
    return ".".join(str(part) for part in runtime.glibc)


def render_lock(lock: PythonLock) -> str:
    """The file's text; the same lock always gives the same text."""
    lines = [
        "# Made by `biot-plugin lock`; do not edit. One wheel per package, chosen for the runtime below.",
        f"# runtime: {lock.runtime}",
        f"# glibc: {lock.glibc}",
        f"# inputs: {lock.inputs}",
    ]
    for pin in sorted(lock.pins, key=lambda pin: pin.name):
        lines += [f"# {pin.wheel}"] if pin.wheel else []
        lines += [f"# built from {pin.source}"] if pin.source else []
        lines.append(f"{pin.name}=={pin.version} --hash={pin.digest}")
    return "\n".join(lines) + "\n"


def parse_lock(text: str) -> PythonLock:
    """Read ``requirements.lock`` strictly.

    Raises:
        DependencyError: With every line that is neither a comment nor ``name==version --hash=sha256:<hex>``.
    """
    header: dict[str, str] = {}
    pins: dict[str, Pin] = {}
    problems: list[Problem] = []
    wheel = source = ""
    for number, line in enumerate(text.splitlines(), start=1):
        pin = _PIN.match(line)
        if pin is not None and pin["name"] not in pins:
            pins[pin["name"]] = Pin(**pin.groupdict(), wheel=wheel, source=source)
        elif not line or line.startswith("#"):
            found = _HEADER.match(line)
            header |= {found["key"]: found["value"]} if found is not None else {}
        else:
            problems.append(_bad_line(number, line, twice=pin is not None))
        wheel, source = _named_above(line, wheel)
    missing = [key for key in ("runtime", "glibc", "inputs") if key not in header]
    if missing and not problems:
        problems.append(
            Problem(message=f"The lock has no `# {missing[0]}:` line.", hint="Run `biot-plugin lock`.", file=LOCK_NAME)
        )
    if problems:
        msg = f"{LOCK_NAME} is not a lock of the kit."
        raise DependencyError(msg, hint="Run `biot-plugin lock` to make it anew.", problems=problems)
    return PythonLock(**header, pins=tuple(pins[name] for name in sorted(pins)))


def _named_above(line: str, wheel: str) -> tuple[str, str]:
    """What the comments so far say about the pin that comes next: its wheel, and what that was built from."""
    built, named = _SOURCE.match(line), _WHEEL.match(line)
    if built is not None:
        return wheel, built["source"]
    return (named["wheel"] if named is not None else ""), ""


def stale_reason(lock: PythonLock, runtime: Runtime, inputs: str, source: str) -> str:
    """Why the lock no longer belongs to the project, one sentence; empty when it does.

    Args:
        lock: As read.
        runtime: The manifest's.
        inputs: Digest of the requirements as they are now.
        source: The file that holds the requirements, for the message.
    """
    if lock.runtime != runtime.name:
        return f"{LOCK_NAME} was made for {lock.runtime}, plugin.toml says {runtime.name}."
    if lock.glibc != glibc_text(runtime):
        return f"{LOCK_NAME} was made for glibc {lock.glibc}, {runtime.name} has {glibc_text(runtime)}."
    if lock.inputs != inputs:
        return f"{source or 'plugin.toml'} has changed since {LOCK_NAME} was made from it."
    return ""


def _bad_line(number: int, line: str, *, twice: bool) -> Problem:
    shown = textwrap.shorten(line, 80, placeholder="...")
    message = (
        f"`{shown}` pins a package a second time."
        if twice
        else f"`{shown}` is not name==version --hash=sha256:<64 hex digits>."
    )
    return Problem(
        message=message, hint="The lock is made by `biot-plugin lock`, never by hand.", file=LOCK_NAME, line=number
    )


def preferences(pins: Iterable[Pin]) -> str:
    """The pins as plain ``name==version`` lines: what a resolver should keep where it still fits."""
    return "".join(f"{pin.name}=={pin.version}\n" for pin in pins)
