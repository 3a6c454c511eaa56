"""Catalog and subscriptions with a local BioT."""

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


def test_subscriptions_of_disabled_plugins_are_mentioned(biot_plugin: CommandLine, client: BiotClient) -> None:
    config = {"name": "idle", "displayName": "Idle", "version": 1, "runtime": "python3.13", "enabledState": "DISABLED"}
    notifications = [{"entityTypeName": "device", "actionName": "_create"}]
    client.create({**config, "subscriptions": {"notifications": notifications}}, None)
    client.create({**config, "name": "silent", "subscriptions": {}}, None)

    result = biot_plugin("subscriptions", "-e", "local")
    document = biot_plugin("subscriptions", "-e", "local", "--json").document

    assert result.out.splitlines()[0].startswith("No active subscriptions.")
    assert result.out.splitlines()[1:] == ["  biot-plugin enable idle -e local"]
    assert document["disabledPlugins"] == ["idle"]


def test_a_taken_order_moves_the_other_interception_and_the_output_says_so(biot_plugin: CommandLine) -> None:
    words = ("interception", "PRE_REQUEST", PATIENTS, "-e", "local")
    biot_plugin("subscribe", *words, "--endpoint", THERE, "--order", "20")

    result = biot_plugin("subscribe", *words, "--endpoint", HERE, "--order", "20")
    again = biot_plugin("subscribe", *words, "--endpoint", HERE, "--order", "20", "--json")

    assert result.out.splitlines() == ["Subscribed, with order 20.", f"BioT moved {THERE} from order 20 to 21."]
    assert again.document["status"] == "nothing-to-do"
    for endpoint in (HERE, THERE):
        assert biot_plugin("unsubscribe", *words, "--endpoint", endpoint).out == "Unsubscribed.\n"


def test_an_adapted_entity_is_sent_as_entity_name(biot_plugin: CommandLine) -> None:
    words = ("interception", "ADAPT_ENTITY", "patient", "-e", "local", "--endpoint", HERE)

    row = biot_plugin("subscribe", *words, "--json").document["subscription"]

    assert row["entityName"] == "patient"
    assert biot_plugin("unsubscribe", *words).code == 0


def test_a_name_that_biot_does_not_have_is_refused_in_its_words(biot_plugin: CommandLine) -> None:
    words = ("notification", "device", "_creat", "-e", "local", "--endpoint", HERE, "--json")

    refused = biot_plugin("subscribe", *words)

    assert (refused.code, refused.document["kind"]) == (8, "refused")
    assert "INVALID_ACTION_NAME" in refused.document["message"]
    assert refused.document["hint"] == 'Did you mean "_create"? Nothing was changed.'


@pytest.mark.parametrize("url", ["http://my.host/hook", "ftp://a", "my.host", "https://", "https://a b", "https://[x"])
def test_an_endpoint_must_be_https(biot_plugin: CommandLine, url: str) -> None:
    result = biot_plugin("subscribe", "notification", "device", "_create", "-e", "local", "--endpoint", url)

    assert (result.code, "https" in result.err) == (2, True)


def test_the_manifest_is_checked_against_a_fetched_catalog(
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


def test_names_that_an_environment_has_are_not_misspellings(biot_plugin: CommandLine, plugin_folder: Path) -> None:
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
