"""Which credentials are used, how tokens are stored and renewed, and that no secret is ever shown."""

from __future__ import annotations

import json
import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from builder.errors import PublishError
from builder.network.secret_text import SecretText
from builder.publishing.access.connection import find_identity, open_client, resolve_target
from builder.publishing.access.credentials import (
    ServiceUserCredentials,
    TokenCredentials,
    UserCredentials,
    read_credentials,
)
from builder.publishing.access.dotenv import parse_dotenv
from builder.publishing.api_values import TargetEnvironment
from builder.publishing.failures import AccessDenied, NoAnswer, Unreachable
from builder.publishing.state_folder import LocalBiot, StateFolder, write_local_biot
from tests.support.biot.virtual_time import VirtualClock
from tests.support.servers.raw_http import RawServer, failure, reply

if TYPE_CHECKING:
    from pathlib import Path

PLUGIN = {"name": "Plugin-age", "displayName": "Age", "version": 3}
FOUND = reply(200, PLUGIN)
DATE = "date: Fri, 20 Nov 2026 00:00:00 GMT\r\n"
SERVICE = {"BIOT_SERVICE_USER_ID": "user-1", "BIOT_SERVICE_USER_SECRET_KEY": "canary-key"}
PERSON = {"BIOT_USERNAME": "ann@example.com", "BIOT_PASSWORD": "canary-password"}


def service_token(token: str, *, ends: str = "2026-11-20T00:30:00Z") -> bytes:
    return reply(200, {"accessToken": token, "accessTokenExpiration": ends}, head=DATE)


def session(token: str, **more: object) -> bytes:
    document = {
        "userId": "u",
        "ownerOrganizationId": "o",
        "accessJwt": {"token": token, "expiration": "2026-11-20T00:30:00Z"},
        "refreshJwt": {"token": f"refresh-{token}", "expiration": "2026-11-21T00:00:00Z"},
        "mfaRequired": False,
        "passwordResetRequired": False,
        **more,
    }
    return reply(200, document, head=DATE)


def environment(tmp_path: Path, variables: dict[str, str]) -> dict[str, str]:
    return {"BIOT_PLUGIN_STATE": str(tmp_path / "state"), **variables}


def bearers(server: RawServer) -> list[str]:
    return [one.headers["authorization"].split()[1] for one in server.requests if "authorization" in one.headers]


def paths(server: RawServer) -> list[str]:
    return [one.path for one in server.requests]


def test_a_service_users_token_is_stored_for_the_next_command_and_renewed_before_it_expires(tmp_path: Path) -> None:
    environ, clock = environment(tmp_path, SERVICE), VirtualClock()

    with RawServer(service_token("one"), FOUND, FOUND, service_token("two"), FOUND) as server:
        target = TargetEnvironment(name="dev", base_url=server.url)
        for minutes in (0, 20, 9):
            clock.pass_by(minutes * 60)
            with open_client(target, environ, None, clock) as biot:
                assert biot.read("age") is not None

    assert bearers(server) == ["one", "one", "two"]
    assert json.loads(server.requests[0].body) == {"id": "user-1", "secretKey": "canary-key"}
    (session_file,) = (tmp_path / "state" / "tokens").iterdir()
    assert stat.S_IMODE(session_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(session_file.parent.stat().st_mode) == 0o700
    assert "canary" not in session_file.read_text()


def test_tokens_belong_to_one_principal_at_one_address(tmp_path: Path) -> None:
    clock = VirtualClock()
    other = {**SERVICE, "BIOT_SERVICE_USER_ID": "user-2"}

    with RawServer(service_token("one"), FOUND, service_token("two"), FOUND) as server:
        for variables in (SERVICE, other):
            target = TargetEnvironment(name="dev", base_url=server.url)
            with open_client(target, environment(tmp_path, variables), None, clock) as biot:
                biot.read("age")

    assert bearers(server) == ["one", "two"]


def test_a_wrong_clock_does_not_expire_tokens(tmp_path: Path) -> None:
    """This machine is a year ahead; BioT's own clock says how long its token lives."""
    clock = VirtualClock()
    clock.pass_by(365 * 86400)

    with RawServer(service_token("one"), FOUND) as server:
        for _ in range(3):
            with open_client(
                TargetEnvironment(name="dev", base_url=server.url), environment(tmp_path, SERVICE), None, clock
            ) as biot:
                biot.read("age")

    assert paths(server).count("/ums/v2/services/accessToken") == 1


def test_a_user_logs_in_once_while_the_refresh_token_is_valid(tmp_path: Path) -> None:
    environ, clock = environment(tmp_path, PERSON), VirtualClock()

    with RawServer(
        session("one"), FOUND, session("two"), FOUND, failure(403, "REFRESH_TOKEN_NOT_VALID"), session("three"), FOUND
    ) as server:
        for minutes in (0, 29, 29):
            clock.pass_by(minutes * 60)
            with open_client(TargetEnvironment(name="dev", base_url=server.url), environ, None, clock) as biot:
                biot.read("age")

    logins = [path.removeprefix("/ums/v2/users/") for path in paths(server) if "/ums/" in path]
    assert logins == ["login", "token/refresh", "token/refresh", "login"]
    assert bearers(server) == ["one", "two", "three"]
    assert json.loads(server.requests[2].body) == {"refreshToken": "refresh-one"}


def test_a_second_factor_is_sent_with_the_token_of_the_first_step(tmp_path: Path) -> None:
    first = session("half", mfaRequired=True, refreshJwt=None)

    with RawServer(first, session("whole"), FOUND) as server:
        target, environ = TargetEnvironment(name="dev", base_url=server.url), environment(tmp_path, PERSON)
        with open_client(target, environ, None, VirtualClock(), ask_code=lambda: "123456") as biot:
            biot.read("age")

    assert paths(server)[:2] == ["/ums/v2/users/login", "/ums/v2/users/login/mfa"]
    assert json.loads(server.requests[1].body) == {"code": "123456"}
    assert bearers(server) == ["half", "whole"]


@pytest.mark.parametrize(
    ("answers", "message", "hint"),
    [
        ([session("half", mfaRequired=True)], "second factor", "BIOT_MFA_CODE"),
        ([session("half", passwordResetRequired=True)], "new password", "Console"),
        ([failure(403, "LOGIN_FAILED")], "refused the log-in of user ann@example.com", "Check that the name"),
        ([failure(401, "USER_LOCKED_WITH_TIME", timeLeftInMinutes=5)], "timeLeftInMinutes: 5", "Wait"),
        ([failure(401, "USER_LOCKED")], "USER_LOCKED", "administrator"),
    ],
)
def test_every_failed_log_in_says_what_to_do(tmp_path: Path, answers: list[bytes], message: str, hint: str) -> None:
    with RawServer(*answers) as server:
        target = TargetEnvironment(name="dev", base_url=server.url)
        biot = open_client(target, environment(tmp_path, PERSON), None, VirtualClock())
        with pytest.raises(AccessDenied) as caught:
            biot.read("age")
        biot.close()

    assert message in caught.value.message
    assert hint in caught.value.hint
    assert "canary" not in f"{caught.value.message}{caught.value.hint}{caught.value!r}"
    assert len(server.requests) == 1


def test_a_wrong_code_is_reported(tmp_path: Path) -> None:
    environ = environment(tmp_path, {**PERSON, "BIOT_MFA_CODE": "000000"})

    with RawServer(session("half", mfaRequired=True), failure(400, "MFA_CODE_NOT_VALID")) as server:
        biot = open_client(TargetEnvironment(name="dev", base_url=server.url), environ, None, VirtualClock())
        with pytest.raises(AccessDenied, match="MFA_CODE_NOT_VALID"):
            biot.read("age")
        biot.close()


def test_a_response_without_a_token_is_not_a_log_in(tmp_path: Path) -> None:
    with RawServer(reply(200, {"accessToken": "a b\r\nx: y"})) as server:
        biot = open_client(
            TargetEnvironment(name="dev", base_url=server.url), environment(tmp_path, SERVICE), None, VirtualClock()
        )
        with pytest.raises(NoAnswer, match="without a token"):
            biot.read("age")
        biot.close()


def test_an_expired_token_is_reported_with_an_alternative(tmp_path: Path) -> None:
    environ = environment(tmp_path, {"BIOT_TOKEN": "Bearer canary-token"})

    with RawServer(failure(401, "TOKEN_NOT_VALID")) as server:
        biot = open_client(TargetEnvironment(name="dev", base_url=server.url), environ, None, VirtualClock())
        with pytest.raises(AccessDenied, match="BIOT_TOKEN") as caught:
            biot.read("age")
        biot.close()

    assert bearers(server) == ["canary-token"]
    assert "service user" in caught.value.hint
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"BIOT_USERNAME": "a"}, "BIOT_PASSWORD is missing"),
        ({"BIOT_USERNAME": "a", "BIOT_PASSWORD": ""}, "BIOT_PASSWORD is empty"),
        ({"BIOT_SERVICE_USER_SECRET_KEY": "canary"}, "BIOT_SERVICE_USER_ID is missing"),
        ({"BIOT_TOKEN": "canary", **PERSON}, "several kinds"),
        ({**SERVICE, **PERSON}, "several kinds"),
        ({"BIOT_TOKEN": "canary\nx: y"}, "The environment has a malformed BIOT_TOKEN"),
    ],
)
def test_incomplete_pairs_and_several_kinds_are_reported(variables: dict[str, str], message: str) -> None:
    with pytest.raises(AccessDenied, match=message) as caught:
        read_credentials(variables, "The environment")

    assert "canary" not in caught.value.message + caught.value.hint


def test_empty_variables_as_ci_sets_them_count_as_missing() -> None:
    assert read_credentials({"BIOT_TOKEN": "", "BIOT_USERNAME": " "}, "The environment") is None
    assert isinstance(read_credentials(SERVICE, "x"), ServiceUserCredentials)
    assert isinstance(read_credentials({"BIOT_TOKEN": " t\n"}, "x"), TokenCredentials)


def test_dotenv_is_read_as_people_write_it() -> None:
    text = """
    # a comment
    export BIOT_USERNAME=ann@example.com
    BIOT_PASSWORD='a # b"c'   # the rest is a comment
    A=plain # comment
    B = "x y"
    C=
    D=a#b
    not a line
    """

    assert parse_dotenv(text) == {
        "BIOT_USERNAME": "ann@example.com",
        "BIOT_PASSWORD": 'a # b"c',
        "A": "plain",
        "B": "x y",
        "C": "",
        "D": "a#b",
    }


def test_dotenv_is_used_only_when_git_would_not_commit_it(tmp_path: Path) -> None:
    folder = tmp_path / "plugin"
    folder.mkdir()
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    (folder / ".env").write_text("BIOT_USERNAME=ann\nBIOT_PASSWORD=canary\n")
    target, state = (
        TargetEnvironment(name="dev", base_url="https://biot.invalid"),
        StateFolder(folder=tmp_path / "state"),
    )

    with pytest.raises(AccessDenied, match="git would commit it") as caught:
        find_identity(target, {}, folder, state)
    (folder / ".gitignore").write_text(".env\n")
    identity = find_identity(target, {}, folder, state)
    subprocess.run(["git", "-C", str(folder), "add", "-f", ".env"], check=True)
    with pytest.raises(AccessDenied, match="git would commit it"):
        find_identity(target, {}, folder, state)

    assert isinstance(identity.credentials, UserCredentials)
    assert identity.source == ".env"
    assert "canary" not in caught.value.message + repr(identity)
    assert find_identity(target, {"BIOT_TOKEN": "t"}, folder, state).source == "environment variables"


def test_the_local_biot_gets_its_own_credentials_and_no_others(tmp_path: Path) -> None:
    state = StateFolder(folder=tmp_path / "state")
    with pytest.raises(PublishError, match="No local BioT"):
        resolve_target("local", {}, state)
    write_local_biot(
        state,
        LocalBiot(base_url="http://127.0.0.1:9000", service_user_id="own", service_user_secret_key=SecretText("its")),
    )

    target = resolve_target("local", {"local": {"displayName": "Mine"}}, state)
    identity = find_identity(target, {"BIOT_TOKEN": "canary", **PERSON}, tmp_path, state)

    assert target.base_url == "http://127.0.0.1:9000"
    assert identity.credentials == ServiceUserCredentials(principal="own", secret_key=SecretText("its"))
    with pytest.raises(PublishError, match=r"127\.0\.0\.1:9000"):
        resolve_target("local", {"local": {"baseUrl": "https://biot.example.com"}}, state)


def test_an_environment_must_be_given(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="No environment") as caught:
        resolve_target(None, {"dev": {"baseUrl": "https://a"}}, StateFolder(folder=tmp_path))

    assert "dev, local" in caught.value.hint


def test_a_change_without_a_token_was_certainly_not_sent(tmp_path: Path) -> None:
    with RawServer(failure(500, "INTERNAL_SERVER_ERROR")) as server:
        target, clock = TargetEnvironment(name="dev", base_url=server.url), VirtualClock()
        biot = open_client(target, environment(tmp_path, SERVICE), None, clock)
        with pytest.raises(Unreachable, match="Nothing was sent"):
            biot.update("age", {"timeout": 5}, None)
        biot.close()

    assert {one.method for one in server.requests} == {"POST"}
