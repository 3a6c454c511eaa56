"""The Lambda runtimes that the kit builds for, with their life cycle.

BioT says that "only certain values" of ``runtime`` are supported and publishes no list, so this table is
an upper bound. AWS sometimes postpones these dates; a table that is too old warns too early, never too late.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct

Language = Literal["python", "nodejs", "java", "dotnet", "ruby", "provided"]
"""The kit builds only Python and Node.js; the others need a ZIP that another tool has built."""

AS_OF = date(2026, 11, 20)
"""The day on which the dates below were last compared with their source."""

SOURCE = "AWS Lambda runtime life cycle as carried by cfn-lint 1.58.0; operating systems from the AWS runtime pages"

AMAZON_LINUX_2 = "Amazon Linux 2"
AMAZON_LINUX_2023 = "Amazon Linux 2023"
_GLIBC = {AMAZON_LINUX_2: (2, 26), AMAZON_LINUX_2023: (2, 34)}

DETECTS_MODULES_FROM = 24
"""The first Node.js in which Lambda lets the text of a script decide whether it is an ES module. In 20 and 22 Lambda
switches that off (AWS guide to Node.js)."""

# Runtimes that AWS has and the kit does not build for, so that the message can say which is the reason.
OTHER_LANGUAGES = ("java", "dotnet", "ruby", "go", "provided", "custom")


class Runtime(Struct, frozen=True, kw_only=True):
    """One Lambda runtime.

    Attributes:
        name: As the platform spells it, such as ``python3.13``.
        language: ``python``, ``nodejs``, …
        version: Version of the language: ``3.13``, or ``22``.
        operating_system: Amazon Linux 2 or 2023.
        glibc: Version of its C library: the highest that native code may need.
        deprecated: From this day AWS neither patches nor supports it.
        create_blocked: From this day no new function can use it.
        update_blocked: From this day no existing function can be updated.
    """

    name: str
    language: Language
    version: str
    operating_system: str
    glibc: tuple[int, int]
    deprecated: date
    create_blocked: date
    update_blocked: date


_LANGUAGES: tuple[Language, ...] = ("python", "nodejs", "java", "dotnet", "ruby", "provided")


def _runtime(name: str, operating_system: str, deprecated: str, create_blocked: str, update_blocked: str) -> Runtime:
    language = next(one for one in _LANGUAGES if name.startswith(one))
    return Runtime(
        name=name,
        language=language,
        version=name.removeprefix(language).removesuffix(".x"),
        operating_system=operating_system,
        glibc=_GLIBC[operating_system],
        deprecated=date.fromisoformat(deprecated),
        create_blocked=date.fromisoformat(create_blocked),
        update_blocked=date.fromisoformat(update_blocked),
    )


RUNTIMES = {
    runtime.name: runtime
    for runtime in (
        _runtime("python3.9", AMAZON_LINUX_2, "2025-12-15", "2027-02-01", "2027-03-03"),
        _runtime("python3.10", AMAZON_LINUX_2, "2026-10-31", "2027-02-01", "2027-03-03"),
        _runtime("python3.11", AMAZON_LINUX_2, "2027-06-30", "2027-07-31", "2027-08-31"),
        _runtime("python3.12", AMAZON_LINUX_2023, "2028-10-31", "2028-11-30", "2029-01-10"),
        _runtime("python3.13", AMAZON_LINUX_2023, "2029-06-30", "2029-07-31", "2029-08-31"),
        _runtime("python3.14", AMAZON_LINUX_2023, "2029-06-30", "2029-07-31", "2029-08-31"),
        _runtime("nodejs16.x", AMAZON_LINUX_2, "2024-06-12", "2027-02-01", "2027-03-03"),
        _runtime("nodejs18.x", AMAZON_LINUX_2, "2025-09-01", "2027-02-01", "2027-03-03"),
        _runtime("nodejs20.x", AMAZON_LINUX_2023, "2026-04-30", "2027-02-01", "2027-03-03"),
        _runtime("nodejs22.x", AMAZON_LINUX_2023, "2027-04-30", "2027-06-01", "2027-07-01"),
        _runtime("nodejs24.x", AMAZON_LINUX_2023, "2028-04-30", "2028-06-01", "2028-07-01"),
    )
}
"""Every runtime by name, oldest first within a language."""


UNBUILT_RUNTIMES = {
    runtime.name: runtime
    for runtime in (
        _runtime("java11", AMAZON_LINUX_2, "2027-06-30", "2027-07-31", "2027-08-31"),
        _runtime("java17", AMAZON_LINUX_2, "2027-06-30", "2027-07-31", "2027-08-31"),
        _runtime("java21", AMAZON_LINUX_2023, "2029-06-30", "2029-07-31", "2029-08-31"),
        _runtime("java25", AMAZON_LINUX_2023, "2029-06-30", "2029-07-31", "2029-08-31"),
        _runtime("dotnet8", AMAZON_LINUX_2023, "2026-11-10", "2027-02-01", "2027-03-03"),
        _runtime("dotnet10", AMAZON_LINUX_2023, "2028-11-14", "2028-12-14", "2029-01-15"),
        _runtime("ruby3.3", AMAZON_LINUX_2023, "2027-03-31", "2027-04-30", "2027-05-31"),
        _runtime("ruby3.4", AMAZON_LINUX_2023, "2028-03-31", "2028-04-30", "2028-05-31"),
        _runtime("ruby4.0", AMAZON_LINUX_2023, "2029-03-31", "2029-04-30", "2029-05-31"),
        _runtime("provided.al2023", AMAZON_LINUX_2023, "2029-06-30", "2029-07-31", "2029-08-31"),
    )
}
"""Runtimes that AWS has and the kit does not build for: their plugins need ``[build] prebuilt``. BioT's Console
document "Plugin Configuration Management" has java21 among its three examples (read on 2026-11-20)."""

ALL_RUNTIMES = {**RUNTIMES, **UNBUILT_RUNTIMES}
"""Every runtime that plugin.toml can name."""
