"""Hooks of published plugins on a whole local BioT, and calls with a plugin's own token."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.sandbox.hook_endpoint import Reply
from tests.support.sandbox.running_sandbox import Sandbox, running_sandbox
from tests.support.sandbox.settings_client import MINIMAL, PATIENTS, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.support.sandbox.hook_endpoint import HookEndpoint, ReceivedCall

PATH = "/organization/v1/users/patients"
SUBSCRIPTIONS: Mapping[str, object] = {
    "interceptionOrder": 5,
    "interceptions": [{"type": "PRE_REQUEST", "apiId": PATIENTS}],
}


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A local BioT with one enabled plugin and one disabled one."""
    with running_sandbox(tmp_path_factory.mktemp("local-biot")) as running:
        settings = settings_of(running)
        for name, enabled in (("on", "ENABLED"), ("off", "DISABLED")):
            config = {**MINIMAL, "name": name, "enabledState": enabled}
            more = {"subscriptions": SUBSCRIPTIONS} if name == "off" else {}
            assert settings.create({**config, **more}).status_code == 201
        settings.http.close()
        yield running


@pytest.fixture
def endpoint(local: Sandbox, first: HookEndpoint) -> HookEndpoint:
    """An endpoint outside of BioT that refuses every creation of a patient."""
    body = {"type": "PRE_REQUEST", "apiId": PATIENTS, "endpoint": first.url, "executionOrder": 7}
    local.call("POST", "/dispatcher/v1/hooks/interceptions/subscribe", token=local.token(), body=body)
    first.respond = lambda _call: Reply(status=418)
    return first


def plugin_token(local: Sandbox) -> str:
    """Log in as the service user of the enabled plugin."""
    with local.running.state.database.read() as connection:
        row = connection.execute("SELECT system_variables FROM plugins WHERE name = 'on'").fetchone()
    variables = json.loads(row["system_variables"])
    body = {"id": variables["BIOT_SERVICE_USER_ID"], "secretKey": variables["BIOT_SERVICE_USER_SECRET_KEY"]}
    answer: Any = local.call("POST", "/ums/v2/services/accessToken", body=body).body
    return str(answer["accessToken"])


def test_calls_of_a_plugin_reach_no_interceptor_unless_a_header_asks_for_it(
    local: Sandbox, endpoint: HookEndpoint
) -> None:
    token = plugin_token(local)
    without = local.call("POST", PATH, token=token, body={})
    asked = local.call("POST", PATH, token=token, body={}, headers={"allow-interception": "false"})

    assert without.status != 418
    assert asked.status == 418, "any value of the header counts"
    assert len(endpoint.calls) == 1


def test_calls_of_everybody_else_reach_the_interceptors(local: Sandbox, endpoint: HookEndpoint) -> None:
    assert local.call("POST", PATH, token=local.token(), body={}).status == 418
    assert local.call("POST", PATH, token=local.admin_token(), body={}).status == 418
    assert [call.body["initiatorData"]["tokenType"] for call in endpoint.calls] == ["SERVICE_EXTERNAL", "USER"]


def test_a_body_that_is_too_large_is_refused_before_any_hook(local: Sandbox, endpoint: HookEndpoint) -> None:
    refused = local.call("POST", PATH, token=local.token(), body=b"[" + b" " * 1_048_576 + b"]")

    assert (refused.status, refused.body["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert endpoint.calls == []


def test_a_new_key_pair_signs_the_next_token(local: Sandbox, endpoint: HookEndpoint) -> None:
    keys = local.running.state.keys
    for _ in range(3):
        local.call("POST", PATH, token=local.token(), body={})
        keys.rotate()
    tokens = [call.headers["authorization"].removeprefix("Bearer ") for call in endpoint.calls]

    assert len(set(tokens)) == 3, "otherwise BioT reuses a token for a minute"


def test_a_real_entity_is_notified_before_the_local_biot_stops(tmp_path: Path, first: HookEndpoint) -> None:
    def slowly(_call: ReceivedCall) -> Reply:
        time.sleep(0.05)
        return Reply()

    first.respond = slowly
    with running_sandbox(tmp_path) as running:
        token = running.token()
        body = {"entityTypeName": "patient", "actionName": "_update", "endpoint": first.url}
        running.call("POST", "/dispatcher/v1/hooks/notifications/subscribe", token=token, body=body)
        patient = running.call("GET", PATH, token=token).body["data"][0]
        path = f"{PATH}/{patient['_id']}"
        changed = [
            running.call("PATCH", path, token=token, body={"_description": f"{n}"}).body["_description"]
            for n in range(10)
        ]

    entities = [call.body["data"]["entity"] for call in first.calls]
    assert [entity["_description"] for entity in entities] == changed == [f"{n}" for n in range(10)]
    assert first.calls[0].body["data"]["additionalData"]["oldEntity"] == patient
