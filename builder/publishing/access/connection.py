"""From the name of an environment to an open ``BiotClient``: whose credentials count, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.errors import PublishError
from builder.manifest.environments import LOCAL
from builder.manifest.text.toml_snippet import snippet
from builder.publishing.access.access_tokens import FixedToken, LoginTokens
from builder.publishing.access.credential_storage import SessionFile, read_dotenv_credentials, read_from_keyring
from builder.publishing.access.credentials import (
    MFA_CODE,
    SUPPORTED_CREDENTIALS,
    ServiceUserCredentials,
    TokenCredentials,
    read_credentials,
)
from builder.publishing.api.calls import ApiCalls
from builder.publishing.api.client import BiotClient
from builder.publishing.api.http_transport import HttpTransport
from builder.publishing.api_values import TargetEnvironment
from builder.publishing.failures import AccessDenied
from builder.publishing.state_folder import find_state_folder, read_local_biot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from builder.progress import Progress
    from builder.publishing.access.credentials import Credentials
    from builder.publishing.api.calls import TokenSource
    from builder.publishing.clock import Clock
    from builder.publishing.state_folder import StateFolder


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Credentials, where they were found, as part of a sentence, and what should be known of that place."""

    credentials: Credentials
    source: str
    warning: str = ""


def resolve_target(
    name: str | None, environments: Mapping[str, Mapping[str, object]], state: StateFolder
) -> TargetEnvironment:
    """The environment that a command is for.

    Args:
        name: As given with ``-e``, or None.
        environments: The tables of plugin.toml; empty without one.
        state: Knows the local BioT.

    Raises:
        PublishError: None was named, it is not known, or there is no local BioT.
    """
    if name is None:
        known = ", ".join(sorted({*environments, LOCAL}))
        msg = "Which BioT is meant? No environment was named."
        raise PublishError(msg, hint=f"Add `-e NAME`. NAME is one of: {known}.")
    base_url = str(environments.get(name, {}).get("baseUrl", "")).rstrip("/")
    if name == LOCAL:
        return _local_target(base_url, state)
    if not base_url:
        msg = f"[environments.{name}] of plugin.toml has no baseUrl."
        setting = snippet(f"environments.{name}", "baseUrl", "https://api.dev.example.com")
        raise PublishError(msg, hint="Add the address of its API to plugin.toml.", setting=setting)
    return TargetEnvironment(name=name, base_url=base_url)


def find_identity(
    target: TargetEnvironment, environ: Mapping[str, str], folder: Path | None, state: StateFolder
) -> Identity:
    """The credentials for an environment: of the environment's variables, of ``.env``, of the keyring.

    For the local BioT only its own are used: no other secret has any business there.

    Args:
        target: The environment.
        environ: The process's environment.
        folder: Of plugin.toml, where ``.env`` may lie; None without one.
        state: Knows the local BioT.

    Raises:
        AccessDenied: There are none, half a pair, or several kinds at once.
    """
    if target.name == LOCAL:
        return _local_identity(target, state)
    if found := read_credentials(environ, "The environment"):
        return Identity(credentials=found, source="environment variables")
    if folder is not None and (dotenv := read_dotenv_credentials(folder)):
        return Identity(credentials=dotenv.credentials, source=".env", warning=dotenv.warning)
    if found := read_from_keyring(target.base_url):
        return Identity(credentials=found, source="the keyring")
    msg = f"There are no credentials for {target.name} ({target.base_url})."
    raise AccessDenied(msg, hint=f"Run `biot-plugin login -e {target.name}`, or set {SUPPORTED_CREDENTIALS}.")


def open_client(  # noqa: PLR0913 - the two last are for people only
    target: TargetEnvironment,
    environ: Mapping[str, str],
    folder: Path | None,
    clock: Clock,
    *,
    ask_code: Callable[[], str] | None = None,
    progress: Progress | None = None,
) -> BiotClient:
    """A client for an environment; nothing is sent before it is used. Close it, or use it in a ``with``.

    Args:
        target: The environment.
        environ: The process's environment.
        folder: Of plugin.toml, where ``.env`` may lie; None without one.
        clock: For deadlines and for tokens that end.
        ask_code: Asks the person at the terminal for the code of a second factor; None when there is none.
        progress: Told of uploads.

    Raises:
        AccessDenied: There are no credentials.
        Unreachable: The address is none for credentials.
    """
    state = find_state_folder(environ)
    identity = find_identity(target, environ, folder, state)
    if identity.warning and progress is not None:
        progress.note(identity.warning)
    calls = ApiCalls(HttpTransport(target, environ), clock, progress=progress)
    return BiotClient(calls, make_token_source(identity.credentials, calls, environ, clock, ask_code), progress)


def make_token_source(
    credentials: Credentials,
    calls: ApiCalls,
    environ: Mapping[str, str],
    clock: Clock,
    ask_code: Callable[[], str] | None = None,
) -> TokenSource:
    """Where the access tokens of these credentials come from; ``BIOT_MFA_CODE`` answers before a person is asked."""
    if isinstance(credentials, TokenCredentials):
        return FixedToken(credentials)
    code = environ.get(MFA_CODE, "").strip()
    kept = SessionFile(find_state_folder(environ), calls.wire.target.base_url, credentials)
    return LoginTokens(calls, credentials, kept, clock, (lambda: code) if code else ask_code)


def _local_target(base_url: str, state: StateFolder) -> TargetEnvironment:
    local = read_local_biot(state)
    if local is None:
        msg = "There is no local BioT on this machine yet."
        raise PublishError(msg, hint="Start it: `biot-plugin sandbox`.")
    if base_url and base_url != local.base_url:
        msg = f"The local BioT is at {local.base_url}, and plugin.toml has {base_url} for it."
        raise PublishError(msg, hint="Delete baseUrl of [environments.local]: the kit knows the address.")
    return local.target


def _local_identity(target: TargetEnvironment, state: StateFolder) -> Identity:
    local = read_local_biot(state)
    if local is None or local.base_url != target.base_url:
        msg = "The credentials of the local BioT are not on this machine."
        raise AccessDenied(msg, hint="Start `biot-plugin sandbox` again: it writes them.")
    user = ServiceUserCredentials(principal=local.service_user_id, secret_key=local.service_user_secret_key)
    return Identity(credentials=user, source="the local BioT")
