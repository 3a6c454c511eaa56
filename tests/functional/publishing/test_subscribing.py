"""Catalog and subscriptions, against a local BioT."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from builder.publishing.api.client import BiotClient
    from tests.functional.publishing.conftest import CommandLine

HERE, THERE = "https://my.host/hook", "https://other.host/hook"
PATIENTS = "POST/organization/v1/users/patients"


def test_a_notification_is_subscribed_once_listed_and_ended_once(biot_plugin: CommandLine) -> None:
    words = ("notification", "device", "_create", "-e", "local", "--endpoint", HERE)

    assert biot_plugin("subscribe", *words).out == "Subscribed.\n"
    assert biot_plugin("subscribe", *words, "--json").document["status"] == "nothing-to-do"
    listed = biot_plugin("subscriptions", "-e", "local", "--endpoint", HERE)
    document = biot_plugin("subscriptions", "-e", "local", "--json").document
    assert "NOTIFICATION  device _create" in listed.out
    assert [row["endpoint"] for row in document["notifications"]] == [HERE]
    assert biot_plugin("unsubscribe", *words).out == "Unsubscribed.\n"
    assert "nothing to do" in biot_plugin("unsubscribe", *words).out
    assert "No subscriptions found." in biot_plugin("subscriptions", "-e", "local", "--endpoint", HERE).out


def test_subscriptions_of_disabled_plugins_are_not_called_none(biot_plugin: CommandLine, client: BiotClient) -> None:
    config = {"name": "idle", "displayName": "Idle", "version": 1, "runtime": "python3.13", "enabledState": "DISABLED"}
    notifications = [{"entityTypeName": "device", "actionName": "_create"}]
    client.create({**config, "subscriptions": {"notifications": notifications}}, None)
    client.create({**config, "name": "silent", "subscriptions": {}}, None)

    said = biot_plugin("subscriptions", "-e", "local")
    document = biot_plugin("subscriptions", "-e", "local", "--json").document

    assert said.out.splitlines()[0].startswith("No active subscriptions.")
    assert said.out.splitlines()[1:] == ["  biot-plugin enable idle -e local"]
    assert document["disabledPlugins"] == ["idle"]


def test_an_order_that_is_taken_moves_the_other_and_that_is_told(biot_plugin: CommandLine) -> None:
    words = ("interception", "PRE_REQUEST", PATIENTS, "-e", "local")
    biot_plugin("subscribe", *words, "--endpoint", THERE, "--order", "20")

    said = biot_plugin("subscribe", *words, "--endpoint", HERE, "--order", "20")
    again = biot_plugin("subscribe", *words, "--endpoint", HERE, "--order", "20", "--json")

    assert said.out.splitlines() == ["Subscribed, with order 20.", f"BioT moved {THERE} from order 20 to 21."]
    assert again.document["status"] == "nothing-to-do"
    for endpoint in (HERE, THERE):
        assert biot_plugin("unsubscribe", *words, "--endpoint", endpoint).out == "Unsubscribed.\n"


def test_an_entity_is_adapted_under_the_dispatchers_own_word(biot_plugin: CommandLine) -> None:
    words = ("interception", "ADAPT_ENTITY", "patient", "-e", "local", "--endpoint", HERE)

    row = biot_plugin("subscribe", *words, "--json").document["subscription"]

    assert row["entityName"] == "patient"
    assert biot_plugin("unsubscribe", *words).code == 0


def test_what_biot_does_not_have_is_refused_in_its_own_words(biot_plugin: CommandLine) -> None:
    words = ("notification", "device", "_creat", "-e", "local", "--endpoint", HERE, "--json")

    refused = biot_plugin("subscribe", *words)

    assert (refused.code, refused.document["kind"]) == (8, "refused")
    assert "INVALID_ACTION_NAME" in refused.document["message"]
    assert refused.document["hint"] == 'Did you mean "_create"? Nothing was changed.'


@pytest.mark.parametrize("url", ["http://my.host/hook", "ftp://a", "my.host", "https://", "https://a b", "https://[x"])
def test_an_endpoint_is_https(biot_plugin: CommandLine, url: str) -> None:
    said = biot_plugin("subscribe", "notification", "device", "_create", "-e", "local", "--endpoint", url)

    assert (said.code, "https" in said.err) == (2, True)


def test_a_catalog_that_was_fetched_judges_the_manifest(
    biot_plugin: CommandLine, plugin_folder: Path, client: BiotClient
) -> None:
    api = next(str(row["apiId"]) for row in client.interceptable() if "{" in str(row.get("apiId")))
    concrete = "/".join("nurse" if part.startswith("{") else part for part in api.split("/"))
    with (plugin_folder / "plugin.toml").open("a") as stream:
        stream.write(
            f"""
[plugin.subscriptions]
interceptions = [
  {{ type = "PRE_REQUEST", apiId = "{concrete}" }},
  {{ type = "PRE_REQUEST", apiId = "POST/organization/v1/users/patient" }},
]
[[environments.local.subscriptions.notifications]]
entityTypeName = "device"
actionName = "_create"
[[environments.local.subscriptions.notifications]]
entityTypeName = "device"
actionName = "_updateAdmin"
"""
        )
    (plugin_folder / "src").mkdir()
    (plugin_folder / "src" / "index.py").write_text("def handler(event, context):\n    return {}\n")

    before = biot_plugin("check", "-e", "local")
    fetched = biot_plugin("catalog", "-e", "local", "--search", "users/patients")
    after = biot_plugin("check", "-e", "local", "--json")
    other = biot_plugin("check")

    assert before.code == 0
    assert f'Did you mean "{PATIENTS}"?' in before.err  # offline, a warning
    assert PATIENTS in fetched.out
    assert after.code == 3
    problems = {problem["key"]: problem for problem in after.document["problems"]}
    assert problems["plugin.subscriptions.interceptions[1].apiId"]["hint"] == f'Did you mean "{PATIENTS}"?'
    assert problems["plugin.subscriptions.interceptions[1].apiId"]["line"] == 10
    assert "environments.local.subscriptions.notifications[1].actionName" in problems
    assert len(problems) == 2
    assert other.code == 0


def test_what_an_environment_has_is_no_misspelling(biot_plugin: CommandLine, plugin_folder: Path) -> None:
    with (plugin_folder / "plugin.toml").open("a") as stream:
        stream.write(
            """
[[plugin.subscriptions.interceptions]]
type = "PRE_REQUEST"
apiId = "POST/organization/v1/users/patient"
"""
        )
    (plugin_folder / "src").mkdir()
    (plugin_folder / "src" / "index.py").write_text("def handler(event, context):\n    return {}\n")
    assert biot_plugin("catalog", "-e", "local").code == 0
    [catalog] = (plugin_folder.parent / "state").glob("catalogs/*.json")
    document = json.loads(catalog.read_text())
    own = {"apiId": "POST/organization/v1/users/patient", "entity": "patient", "service": "organization"}
    catalog.write_text(json.dumps({**document, "apis": [*document["apis"], own]}))

    assert [warning["key"] for warning in biot_plugin("check", "-e", "local", "--json").document["warnings"]] == []
    offline = biot_plugin("check", "--json").document["warnings"]
    assert [warning["key"] for warning in offline] == ["plugin.subscriptions.interceptions[0].apiId"]
