"""What publishing needs, looked at piece by piece: tools, address, release, clock, credentials, permission."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from typing import TYPE_CHECKING

from builder import process
from builder.errors import PublishError
from builder.platform.biot_releases import NEWEST_REVIEWED, OLDEST
from builder.publishing.access.connection import find_identity, make_token_source
from builder.publishing.api.calls import ApiCalls
from builder.publishing.api.client import BiotClient, read_system_properties
from builder.publishing.api.http_transport import HttpTransport
from builder.publishing.state_folder import find_state_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from builder.publishing.api_values import SystemProperties, TargetEnvironment
    from builder.publishing.clock import Clock

_SKEW_SECONDS = 60


class HealthState(StrEnum):
    """How a thing was found."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthCheck:
    """One thing that was looked at.

    Attributes:
        what: Its name, such as ``git``.
        state: How it is.
        message: What was found, one sentence.
        hint: What to do; empty when all is well.
        kind: Of the failure, for machines; empty when all is well.
    """

    what: str
    state: HealthState
    message: str
    hint: str = ""
    kind: str = ""


def check_tools(*, javascript: bool) -> Iterator[HealthCheck]:
    """The programs that the kit starts, or brings.

    Args:
        javascript: Whether the plugin is one that needs Node.js.
    """
    for name in ("uv", "pip"):
        # Both come with the kit: there is nothing to install, only a version to tell.
        yield HealthCheck(what=name, state=HealthState.OK, message=version(name))
    yield _tool("git", "Install git: without it the kit cannot tell what is ignored and which commit is published.")
    if javascript:
        yield _tool("node", "Install Node.js 20 or later: JavaScript plugins are tested and locked by it.")
        yield _tool("npm", "Install npm, which comes with Node.js: it fetches JavaScript packages.")


def check_environment(
    target: TargetEnvironment,
    environ: Mapping[str, str],
    folder: Path | None,
    clock: Clock,
    *,
    ask_code: Callable[[], str] | None,
) -> Iterator[HealthCheck]:
    """Everything between this machine and an environment of BioT; stops where what comes after depends on it.

    Args:
        target: The environment.
        environ: The process's environment.
        folder: Of plugin.toml, or None without one.
        clock: Compared with BioT's.
        ask_code: Asks for the code of a second factor, or None.
    """
    try:
        wire = HttpTransport(target, environ)
    except PublishError as error:
        yield _failed("address", error)
        return
    try:
        yield from _check_way(ApiCalls(wire, clock), environ, folder, clock, ask_code)
    finally:
        wire.close()


def _check_way(
    calls: ApiCalls,
    environ: Mapping[str, str],
    folder: Path | None,
    clock: Clock,
    ask_code: Callable[[], str] | None,
) -> Iterator[HealthCheck]:
    target, reached = calls.wire.target, None
    try:
        reached = read_system_properties(calls)
    except PublishError as error:
        yield _failed("address", error)
    if reached is not None:
        yield HealthCheck(what="address", state=HealthState.OK, message=f"{target.base_url} answers.")
        yield judge_release(reached)
        yield judge_clock(reached, clock.now())
    try:
        identity = find_identity(target, environ, folder, find_state_folder(environ))
    except PublishError as error:
        yield _failed("credentials", error)
        return
    message = f"A {identity.credentials.kind} from {identity.source}."
    if identity.warning:
        hint = "Then nobody else can use them."
        yield HealthCheck(
            what="credentials", state=HealthState.WARNING, message=f"{message} {identity.warning}", hint=hint
        )
    else:
        yield HealthCheck(what="credentials", state=HealthState.OK, message=message)
    if reached is not None:
        yield _permission(BiotClient(calls, make_token_source(identity.credentials, calls, environ, clock, ask_code)))


def judge_release(properties: SystemProperties) -> HealthCheck:
    """Whether the client was written for this release of BioT."""
    shown = properties.version or "of an unknown release"
    release = _numbers(properties.version)
    oldest, newest = (".".join(map(str, one)) for one in (OLDEST, NEWEST_REVIEWED))
    if release is None:
        message = f"BioT is {shown}; the kit was checked against {oldest} to {newest}."
        return HealthCheck(
            what="release", state=HealthState.WARNING, message=message, hint="Publish to a test environment first."
        )
    if release < OLDEST:
        message = f"BioT {shown} is too old: the plugin API that the kit speaks begins with {oldest}."
        hint = "Ask BioT to update the environment, or use the Console."
        return HealthCheck(what="release", state=HealthState.PROBLEM, message=message, hint=hint, kind="release")
    if release > NEWEST_REVIEWED:
        message = f"BioT {shown} is newer than {newest}, the last that the kit was checked against."
        hint = "Look for a newer kit; publish to a test environment first."
        return HealthCheck(what="release", state=HealthState.WARNING, message=message, hint=hint)
    return HealthCheck(
        what="release", state=HealthState.OK, message=f"BioT {shown}; the kit was checked against {oldest} to {newest}."
    )


def judge_clock(properties: SystemProperties, now: datetime) -> HealthCheck:
    """Whether this machine and BioT agree on the time."""
    if properties.server_time is None:
        message = "BioT's answer has no date to compare the clock with."
        return HealthCheck(
            what="clock", state=HealthState.WARNING, message=message, hint="A proxy may have removed it."
        )
    skew = now.timestamp() - properties.server_time
    if abs(skew) <= _SKEW_SECONDS:
        return HealthCheck(what="clock", state=HealthState.OK, message="This machine and BioT agree on the time.")
    side = "ahead of" if skew > 0 else "behind"
    message = f"This machine's clock is {abs(skew):.0f} seconds {side} BioT's."
    hint = "Set it by a time server: certificates and the times in the journal depend on it."
    return HealthCheck(what="clock", state=HealthState.WARNING, message=message, hint=hint)


def _permission(client: BiotClient) -> HealthCheck:
    try:
        found = client.search({"limit": 1, "page": 0})
    except PublishError as error:
        return _failed("access", error)
    plural = "" if found.total == 1 else "s"
    return HealthCheck(
        what="access", state=HealthState.OK, message=f"The log-in works; {found.total} plugin{plural} can be seen."
    )


def _tool(name: str, hint: str) -> HealthCheck:
    program = process.find_program(name)
    if program is None:
        return HealthCheck(
            what=name, state=HealthState.PROBLEM, message=f"{name} is not on the PATH.", hint=hint, kind="tool"
        )
    return HealthCheck(what=name, state=HealthState.OK, message=program)


def _failed(what: str, error: PublishError) -> HealthCheck:
    return HealthCheck(what=what, state=HealthState.PROBLEM, message=error.message, hint=error.hint, kind=error.kind)


def _numbers(version: str) -> tuple[int, ...] | None:
    match = re.match(r"v?([0-9]{1,4})\.([0-9]{1,4})(?:\.([0-9]{1,6}))?", version)
    return tuple(int(part or 0) for part in match.groups()) if match else None
