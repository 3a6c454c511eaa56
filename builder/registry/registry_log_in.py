"""Log-in to a registry: Basic, and tokens as the Docker registry specification has them.

Credentials stay in memory. Source: distribution.github.io/distribution/spec/auth/token and /oauth, 2026-11.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from builder.network.certificates import is_loopback
from builder.network.secret_text import SecretText
from builder.quoting import printable
from builder.registry.registry_failures import RegistryAccessDeniedError
from builder.registry.registry_transport import RegistryRequest, is_protected

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from builder.registry.registry_transport import RegistryResponse

_PARAMETER = re.compile(r'([a-zA-Z_]+)=(?:"([^"]*)"|([^\s,"]+))')
_TOKEN = re.compile(r"[!-~]+")
_CLIENT = "biot-plugin-kit"


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistryCredentials:
    """User name and password for one registry, or a token that stands for both.

    Attributes:
        username: Such as ``AWS``.
        password: The password, or a token of the same use.
        identity_token: A token that ``docker login`` stored instead of a password; else None.
        expires: When the registry stops accepting them; None when that is unknown.
    """

    username: str
    password: SecretText = field(repr=False)
    identity_token: SecretText | None = field(default=None, repr=False)
    expires: datetime | None = None


CredentialSource = Callable[[], RegistryCredentials | None]
"""Returns the credentials for one registry, None for none. It is asked again when they are refused."""


def no_credentials() -> None:
    """The source for registries that are open to everybody."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Challenge:
    """``WWW-Authenticate``: the scheme in lower case, and its parameters."""

    scheme: str
    parameters: Mapping[str, str]


class RegistryLogIn:
    """The authorization for the requests to one registry, for several threads.

    Args:
        base_url: The registry's address.
        scopes: What is asked for, such as ``repository:lambda/python:pull``.
        credentials: Whose access it is.
        send: Sends a request for a token, and repeats it while it gets no answer.
    """

    def __init__(
        self,
        base_url: str,
        scopes: tuple[str, ...],
        credentials: CredentialSource,
        send: Callable[[RegistryRequest, SecretText | None], RegistryResponse],
    ) -> None:
        self._base_url = base_url
        self._scopes = scopes
        self._credentials = credentials
        self._send = send
        self._authorization: SecretText | None = None
        self._challenge = _Challenge(scheme="", parameters={})
        self._lock = threading.Lock()

    def authorization(self) -> SecretText | None:
        """The value of the header ``Authorization``; None before the registry asked for one."""
        return self._authorization

    def renew(self, refused: SecretText | None, challenge: str) -> None:
        """Log in, unless another thread has done so since ``refused`` was sent.

        Args:
            refused: What the registry refused.
            challenge: The header ``WWW-Authenticate`` of its answer.

        Raises:
            RegistryAccessDeniedError: The registry wants credentials that are missing or not accepted.
            RegistryError: The token server gave no usable answer.
        """
        with self._lock:
            if self._authorization == refused:
                # Amazon ECR refuses an expired token without saying again how to log in.
                self._challenge = _parse_challenge(challenge) if challenge else self._challenge
                self._authorization = self._log_in(self._challenge)

    def _log_in(self, challenge: _Challenge) -> SecretText:
        credentials = self._credentials()
        if challenge.scheme == "bearer":
            return self._fetch_token(challenge.parameters, credentials)
        if credentials is None:
            msg = f"{self._host} needs a log-in."
            raise RegistryAccessDeniedError(msg, hint=f"Run `docker login {self._host}`.")
        return _basic(credentials)

    def _fetch_token(self, parameters: Mapping[str, str], credentials: RegistryCredentials | None) -> SecretText:
        realm = parameters.get("realm", "")
        if not is_protected(realm) or (is_loopback(realm) and not is_loopback(self._base_url)):
            msg = f"{self._host} names no usable server for tokens: {printable(realm, 100)}."
            raise RegistryAccessDeniedError(msg, hint="Check the registry's address: its token server must use https.")
        response = self._ask_for_token(realm, parameters.get("service", ""), credentials)
        if token := read_token(response.body):
            return SecretText(f"Bearer {token}")
        who = "anonymous access" if credentials is None else f"the credentials of {printable(credentials.username, 80)}"
        msg = f"{urlsplit(realm).netloc} refused {who} to {self._host} (HTTP {response.status})."
        raise RegistryAccessDeniedError(msg, hint=f"Check the image's name, or run `docker login {self._host}`.")

    def _ask_for_token(self, realm: str, service: str, credentials: RegistryCredentials | None) -> RegistryResponse:
        if credentials is not None and credentials.identity_token is not None:
            form = {
                "grant_type": "refresh_token",
                "service": service,
                "client_id": _CLIENT,
                "scope": " ".join(self._scopes),
                "refresh_token": credentials.identity_token.reveal(),
            }
            headers = {"content-type": "application/x-www-form-urlencoded"}
            request = RegistryRequest(method="POST", url=realm, headers=headers, content=urlencode(form).encode())
            return self._send(request, None)
        query = urlencode([("service", service), *(("scope", scope) for scope in self._scopes)])
        request = RegistryRequest(method="GET", url=f"{realm}{'&' if '?' in realm else '?'}{query}")
        return self._send(request, None if credentials is None else _basic(credentials))

    @property
    def _host(self) -> str:
        return urlsplit(self._base_url).netloc


def _basic(credentials: RegistryCredentials) -> SecretText:
    pair = f"{credentials.username}:{credentials.password.reveal()}"
    return SecretText(f"Basic {base64.b64encode(pair.encode()).decode()}")


def _parse_challenge(header: str) -> _Challenge:
    scheme, _, rest = header.strip().partition(" ")
    parameters = {match[1].lower(): match[2] or match[3] or "" for match in _PARAMETER.finditer(rest)}
    return _Challenge(scheme=scheme.lower(), parameters=parameters)


def read_token(body: bytes) -> str:
    """The token in a token server's answer; empty when there is none."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(document, dict):
        return ""
    token = document.get("token") or document.get("access_token")
    return token if isinstance(token, str) and _TOKEN.fullmatch(token) else ""
