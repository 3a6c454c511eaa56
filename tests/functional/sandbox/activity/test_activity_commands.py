"""``biot-plugin activity``: the newest calls, searches, and one call with everything."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from builder.dev.call_feed import CallFeed
from builder.publishing.clock import SystemClock
from builder.publishing.remote.local_service import open_local_service
from tests.functional.sandbox.console.patient_calls import create_patient
from tests.support.sandbox.hook_endpoint import Reply
from tests.support.sandbox.running_sandbox import running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from builder.dev.call_feed import ListedChain
    from tests.functional.publishing.conftest import CommandLine
    from tests.support.sandbox.hook_endpoint import HookEndpoint, ReceivedCall
    from tests.support.sandbox.running_sandbox import Sandbox

BY_TEMPLATE = "POST/organization/v1/users/patients/templates/{templateName}"
PATIENTS = "/organization/v1/users/patients"


@pytest.fixture
def endpoint(sandbox: Sandbox, biot_plugin: CommandLine, first: HookEndpoint) -> Iterator[HookEndpoint]:
    """An endpoint that changes the name of every new patient, and is notified of it."""

    def respond(call: ReceivedCall) -> Reply:
        if call.hooktype == "NOTIFICATION":
            return Reply()
        request = call.body["request"]
        name = {**request["body"]["_name"], "firstName": "Anna"}
        return Reply(body={"request": {**request, "body": {**request["body"], "_name": name}}})

    first.respond = respond
    url = ("--endpoint", first.url, "-e", "local")
    assert biot_plugin("subscribe", "interception", "PRE_REQUEST", BY_TEMPLATE, *url, "--order", "5").code == 0
    assert biot_plugin("subscribe", "notification", "patient", "_create", *url).code == 0
    yield first
    with sandbox.running.state.database.write() as connection:
        connection.execute("DELETE FROM dispatcher_interception")
        connection.execute("DELETE FROM dispatcher_notification")


def newest(biot_plugin: CommandLine, *filters: str) -> list[dict[str, Any]]:
    chains: list[dict[str, Any]] = biot_plugin("activity", *filters, "--json").document["chains"]
    return chains


def test_one_call_is_shown_as_a_tree_with_what_each_step_changed(
    biot_plugin: CommandLine, endpoint: HookEndpoint
) -> None:
    biot_plugin("trigger", "patient", "_create", "--set", "_name.firstName=Ann")
    number = newest(biot_plugin)[0]["number"]
    lines = biot_plugin("activity", "show", str(number)).out.splitlines()

    assert lines[0].startswith(f"#{number} POST {PATIENTS}/templates/patient: 201, ")
    assert lines[2].startswith(f"├─ PRE_REQUEST {endpoint.url} (order 5): 200, ")
    assert lines[3] == '│     ~ body._name.firstName: "Ann" -> "Anna"'
    assert lines[4].startswith("├─ API: 201, ")
    assert lines[5].startswith(f"└─ NOTIFICATION {endpoint.url}: 200, ")


def test_dev_lists_a_call_when_the_notifications_that_follow_it_have_ended(
    sandbox: Sandbox, endpoint: HookEndpoint
) -> None:
    answer, released = endpoint.respond, threading.Event()

    def respond(call: ReceivedCall) -> Reply:
        if call.hooktype == "NOTIFICATION":
            released.wait(20)
        return answer(call)

    endpoint.respond = respond
    with open_local_service(os.environ, SystemClock()) as local:
        feed = CallFeed(local)
        create_patient(sandbox, "Late")
        assert list(feed.new_chains()) == []
        released.set()
        listed: list[ListedChain] = []
        deadline = time.monotonic() + 30
        while not listed and time.monotonic() < deadline:
            listed = list(feed.new_chains())

    assert [call.hook for call in listed[0].calls] == ["PRE_REQUEST", "NOTIFICATION"]


def test_nothing_that_is_shown_or_stored_has_a_token(
    sandbox: Sandbox, biot_plugin: CommandLine, endpoint: HookEndpoint
) -> None:
    biot_plugin("trigger", "patient", "_create")
    shown = biot_plugin("activity", "show", str(newest(biot_plugin)[0]["number"]), "--json").out
    file = sandbox.running.state.database.file.with_name("activity.sqlite")
    stored = b"".join(path.read_bytes() for path in file.parent.glob("activity.sqlite*"))
    token = endpoint.calls[-1].body["jwt"]

    assert "Bearer <token>" in shown
    assert token not in shown
    assert token.encode() not in stored
    assert token.rpartition(".")[2].encode() not in stored


def test_searches_find_what_they_say(biot_plugin: CommandLine, endpoint: HookEndpoint) -> None:
    biot_plugin("trigger", "patient", "_create", "--set", "_description=needle-in-a-haystack")
    biot_plugin("trigger", "device", "_create")
    device, patient = newest(biot_plugin, "--limit", "2")

    assert (device["plugins"], patient["plugins"]) == ([], [endpoint.url])
    assert newest(biot_plugin, "--text", "NEEDLE-in") == [patient]
    assert newest(biot_plugin, "--trace", device["traceId"]) == [device]
    assert newest(biot_plugin, "--plugin", endpoint.url, "--limit", "1") == [patient]
    assert device not in newest(biot_plugin, "--hook", "pre_request")
    assert newest(biot_plugin, "--status", "201", "--limit", "1") == [device]
    assert newest(biot_plugin, "--since", "2199-01-01") == []
    assert biot_plugin("activity", "--status", "x").code == 8
    assert "Nothing found." in biot_plugin("activity", "--text", "nobody wrote this").out


def test_a_list_has_one_line_for_each_call_and_marks_failures(biot_plugin: CommandLine, endpoint: HookEndpoint) -> None:
    endpoint.respond = lambda _call: Reply(status=500)
    biot_plugin("trigger", "patient", "_create")
    lines = biot_plugin("activity", "--limit", "1").out.splitlines()

    assert lines[0].split() == ["id", "time", "what", "plugins", "status", "ms"]
    assert f"POST {PATIENTS}/templates/patient" in lines[2]
    assert "500 !" in lines[2]
    assert newest(biot_plugin, "--status", "failed", "--limit", "1")[0]["pluginFailed"] is True


def test_a_call_that_a_plugin_caused_is_below_its_cause(
    sandbox: Sandbox, biot_plugin: CommandLine, endpoint: HookEndpoint
) -> None:
    admin = sandbox.admin_token()

    def calls_back(call: ReceivedCall) -> Reply:
        headers = {"traceparent": call.headers["traceparent"]}
        sandbox.call("GET", PATIENTS, token=admin, headers=headers)
        return Reply(body={"request": call.body["request"]} if call.hooktype == "INTERCEPTOR_PRE" else None)

    endpoint.respond = calls_back
    biot_plugin("trigger", "patient", "_create")
    trace = newest(biot_plugin, "--limit", "1")[0]["traceId"]
    cause, *caused = reversed(newest(biot_plugin, "--trace", trace))
    shown = biot_plugin("activity", "show", str(cause["number"])).out

    assert [one["parentId"] for one in caused] == [cause["id"], cause["id"]]
    assert all(f"caused #{one['number']} GET {PATIENTS}: 200" in shown for one in caused)


def test_a_direct_call_of_a_plugin_is_recorded(sandbox: Sandbox, biot_plugin: CommandLine) -> None:
    sandbox.call("POST", "/run/Plugin-none/path", body={"question": 1})
    (direct,) = newest(biot_plugin, "--plugin", "none")
    shown = biot_plugin("activity", "show", str(direct["number"]), "--json").document["chain"]

    assert (direct["kind"], direct["status"], direct["title"]) == ("direct", 404, "POST /run/Plugin-none/path")
    assert shown["steps"][0]["request"]["body"] == {"question": 1}
    assert shown["steps"][0]["response"]["body"]["code"] == "PLUGIN_NOT_FOUND"


def test_an_unknown_number_is_explained(biot_plugin: CommandLine) -> None:
    for arguments in (("activity", "show", "999999"), ("why", "999999"), ("activity", "show", "../x")):
        done = biot_plugin(*arguments)
        assert done.code == 8
        assert "There is no activity" in done.err


def test_the_activity_is_there_after_a_restart(tmp_path: Path, biot_plugin: CommandLine) -> None:
    del biot_plugin
    with running_sandbox(tmp_path / "data") as running:
        running.call("GET", PATIENTS, token=running.token())
    assert (tmp_path / "data" / "activity.sqlite").stat().st_size > 0


def test_why_says_what_was_wrong_with_the_answer_that_failed_the_call(
    biot_plugin: CommandLine, endpoint: HookEndpoint
) -> None:
    endpoint.respond = lambda _call: Reply(body={"answer": {}})
    biot_plugin("trigger", "patient", "_create")
    lines = biot_plugin("why").out.splitlines()

    assert ": 500, " in lines[0]
    assert lines[1] == f"The answer of the interceptor {endpoint.url} has no object request."
    assert f"              {lines[1]}" in lines, "the reason is also below the plugin that was called"


def test_a_success_that_fails_the_call_is_a_failed_call_of_the_plugin(
    sandbox: Sandbox, biot_plugin: CommandLine, endpoint: HookEndpoint
) -> None:
    biot_plugin("trigger", "patient", "_create")
    endpoint.respond = lambda _call: Reply(body={"answer": {}})
    biot_plugin("trigger", "patient", "_create")
    endpoint.respond = lambda _call: Reply(status=400)
    biot_plugin("trigger", "patient", "_create")
    number = newest(biot_plugin, "--status", "failed", "--limit", "1")[0]["number"]

    path = f"/sandbox/v1/logs?hook=PRE_REQUEST&status=failed&plugin={quote(endpoint.url, safe='')}"
    (call,) = sandbox.call("GET", path, token=sandbox.token()).body["calls"]

    assert (call["number"], call["status"]) == (number, 200)
    assert call["problem"] == f"The answer of the interceptor {endpoint.url} has no object request."
