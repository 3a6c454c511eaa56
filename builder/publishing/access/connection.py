"""From the name of an environment to an open ``BiotClient``: finds the credentials, in a fixed order."""

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
    """Credentials, their source as part of a sentence, and a warning about that source."""

    credentials: Credentials
    source: str
    warning: str = ""


def resolve_target(
    name: str | None, environments: Mapping[str, Mapping[str, object]], state: StateFolder
) -> TargetEnvironment:
    """The environment that a command works on.

    Args:
        name: As given with ``-e``, or None.
        environments: The ``[environments]`` tables of plugin.toml; empty without one.
        state: The state folder, which knows the local BioT.

    Raises:
        PublishError: No environment was given, it is unknown, or there is no local BioT.
    """
    if name is None:
        names = ", ".join(sorted({*environments, LOCAL}))
        msg = "No environment given."
        raise PublishError(msg, hint=f"Add `-e NAME`. Known environments: {names}.")
    base_url = str(environments.get(name, {}).get("baseUrl", "")).rstrip("/")
    if name == LOCAL:
        return _local_target(base_url, state)
    if not base_url:
        msg = f"[environments.{name}] in plugin.toml has no baseUrl."
        setting = snippet(f"environments.{name}", "baseUrl", "https://api.dev.example.com")
        raise PublishError(msg, hint="Add the address of its API.", setting=setting)
    return TargetEnvironment(name=name, base_url=base_url)


def find_identity(
    target: TargetEnvironment, environ: Mapping[str, str], folder: Path | None, state: StateFolder
) -> Identity:
    """The credentials for an environment: from environment variables, ``.env`` or the keyring, in this order.

    The local BioT gets only its own credentials, never any other secret.

    Args:
        target: The environment.
        environ: The process's environment.
        folder: The folder of plugin.toml, which may contain ``.env``; None without one.
        state: The state folder, which knows the local BioT.

    Raises:
        AccessDenied: There are none, half of a pair is missing, or there are several kinds.
    """
    if target.name == LOCAL:
        return _local_identity(target, state)
    if credentials := read_credentials(environ, "The environment"):
        return Identity(credentials=credentials, source="environment variables")
    if folder is not None and (dotenv := read_dotenv_credentials(folder)):
        return Identity(credentials=dotenv.credentials, source=".env", warning=dotenv.warning)
    if credentials := read_from_keyring(target.base_url):
        return Identity(credentials=credentials, source="the keyring")
    msg = f"No credentials found for {target.name} ({target.base_url})."
    raise AccessDenied(msg, hint=f"Run `biot-plugin login -e {target.name}`, or set {SUPPORTED_CREDENTIALS}.")


def open_client(  # noqa: PLR0913 - the last two are for interactive use only
    target: TargetEnvironment,
    environ: Mapping[str, str],
    folder: Path | None,
    clock: Clock,
    *,
    ask_code: Callable[[], str] | None = None,
    progress: Progress | None = None,
) -> BiotClient:
    """A client for an environment. It sends nothing until it is used. Close it, or use it in a ``with``.

    Args:
        target: The environment.
        environ: The process's environment.
        folder: The folder of plugin.toml, which may contain ``.env``; None without one.
        clock: For deadlines and the expiry of tokens.
        ask_code: Asks the user for the code of a second factor; None without a terminal.
        progress: Shows uploads and notes.

    Raises:
        AccessDenied: There are no usable credentials.
        Unreachable: The address is not safe for credentials.
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
    """The source of access tokens for credentials. ``BIOT_MFA_CODE`` takes precedence over asking the user."""
    if isinstance(credentials, TokenCredentials):
        return FixedToken(credentials)
    code = environ.get(MFA_CODE, "").strip()
    stored = SessionFile(find_state_folder(environ), calls.transport.target.base_url, credentials)
    return LoginTokens(calls, credentials, stored, clock, (lambda: code) if code else ask_code)


def _local_target(base_url: str, state: StateFolder) -> TargetEnvironment:
    local = read_local_biot(state)
    if local is None:
        msg = "No local BioT found on this machine."
        raise PublishError(msg, hint="Start it: `biot-plugin sandbox`.")
    if base_url and base_url != local.base_url:
        msg = f"The local BioT is at {local.base_url}, but plugin.toml has baseUrl {base_url}."
        raise PublishError(msg, hint="Delete baseUrl from [environments.local]: the kit knows the address.")
    return local.target


def _local_identity(target: TargetEnvironment, state: StateFolder) -> Identity:
    local = read_local_biot(state)
    if local is None or local.base_url != target.base_url:
        msg = "No credentials found for the local BioT."
        raise AccessDenied(msg, hint="Start `biot-plugin sandbox` again: it writes them.")
    user = ServiceUserCredentials(principal=local.service_user_id, secret_key=local.service_user_secret_key)
    return Identity(credentials=user, source="the local BioT")
