"""UMS's operations for ``/openapi.json``, with the codes of BioT OpenAPI specification 2.4.2."""

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
_SHORT_TEXT: Schema = {**TEXT, "pattern": "^[^\\x00]+$", "maxLength": 200}


_REFRESH_REQUEST = open_object_schema({"refreshToken": _SHORT_TEXT})
_USER_OPERATIONS = (
    Operation(
        method="post",
        path=f"{_USERS}/login",
        name="login",
        summary="Log in a user.",
        body=open_object_schema({"username": _SHORT_TEXT, "password": nullable(_SHORT_TEXT)}, optional=["password"]),
        response=_LOGIN,
        errors=_LOCKED,
    ),
    Operation(
        method="post",
        path=f"{_USERS}/login/mfa",
        name="mfaLogin",
        summary="Complete the second step of a log-in.",
        permission=MFA_LOGIN,
        body=open_object_schema({"code": nullable(_SHORT_TEXT)}, optional=["code"]),
        response=_LOGIN,
        errors=_LOCKED,
    ),
    Operation(
        method="post",
        path=f"{_USERS}/token/refresh",
        name="refreshToken",
        summary="Return a new access token.",
        body=_REFRESH_REQUEST,
        response=_LOGIN,
        errors=_REFRESH,
    ),
    Operation(
        method="post",
        path=f"{_USERS}/logout",
        name="logout",
        summary="End a user's session.",
        body=_REFRESH_REQUEST,
    ),
    Operation(
        method="post",
        path=f"{_USERS}/login/mfa/resend",
        name="mfaResend",
        summary="Send a new code for the second step.",
        permission=MFA_RESEND,
        response=object_schema({"mfaExpiration": MOMENT}),
    ),
    Operation(
        method="post",
        path=f"{_USERS}/token/login",
        name="tokenLogin",
        summary="Log in with a refresh token; return two new tokens.",
        body=_REFRESH_REQUEST,
        response=_LOGIN,
        errors={403: ("LOGIN_FAILED",)},
    ),
    Operation(
        method="post",
        path=f"{_USERS}/otp/generate",
        name="generateOtp",
        summary="Send a one-time code for a log-in.",
        body=open_object_schema({"phone": {"type": "string", "pattern": r"^\+[1-9][0-9]{6,14}$"}}),
        response=object_schema({"requestId": _UUID, "phone": TEXT}),
    ),
    Operation(
        method="post",
        path=f"{_USERS}/otp/login",
        name="otpLogin",
        summary="Log in with a one-time code.",
        body=open_object_schema({"requestId": _UUID, "code": _SHORT_TEXT}),
        response=_LOGIN,
        errors=_LOCKED,
    ),
    Operation(
        method="get",
        path="/sandbox/v1/messages",
        name="readMessages",
        summary="Return the text messages that BioT would have sent. Not part of BioT.",
        permission=READ_MESSAGES,
        response=object_schema(
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
        summary="Check that the service is running.",
        response=HEALTH,
    ),
    Operation(
        method="get",
        path="/ums/v1/security/public-key",
        name="getPublicKey",
        summary="Return the keys that verify tokens: the current one and the previous one.",
        response=object_schema({"publicKey": TEXT, "previousPublicKey": TEXT}, optional=["previousPublicKey"]),
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
_SERVICE_OPERATIONS = (
    Operation(
        method="post",
        path=f"{_SERVICES}/accessToken",
        name="serviceUserLogin",
        summary="Log in a service user.",
        body=open_object_schema({"id": _SHORT_TEXT, "secretKey": _SHORT_TEXT}),
        response=object_schema({"accessToken": TEXT, "accessTokenExpiration": MOMENT}),
        errors={401: ("SERVICE_LOCKED",), 403: ("LOGIN_FAILED",)},
    ),
    Operation(
        method="post",
        path=_SERVICES,
        name="createServiceUser",
        summary="Create a service user that may publish.",
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
        response=object_schema({**_FIELDS, "secretKeyData": _KEY}),
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
        summary="Search service users.",
        permission="UMS_USERS_SEARCH_SERVICE_USERS",
        search=SERVICE_USERS,
        response=page_of(_SERVICE_USER),
    ),
    Operation(
        method="get",
        path=f"{_SERVICES}/{{id}}",
        name="getServiceUserById",
        summary="Return a service user.",
        permission="UMS_USERS_GET_SERVICE_USER_BY_ID",
        parameters=_ID,
        response=_SERVICE_USER,
        errors={404: _SERVICE_404},
    ),
    Operation(
        method="patch",
        path=f"{_SERVICES}/{{id}}",
        name="updateServiceUser",
        summary="Change the fields that are sent. An inactive service user can do nothing.",
        permission="UMS_SERVICES_UPDATE_SERVICE_USER",
        parameters=_ID,
        body=open_object_schema(
            {"active": {"type": ["boolean", "null"]}, "roleId": nullable(_UUID)}, optional=["active", "roleId"]
        ),
        response=_SERVICE_USER,
        errors={404: _SERVICE_404},
    ),
    Operation(
        method="delete",
        path=f"{_SERVICES}/{{id}}",
        name="deleteServiceUser",
        summary="Delete a service user and its keys.",
        permission="UMS_SERVICES_DELETE_SERVICE_USER",
        parameters=_ID,
        status=204,
        errors={404: _SERVICE_404},
    ),
    Operation(
        method="delete",
        path=f"{_SERVICES}/{{id}}/secret-keys/{{secretKeyId}}",
        name="deleteSecretKey",
        summary="Delete a secret key of a service user.",
        permission="UMS_USERS_DELETE_SECRET_KEY_BY_ID",
        parameters={**_ID, "secretKeyId": _UUID},
        status=204,
        errors={404: (*_SERVICE_404, "SECRET_KEY_ID_NOT_FOUND")},
    ),
    Operation(
        method="post",
        path=f"{_SERVICES}/{{id}}/secret-keys",
        name="createSecretKey",
        summary="Create another secret key for a service user.",
        permission="UMS_USERS_CREATE_SECRET_KEY_BY_SERVICE_USER_ID",
        parameters=_ID,
        status=201,
        response=_KEY,
        errors={404: _SERVICE_404, 409: ("MAX_SECRET_KEYS",)},
    ),
)

OPERATIONS = (*_USER_OPERATIONS, *_SERVICE_OPERATIONS)
"""All operations below ``/ums``, and the sandbox's replacement for phones."""
