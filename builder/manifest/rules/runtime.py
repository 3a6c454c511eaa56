from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from builder.errors import Severity
from builder.manifest.finding import Finding, shorten
from builder.manifest.suggestion import suggest
from builder.platform.limits import RUNTIME_WARNING_DAYS
from builder.platform.runtimes import AS_OF, OTHER_LANGUAGES, RUNTIMES, Runtime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from builder.manifest.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """A runtime is one that Lambda has, that the kit builds for, and that can still be created today."""
    name = subject.text("runtime")
    if not name:
        return
    if name not in RUNTIMES:
        yield _unknown(name, subject.today)
    else:
        yield from _life_cycle(RUNTIMES[name], subject.today)


def _unknown(name: str, today: date) -> Finding:
    supported = tuple(runtime.name for runtime in RUNTIMES.values() if today < runtime.deprecated)
    known = ", ".join(supported)
    if name.startswith(OTHER_LANGUAGES):
        message = f"{shorten(name)} is not for this kit: it builds Python and Node.js plugins only."
        return Finding(path=("runtime",), message=message, hint=f"Allowed are {known}.")
    suggestion = suggest(name, supported)
    message = f"{shorten(name)} is not a runtime that AWS supports, as of {AS_OF}: {known}."
    hint = (
        f'Did you mean "{suggestion}"?'
        if suggestion
        else "Choose one of them, or update the kit if AWS has a newer one."
    )
    return Finding(path=("runtime",), message=message, hint=hint)


def _life_cycle(runtime: Runtime, today: date) -> Iterator[Finding]:
    newer = f'Move to runtime = "{_newest(runtime)}".'
    ends = f"{runtime.name} is no longer supported by AWS from {runtime.deprecated} on"
    blocks = f"new functions cannot use it from {runtime.create_blocked} on"
    if today >= runtime.create_blocked:
        message = f"{ends}, and {blocks} (dates as known on {AS_OF})."
        yield Finding(path=("runtime",), message=message, hint=newer)
    elif today >= runtime.deprecated - timedelta(days=RUNTIME_WARNING_DAYS):
        message = f"{ends}; {blocks}, and updates fail from {runtime.update_blocked} on."
        yield Finding(path=("runtime",), message=message, hint=newer, severity=Severity.WARNING)


def _newest(runtime: Runtime) -> str:
    return [other.name for other in RUNTIMES.values() if other.language == runtime.language][-1]
