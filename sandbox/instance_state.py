"""The state of one running local BioT. Routes read it from ``request.app.state.sandbox``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from starlette.requests import Request

    from sandbox.clock import Clock
    from sandbox.database import Database
    from sandbox.functions.service import FunctionService
    from sandbox.tokens.signing_keys import SigningKeys

BIOT_VERSION = "2.4.2"
"""The BioT release that the sandbox imitates (BioT OpenAPI specification 2.4.2)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SandboxSettings:
    """Settings that are fixed when the local BioT starts.

    Attributes:
        base_url: The address for clients, without a trailing slash: ``http://127.0.0.1:8788``.
        biot_version: The version that ``/settings/v1/system/properties`` returns.
    """

    base_url: str
    biot_version: str = BIOT_VERSION


@dataclass(frozen=True, kw_only=True, slots=True)
class InstanceState:
    """The objects that all routes share.

    Attributes:
        database: The SQLite file.
        clock: The time for tokens and timestamps.
        keys: The key pairs that sign tokens: the current one and the previous one.
        functions: Runs the code of plugins.
        settings: Settings that are fixed at the start.
    """

    database: Database
    clock: Clock
    keys: SigningKeys
    functions: FunctionService
    settings: SandboxSettings


def state_of(request: Request) -> InstanceState:
    """Return the state of the application that handles a request."""
    state: InstanceState = request.app.state.sandbox
    return state


def health_of(state: InstanceState) -> dict[str, str]:
    """Return the body of every service's health check: BioT's ``VersionResponse``."""
    return {"version": state.settings.biot_version, "traceId": uuid4().hex}
