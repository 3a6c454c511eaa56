"""Users of the local BioT: second factor, password reset, missing permissions, changed keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from builder.publishing.access.connection import open_client
from builder.publishing.api_values import TargetEnvironment
from builder.publishing.clock import SystemClock
from builder.publishing.failures import AccessDenied
from sandbox.ums.accounts import UserDraft, create_user
from sandbox.ums.permissions import PUBLISHER

if TYPE_CHECKING:
    from pathlib import Path

    from builder.publishing.api.client import BiotClient
    from tests.support.sandbox.running_sandbox import Sandbox

PASSWORD = "canary-password"


def person(sandbox: Sandbox, name: str, **more: object) -> None:
    draft: dict[str, object] = {"username": name, "password": PASSWORD, "scopes": PUBLISHER, **more}
    with sandbox.running.state.database.write() as connection:
        create_user(connection, UserDraft(**draft))  # type: ignore[arg-type]


def opened(sandbox: Sandbox, state: Path, name: str, **more: str) -> BiotClient:
    environ = {"BIOT_PLUGIN_STATE": str(state), "BIOT_USERNAME": name, "BIOT_PASSWORD": PASSWORD, **more}
    return open_client(TargetEnvironment(name="dev", base_url=sandbox.base_url), environ, None, SystemClock())


def test_a_user_logs_in_with_a_second_factor(sandbox: Sandbox, tmp_path: Path) -> None:
    person(sandbox, "two@example.com", mfa_code="123456")

    with opened(sandbox, tmp_path, "two@example.com", BIOT_MFA_CODE="654321") as biot, pytest.raises(AccessDenied):
        biot.read("age")
    with opened(sandbox, tmp_path, "two@example.com", BIOT_MFA_CODE="123456") as biot:
        assert biot.read("age") is None
    with opened(sandbox, tmp_path, "two@example.com") as later:
        assert later.read("age") is None


def test_a_password_that_must_be_changed_is_reported(sandbox: Sandbox, tmp_path: Path) -> None:
    person(sandbox, "reset@example.com", password_reset_required=True)

    with (
        opened(sandbox, tmp_path, "reset@example.com") as biot,
        pytest.raises(AccessDenied, match="new password") as caught,
    ):
        biot.read("age")

    assert "canary" not in caught.value.message + caught.value.hint


def test_a_missing_permission_is_named_and_nothing_is_changed(sandbox: Sandbox, tmp_path: Path) -> None:
    scopes = tuple(scope for scope in PUBLISHER if scope != "SETTINGS_PLUGIN_CREATE")
    person(sandbox, "reader@example.com", scopes=scopes)

    with opened(sandbox, tmp_path, "reader@example.com") as biot:
        assert biot.search({"limit": 1}).total == 0
        with pytest.raises(AccessDenied, match="SETTINGS_PLUGIN_CREATE"):
            biot.create({"name": "age", "displayName": "A", "version": 1, "runtime": "python3.12"}, None)
        assert biot.search({"limit": 1}).total == 0


def test_a_token_of_an_old_key_is_replaced_during_the_command(sandbox: Sandbox, tmp_path: Path) -> None:
    person(sandbox, "long@example.com")
    config = {"name": "age", "displayName": "A", "version": 1, "runtime": "python3.12"}

    with opened(sandbox, tmp_path, "long@example.com") as biot:
        assert biot.read("age") is None
        for _ in range(2):
            sandbox.running.state.keys.rotate()
        assert biot.create(config, None).version == 1
        biot.delete("age")
