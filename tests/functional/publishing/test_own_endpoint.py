"""plan and publish of a plugin on one's own account, with a local BioT."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import pytest

from builder.manifest import load
from builder.manifest.model import Interception, InterceptionType, Notification, Subscriptions
from builder.publishing.own_endpoint.endpoint_health import check_endpoint
from builder.publishing.own_endpoint.endpoint_plan import make_endpoint_plan, wanted_rows
from builder.publishing.remote.health import HealthState

if TYPE_CHECKING:
    from pathlib import Path

    from builder.publishing.api.client import BiotClient
    from tests.functional.publishing.conftest import CommandLine

HERE, THERE, OTHER = "http://127.0.0.1:8080/", "http://127.0.0.1:9090/", "https://other.host/hook"
PATIENTS = "POST/organization/v1/users/patients"
MANIFEST = """hosting = "own"

[plugin]
name = "{name}"
displayName = "Age Calculator"
version = 1
runtime = "python3.13"
{extra}
[plugin.subscriptions]
interceptionOrder = {order}
interceptions = [
    {{ type = "PRE_REQUEST", apiId = "POST/organization/v1/users/patients" }},
    {{ type = "ADAPT_ENTITY", entityTypeName = "patient", order = 30 }},
]
notifications = [{notifications}]

[environments.local]
endpointUrl = "{endpoint}"

[environments.dev]
baseUrl = "https://api.dev.example.com"
endpointUrl = "http://127.0.0.1:8080/"
"""
DEVICE = '{ entityTypeName = "device", actionName = "_create" }'


@pytest.fixture
def plugin(tmp_path: Path, biot_plugin: CommandLine) -> Manifest:
    return Manifest(tmp_path / "own", biot_plugin)


class Manifest:
    """A plugin.toml that a test can change, and the command line on it."""

    def __init__(self, folder: Path, biot_plugin: CommandLine) -> None:
        folder.mkdir()
        self.folder = folder
        # The tests share a local BioT and a journal.
        self.name = re.sub("[^A-Za-z0-9]", "-", folder.parent.name)[-40:]
        self.here, self.there = f"{HERE}{self.name}", f"{THERE}{self.name}"
        self.run = biot_plugin
        self.write()

    def write(self, *, endpoint: str = "", order: int = 20, notifications: str = DEVICE, extra: str = "") -> None:
        text = MANIFEST.format(
            name=self.name, endpoint=endpoint or self.here, order=order, notifications=notifications, extra=extra
        )
        (self.folder / "plugin.toml").write_text(text, "utf-8")

    def subscriptions(self, endpoint: str = "") -> list[str]:
        document = self.run("subscriptions", "-e", "local", "--endpoint", endpoint or self.here, "--json").document
        rows = [*document["interceptions"], *document["notifications"]]
        return sorted(
            f"{row.get('type') or row.get('entityTypeName')} {row.get('executionOrder') or row.get('actionName')}"
            for row in rows
        )


def test_publish_makes_the_subscriptions_equal_to_the_manifest(plugin: Manifest) -> None:
    words = ("-e", "local", "--project", str(plugin.folder))
    planned = plugin.run("plan", *words)
    assert planned.code == 10
    assert [line.strip() for line in planned.out.splitlines()[1:]] == [
        f"+ interceptions  PRE_REQUEST {PATIENTS} order 20",
        "+ interceptions  ADAPT_ENTITY patient order 30",
        "+ notifications  device _create",
    ]
    assert plugin.subscriptions() == []

    published = plugin.run("publish", *words)
    assert (published.code, published.out.splitlines()[-1]) == (0, f"done: {plugin.name} in local, {plugin.here}")
    assert plugin.subscriptions() == ["ADAPT_ENTITY 30", "PRE_REQUEST 20", "device _create"]
    assert plugin.run("publish", *words, "--json").document["verdict"] == "nothing-to-do"
    assert plugin.run("plan", *words).code == 0

    plugin.write(order=25, notifications="")
    changed = plugin.run("publish", *words, "--json").document
    assert [(change["sign"], change["kind"]) for change in changed["changes"]] == [
        ("~", "interceptions"),
        ("-", "notifications"),
    ]
    assert plugin.subscriptions() == ["ADAPT_ENTITY 30", "PRE_REQUEST 25"]

    plugin.write(endpoint=plugin.there, order=25, notifications="")
    moved = plugin.run("publish", *words)
    assert f"(earlier address {plugin.here})" in moved.out
    assert (plugin.subscriptions(), plugin.subscriptions(plugin.there)) == ([], ["ADAPT_ENTITY 30", "PRE_REQUEST 25"])


@pytest.mark.parametrize("environment", [("-e", "local"), ()], ids=["one-environment", "all"])
def test_history_lists_the_publishes(plugin: Manifest, environment: tuple[str, ...]) -> None:
    plugin.run("publish", "-e", "local", "--project", str(plugin.folder))

    [entry] = plugin.run("history", *environment, "--project", str(plugin.folder), "--json").document["entries"]
    assert (entry["environment"], entry["verdict"], entry["code"]) == ("local", "done", False)


def test_a_saved_plan_is_published_only_while_it_is_true(plugin: Manifest) -> None:
    words, plan = ("-e", "local", "--project", str(plugin.folder)), str(plugin.folder / "plan.json")
    assert plugin.run("plan", *words, "--out", plan).code == 10
    assert plugin.run("publish", *words, "--plan", plan).code == 0
    again = plugin.run("publish", *words, "--plan", plan)
    assert (again.code, "does not show what publishing would change now" in again.err) == (8, True)
    assert "no code of it to roll back" in plugin.run("rollback", *words).err


def test_subscriptions_of_others_are_left_alone(plugin: Manifest, client: BiotClient) -> None:
    row = {"entityTypeName": "device", "actionName": "_create", "endpoint": OTHER}
    client.dispatcher.subscribe("notifications", row)
    assert plugin.run("publish", "-e", "local", "--project", str(plugin.folder)).code == 0
    assert plugin.subscriptions(OTHER) == ["device _create"]


def test_an_address_of_this_machine_is_refused_for_a_real_biot(plugin: Manifest) -> None:
    result = plugin.run("publish", "-e", "dev", "--project", str(plugin.folder))
    assert result.code == 8
    assert "the endpoint must be public and https" in result.err


@pytest.mark.parametrize(
    ("endpoint", "reason"),
    [
        ("http://127.0.0.1:8080/", "is not https."),
        ("https://127.0.0.1/", "has no public address."),
        ("https://10.1.2.3/hook", "has no public address."),
    ],
)
def test_doctor_says_why_biot_cannot_reach_an_address(plugin: Manifest, endpoint: str, reason: str) -> None:
    file = plugin.folder / "plugin.toml"
    text = file.read_text("utf-8")
    file.write_text(text.replace('endpointUrl = "http://127.0.0.1:8080/"', f'endpointUrl = "{endpoint}"'), "utf-8")
    manifest = load(file, environment="dev", today=date(2026, 1, 1)).manifest

    [check] = check_endpoint(manifest, {})
    assert (check.state, check.message) == (HealthState.PROBLEM, f"{endpoint} {reason}")


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('cronSchedule = "0 2 * * ? *"', "cronSchedule"),
        ('environmentVariables = {LEVEL = "b"}', "environmentVariables"),
    ],
)
def test_what_only_biots_account_has_is_refused(plugin: Manifest, line: str, key: str) -> None:
    plugin.write(extra=f"{line}\n")
    result = plugin.run("plan", "-e", "local", "--project", str(plugin.folder))
    assert result.code == 8
    assert f"{key} in plugin.toml works only on BioT's account" in result.err


def test_values_of_path_parameters_become_path_filters() -> None:
    api = "POST/organization/v1/users/patients/templates/{templateName}"
    one = Interception(type=InterceptionType.PRE_REQUEST, api_id=api.replace("{templateName}", "study-a"))
    [(_, row)] = wanted_rows(Subscriptions(interceptions=(one,)), HERE, [PATIENTS, api])
    assert (row["apiId"], row["pathFilters"]) == (api, {"templateName": "study-a"})


def test_an_order_that_others_hold_is_not_fought_for() -> None:
    one = Interception(type=InterceptionType.PRE_REQUEST, api_id=PATIENTS, order=20)
    wanted = wanted_rows(Subscriptions(interceptions=(one,)), HERE, [PATIENTS])
    row = {"type": "PRE_REQUEST", "apiId": PATIENTS}
    present = [{**row, "endpoint": OTHER, "executionOrder": 20}, {**row, "endpoint": HERE, "executionOrder": 21}]
    plan = make_endpoint_plan(HERE, wanted, {"interceptions": present}, ())
    assert plan.changes == ()
    assert "stays at order 21" in plan.notes[0]


def test_a_template_is_part_of_a_notification() -> None:
    one = Notification(entity_type_name="device", action_name="_create", template_name="pump")
    wanted = wanted_rows(Subscriptions(notifications=(one,)), HERE, ())
    present = {"entityTypeName": "device", "actionName": "_create", "endpoint": HERE}
    plan = make_endpoint_plan(HERE, wanted, {"notifications": [present]}, ())
    assert [change.sign.value for change in plan.changes] == ["+", "-"]
