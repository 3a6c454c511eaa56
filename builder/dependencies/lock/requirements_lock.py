"""The format of ``requirements.lock``: one wheel per package, by its hash and without an address, for one runtime.

The file is also a valid requirements file for ``pip install --require-hashes``. Each package has exactly one hash, that
of the wheel for the runtime: the same lock gives the same bytes on any day, and a warm store needs no index.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

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


class Pin(Struct, frozen=True, kw_only=True):
    """One locked wheel.

    Attributes:
        name: Normalised name.
        version: Exact version.
        digest: ``sha256:<hex>`` of the wheel.
        wheel: The wheel's file name, for people and for the report; empty when the lock does not name it.
        source: ``<sdist> sha256:<hex> by <build tool>`` of a wheel that was built here; otherwise empty.
    """

    name: str
    version: str
    digest: str
    wheel: str = ""
    source: str = ""

    @property
    def published_digest(self) -> str:
        """``sha256:<hex>`` of the file in the index: the wheel, or the sdist that it was built from."""
        return self.source.split(" ")[1] if self.source else self.digest


class PythonLock(Struct, frozen=True, kw_only=True):
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
    """The runtime's glibc version, such as ``2.34``."""
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
        DependencyError: Lists every line that is neither a comment nor ``name==version --hash=sha256:<hex>``.
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
            field = _HEADER.match(line)
            header |= {field["key"]: field["value"]} if field is not None else {}
        else:
            problems.append(_line_problem(number, line, duplicate=pin is not None))
        wheel, source = _read_comment(line, wheel)
    missing = [key for key in ("runtime", "glibc", "inputs") if key not in header]
    if missing and not problems:
        problems.append(
            Problem(
                message=f"The lock has no `# {missing[0]}:` line.",
                hint="Run `biot-plugin lock`.",
                file=LOCK_NAME,
                code="damaged-lock",
            )
        )
    if problems:
        message = f"{LOCK_NAME} is not a lock that the kit wrote."
        raise DependencyError(message, hint="Run `biot-plugin lock` to write a new one.", problems=problems)
    return PythonLock(**header, pins=tuple(pins[name] for name in sorted(pins)))


def _read_comment(line: str, wheel: str) -> tuple[str, str]:
    """The wheel and the source of the next pin, as far as the comments name them."""
    source, name = _SOURCE.match(line), _WHEEL.match(line)
    if source is not None:
        return wheel, source["source"]
    return (name["wheel"] if name is not None else ""), ""


def stale_reason(lock: PythonLock, runtime: Runtime, inputs: str, source: str) -> str:
    """Why the lock is outdated, in one sentence; empty when it is not.

    Args:
        lock: The current lock.
        runtime: The manifest's.
        inputs: Digest of the current requirements.
        source: The file with the requirements, for the message.
    """
    if lock.runtime != runtime.name:
        return f"{LOCK_NAME} was made for {lock.runtime}, but plugin.toml says {runtime.name}."
    if lock.glibc != glibc_text(runtime):
        return f"{LOCK_NAME} was made for glibc {lock.glibc}, but {runtime.name} has {glibc_text(runtime)}."
    if lock.inputs != inputs:
        return f"{source or 'plugin.toml'} has changed since {LOCK_NAME} was written."
    return ""


def _line_problem(number: int, line: str, *, duplicate: bool) -> Problem:
    import textwrap  # most locks have no problems

    shown = textwrap.shorten(line, 80, placeholder="...")
    message = (
        f"Duplicate pin: `{shown}`." if duplicate else f"`{shown}` is not name==version --hash=sha256:<64 hex digits>."
    )
    return Problem(
        message=message,
        hint="Do not edit the lock; run `biot-plugin lock`.",
        file=LOCK_NAME,
        line=number,
        code="damaged-lock",
    )


def pinned_versions(pins: Iterable[Pin]) -> str:
    """The pins as plain ``name==version`` lines, which a resolver keeps where they still fit."""
    return "".join(f"{pin.name}=={pin.version}\n" for pin in pins)
