"""UMS's operations, for ``/openapi.json``; codes as in BioT OpenAPI specification 2.4.2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.api_description import (
    ANY_TEXT,
    HEALTH,
    MOMENT,
    TEXT,
    Operation,
    nullable,
    object_schema,
    open_object_schema,
    page_of,
)
from sandbox.ums.accounts import EXTERNAL_SERVICE, INTERNAL_SERVICE, ORGANIZATION
from sandbox.ums.permissions import MFA_LOGIN, MFA_RESEND, READ_MESSAGES
from sandbox.ums.service_users import SERVICE_USERS

if TYPE_CHECKING:
    from sandbox.api_description import Schema

_USERS, _SERVICES = "/ums/v2/users", "/ums/v2/services"
_LOCKED = {401: ("USER_LOCKED", "USER_LOCKED_WITH_TIME"), 403: ("LOGIN_FAILED",)}
_REFRESH = {403: ("LOGIN_FAILED", "REFRESH_TOKEN_NOT_VALID")}
_UUID: Schema = {"type": "string", "format": "uuid"}
_TOKEN = object_schema({"token": TEXT, "expiration": MOMENT})
_LOGIN = object_schema(
    {
        "userId": TEXT,
        "ownerOrganizationId": TEXT,
        "accessJwt": _TOKEN,
        "refreshJwt": nullable(_TOKEN),
        "mfaRequired": {"type": "boolean"},
        "mfaExpiration": MOMENT,
        "passwordResetRequired": {"type": "boolean"},
        "phone": ANY_TEXT,
    },
    optional=["refreshJwt", "mfaExpiration", "phone"],
)
_KEY = object_schema({"id": TEXT, "creationTime": MOMENT, "secretKey": TEXT})
_WORD: Schema = {**TEXT, "pattern": "^[^\\x00]+$", "maxLength": 200}


_REFRESH_REQUEST = open_object_schema({"refreshToken": _WORD})
_PEOPLE = (
    Operation(
        method="post",
        path=f"{_USERS}/login",
        name="login",
        summary="Log a person in.",
        body=open_object_schema({"username": _WORD, "password": nullable(_WORD)}, optional=["password"]),
        answer=_LOGIN,
        errors=_LOCKED,
    ),
    Operation(
        method="post",
        path=f"{_USERS}/login/mfa",
        name="mfaLogin",
        summary="The second step of a log-in.",
        permission=MFA_LOGIN,
        body=open_object_schema({"code": nullable(_WORD)}, optional=["code"]),
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
    ),
    Operation(
        method="post",
        path=f"{_USERS}/login/mfa/resend",
        name="mfaResend",
        summary="Send another code for the second step.",
        permission=MFA_RESEND,
        answer=object_schema({"mfaExpiration": MOMENT}),
    ),
    Operation(
        method="post",
        path=f"{_USERS}/token/login",
        name="tokenLogin",
        summary="Log in with a refresh token: both tokens are new.",
        body=_REFRESH_REQUEST,
        answer=_LOGIN,
        errors={403: ("LOGIN_FAILED",)},
    ),
    Operation(
        method="post",
        path=f"{_USERS}/otp/generate",
        name="generateOtp",
        summary="Send a one-time code for a log-in.",
        body=open_object_schema({"phone": {"type": "string", "pattern": r"^\+[1-9][0-9]{6,14}$"}}),
        answer=object_schema({"requestId": _UUID, "phone": TEXT}),
    ),
    Operation(
        method="post",
        path=f"{_USERS}/otp/login",
        name="otpLogin",
        summary="Log in with a one-time code.",
        body=open_object_schema({"requestId": _UUID, "code": _WORD}),
        answer=_LOGIN,
        errors=_LOCKED,
    ),
    Operation(
        method="get",
        path="/sandbox/v1/messages",
        name="readMessages",
        summary="The text messages that BioT would have sent. Not BioT's: the local one's stand-in for phones.",
        permission=READ_MESSAGES,
        answer=object_schema(
            {
                "messages": {
                    "type": "array",
                    "items": object_schema({"phone": ANY_TEXT, "code": TEXT, "creationTime": MOMENT}),
                }
            }
        ),
    ),
    Operation(
        method="get",
        path="/ums/system/healthCheck",
        name="umsHealthCheck",
        summary="Whether the service answers.",
        answer=HEALTH,
    ),
    Operation(
        method="get",
        path="/ums/v1/security/public-key",
        name="getPublicKey",
        summary="What tokens are verified with: the present key and the one before.",
        answer=object_schema({"publicKey": TEXT, "previousPublicKey": TEXT}, optional=["previousPublicKey"]),
    ),
)
_FIELDS: dict[str, Schema] = {
    "active": {"type": "boolean"},
    "roleId": _UUID,
    "type": {"enum": [INTERNAL_SERVICE, EXTERNAL_SERVICE]},
    "ownerOrganizationId": _UUID,
    "name": TEXT,
    "accessTokenExpirationInMinutes": {"type": "integer", "minimum": 1},
    "id": _UUID,
}
_SHOWN_KEY = object_schema({"id": TEXT, "creationTime": MOMENT})
_SERVICE_USER = object_schema({**_FIELDS, "secretKeys": {"type": "array", "items": _SHOWN_KEY}})
_SERVICE_404 = ("SERVICE_USER_NOT_FOUND", "NOT_FOUND")
_ID = {"id": _UUID}
_OF_SERVICES = (
    Operation(
        method="post",
        path=f"{_SERVICES}/accessToken",
        name="serviceUserLogin",
        summary="Log a service user in.",
        body=open_object_schema({"id": _WORD, "secretKey": _WORD}),
        answer=object_schema({"accessToken": TEXT, "accessTokenExpiration": MOMENT}),
        errors={401: ("SERVICE_LOCKED",), 403: ("LOGIN_FAILED",)},
    ),
    Operation(
        method="post",
        path=_SERVICES,
        name="createServiceUser",
        summary="Make a service user that may publish.",
        permission="UMS_SERVICES_CREATE_SERVICE_USER",
        body=open_object_schema(
            {
                "roleId": _UUID,
                "type": {"enum": [INTERNAL_SERVICE, EXTERNAL_SERVICE]},
                "name": nullable({"type": "string", "maxLength": 100, "pattern": "^[^\\x00]*$"}),
                "accessTokenExpirationInMinutes": nullable({"type": "integer", "minimum": 1, "maximum": 525_600}),
                "ownerOrganizationId": {"enum": [ORGANIZATION, None]},
                "active": {"type": ["boolean", "null"]},
            },
            optional=["name", "accessTokenExpirationInMinutes", "ownerOrganizationId", "active"],
        ),
        status=201,
        answer=object_schema({**_FIELDS, "secretKeyData": _KEY}),
        errors={
            400: ("SERVICE_TYPE_NOT_ALLOWED", "MISSING_PARAMETERS"),
            404: ("OWNER_ORGANIZATION_NOT_FOUND",),
            409: ("SERVICE_NAME_ALREADY_EXISTS",),
        },
    ),
    Operation(
        method="get",
        path=_SERVICES,
        name="searchServiceUsers",
        summary="Find service users.",
        permission="UMS_USERS_SEARCH_SERVICE_USERS",
        search=SERVICE_USERS,
        answer=page_of(_SERVICE_USER),
    ),
    Operation(
        method="get",
        path=f"{_SERVICES}/{{id}}",
        name="getServiceUserById",
        summary="One service user.",
        permission="UMS_USERS_GET_SERVICE_USER_BY_ID",
        parameters=_ID,
        answer=_SERVICE_USER,
        errors={404: _SERVICE_404},
    ),
    Operation(
        method="patch",
        path=f"{_SERVICES}/{{id}}",
        name="updateServiceUser",
        summary="Change what is sent; an inactive service user can do nothing.",
        permission="UMS_SERVICES_UPDATE_SERVICE_USER",
        parameters=_ID,
        body=open_object_schema(
            {"active": {"type": ["boolean", "null"]}, "roleId": nullable(_UUID)}, optional=["active", "roleId"]
        ),
        answer=_SERVICE_USER,
        errors={404: _SERVICE_404},
    ),
    Operation(
        method="delete",
        path=f"{_SERVICES}/{{id}}",
        name="deleteServiceUser",
        summary="Remove a service user and its keys.",
        permission="UMS_SERVICES_DELETE_SERVICE_USER",
        parameters=_ID,
        status=204,
        errors={404: _SERVICE_404},
    ),
    Operation(
        method="delete",
        path=f"{_SERVICES}/{{id}}/secret-keys/{{secretKeyId}}",
        name="deleteSecretKey",
        summary="Remove one secret key of a service user.",
        permission="UMS_USERS_DELETE_SECRET_KEY_BY_ID",
        parameters={**_ID, "secretKeyId": _UUID},
        status=204,
        errors={404: (*_SERVICE_404, "SECRET_KEY_ID_NOT_FOUND")},
    ),
    Operation(
        method="post",
        path=f"{_SERVICES}/{{id}}/secret-keys",
        name="createSecretKey",
        summary="One more secret key for a service user.",
        permission="UMS_USERS_CREATE_SECRET_KEY_BY_SERVICE_USER_ID",
        parameters=_ID,
        status=201,
        answer=_KEY,
        errors={404: _SERVICE_404, 409: ("MAX_SECRET_KEYS",)},
    ),
)

OPERATIONS = (*_PEOPLE, *_OF_SERVICES)
"""Everything below ``/ums``, and the stand-in for phones."""
