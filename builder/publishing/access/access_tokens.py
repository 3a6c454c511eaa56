"""Access tokens: got by a log-in (BioT specification 2.4.2, ums), kept, and renewed before they end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

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
from builder.publishing.api_values import SecretText
from builder.publishing.failures import AccessDenied, Refused
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from builder.publishing.access.credential_storage import SessionFile
    from builder.publishing.api.calls import ApiCalls, JsonResponse
    from builder.publishing.clock import Clock

_MARGIN_SECONDS = 120.0
_MARGIN_SHARE = 0.2
_UNREADABLE_LIFE_SECONDS = 300.0
_HINTS = {
    "LOGIN_FAILED": "Check the name and the secret, and that they belong to this environment.",
    "USER_LOCKED": "An administrator of BioT can unlock the user.",
    "USER_LOCKED_WITH_TIME": "Wait as long as it says; more tries make it longer.",
    "SERVICE_LOCKED": "An administrator of BioT can unlock the service user.",
}


class FixedToken:
    """A token that was given and cannot be renewed.

    Args:
        credentials: The token.
    """

    def __init__(self, credentials: TokenCredentials) -> None:
        self._credentials = credentials

    def bearer(self) -> SecretText:
        """The token."""
        return self._credentials.token

    def renew(self, refused: SecretText) -> SecretText:
        """Raises ``AccessDenied``: there is no other."""
        del refused
        msg = "BioT does not accept the token of BIOT_TOKEN: it has ended, or belongs to another environment."
        raise AccessDenied(
            msg,
            hint="Copy a new one, or use a service user (BIOT_SERVICE_USER_ID, BIOT_SERVICE_USER_SECRET_KEY), whose "
            "tokens are renewed. Nothing was changed.",
            code="TOKEN_NOT_VALID",
        )


@dataclass(frozen=True, slots=True)
class _First:
    """The token of the first step of a log-in with a second factor."""

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
        kept: Where the session is kept between commands.
        clock: Says when a token ends.
        ask_code: Asks the person for the code of the second factor; None when nobody can be asked.
    """

    def __init__(
        self,
        calls: ApiCalls,
        credentials: ServiceUserCredentials | UserCredentials,
        kept: SessionFile,
        clock: Clock,
        ask_code: Callable[[], str] | None = None,
    ) -> None:
        self._calls = calls
        self._credentials = credentials
        self._kept = kept
        self._clock = clock
        self._ask_code = ask_code
        self._session: Session | None = None

    def bearer(self) -> SecretText:
        """A token that does not end soon."""
        session = self._session or self._kept.read()
        if session is None or session.good_until <= self._now() or not is_token(session.access.reveal()):
            session = self._fresh(session)
        self._session = session
        return session.access

    def renew(self, refused: SecretText) -> SecretText:
        """Another token than the refused one; the one that another command got meanwhile, if there is one."""
        kept = self._kept.read()
        if kept and kept.access != refused and kept.good_until > self._now():
            self._session = kept
        else:
            self._session = self._fresh(kept)
        return self._session.access

    def _fresh(self, old: Session | None) -> Session:
        session = self._refreshed(old) or self._logged_in()
        self._kept.write(session)
        return session

    def _refreshed(self, old: Session | None) -> Session | None:
        if old is None or old.refresh is None or old.refresh_until <= self._now():
            return None
        document = {"refreshToken": old.refresh.reveal()}
        try:
            return self._session_of(self._calls.ask(_request("users/token/refresh", document), fits=_jwt_in))
        except (AccessDenied, Refused):
            return None

    def _logged_in(self) -> Session:
        if isinstance(self._credentials, ServiceUserCredentials):
            document = {"id": self._credentials.principal, "secretKey": self._credentials.secret_key.reveal()}
            reply = self._ask("services/accessToken", document, _token_in)
            access, ends = _token_in(reply.document), reply.document.get("accessTokenExpiration")
            return Session(access=access, good_until=self._until(ends, reply))
        document = {"username": self._credentials.principal, "password": self._credentials.password.reveal()}
        reply = self._ask("users/login", document, _jwt_in)
        if reply.document.get("mfaRequired") is True:
            reply = self._second_factor(reply)
        return self._session_of(reply)

    def _second_factor(self, first: JsonResponse) -> JsonResponse:
        if self._ask_code is None:
            msg = f"BioT asks {self._who} for the code of a second factor, and there is no terminal to ask on."
            raise AccessDenied(msg, hint=f"Set {MFA_CODE}, or use a service user, which needs none.")
        access = _First(_jwt_in(first.document)[0])
        try:
            return self._calls.ask(_request("users/login/mfa", {"code": self._ask_code()}), access, fits=_jwt_in)
        except Refused as error:
            msg = f"BioT refused the code of the second factor ({printable(error.code, 300)})."
            raise AccessDenied(
                msg, hint="Codes are good for a short time: take the newest.", code=error.code
            ) from error

    def _session_of(self, reply: JsonResponse) -> Session:
        if reply.document.get("passwordResetRequired") is True:
            msg = f"BioT wants {self._who} to set a new password first."
            raise AccessDenied(msg, hint="Log in to the BioT Console, set it, then run `biot-plugin login` again.")
        access, ends = _jwt_in(reply.document)
        good_until = self._until(ends, reply)
        try:
            refresh, refresh_ends = _jwt_in(reply.document, "refreshJwt")
        except UnreadableResponseError:
            return Session(access=access, good_until=good_until)
        refresh_until = self._until(refresh_ends, reply)
        return Session(access=access, good_until=good_until, refresh=refresh, refresh_until=refresh_until)

    def _ask(
        self, path: str, document: Mapping[str, object], fits: Callable[[Mapping[str, object]], object]
    ) -> JsonResponse:
        try:
            return self._calls.ask(_request(path, document), fits=fits)
        except (AccessDenied, Refused) as error:
            msg = f"{self._calls.wire.host} refused the log-in of {self._who}: {error.told}."
            raise AccessDenied(
                msg,
                hint=_HINTS.get(error.code, _HINTS["LOGIN_FAILED"]),
                code=error.code,
            ) from error

    def _until(self, ends: object, reply: JsonResponse) -> float:
        """When to have another one, by this machine's clock, which may go wrong: BioT's own clock tells how long."""
        now = self._now()
        served = server_time(reply.answer)
        try:
            left = datetime.fromisoformat(str(ends)).timestamp() - (now if served is None else served)
        except (ValueError, OverflowError):
            left = _UNREADABLE_LIFE_SECONDS
        return now + left - min(_MARGIN_SECONDS, max(0.0, left) * _MARGIN_SHARE)

    def _now(self) -> float:
        return self._clock.now().timestamp()

    @property
    def _who(self) -> str:
        return f"{self._credentials.kind} {printable(self._credentials.principal, 80)}"


def _request(path: str, document: Mapping[str, object]) -> HttpRequest:
    return HttpRequest(method="POST", path=f"/ums/v2/{path}", document=document)


def _token_in(document: Mapping[str, object], key: str = "accessToken") -> SecretText:
    """The token at a key. Raises ``UnreadableResponseError`` when there is none that could be sent back."""
    token = document.get(key)
    if not isinstance(token, str) or not is_token(token):
        msg = "a log-in without a token"
        raise UnreadableResponseError(msg)
    return SecretText(token)


def _jwt_in(document: Mapping[str, object], key: str = "accessJwt") -> tuple[SecretText, object]:
    """The token and the end of one of LoginResponse's two. Raises as ``_token_in``."""
    jwt = document.get(key)
    if not isinstance(jwt, dict):
        msg = "a log-in without a token"
        raise UnreadableResponseError(msg)
    return _token_in(jwt, "token"), jwt.get("expiration")
