"""Checks of everything that publishing needs: tools, address, release, clock, credentials, permission."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version as package_version
from typing import TYPE_CHECKING

from builder.errors import PublishError
from builder.host import process
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
    """The result of one check."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthCheck:
    """One check and its result.

    Attributes:
        name: Such as ``git``.
        state: The result.
        message: What was found, one sentence.
        hint: What to do; empty when nothing is wrong.
        kind: The kind of failure, for ``--json``; empty when nothing is wrong.
    """

    name: str
    state: HealthState
    message: str
    hint: str = ""
    kind: str = ""


def check_tools(*, javascript: bool) -> Iterator[HealthCheck]:
    """Check the programs that the kit runs.

    Args:
        javascript: Whether the plugin needs Node.js.
    """
    for name in ("uv", "pip"):
        # Both are installed with the kit, so only the version is shown.
        yield HealthCheck(name=name, state=HealthState.OK, message=package_version(name))
    yield _tool("git", "Install git: without it the kit cannot see ignored files or the published commit.")
    if javascript:
        yield _tool("node", "Install Node.js 20 or later: it tests and locks JavaScript plugins.")
        yield _tool("npm", "Install npm, which comes with Node.js: it fetches JavaScript packages.")


def check_environment(
    target: TargetEnvironment,
    environ: Mapping[str, str],
    folder: Path | None,
    clock: Clock,
    *,
    ask_code: Callable[[], str] | None,
) -> Iterator[HealthCheck]:
    """Check the connection to an environment of BioT; stops when the remaining checks would fail too.

    Args:
        target: The environment.
        environ: The process's environment.
        folder: The folder of plugin.toml, or None without one.
        clock: Compared with BioT's.
        ask_code: Asks the user for the code of a second factor; None without a terminal.
    """
    try:
        transport = HttpTransport(target, environ)
    except PublishError as error:
        yield _failed("address", error)
        return
    try:
        yield from _check_connection(ApiCalls(transport, clock), environ, folder, clock, ask_code)
    finally:
        transport.close()


def _check_connection(
    calls: ApiCalls,
    environ: Mapping[str, str],
    folder: Path | None,
    clock: Clock,
    ask_code: Callable[[], str] | None,
) -> Iterator[HealthCheck]:
    target, properties = calls.transport.target, None
    try:
        properties = read_system_properties(calls)
    except PublishError as error:
        yield _failed("address", error)
    if properties is not None:
        yield HealthCheck(name="address", state=HealthState.OK, message=f"{target.base_url} answers.")
        yield judge_release(properties)
        yield judge_clock(properties, clock.now())
    try:
        identity = find_identity(target, environ, folder, find_state_folder(environ))
    except PublishError as error:
        yield _failed("credentials", error)
        return
    message = f"Found a {identity.credentials.kind} in {identity.source}."
    if identity.warning:
        hint = "Then only you can read them."
        yield HealthCheck(
            name="credentials", state=HealthState.WARNING, message=f"{message} {identity.warning}", hint=hint
        )
    else:
        yield HealthCheck(name="credentials", state=HealthState.OK, message=message)
    if properties is not None:
        yield _permission(BiotClient(calls, make_token_source(identity.credentials, calls, environ, clock, ask_code)))


def judge_release(properties: SystemProperties) -> HealthCheck:
    """Whether the kit supports this release of BioT."""
    version = properties.version or "of an unknown release"
    release = _parse_version(properties.version)
    oldest, newest = (".".join(map(str, numbers)) for numbers in (OLDEST, NEWEST_REVIEWED))
    if release is None:
        message = f"BioT is {version}; the kit supports {oldest} to {newest}."
        return HealthCheck(
            name="release", state=HealthState.WARNING, message=message, hint="Publish to a test environment first."
        )
    if release < OLDEST:
        message = f"BioT {version} is too old: the kit needs {oldest} or newer."
        hint = "Ask BioT to update the environment, or use the Console."
        return HealthCheck(name="release", state=HealthState.PROBLEM, message=message, hint=hint, kind="release")
    if release > NEWEST_REVIEWED:
        message = f"BioT {version} is newer than {newest}, the newest release that the kit was written for."
        hint = "Look for a newer version of the kit, and publish to a test environment first."
        return HealthCheck(name="release", state=HealthState.WARNING, message=message, hint=hint)
    return HealthCheck(
        name="release", state=HealthState.OK, message=f"BioT {version}; the kit supports {oldest} to {newest}."
    )


def judge_clock(properties: SystemProperties, now: datetime) -> HealthCheck:
    """Whether the clocks of this machine and BioT agree."""
    if properties.server_time is None:
        message = "BioT's response has no Date header to compare the clock with."
        return HealthCheck(
            name="clock", state=HealthState.WARNING, message=message, hint="A proxy may have removed it."
        )
    skew = now.timestamp() - properties.server_time
    if abs(skew) <= _SKEW_SECONDS:
        return HealthCheck(name="clock", state=HealthState.OK, message="The clocks of this machine and BioT agree.")
    side = "ahead of" if skew > 0 else "behind"
    message = f"This machine's clock is {abs(skew):.0f} seconds {side} BioT's."
    hint = "Synchronize it with a time server: certificates and the journal depend on it."
    return HealthCheck(name="clock", state=HealthState.WARNING, message=message, hint=hint)


def _permission(client: BiotClient) -> HealthCheck:
    try:
        page = client.search({"limit": 1, "page": 0})
    except PublishError as error:
        return _failed("access", error)
    plural = "" if page.total == 1 else "s"
    return HealthCheck(
        name="access", state=HealthState.OK, message=f"The log-in works; {page.total} plugin{plural} visible."
    )


def _tool(name: str, hint: str) -> HealthCheck:
    program = process.find_program(name)
    if program is None:
        return HealthCheck(
            name=name, state=HealthState.PROBLEM, message=f"{name} is not on the PATH.", hint=hint, kind="tool"
        )
    return HealthCheck(name=name, state=HealthState.OK, message=program)


def _failed(name: str, error: PublishError) -> HealthCheck:
    return HealthCheck(name=name, state=HealthState.PROBLEM, message=error.message, hint=error.hint, kind=error.kind)


def _parse_version(version: str) -> tuple[int, ...] | None:
    match = re.match(r"v?([0-9]{1,4})\.([0-9]{1,4})(?:\.([0-9]{1,6}))?", version)
    return tuple(int(part or 0) for part in match.groups()) if match else None
