from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from builder.errors import Severity
from builder.manifest.finding import Finding, shorten
from builder.manifest.suggestion import suggest
from builder.platform.limits import RUNTIME_WARNING_DAYS
from builder.platform.runtimes import ALL_RUNTIMES, AS_OF, OTHER_LANGUAGES, RUNTIMES, UNBUILT_RUNTIMES, Runtime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from builder.manifest.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """The runtime exists on Lambda, the kit builds for it, and new functions can still use it today."""
    name = subject.text("runtime")
    if not name:
        return
    if name in RUNTIMES or (name in UNBUILT_RUNTIMES and subject.prebuilt):
        yield from _life_cycle(ALL_RUNTIMES[name], subject.today)
    else:
        yield _unknown(name, subject.today)


def _unknown(name: str, today: date) -> Finding:
    supported = tuple(runtime.name for runtime in RUNTIMES.values() if today < runtime.deprecated)
    known = ", ".join(supported)
    if name in UNBUILT_RUNTIMES:
        message = f"The kit builds Python and Node.js plugins. For {name}, another tool must build the ZIP."
        return Finding(path=("runtime",), message=message, hint='Add prebuilt = "target/plugin.zip" under [build].')
    if name.startswith(OTHER_LANGUAGES):
        message = f"{shorten(name)} is not supported: the kit builds Python and Node.js plugins."
        return Finding(path=("runtime",), message=message, hint=f"Use one of {known}.")
    suggestion = suggest(name, supported)
    message = f"{shorten(name)} is not a supported runtime. AWS supports (as of {AS_OF}): {known}."
    hint = (
        f'Did you mean "{suggestion}"?' if suggestion else "Use one of these, or update the kit if AWS has a newer one."
    )
    return Finding(path=("runtime",), message=message, hint=hint)


def _life_cycle(runtime: Runtime, today: date) -> Iterator[Finding]:
    hint = f'Use runtime = "{_newest(runtime)}".'
    ends = "ended" if today >= runtime.deprecated else "ends"
    end_of_support = f"AWS {ends} support for {runtime.name} on {runtime.deprecated}"
    if today >= runtime.create_blocked:
        message = f"{end_of_support}, and new functions cannot use it since {runtime.create_blocked} (as of {AS_OF})."
        yield Finding(path=("runtime",), message=message, hint=hint)
    elif today >= runtime.deprecated - timedelta(days=RUNTIME_WARNING_DAYS):
        message = (
            f"{end_of_support}. New functions cannot use it from {runtime.create_blocked} on, and updates fail from "
            f"{runtime.update_blocked} on."
        )
        yield Finding(path=("runtime",), message=message, hint=hint, severity=Severity.WARNING)


def _newest(runtime: Runtime) -> str:
    return [other.name for other in ALL_RUNTIMES.values() if other.language == runtime.language][-1]
