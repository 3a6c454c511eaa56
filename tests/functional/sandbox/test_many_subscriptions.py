"""A plugin with thousands of subscriptions delays no other request, and their number is limited."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.settings.plugin_schema import SUBSCRIPTIONS_MAX
from tests.support.sandbox.settings_client import MINIMAL, PATIENTS, Settings, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.sandbox.running_sandbox import Sandbox


@pytest.fixture
def settings(sandbox: Sandbox) -> Iterator[Settings]:
    client = settings_of(sandbox)
    with client.http:
        yield client
        client.http.delete("/settings/v2/plugins/Plugin-age")


def scoped(count: int) -> dict[str, Any]:
    rows = [{"type": "PRE_REQUEST", "apiId": f"{PATIENTS}/templates/t{number}"} for number in range(count)]
    return {"interceptionOrder": 10, "interceptions": rows}


def test_four_thousand_interceptions_are_accepted_while_others_log_in(sandbox: Sandbox, settings: Settings) -> None:
    with ThreadPoolExecutor(2) as pool:
        creating = pool.submit(settings.create, {**MINIMAL, "subscriptions": scoped(4_000)})
        logins = [pool.submit(sandbox.admin_token) for _ in range(5)]
        created = creating.result()
        assert all(login.result() for login in logins)
    again = settings.patch({"subscriptions": scoped(4_000)})

    assert (created.status_code, again.status_code) == (201, 200)
    assert len(created.json()["subscriptions"]["interceptions"]) == 4_000


@pytest.mark.parametrize("key", ["interceptions", "notifications"])
def test_too_many_subscriptions_are_refused(settings: Settings, key: str) -> None:
    rows = {
        "interceptions": scoped(SUBSCRIPTIONS_MAX + 1)["interceptions"],
        "notifications": [{"entityTypeName": "patient", "actionName": "_create"}] * (SUBSCRIPTIONS_MAX + 1),
    }
    refused = settings.create({**MINIMAL, "subscriptions": {key: rows[key]}})
    settings.create()
    changed = settings.patch({"subscriptions": {key: rows[key]}})

    assert (refused.status_code, refused.json()["code"]) == (400, "BAD_REQUEST")
    assert (changed.status_code, changed.json()["code"]) == (400, "PLUGIN_REQUEST_VALIDATION_FAILED")
    assert f"more than {SUBSCRIPTIONS_MAX} items" in refused.json()["message"]
