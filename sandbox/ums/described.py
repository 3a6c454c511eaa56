"""UMS's operations, for ``/openapi.json``; codes as in BioT OpenAPI specification 2.4.2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.describing import ANY_TEXT, MOMENT, TEXT, Operation, nullable, open_record, record
from sandbox.ums.accounts import EXTERNAL_SERVICE, INTERNAL_SERVICE
from sandbox.ums.permissions import MFA_LOGIN

if TYPE_CHECKING:
    from sandbox.describing import Schema

_USERS, _SERVICES = "/ums/v2/users", "/ums/v2/services"
_LOCKED = {401: ("USER_LOCKED", "USER_LOCKED_WITH_TIME"), 403: ("LOGIN_FAILED",)}
_REFRESH = {403: ("LOGIN_FAILED", "REFRESH_TOKEN_NOT_VALID")}
_TOKEN = record({"token": TEXT, "expiration": MOMENT})
_LOGIN = record(
    {
        "userId": TEXT,
        "ownerOrganizationId": TEXT,
        "accessJwt": _TOKEN,
        "refreshJwt": nullable(_TOKEN),
        "mfaRequired": {"type": "boolean"},
        "mfaExpiration": nullable(MOMENT),
        "passwordResetRequired": {"type": "boolean"},
        "phone": nullable(ANY_TEXT),
    }
)
_KEY = record({"id": TEXT, "creationTime": MOMENT, "secretKey": TEXT})
_WORD: Schema = {**TEXT, "pattern": "^[^\\x00]+$", "maxLength": 200}


_REFRESH_REQUEST = open_record({"refreshToken": _WORD})
_PEOPLE = (
    Operation(
        method="post",
        path=f"{_USERS}/login",
        name="login",
        summary="Log a person in.",
        body=open_record({"username": _WORD, "password": nullable(_WORD)}, optional=["password"]),
        answer=_LOGIN,
        errors=_LOCKED,
    ),
    Operation(
        method="post",
        path=f"{_USERS}/login/mfa",
        name="mfaLogin",
        summary="The second step of a log-in.",
        permission=MFA_LOGIN,
        body=open_record({"code": nullable(_WORD)}, optional=["code"]),
        answer=_LOGIN,
        errors=_LOCKED,
    ),
    Operation(
        method="post",
        path=f"{_USERS}/token/refresh",
        name="refreshToken",
        summary="A new access token.",
        body=_REFRESH_REQUEST,
        answer=_LOGIN,
        errors=_REFRESH,
    ),
    Operation(
        method="post",
        path=f"{_USERS}/logout",
        name="logout",
        summary="End a person's session.",
        body=_REFRESH_REQUEST,
        errors=_REFRESH,
    ),
    Operation(
        method="get",
        path="/ums/v1/security/public-key",
        name="getPublicKey",
        summary="What tokens are verified with: the present key and the one before.",
        answer=record({"publicKey": TEXT, "previousPublicKey": nullable(ANY_TEXT)}),
    ),
)
_MADE = {
    "active": {"type": "boolean"},
    "roleId": TEXT,
    "type": TEXT,
    "name": TEXT,
    "accessTokenExpirationInMinutes": {"type": "integer"},
    "id": TEXT,
    "secretKeyData": _KEY,
}
_OF_SERVICES = (
    Operation(
        method="post",
        path=f"{_SERVICES}/accessToken",
        name="serviceUserLogin",
        summary="Log a service user in.",
        body=open_record({"id": _WORD, "secretKey": _WORD}),
        answer=record({"accessToken": TEXT, "accessTokenExpiration": MOMENT}),
        errors={401: ("SERVICE_LOCKED",), 403: ("LOGIN_FAILED",)},
    ),
    Operation(
        method="post",
        path=_SERVICES,
        name="createServiceUser",
        summary="Make a service user that may publish.",
        permission="UMS_SERVICES_CREATE_SERVICE_USER",
        body=open_record(
            {
                "roleId": {"type": "string", "format": "uuid"},
                "type": {"enum": [INTERNAL_SERVICE, EXTERNAL_SERVICE]},
                "name": nullable({"type": "string", "maxLength": 100, "pattern": "^[^\\x00]*$"}),
                "accessTokenExpirationInMinutes": nullable({"type": "integer", "minimum": 1, "maximum": 525_600}),
            },
            optional=["name", "accessTokenExpirationInMinutes"],
        ),
        status=201,
        answer=record(_MADE),
        errors={400: ("SERVICE_TYPE_NOT_ALLOWED",), 409: ("SERVICE_NAME_ALREADY_EXISTS",)},
    ),
    Operation(
        method="post",
        path=f"{_SERVICES}/{{id}}/secret-keys",
        name="createSecretKey",
        summary="One more secret key for a service user.",
        permission="UMS_USERS_CREATE_SECRET_KEY_BY_SERVICE_USER_ID",
        parameters={"id": {"type": "string", "format": "uuid"}},
        status=201,
        answer=_KEY,
        errors={404: ("SERVICE_USER_NOT_FOUND", "NOT_FOUND"), 409: ("MAX_SECRET_KEYS",)},
    ),
)

OPERATIONS = (*_PEOPLE, *_OF_SERVICES)
"""Everything below ``/ums``."""
