"""Recorded calls, events and direct calls are repeated, as they were or edited."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.sandbox.hook_endpoint import Reply
from tests.support.sandbox.settings_client import MINIMAL, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.functional.publishing.conftest import CommandLine
    from tests.support.sandbox.hook_endpoint import HookEndpoint
    from tests.support.sandbox.running_sandbox import Sandbox

BY_TEMPLATE = "POST/organization/v1/users/patients/templates/{templateName}"


@pytest.fixture
def endpoint(sandbox: Sandbox, biot_plugin: CommandLine, first: HookEndpoint) -> Iterator[HookEndpoint]:
    """An endpoint that is subscribed to the creation and to the log-in of patients."""
    url = ("--endpoint", first.url, "-e", "local")
    assert biot_plugin("subscribe", "interception", "PRE_REQUEST", BY_TEMPLATE, *url).code == 0
    assert biot_plugin("subscribe", "notification", "patient", "_login", *url).code == 0
    yield first
    with sandbox.running.state.database.write() as connection:
        connection.execute("DELETE FROM dispatcher_interception")
        connection.execute("DELETE FROM dispatcher_notification")


def newest(biot_plugin: CommandLine) -> dict[str, Any]:
    chain: dict[str, Any] = biot_plugin("activity", "--limit", "1", "--json").document["chains"][0]
    return chain


def test_an_api_call_is_made_again_with_the_same_body(biot_plugin: CommandLine, endpoint: HookEndpoint) -> None:
    biot_plugin("trigger", "patient", "_create", "--set", "_name.firstName=Ann")
    number = newest(biot_plugin)["number"]
    done = biot_plugin("replay", str(number))
    first, second = endpoint.calls

    assert done.code == 0
    assert done.out.startswith("POST /organization/v1/users/patients/templates/patient: 201, ")
    assert first.body["request"]["body"] == second.body["request"]["body"]
    assert first.headers["traceparent"] != second.headers["traceparent"]
    assert newest(biot_plugin)["number"] == number + 1


def test_an_edited_body_is_sent(
    biot_plugin: CommandLine, endpoint: HookEndpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    biot_plugin("trigger", "patient", "_create", "--set", "_name.firstName=Ann")
    number = str(newest(biot_plugin)["number"])
    editor = tmp_path / "editor.py"
    editor.write_text(
        "import pathlib, sys; p = pathlib.Path(sys.argv[1]); p.write_text(p.read_text().replace('Ann', 'Bea'))"
    )
    monkeypatch.setenv("VISUAL", f"{sys.executable} {editor}")
    assert biot_plugin("replay", number, "--edit").code == 0
    owner = endpoint.calls[0].body["request"]["body"]["_ownerOrganization"]
    data = {"_name": {"firstName": "Cleo", "lastName": "x"}, "_ownerOrganization": owner}
    assert biot_plugin("replay", number, "--data", json.dumps(data)).code == 0

    names = [call.body["request"]["body"]["_name"]["firstName"] for call in endpoint.calls]
    assert names == ["Ann", "Bea", "Cleo"]


def test_an_event_is_sent_again_with_its_entity(biot_plugin: CommandLine, endpoint: HookEndpoint) -> None:
    biot_plugin("trigger", "patient", "_login")
    biot_plugin("replay", str(newest(biot_plugin)["number"]))
    first, second = endpoint.calls

    assert first.body["data"] == second.body["data"]
    assert first.body["metadata"]["actionName"] == second.body["metadata"]["actionName"] == "_login"


def test_a_failure_of_the_plugin_ends_with_exit_code_9(biot_plugin: CommandLine, endpoint: HookEndpoint) -> None:
    biot_plugin("trigger", "patient", "_create")
    endpoint.respond = lambda _call: Reply(status=500)

    assert biot_plugin("replay", str(newest(biot_plugin)["number"])).code == 9


def test_a_direct_call_and_a_schedule_are_made_again(sandbox: Sandbox, biot_plugin: CommandLine) -> None:
    settings = settings_of(sandbox)
    with settings.http:
        settings.create({**MINIMAL, "cronSchedule": "0 2 * * ? *"}, None)
    sandbox.call("POST", "/run/Plugin-age/a?x=1", body={"question": 1})
    direct = biot_plugin("replay", str(newest(biot_plugin)["number"]), "--json").document["chain"]
    biot_plugin("trigger", "cron", "--plugin", "age", "--at", "2026-01-12T02:00:00Z")
    cron = biot_plugin("replay", str(newest(biot_plugin)["number"]), "--json").document["chain"]

    assert (direct["title"], direct["steps"][0]["request"]["body"]) == ("POST /run/Plugin-age/a?x=1", {"question": 1})
    assert cron["title"] == "schedule of Plugin-age, 2026-01-12 02:00 UTC"


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        (["999999"], 8, "There is no activity 999999."),
        (["1", "--edit", "--data", "{}"], 2, "Use either --edit or --data."),
        (["1", "--data", "{"], 2, "--data is not valid JSON"),
        (["1", "--data", "@missing"], 2, "missing cannot be read"),
    ],
)
def test_a_wrong_command_line_is_explained(
    biot_plugin: CommandLine, arguments: list[str], code: int, what: str
) -> None:
    done = biot_plugin("replay", *arguments)

    assert done.code == code
    assert what in done.err


def test_watch_repeats_the_call_when_a_plugin_is_published_and_shows_the_difference(
    sandbox: Sandbox, biot_plugin: CommandLine, endpoint: HookEndpoint
) -> None:
    biot_plugin("trigger", "patient", "_create")
    number = str(newest(biot_plugin)["number"])
    command = [sys.executable, "-m", "builder", "replay", number, "--watch"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as watching:
        assert watching.stdout is not None
        first = list(iter(watching.stdout.readline, "Watching for plugins that are published. Ctrl-C ends it.\n"))
        endpoint.respond = lambda _: Reply(status=403, body={"code": "NOT_TODAY"})
        settings = settings_of(sandbox)
        settings.create({**MINIMAL, "name": "published-now"})
        settings.http.close()
        second = list(iter(watching.stdout.readline, "response: ~ status: 201 -> 403\n"))
        watching.send_signal(signal.SIGINT)
        assert watching.wait(20) == 130
    assert any("201" in line for line in first)
    assert any(line.startswith(f"PRE_REQUEST {endpoint.url}") and "status: 200 -> 403" in line for line in second)
