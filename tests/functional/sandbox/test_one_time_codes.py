"""Log-ins by text message, new codes for the second step, and log-ins by refresh token."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from sandbox.ums.accounts import UserDraft, create_user
from sandbox.ums.one_time_codes import CODE_MINUTES, MESSAGES_KEPT
from sandbox.ums.permissions import PUBLISHER
from tests.support.sandbox.running_sandbox import Sandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.sandbox.running_sandbox import Answer

USERS = "/ums/v2/users"
SEARCH = "/dispatcher/v1/hooks/notifications"
PHONE = "+12345678901"


class MovedClock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class PhoneOwner:
    """A local BioT with one user who has a phone."""

    def __init__(self, sandbox: Sandbox, clock: MovedClock) -> None:
        self.sandbox = sandbox
        self.clock = clock
        self.add("phone@example.com", phone=PHONE)

    def add(self, name: str, **more: Any) -> None:  # noqa: ANN401  # fields of Person
        draft = UserDraft(username=name, password="password", scopes=PUBLISHER, **more)
        with self.sandbox.running.state.database.write() as connection:
            create_user(connection, draft)

    def post(self, path: str, token: str | None = None, **body: object) -> Answer:
        return self.sandbox.call("POST", f"{USERS}/{path}", token=token, body=body)

    def messages(self) -> list[dict[str, str]]:
        answer = self.sandbox.call("GET", "/sandbox/v1/messages", token=self.sandbox.admin_token())
        messages: list[dict[str, str]] = answer.body["messages"]
        return messages

    def generate(self) -> tuple[str, str]:
        request = self.post("otp/generate", phone=PHONE).body["requestId"]
        return request, self.messages()[0]["code"]

    def switch_off(self) -> None:
        with self.sandbox.running.state.database.write() as connection:
            connection.execute("UPDATE ums_user SET active = 0 WHERE phone = ?", (PHONE,))


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[PhoneOwner]:
    clock = MovedClock()
    with running_sandbox(tmp_path, clock=clock) as sandbox:
        yield PhoneOwner(sandbox, clock)


def test_a_one_time_code_logs_in_once(owner: PhoneOwner) -> None:
    generated = owner.post("otp/generate", phone=PHONE)
    (message,) = owner.messages()
    body = {"requestId": generated.body["requestId"], "code": message["code"]}
    first, second = owner.post("otp/login", **body), owner.post("otp/login", **body)

    assert (generated.status, generated.body["phone"], message["phone"]) == (200, "******8901", PHONE)
    assert first.status == 200
    assert owner.sandbox.call("GET", SEARCH, token=first.body["accessJwt"]["token"]).status == 200
    assert (second.status, second.body["code"]) == (403, "LOGIN_FAILED")


def test_only_the_newest_code_is_valid_and_it_expires(owner: PhoneOwner) -> None:
    old, new = owner.generate(), owner.generate()

    assert owner.post("otp/login", requestId=old[0], code=old[1]).body["code"] == "LOGIN_FAILED"
    owner.clock.ahead = timedelta(minutes=CODE_MINUTES, seconds=1)
    assert owner.post("otp/login", requestId=new[0], code=new[1]).body["code"] == "LOGIN_FAILED"


def test_wrong_codes_lock_the_account(owner: PhoneOwner) -> None:
    request, code = owner.generate()
    codes = [owner.post("otp/login", requestId=request, code="wrong").body["code"] for _ in range(5)]
    locked = owner.post("otp/login", requestId=request, code=code)

    assert codes == ["LOGIN_FAILED"] * 5
    assert (locked.status, locked.body["code"]) == (401, "USER_LOCKED_WITH_TIME")


def test_an_unknown_phone_gets_the_same_response(owner: PhoneOwner) -> None:
    existing, unknown = owner.post("otp/generate", phone=PHONE), owner.post("otp/generate", phone="+19999998901")

    assert existing.body.keys() == unknown.body.keys()
    assert (existing.status, existing.body["phone"]) == (unknown.status, unknown.body["phone"])
    assert len(owner.messages()) == 1
    for phone in ("12345678901", "+0123456789", "+1", "+1234567890123456", "nurse@example.com"):
        assert owner.post("otp/generate", phone=phone).body["code"] == "BAD_REQUEST"
    assert owner.post("otp/login", requestId=str(uuid4()), code="1").body["code"] == "LOGIN_FAILED"
    assert owner.post("otp/login", requestId="x", code="1").body["code"] == "BAD_REQUEST"


def test_a_new_code_for_the_second_step_replaces_the_old_one(owner: PhoneOwner) -> None:
    owner.add("two@example.com", mfa_code="old", phone="+4915112345678")
    first = owner.post("login", username="two@example.com", password="password").body
    token = first["accessJwt"]["token"]
    again = owner.post("login/mfa/resend", token=token)
    message = owner.messages()[0]

    assert (first["phone"], message["phone"]) == ("******5678", "+4915112345678")
    assert (again.status, again.body) == (200, {"mfaExpiration": first["mfaExpiration"]})
    assert owner.post("login/mfa", token=token, code="old").body["code"] == "LOGIN_FAILED"
    assert owner.post("login/mfa", token=token, code=message["code"]).status == 200
    assert owner.post("login/mfa/resend", token=owner.sandbox.admin_token()).body["code"] == "ACCESS_DENIED"


def test_only_the_administrator_reads_messages_and_old_ones_are_deleted(owner: PhoneOwner) -> None:
    for _ in range(MESSAGES_KEPT + 2):
        owner.post("otp/generate", phone=PHONE)

    assert len(owner.messages()) == MESSAGES_KEPT
    refused = owner.sandbox.call("GET", "/sandbox/v1/messages", token=owner.sandbox.token())
    assert (refused.status, refused.body["code"]) == (403, "ACCESS_DENIED")


def test_a_log_in_by_refresh_token_gives_two_new_tokens(owner: PhoneOwner) -> None:
    first = owner.post("login", username="phone@example.com", password="password").body
    again = owner.post("token/login", refreshToken=first["refreshJwt"]["token"])

    assert again.status == 200
    for kind in ("accessJwt", "refreshJwt"):
        assert again.body[kind]["token"] != first[kind]["token"]
    owner.post("logout", refreshToken=first["refreshJwt"]["token"])
    assert owner.sandbox.call("GET", SEARCH, token=again.body["accessJwt"]["token"]).status == 200
    for token in (first["refreshJwt"]["token"], first["accessJwt"]["token"], "x.y.z"):
        refused = owner.post("token/login", refreshToken=token)
        assert (refused.status, refused.body["code"]) == (403, "LOGIN_FAILED")


def test_an_inactive_user_can_do_nothing(owner: PhoneOwner) -> None:
    first = owner.post("login", username="phone@example.com", password="password").body
    request, code = owner.generate()
    owner.switch_off()
    access, refresh = first["accessJwt"]["token"], first["refreshJwt"]["token"]

    assert owner.sandbox.call("GET", SEARCH, token=access).body["code"] == "TOKEN_NOT_VALID"
    assert owner.post("token/refresh", refreshToken=refresh).body["code"] == "REFRESH_TOKEN_NOT_VALID"
    for path, body in (
        ("login", {"username": "phone@example.com", "password": "password"}),
        ("token/login", {"refreshToken": refresh}),
        ("otp/login", {"requestId": request, "code": code}),
    ):
        assert owner.post(path, **body).body["code"] == "LOGIN_FAILED"
    owner.post("otp/generate", phone=PHONE)
    assert len(owner.messages()) == 1


@pytest.mark.parametrize("service", ["ums", "dispatcher", "settings"])
def test_every_service_has_a_health_check(owner: PhoneOwner, service: str) -> None:
    answer = owner.sandbox.call("GET", f"/{service}/system/healthCheck")

    assert (answer.status, answer.body["version"]) == (200, "2.4.2")
