"""``biot-plugin trigger``: what it prints, and its exit codes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sandbox.trigger.event_breaks import EVENT_BREAKS
from tests.support.sandbox.hook_endpoint import HookEndpoint, Reply, hook_endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.functional.publishing.conftest import CommandLine
    from tests.support.sandbox.running_sandbox import Sandbox

BY_TEMPLATE = "POST/organization/v1/users/patients/templates/{templateName}"


@pytest.fixture
def endpoint(sandbox: Sandbox, biot_plugin: CommandLine) -> Iterator[HookEndpoint]:
    """An endpoint that is subscribed to the creation of patients, before it and after it."""
    with hook_endpoint() as running:
        url = ("--endpoint", running.url, "-e", "local")
        assert biot_plugin("subscribe", "interception", "PRE_REQUEST", BY_TEMPLATE, *url, "--order", "5").code == 0
        assert biot_plugin("subscribe", "notification", "patient", "_create", *url).code == 0
        yield running
    with sandbox.running.state.database.write() as connection:
        connection.execute("DELETE FROM dispatcher_interception")
        connection.execute("DELETE FROM dispatcher_notification")


def test_an_action_shows_every_step(biot_plugin: CommandLine, endpoint: HookEndpoint) -> None:
    done = biot_plugin("trigger", "patient", "_create", "--set", "_name.firstName=Ann", "--set", "_canLogin=false")
    lines = done.out.splitlines()

    assert (done.code, done.err) == (0, "")
    assert lines[0].startswith("POST /organization/v1/users/patients/templates/patient: 201, ")
    assert [line.split()[0] for line in lines[2:-2]] == [
        "step",
        lines[3].split()[0],
        "PRE_REQUEST",
        "API",
        "NOTIFICATION",
    ]
    assert lines[4].split()[1:4] == [endpoint.url, "5", "200"]
    body = endpoint.calls[0].body["request"]["body"]
    assert (body["_name"]["firstName"], body["_canLogin"]) == ("Ann", False)


def test_the_last_line_has_the_number_for_why(biot_plugin: CommandLine, endpoint: HookEndpoint) -> None:
    *_, last = biot_plugin("trigger", "patient", "_create").out.splitlines()
    number = last.split()[2].rstrip("`")
    document = biot_plugin("trigger", "patient", "_create", "--json").document
    numbers = [chain["number"] for chain in biot_plugin("activity", "--json").document["chains"]]

    assert last == f"`biot-plugin why {number}` explains it, `biot-plugin activity show {number}` shows everything."
    assert [document["chain"]["number"], int(number)] == numbers[:2]
    assert f"called      {endpoint.url}: PRE_REQUEST" in biot_plugin("why", number).out


def test_a_failed_plugin_ends_with_exit_code_9_and_its_problem(
    biot_plugin: CommandLine, endpoint: HookEndpoint
) -> None:
    endpoint.respond = lambda _call: Reply(body={"wrong": 1})
    done = biot_plugin("trigger", "patient", "_create")

    assert done.code == 9
    assert f"The answer of the interceptor {endpoint.url} has no object request." in done.out
    assert biot_plugin("trigger", "patient", "_create", "--json").document["status"] == "plugin-failed"


def test_a_refusal_shows_its_code_and_is_no_failure(biot_plugin: CommandLine, endpoint: HookEndpoint) -> None:
    endpoint.respond = lambda _call: Reply(status=409, body={"code": "MODIFICATION_FORBIDDEN", "message": "Not today."})
    done = biot_plugin("trigger", "patient", "_create")

    assert done.code == 0
    assert "MODIFICATION_FORBIDDEN: Not today." in done.out


def test_without_a_listener_the_nearest_subscription_and_the_reason_are_printed(
    biot_plugin: CommandLine, endpoint: HookEndpoint
) -> None:
    done = biot_plugin("trigger", "patient", "_delete")

    assert done.code == 0
    assert f"The nearest subscription is NOTIFICATION patient _create of {endpoint.url}:" in done.out
    assert "The subscription is for the action _create, and this was _delete." in done.out
    assert endpoint.calls == []


def test_an_api_is_called_with_a_body_from_a_file(biot_plugin: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "patient.json"
    file.write_text(json.dumps({"_name": {"firstName": "Ann"}}))
    done = biot_plugin("trigger", BY_TEMPLATE.replace("{templateName}", "patient"), "--data", "@patient.json", "--json")
    response = done.document["chain"]["response"]

    assert (response["status"], response["body"]["code"]) == (400, "OWNER_ORGANIZATION_CANNOT_BE_NULL")
    assert done.document["chain"]["steps"][0]["request"]["body"] == {"_name": {"firstName": "Ann"}}


def test_a_break_reaches_the_plugin(biot_plugin: CommandLine, endpoint: HookEndpoint) -> None:
    biot_plugin("trigger", "patient", "_create", "--break", "not-json")

    assert endpoint.calls[0].body == "{not JSON"


def test_the_ways_to_break_a_call_are_listed(biot_plugin: CommandLine) -> None:
    lines = biot_plugin("trigger", "--breaks").out.splitlines()

    assert {line.split()[0] for line in lines if not line.startswith(" ")} == set(EVENT_BREAKS)
    assert {row["name"] for row in biot_plugin("trigger", "--breaks", "--json").document["breaks"]} == set(EVENT_BREAKS)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ([], "Name an entity and an action"),
        (["patient"], "Name an entity and an action"),
        (["POST/a", "_create"], "An API call takes --data"),
        (["patient", "_create", "--data", "{}"], "METHOD/PATH --data"),
        (["patient", "_create", "--set", "x"], "'x' is not NAME=VALUE."),
        (["POST/a", "--data", "@missing"], "missing cannot be read"),
    ],
)
def test_a_wrong_command_line_is_explained(biot_plugin: CommandLine, arguments: list[str], what: str) -> None:
    done = biot_plugin("trigger", *arguments)

    assert done.code == 2
    assert what in done.err


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["patients", "_create"], "There is no entity type patients."),
        (["patient", "create"], "Its actions are _create,"),
        (["patient", "_create", "--break", "x"], "There is no way x to break a call."),
    ],
)
def test_a_name_that_biot_does_not_have_is_refused_with_the_right_ones(
    biot_plugin: CommandLine, arguments: list[str], what: str
) -> None:
    done = biot_plugin("trigger", *arguments)

    assert done.code == 8
    assert what in done.err


def test_without_a_local_biot_the_command_says_how_to_start_one(
    biot_plugin: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIOT_PLUGIN_STATE", str(tmp_path / "empty"))
    done = biot_plugin("trigger", "patient", "_create")

    assert done.code == 8
    assert "Start it: `biot-plugin sandbox`." in done.err


def test_a_creation_uses_the_api_that_is_intercepted_unless_a_template_is_named(
    sandbox: Sandbox, biot_plugin: CommandLine
) -> None:
    plain, action = "POST/organization/v1/users/patients", ("trigger", "patient", "_create")
    with hook_endpoint() as running:
        url = ("--endpoint", running.url, "-e", "local")
        assert biot_plugin("subscribe", "interception", "PRE_REQUEST", plain, *url).code == 0
        without, named = biot_plugin(*action), biot_plugin(*action, "--template", "patient")
        calls = len(running.calls)
    with sandbox.running.state.database.write() as connection:
        connection.execute("DELETE FROM dispatcher_interception")

    assert without.out.startswith("POST /organization/v1/users/patients: 201, ")
    assert named.out.startswith("POST /organization/v1/users/patients/templates/patient: 201, ")
    assert calls == 1
