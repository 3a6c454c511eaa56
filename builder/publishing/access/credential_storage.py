"""Stored credentials and tokens: ``.env`` beside plugin.toml, the system's keyring, the kit's state folder."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from builder.errors import PublishError
from builder.host import process
from builder.network.secret_text import SecretText
from builder.publishing.access.credentials import VARIABLES, read_credentials
from builder.publishing.access.dotenv import parse_dotenv, read_dotenv_file
from builder.publishing.failures import AccessDenied
from builder.publishing.state_folder import StateFolder, read_json, read_regular, write_private

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from builder.publishing.access.credentials import Credentials

_DOTENV = ".env"
_KEYRING_USER = "credentials"


@dataclass(frozen=True, kw_only=True, slots=True)
class DotenvCredentials:
    """The credentials in ``.env``, and a warning about the file; empty when all is well."""

    credentials: Credentials
    warning: str = ""


def read_dotenv_credentials(folder: Path) -> DotenvCredentials | None:
    """The credentials in ``.env`` in the plugin's folder; None when there are none.

    Raises:
        AccessDenied: Git would commit the file, it cannot be read, or it contains only half of a pair.
    """
    file = folder / _DOTENV
    try:
        content = read_dotenv_file(file)
    except FileNotFoundError:
        return None
    variables = parse_dotenv(content.text)
    if not any(variables.get(name) for name in VARIABLES):
        return None
    if _git_would_commit(file):
        msg = f"{file} contains credentials, and git would commit it."
        raise AccessDenied(
            msg, hint="Add the line `.env` to .gitignore. If git tracks the file already, run `git rm --cached .env`."
        )
    if any("\ud800" <= character <= "\udfff" for name in VARIABLES for character in variables.get(name, "")):
        msg = f"{file} contains credentials that are not UTF-8."
        raise AccessDenied(msg, hint="Save the file as UTF-8.")
    credentials = read_credentials(variables, _DOTENV)
    return None if credentials is None else DotenvCredentials(credentials=credentials, warning=content.warning)


def read_from_keyring(base_url: str) -> Credentials | None:
    """The credentials that ``biot-plugin login`` stored for an address; None without them or without a keyring."""
    import keyring

    try:
        text = keyring.get_password(_keyring_name(base_url), _KEYRING_USER)
    except _keyring_errors():
        return None
    if text is None:
        return None
    try:
        variables = read_json(text.encode())
    except ValueError:
        return None
    return read_credentials(variables, "the keyring") if isinstance(variables, dict) else None


def write_to_keyring(base_url: str, variables: Mapping[str, str]) -> str:
    """Store credentials for an address; returns the keyring's name.

    Args:
        base_url: The environment.
        variables: The credentials by the names of their environment variables.

    Raises:
        AccessDenied: This machine has no working keyring.
    """
    import keyring

    text = json.dumps(dict(variables))
    try:
        keyring.set_password(_keyring_name(base_url), _KEYRING_USER, text)
        stored = keyring.get_password(_keyring_name(base_url), _KEYRING_USER) == text
    except _keyring_errors():
        stored = False
    if not stored:
        msg = "The log-in works, but this machine has no keyring to store the credentials."
        raise AccessDenied(
            msg,
            hint=f"Set {' and '.join(variables)} in the environment, or write them to `.env` beside plugin.toml and "
            "have git ignore it.",
        )
    return type(keyring.get_keyring()).__module__.rpartition(".")[2]


def delete_from_keyring(base_url: str) -> bool:
    """Delete the credentials that ``login`` stored for an address; whether there were any."""
    import keyring

    try:
        keyring.delete_password(_keyring_name(base_url), _KEYRING_USER)
    except _keyring_errors():
        return False
    return True


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """The tokens of a log-in. Times are seconds since 1970 by this machine's clock.

    Attributes:
        access: The access token.
        good_until: When to renew it; a little before it expires.
        refresh: The refresh token, which gets an access token without a password, or None.
        refresh_until: When the refresh token expires.
    """

    access: SecretText = field(repr=False)
    good_until: float
    refresh: SecretText | None = field(default=None, repr=False)
    refresh_until: float = 0.0


class SessionFile:
    """The stored session of one principal at one address, for the next commands.

    Args:
        state: The state folder.
        base_url: The environment.
        credentials: Whose session it is.
    """

    def __init__(self, state: StateFolder, base_url: str, credentials: Credentials) -> None:
        key = f"{base_url}\n{credentials.kind}\n{credentials.principal}"
        self._file = state.tokens / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"

    def read(self) -> Session | None:
        """The stored session; None when it is missing or unreadable."""
        try:
            document = read_json(read_regular(self._file))
            if not isinstance(document, dict):
                return None
            refresh = document.get("refreshToken")
            return Session(
                access=SecretText(str(document["accessToken"])),
                good_until=float(document["goodUntil"]),
                refresh=SecretText(str(refresh)) if refresh else None,
                refresh_until=float(document.get("refreshUntil", 0)),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def write(self, session: Session) -> None:
        """Store a session for the owner only. Without a writable folder the next command logs in again."""
        document = {
            "accessToken": session.access.reveal(),
            "goodUntil": session.good_until,
            "refreshToken": session.refresh.reveal() if session.refresh else None,
            "refreshUntil": session.refresh_until,
        }
        with suppress(PublishError):
            write_private(self._file, json.dumps(document).encode())

    def delete(self) -> None:
        """Delete the file."""
        with suppress(OSError):
            self._file.unlink()


def _git_would_commit(file: Path) -> bool:
    git = process.find_program("git")
    if git is None:
        return False
    # 0: ignored. 1: not ignored, or already tracked. 128: not a repository.
    return process.run([git, "check-ignore", "-q", file.name], cwd=file.parent).returncode == 1


def _keyring_name(base_url: str) -> str:
    return f"biot-plugin-kit {base_url}"


def _keyring_errors() -> tuple[type[Exception], ...]:
    """What a keyring raises; some back ends do not catch errors of the system bus."""
    from keyring.errors import KeyringError

    return (KeyringError, OSError, RuntimeError, ImportError)
