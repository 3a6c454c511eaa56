"""Log-ins, tokens and permissions, as in BioT."""

from __future__ import annotations

import base64
import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key

from sandbox.ums.accounts import UserDraft, create_service_user, create_user, delete_service_user
from sandbox.ums.permissions import ADMINISTRATOR, INTERCEPTIONS, NOTIFICATIONS, READ_MESSAGES, SERVICE_USERS
from tests.support.biot.platform_tokens import SigningKey
from tests.support.sandbox.running_sandbox import running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.sandbox.running_sandbox import Answer, Sandbox

PASSWORD = "correct horse battery staple"
SEARCH = "/dispatcher/v1/hooks/notifications"
ROLE = "00000000-0000-4000-8000-0000000000aa"


class Watch:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@contextmanager
def sandbox_at(folder: Path) -> Iterator[tuple[Sandbox, Watch]]:
    watch = Watch()
    with running_sandbox(folder, clock=watch) as running:
        yield running, watch


def person(sandbox: Sandbox, name: str, **more: Any) -> str:  # noqa: ANN401 - fields of Person
    draft = UserDraft(username=name, password=PASSWORD, **{"scopes": ADMINISTRATOR, **more})
    with sandbox.running.state.database.write() as connection:
        return create_user(connection, draft)


def log_in(sandbox: Sandbox, name: str, password: str = PASSWORD) -> Answer:
    return sandbox.call("POST", "/ums/v2/users/login", body={"username": name, "password": password})


def claims(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def verified(token: str, body: str) -> dict[str, Any]:
    key: Any = load_der_public_key(base64.b64decode(body))
    return jwt.decode(token, key, ["RS512"])


def test_the_response_to_a_users_log_in_is_the_platforms(sandbox: Sandbox) -> None:
    identifier = person(sandbox, "nurse@example.com")
    answer = log_in(sandbox, "nurse@example.com").body
    token = answer["accessJwt"]["token"]
    header = base64.urlsafe_b64decode(token.split(".")[0] + "==")
    public = sandbox.call("GET", "/ums/v1/security/public-key").body

    assert header == b'{"alg":"RS512"}'
    assert answer["userId"] == identifier
    assert (answer["mfaRequired"], answer["passwordResetRequired"]) == (False, False)
    assert not {"mfaExpiration", "phone"} & answer.keys()
    token_claims = verified(token, public["publicKey"])
    assert token_claims.keys() == {"sub", "tenantId", "refreshTokenId", "scopes", "tokenType", "jti", "exp"}
    assert (token_claims["sub"], token_claims["tokenType"], token_claims["tenantId"]) == (
        identifier,
        "USER",
        answer["ownerOrganizationId"],
    )
    assert set(token_claims["scopes"]) == set(ADMINISTRATOR)
    left = datetime.fromisoformat(answer["accessJwt"]["expiration"]) - datetime.now(UTC)
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)
    assert answer["accessJwt"]["expiration"].endswith(".000Z")


def test_a_service_users_token_is_like_the_platforms(sandbox: Sandbox) -> None:
    with sandbox.running.state.database.write() as connection:
        service_user = create_service_user(connection, "Plugin-a", ["PROTECTED_API"])
    body = {"id": service_user.id, "secretKey": service_user.secret_key}
    answer = sandbox.call("POST", "/ums/v2/services/accessToken", body=body)
    token_claims = claims(answer.body["accessToken"])

    assert answer.status == 200
    assert answer.body.keys() == {"accessToken", "accessTokenExpiration"}
    assert token_claims.keys() == {"serviceUserId", "scopes", "tokenType", "jti", "exp"}
    assert (token_claims["serviceUserId"], token_claims["tokenType"], token_claims["scopes"]) == (
        service_user.id,
        "SERVICE_INTERNAL",
        ["PROTECTED_API"],
    )
    with sandbox.running.state.database.write() as connection:
        delete_service_user(connection, service_user.id)
    response = sandbox.call("GET", SEARCH, token=answer.body["accessToken"])
    assert (response.status, response.body["code"]) == (401, "TOKEN_NOT_VALID")
    assert sandbox.call("POST", "/ums/v2/services/accessToken", body=body).body["code"] == "LOGIN_FAILED"


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/ums/v2/users/login", {"username": "nobody", "password": "x"}, 403, "LOGIN_FAILED"),
        ("/ums/v2/users/login", {"username": "admin@biot.local"}, 403, "LOGIN_FAILED"),
        ("/ums/v2/users/login", {"password": "x"}, 400, "BAD_REQUEST"),
        ("/ums/v2/users/login", {"username": ["admin"], "password": "x"}, 400, "BAD_REQUEST"),
        ("/ums/v2/users/login", [], 400, "BAD_REQUEST"),
        ("/ums/v2/users/login", b"\xff\xfe{", 400, "BAD_REQUEST"),
        ("/ums/v2/users/login", b'{"username": "\\ud800"}', 400, "BAD_REQUEST"),
        ("/ums/v2/users/login", b"[" * 100_000, 400, "BAD_REQUEST"),
        ("/ums/v2/users/login/mfa", {"code": "1"}, 401, "TOKEN_NOT_VALID"),
        ("/ums/v2/users/token/refresh", {"refreshToken": "x.y.z"}, 403, "REFRESH_TOKEN_NOT_VALID"),
        ("/ums/v2/users/logout", {"refreshToken": "x"}, 400, "BAD_REQUEST"),
        ("/ums/v2/services/accessToken", {"id": ROLE, "secretKey": "x"}, 403, "LOGIN_FAILED"),
        ("/ums/v2/services/accessToken", {"id": ROLE}, 400, "BAD_REQUEST"),
        ("/ums/v2/services", {"roleId": ROLE, "type": "EXTERNAL_SERVICE"}, 401, "TOKEN_NOT_VALID"),
    ],
)
def test_errors_have_the_platforms_codes_and_body(
    sandbox: Sandbox, path: str, body: object, status: int, code: str
) -> None:
    answer = sandbox.call("POST", path, body=body)

    assert (answer.status, answer.body["code"]) == (status, code)
    assert answer.body.keys() == {"code", "message", "serviceName", "traceId", "environment", "details"}
    assert answer.body["serviceName"] == "ums"


def test_errors_contain_the_callers_trace_id(sandbox: Sandbox) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    answer = sandbox.call("GET", SEARCH, headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})

    assert answer.body["traceId"] == trace


@pytest.mark.parametrize("kind", ["missing", "basic", "garbage", "foreign", "unsigned", "changed", "refresh"])
def test_only_tokens_of_this_biot_are_valid(sandbox: Sandbox, kind: str) -> None:
    logged_in = log_in(sandbox, sandbox.admin_username, sandbox.admin_password).body
    token = logged_in["accessJwt"]["token"]
    head, payload, signature = token.split(".")
    more = json.dumps({**claims(token), "scopes": [*ADMINISTRATOR, "MORE"]}).encode()
    headers = {
        "missing": "",
        "basic": f"Basic {token}",
        "garbage": "Bearer ....",
        "foreign": f"Bearer {SigningKey().user_token()}",
        "unsigned": f"Bearer {jwt.encode(claims(token), '', 'none')}",
        "changed": f"Bearer {head}.{base64.urlsafe_b64encode(more).decode().rstrip('=')}.{signature}",
        "refresh": f"Bearer {logged_in['refreshJwt']['token']}",
    }
    answer = sandbox.call("GET", SEARCH, headers={"authorization": headers[kind]})

    assert (answer.status, answer.body["code"]) == (401, "TOKEN_NOT_VALID")
    assert sandbox.call("GET", SEARCH, token=f"{head}.{payload}.{signature}").status == 200


@pytest.mark.parametrize(
    ("permission", "method", "path"),
    [
        (NOTIFICATIONS[0], "POST", f"{SEARCH}/subscribe"),
        (NOTIFICATIONS[1], "POST", f"{SEARCH}/unsubscribe"),
        (NOTIFICATIONS[2], "GET", SEARCH),
        (INTERCEPTIONS[0], "POST", "/dispatcher/v1/hooks/interceptions/subscribe"),
        (INTERCEPTIONS[1], "POST", "/dispatcher/v1/hooks/interceptions/unsubscribe"),
        (INTERCEPTIONS[2], "GET", "/dispatcher/v1/hooks/interceptions"),
        (SERVICE_USERS[0], "POST", "/ums/v2/services"),
        (SERVICE_USERS[1], "POST", f"/ums/v2/services/{ROLE}/secret-keys"),
        (SERVICE_USERS[2], "GET", "/ums/v2/services"),
        (SERVICE_USERS[3], "GET", f"/ums/v2/services/{ROLE}"),
        (SERVICE_USERS[4], "PATCH", f"/ums/v2/services/{ROLE}"),
        (SERVICE_USERS[5], "DELETE", f"/ums/v2/services/{ROLE}"),
        (SERVICE_USERS[6], "DELETE", f"/ums/v2/services/{ROLE}/secret-keys/{ROLE}"),
        (READ_MESSAGES, "GET", "/sandbox/v1/messages"),
    ],
)
def test_each_route_requires_its_own_permission(sandbox: Sandbox, permission: str, method: str, path: str) -> None:
    others = tuple(one for one in ADMINISTRATOR if one != permission)
    person(sandbox, f"all-but-{permission}", scopes=others)
    person(sandbox, f"only-{permission}", scopes=(permission,))
    without = log_in(sandbox, f"all-but-{permission}").body["accessJwt"]["token"]
    with_it = log_in(sandbox, f"only-{permission}").body["accessJwt"]["token"]
    body: object = {} if method in {"POST", "PATCH"} else None
    refused = sandbox.call(method, path, token=without, body=body)

    assert (refused.status, refused.body["code"]) == (403, "ACCESS_DENIED")
    assert sandbox.call(method, path, token=with_it, body=body).status not in {401, 403}


def test_the_token_of_the_first_step_is_valid_only_for_the_second(sandbox: Sandbox) -> None:
    person(sandbox, "mfa@example.com", mfa_code="123456")
    first = log_in(sandbox, "mfa@example.com").body
    token = first["accessJwt"]["token"]

    assert first["mfaRequired"]
    assert "refreshJwt" not in first
    assert first["mfaExpiration"] == first["accessJwt"]["expiration"]
    assert sandbox.call("GET", SEARCH, token=token).body["code"] == "ACCESS_DENIED"
    wrong = sandbox.call("POST", "/ums/v2/users/login/mfa", token=token, body={"code": "654321"})
    assert (wrong.status, wrong.body["code"]) == (403, "LOGIN_FAILED")
    second = sandbox.call("POST", "/ums/v2/users/login/mfa", token=token, body={"code": "123456"}).body
    assert (second["mfaRequired"], second["refreshJwt"] is None) == (False, False)
    assert sandbox.call("GET", SEARCH, token=second["accessJwt"]["token"]).status == 200


def test_a_required_password_reset_gives_a_token_without_permissions(sandbox: Sandbox) -> None:
    person(sandbox, "reset@example.com", password_reset_required=True)
    answer = log_in(sandbox, "reset@example.com").body

    assert (answer["passwordResetRequired"], answer["refreshJwt"]) == (True, None)
    assert sandbox.call("GET", SEARCH, token=answer["accessJwt"]["token"]).body["code"] == "ACCESS_DENIED"


def test_a_refresh_token_works_until_the_log_out(sandbox: Sandbox) -> None:
    person(sandbox, "long@example.com")
    first = log_in(sandbox, "long@example.com").body
    refresh = {"refreshToken": first["refreshJwt"]["token"]}
    second = sandbox.call("POST", "/ums/v2/users/token/refresh", body=refresh).body
    token = second["accessJwt"]["token"]

    assert second["refreshJwt"] == first["refreshJwt"]
    assert sandbox.call("GET", SEARCH, token=token).status == 200
    out = sandbox.call("POST", "/ums/v2/users/logout", body=refresh)
    assert (out.status, out.body) == (200, "")
    assert sandbox.call("GET", SEARCH, token=token).body["code"] == "TOKEN_NOT_VALID"
    again = sandbox.call("POST", "/ums/v2/users/token/refresh", body=refresh)
    assert (again.status, again.body["code"]) == (403, "REFRESH_TOKEN_NOT_VALID")


def test_tokens_expire_as_they_say(tmp_path: Path) -> None:
    with sandbox_at(tmp_path) as (sandbox, watch):
        person(sandbox, "late@example.com")
        answer = log_in(sandbox, "late@example.com").body
        token, refresh = answer["accessJwt"]["token"], {"refreshToken": answer["refreshJwt"]["token"]}
        watch.ahead = timedelta(minutes=29, seconds=50)
        assert sandbox.call("GET", SEARCH, token=token).status == 200
        watch.ahead = timedelta(minutes=30, seconds=1)
        assert sandbox.call("GET", SEARCH, token=token).body["code"] == "TOKEN_NOT_VALID"
        assert sandbox.call("POST", "/ums/v2/users/token/refresh", body=refresh).status == 200
        watch.ahead = timedelta(hours=12, seconds=1)
        assert sandbox.call("POST", "/ums/v2/users/token/refresh", body=refresh).status == 403


def test_an_account_is_locked_after_five_failures_and_unlocks_by_itself(tmp_path: Path) -> None:
    with sandbox_at(tmp_path) as (sandbox, watch):
        person(sandbox, "careless@example.com")
        codes = [log_in(sandbox, "careless@example.com", "wrong").body["code"] for _ in range(5)]
        locked = log_in(sandbox, "careless@example.com")

        assert codes == ["LOGIN_FAILED"] * 5
        assert (locked.status, locked.body["code"]) == (401, "USER_LOCKED_WITH_TIME")
        assert locked.body["details"] == {"timeLeftInMinutes": 15}
        watch.ahead = timedelta(minutes=15, seconds=1)
        assert log_in(sandbox, "careless@example.com").status == 200

        wrong = {"id": sandbox.service_user.id, "secretKey": "wrong"}
        answers = [sandbox.call("POST", "/ums/v2/services/accessToken", body=wrong) for _ in range(6)]
        assert [answer.body["code"] for answer in answers] == ["LOGIN_FAILED"] * 5 + ["SERVICE_LOCKED"]
        assert answers[-1].status == 401


def test_a_success_resets_the_failure_count(sandbox: Sandbox) -> None:
    person(sandbox, "sometimes@example.com")
    for _ in range(3):
        assert [log_in(sandbox, "sometimes@example.com", "wrong").status for _ in range(4)] == [403] * 4
        assert log_in(sandbox, "sometimes@example.com").status == 200


def test_rotation_keeps_the_previous_key_and_no_older_one(tmp_path: Path) -> None:
    with running_sandbox(tmp_path) as sandbox:
        token = sandbox.token()
        before = sandbox.call("GET", "/ums/v1/security/public-key").body
        sandbox.running.state.keys.rotate()
        after = sandbox.call("GET", "/ums/v1/security/public-key").body

        assert "previousPublicKey" not in before
        assert after["previousPublicKey"] == before["publicKey"] != after["publicKey"]
        assert sandbox.call("GET", SEARCH, token=token).status == 200
        assert verified(sandbox.token(), after["publicKey"])
        sandbox.running.state.keys.rotate()
        assert sandbox.call("GET", SEARCH, token=token).body["code"] == "TOKEN_NOT_VALID"


def test_service_users_and_their_keys_can_be_created(sandbox: Sandbox) -> None:
    token = sandbox.admin_token()
    draft = {"roleId": ROLE, "type": "EXTERNAL_SERVICE", "name": "ci", "accessTokenExpirationInMinutes": 5}
    service_user = sandbox.call("POST", "/ums/v2/services", token=token, body=draft)
    again = sandbox.call("POST", "/ums/v2/services", token=token, body=draft)
    path = f"/ums/v2/services/{service_user.body['id']}/secret-keys"
    more = [sandbox.call("POST", path, token=token) for _ in range(5)]
    secrets = [service_user.body["secretKeyData"]["secretKey"], *(one.body["secretKey"] for one in more[:4])]

    assert (service_user.status, service_user.body["secretKeyData"].keys()) == (
        201,
        {"id", "creationTime", "secretKey"},
    )
    assert (again.status, again.body["code"]) == (409, "SERVICE_NAME_ALREADY_EXISTS")
    assert [one.status for one in more] == [201] * 4 + [409]
    assert more[-1].body["details"] == {"serviceId": service_user.body["id"], "maxSecretKeys": 5}
    for secret in secrets:
        body = {"id": service_user.body["id"], "secretKey": secret}
        answer = sandbox.call("POST", "/ums/v2/services/accessToken", body=body).body
        assert claims(answer["accessToken"])["tokenType"] == "SERVICE_EXTERNAL"
        left = datetime.fromisoformat(answer["accessTokenExpiration"]) - datetime.now(UTC)
        assert timedelta(minutes=4) < left <= timedelta(minutes=5)
    unknown = sandbox.call("POST", f"/ums/v2/services/{ROLE}/secret-keys", token=token)
    assert (unknown.status, unknown.body["code"]) == (404, "SERVICE_USER_NOT_FOUND")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": "OTHER"}, "SERVICE_TYPE_NOT_ALLOWED"),
        ({"roleId": "x"}, "BAD_REQUEST"),
        ({"name": "n" * 101}, "BAD_REQUEST"),
        ({"accessTokenExpirationInMinutes": 0}, "BAD_REQUEST"),
        ({"accessTokenExpirationInMinutes": True}, "BAD_REQUEST"),
        ({"accessTokenExpirationInMinutes": 10**30}, "BAD_REQUEST"),
    ],
)
def test_invalid_service_users_are_refused(sandbox: Sandbox, change: dict[str, object], code: str) -> None:
    draft = {"roleId": ROLE, "type": "EXTERNAL_SERVICE", **change}
    answer = sandbox.call("POST", "/ums/v2/services", token=sandbox.admin_token(), body=draft)

    assert (answer.status, answer.body["code"]) == (400, code)


def test_the_database_has_no_readable_secret(sandbox: Sandbox) -> None:
    token = sandbox.token()
    log_in(sandbox, sandbox.admin_username, sandbox.admin_password)
    folder = sandbox.running.state.database.file.parent
    stored = b"".join(file.read_bytes() for file in folder.iterdir() if file.name.startswith("biot.sqlite"))

    for secret in (sandbox.admin_password, sandbox.service_user.secret_key, token):
        assert secret.encode() not in stored
    assert re.search(rb"16\$[\w+/]+=*\$[\w+/]+=", stored)
    assert {file.stat().st_mode & 0o777 for file in folder.glob("biot.sqlite*")} == {0o600}


def test_simultaneous_failures_are_all_counted(tmp_path: Path) -> None:
    with running_sandbox(tmp_path) as sandbox:
        person(sandbox, "hurried@example.com")
        with ThreadPoolExecutor(5) as pool:
            statuses = list(pool.map(lambda _: log_in(sandbox, "hurried@example.com", "wrong").status, range(5)))

        assert statuses == [403] * 5
        assert log_in(sandbox, "hurried@example.com").body["code"] == "USER_LOCKED_WITH_TIME"
