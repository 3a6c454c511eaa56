"""What one running local BioT holds; routes find it as ``request.app.state.sandbox``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from starlette.requests import Request

    from sandbox.clock import Clock
    from sandbox.database import Database
    from sandbox.signing_keys import SigningKeys

BIOT_VERSION = "2.4.2"
"""The release of BioT whose behaviour the sandbox copies (BioT OpenAPI specification 2.4.2)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SandboxSettings:
    """What was decided when the local BioT was started.

    Attributes:
        base_url: Where clients reach it, without a slash at the end: ``http://127.0.0.1:8788``.
        biot_version: What ``/settings/v1/system/properties`` answers.
    """

    base_url: str
    biot_version: str = BIOT_VERSION


@dataclass(frozen=True, kw_only=True, slots=True)
class InstanceState:
    """The parts that routes share.

    Attributes:
        database: The one SQLite file.
        clock: What time it is for tokens and time stamps.
        keys: The key pairs that sign tokens, the present one and the one before.
        settings: What was decided at the start.
    """

    database: Database
    clock: Clock
    keys: SigningKeys
    settings: SandboxSettings


def state_of(request: Request) -> InstanceState:
    """The state of the application that a request came to."""
    state: InstanceState = request.app.state.sandbox
    return state


def health_of(state: InstanceState) -> dict[str, str]:
    """What the health check of every service answers: ``VersionResponse``, without a framework."""
    return {"version": state.settings.biot_version, "traceId": uuid4().hex}
