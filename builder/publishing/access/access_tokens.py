"""Access tokens: obtained by a log-in (BioT specification 2.4.2, ums), stored, and renewed before they expire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from builder.network.secret_text import SecretText
from builder.publishing.access.credential_storage import Session
from builder.publishing.access.credentials import (
    MFA_CODE,
    ServiceUserCredentials,
    TokenCredentials,
    UserCredentials,
    is_token,
)
from builder.publishing.api.http_response import UnreadableResponseError, server_time
from builder.publishing.api.http_transport import HttpRequest
from builder.publishing.failures import AccessDenied, Refused
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from builder.publishing.access.credential_storage import SessionFile
    from builder.publishing.api.calls import ApiCalls, JsonResponse
    from builder.publishing.clock import Clock

_MARGIN_SECONDS = 120.0
_MARGIN_SHARE = 0.2
_DEFAULT_LIFETIME_SECONDS = 300.0
_HINTS = {
    "LOGIN_FAILED": "Check that the name and the secret are right and belong to this environment.",
    "USER_LOCKED": "An administrator of BioT can unlock the user.",
    "USER_LOCKED_WITH_TIME": "Wait for the time shown; further attempts make it longer.",
    "SERVICE_LOCKED": "An administrator of BioT can unlock the service user.",
}


class FixedToken:
    """A token from the user, which cannot be renewed.

    Args:
        credentials: The token.
    """

    def __init__(self, credentials: TokenCredentials) -> None:
        self._credentials = credentials

    def bearer(self) -> SecretText:
        """The token."""
        return self._credentials.token

    def renew(self, refused: SecretText) -> SecretText:
        """Raises ``AccessDenied``: there is no other token."""
        del refused
        msg = "BioT does not accept the token in BIOT_TOKEN: it expired, or belongs to another environment."
        raise AccessDenied(
            msg,
            hint="Copy a new one, or use a service user (BIOT_SERVICE_USER_ID, BIOT_SERVICE_USER_SECRET_KEY), whose "
            "tokens are renewed. Nothing was changed.",
            code="TOKEN_NOT_VALID",
        )


@dataclass(frozen=True, slots=True)
class _FirstFactorToken:
    """The token after the first step of a log-in with a second factor."""

    token: SecretText

    def bearer(self) -> SecretText:
        return self.token

    def renew(self, refused: SecretText) -> SecretText:
        del refused
        msg = "The log-in took too long."
        raise AccessDenied(msg, hint="Start again.")


class LoginTokens:
    """Tokens of a user or a service user.

    Args:
        calls: Requests to the environment.
        credentials: Who logs in.
        stored: The session file, for the next commands.
        clock: For the expiry of tokens.
        ask_code: Asks the person for the code of the second factor; None when nobody can be asked.
    """

    def __init__(
        self,
        calls: ApiCalls,
        credentials: ServiceUserCredentials | UserCredentials,
        stored: SessionFile,
        clock: Clock,
        ask_code: Callable[[], str] | None = None,
    ) -> None:
        self._calls = calls
        self._credentials = credentials
        self._stored = stored
        self._clock = clock
        self._ask_code = ask_code
        self._session: Session | None = None

    def bearer(self) -> SecretText:
        """A token that does not expire soon."""
        session = self._session or self._stored.read()
        if session is None or session.good_until <= self._now() or not is_token(session.access.reveal()):
            session = self._new_session(session)
        self._session = session
        return session.access

    def renew(self, refused: SecretText) -> SecretText:
        """Another token than the refused one; if another command stored a new one in the meantime, that one."""
        session = self._stored.read()
        if session and session.access != refused and session.good_until > self._now():
            self._session = session
        else:
            self._session = self._new_session(session)
        return self._session.access

    def _new_session(self, old: Session | None) -> Session:
        session = self._refresh(old) or self._log_in()
        self._stored.write(session)
        return session

    def _refresh(self, old: Session | None) -> Session | None:
        if old is None or old.refresh is None or old.refresh_until <= self._now():
            return None
        document = {"refreshToken": old.refresh.reveal()}
        try:
            return self._session_of(self._calls.query(_request("users/token/refresh", document), validate=_read_jwt))
        except (AccessDenied, Refused):
            return None

    def _log_in(self) -> Session:
        if isinstance(self._credentials, ServiceUserCredentials):
            document = {"id": self._credentials.principal, "secretKey": self._credentials.secret_key.reveal()}
            response = self._query("services/accessToken", document, _read_token)
            access, ends = _read_token(response.document), response.document.get("accessTokenExpiration")
            return Session(access=access, good_until=self._until(ends, response))
        document = {"username": self._credentials.principal, "password": self._credentials.password.reveal()}
        response = self._query("users/login", document, _read_jwt)
        if response.document.get("mfaRequired") is True:
            response = self._second_factor(response)
        return self._session_of(response)

    def _second_factor(self, first: JsonResponse) -> JsonResponse:
        if self._ask_code is None:
            msg = f"BioT requires a second factor for {self._who}, and there is no terminal to ask for the code."
            raise AccessDenied(msg, hint=f"Set {MFA_CODE}, or use a service user, which needs no second factor.")
        access = _FirstFactorToken(_read_jwt(first.document)[0])
        try:
            return self._calls.query(
                _request("users/login/mfa", {"code": self._ask_code()}), access, validate=_read_jwt
            )
        except Refused as error:
            msg = f"BioT refused the code of the second factor ({printable(error.code, 300)})."
            raise AccessDenied(msg, hint="Codes expire quickly: use the newest one.", code=error.code) from error

    def _session_of(self, response: JsonResponse) -> Session:
        if response.document.get("passwordResetRequired") is True:
            msg = f"{self._who} must set a new password first."
            raise AccessDenied(msg, hint="Set it in the BioT Console, then run `biot-plugin login` again.")
        access, ends = _read_jwt(response.document)
        good_until = self._until(ends, response)
        try:
            refresh, refresh_ends = _read_jwt(response.document, "refreshJwt")
        except UnreadableResponseError:
            return Session(access=access, good_until=good_until)
        refresh_until = self._until(refresh_ends, response)
        return Session(access=access, good_until=good_until, refresh=refresh, refresh_until=refresh_until)

    def _query(
        self, path: str, document: Mapping[str, object], validate: Callable[[Mapping[str, object]], object]
    ) -> JsonResponse:
        try:
            return self._calls.query(_request(path, document), validate=validate)
        except (AccessDenied, Refused) as error:
            msg = f"{self._calls.transport.host} refused the log-in of {self._who}: {error.reason}."
            raise AccessDenied(
                msg,
                hint=_HINTS.get(error.code, _HINTS["LOGIN_FAILED"]),
                code=error.code,
            ) from error

    def _until(self, ends: object, response: JsonResponse) -> float:
        """When to renew a token, by this machine's clock. It may be wrong, so BioT's clock gives the lifetime."""
        now = self._now()
        server_now = server_time(response.response)
        try:
            lifetime = datetime.fromisoformat(str(ends)).timestamp() - (now if server_now is None else server_now)
        except (ValueError, OverflowError):
            lifetime = _DEFAULT_LIFETIME_SECONDS
        return now + lifetime - min(_MARGIN_SECONDS, max(0.0, lifetime) * _MARGIN_SHARE)

    def _now(self) -> float:
        return self._clock.now().timestamp()

    @property
    def _who(self) -> str:
        return f"{self._credentials.kind} {printable(self._credentials.principal, 80)}"


def _request(path: str, document: Mapping[str, object]) -> HttpRequest:
    return HttpRequest(method="POST", path=f"/ums/v2/{path}", document=document)


def _read_token(document: Mapping[str, object], key: str = "accessToken") -> SecretText:
    """The token at a key. Raises ``UnreadableResponseError`` when there is no usable one."""
    token = document.get(key)
    if not isinstance(token, str) or not is_token(token):
        msg = "a log-in without a token"
        raise UnreadableResponseError(msg)
    return SecretText(token)


def _read_jwt(document: Mapping[str, object], key: str = "accessJwt") -> tuple[SecretText, object]:
    """A token of LoginResponse and when it expires. Raises as ``_read_token``."""
    jwt = document.get(key)
    if not isinstance(jwt, dict):
        msg = "a log-in without a token"
        raise UnreadableResponseError(msg)
    return _read_token(jwt, "token"), jwt.get("expiration")
