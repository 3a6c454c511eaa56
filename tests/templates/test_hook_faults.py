"""Faults of a scenario in the calls of published plugins and in their own requests, and what the activity says."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.faults import Scenario, load_scenario
from sandbox.functions.service import ServiceSettings
from tests.functional.sandbox.trigger.conftest import biot_plugin as biot_plugin  # noqa: PLC0414 - a fixture
from tests.support.sandbox.running_sandbox import Sandbox, running_sandbox
from tests.support.sandbox.settings_client import MINIMAL, settings_of, zipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.functional.publishing.conftest import CommandLine

    Play = Callable[[str], None]

PATIENTS = "/organization/v1/users/patients"
CALLS_BACK = """
import json, os, urllib.error, urllib.request

def call(method, path, headers, body=None):
    data = None if body is None else json.dumps(body).encode()
    url, sent = os.environ["BIOT_BASE_URL"] + path, {"content-type": "application/json", **headers}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, data, sent, method=method)) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, {}

def handler(event, context):
    if event.get("source") == "aws.events":
        return {"statusCode": 200}
    headers, body = event["headers"], json.loads(event["body"])
    if headers["hooktype"] != "NOTIFICATION":
        return body
    trace = {"traceparent": headers["traceparent"]}
    user = {"id": os.environ["BIOT_SERVICE_USER_ID"], "secretKey": os.environ["BIOT_SERVICE_USER_SECRET_KEY"]}
    status, answer = call("POST", "/ums/v2/services/accessToken", trace, user)
    print("log-in answered", status)
    if status == 200:
        own = {"authorization": "Bearer " + answer["accessToken"]}
        print("search answered", call("GET", "/organization/v1/users/patients", {**own, **trace})[0])
    return {"statusCode": 200}
"""
CHECKS_TOKENS = """
const crypto = require("node:crypto");

const refuse = (message) => ({ statusCode: 401, body: JSON.stringify({ code: "REFUSED", message }) });

exports.handler = async (event) => {
  const answer = await fetch(`${process.env.BIOT_BASE_URL}/ums/v1/security/public-key`);
  const der = Buffer.from((await answer.json()).publicKey, "base64");
  const key = crypto.createPublicKey({ key: der, format: "der", type: "spki" });
  const [head, claims, signature] = event.headers.authorization.slice("Bearer ".length).split(".");
  const genuine = crypto.verify("RSA-SHA512", `${head}.${claims}`, key, Buffer.from(signature, "base64url"));
  const { exp } = JSON.parse(Buffer.from(claims, "base64url"));
  const left = Math.round(exp - Date.now() / 1000);
  if (!genuine) return refuse("the signature is not of the current key");
  if (left <= 0) return refuse("the token has ended");
  console.log(`the token is valid for ${left} s`);
  return JSON.parse(event.body);
};
"""
CREATION = f"POST{PATIENTS}/templates/patient"


@pytest.fixture(scope="module")
def sandbox(functions_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A local BioT with a plugin that calls back, and another one that checks the tokens of devices' interceptors."""
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    node = f"nodejs{version.lstrip('v').partition('.')[0]}.x"
    functions = ServiceSettings(cache=functions_cache, any_python=True)
    with running_sandbox(tmp_path_factory.mktemp("biot"), faults=Scenario(), functions=functions) as running:
        settings = settings_of(running)
        age = {
            "timeout": 3,
            "cronSchedule": "0 2 * * ? *",
            "subscriptions": {
                "interceptionOrder": 5,
                "interceptions": [{"type": "PRE_REQUEST", "apiId": CREATION}],
                "notifications": [{"entityTypeName": "patient", "actionName": "_create"}],
            },
        }
        guard = {
            "name": "guard",
            "displayName": "Guard",
            "runtime": node,
            "subscriptions": {
                "interceptionOrder": 5,
                "interceptions": [{"type": "PRE_REQUEST", "apiId": "POST/device/v2/devices/templates/device"}],
            },
        }
        with settings.http:
            assert settings.create({**MINIMAL, **age}, zipped({"index.py": CALLS_BACK})).status_code == 201
            created = settings.create({**MINIMAL, **guard}, zipped({"index.js": CHECKS_TOKENS}))
            assert created.status_code == 201, created.text
        yield running


@pytest.fixture
def play(sandbox: Sandbox, tmp_path: Path) -> Iterator[Play]:
    """Play a scenario file with these rules until the end of the test."""
    gate = sandbox.running.gate
    assert gate is not None

    def start(text: str) -> None:
        file = tmp_path / "faults.toml"
        file.write_text(text)
        gate.play(load_scenario(file))

    yield start
    gate.play(Scenario())


def act(biot_plugin: CommandLine, entity: str = "patient") -> dict[str, Any]:
    chain: dict[str, Any] = biot_plugin("trigger", entity, "_create", "--json").document["chain"]
    return chain


def shown(biot_plugin: CommandLine, chain: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """What `activity show` and `why` print about a chain, and its JSON."""
    done = biot_plugin("activity", "show", chain["id"], "--json")
    assert done.code == 0, done.err
    return biot_plugin("activity", "show", chain["id"]).out, biot_plugin("why", chain["id"]).out, done.document["chain"]


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        ("plugin-killed", (502, "Runtime.ExitError", "It answered 502.")),
        ("plugin-out-of-memory", (502, "Runtime.OutOfMemory", "It answered 502.")),
        ("answer-over-6mb", (502, "Function.ResponseSizeTooLarge", "It answered 502.")),
        ("answer-empty", (500, "", "The answer of the interceptor Plugin-age is empty.")),
        ("answer-not-json", (500, "", "The answer of the interceptor Plugin-age is not a JSON object.")),
        ("answer-wrong-shape", (500, "", "The answer of the interceptor Plugin-age has no object request.")),
    ],
)
def test_a_failing_plugin_fails_the_call_and_the_next_call_answers(
    biot_plugin: CommandLine, play: Play, kind: str, outcome: tuple[int, str, str]
) -> None:
    status, error_type, what = outcome
    play(f'[[fault]]\nkind = "{kind}"\nhook = "PRE_REQUEST"\n')
    failed = biot_plugin("trigger", "patient", "_create", "--json")
    chain = failed.document["chain"]
    (step,) = chain["steps"]
    tree, why, _ = shown(biot_plugin, chain)

    assert (failed.code, chain["response"]["status"], chain["pluginFailed"]) == (9, status, True)
    assert step["function"]["errorType"] == error_type
    assert step["fault"].startswith(f"{kind}: ")
    assert what in tree
    for text in (tree, why):
        assert f"The scenario played {step['fault']}." in text
    again = act(biot_plugin)
    assert (again["response"]["status"], [one["fault"] for one in again["steps"]]) == (201, ["", "", ""])


@pytest.mark.exhaustive
def test_a_slow_plugin_answers_late_or_meets_its_timeout(biot_plugin: CommandLine, play: Play) -> None:
    play('[[fault]]\nkind = "plugin-slow"\nhook = "PRE_REQUEST"\nseconds = 0.3\n')
    late = act(biot_plugin)
    play('[[fault]]\nkind = "plugin-slow"\nhook = "PRE_REQUEST"\nseconds = 5\n')
    stopped = act(biot_plugin)
    function = stopped["steps"][0]["function"]

    assert late["response"]["status"] == 201
    assert late["steps"][0]["milliseconds"] >= 300
    assert late["steps"][0]["fault"].endswith("(0.3 s)")
    assert stopped["response"]["status"] == 502
    assert function["errorType"] == "Sandbox.Timedout"
    assert function["log"][-1].endswith("Task timed out after 3.00 seconds")
    assert "Status: timeout" in function["report"]


def test_a_plugin_without_memory_is_shown_with_all_of_it_used(biot_plugin: CommandLine, play: Play) -> None:
    play('[[fault]]\nkind = "plugin-out-of-memory"\n')
    report = act(biot_plugin)["steps"][0]["function"]["report"]

    assert re.search(r"Memory Size: (\d+) MB\tMax Memory Used: \1 MB", report)


def test_an_answer_of_six_megabytes_is_accepted(biot_plugin: CommandLine, play: Play) -> None:
    play('[[fault]]\nkind = "answer-6mb"\nhook = "PRE_REQUEST"\n')
    chain = act(biot_plugin)

    assert chain["response"]["status"] == 201
    assert "(6291456 bytes)" in chain["steps"][0]["response"]["body"]


def test_a_new_key_and_a_wrong_clock_reach_a_plugin_that_checks_its_token(biot_plugin: CommandLine, play: Play) -> None:
    def answer(kind: str) -> tuple[int, str]:
        play(f'[[fault]]\nkind = "{kind}"\nplugin = "guard"\nentity = "device"\n')
        chain = act(biot_plugin, "device")
        (step,) = [one for one in chain["steps"] if one["name"] == "PRE_REQUEST"]
        assert step["fault"].startswith(f"{kind}: ")
        said = step["function"]["log"] or [step["response"]["body"]["message"]]
        return step["response"]["status"], said[0].rpartition("\t")[2]

    assert answer("key-rotated") == (401, "the signature is not of the current key")
    assert answer("clock-behind") == (401, "the token has ended")
    status, said = answer("clock-ahead")
    assert status == 200
    left = int(re.findall(r"valid for (\d+) s", said)[0])
    assert 5_300 < left <= 5_400, "30 minutes and an hour"
    assert act(biot_plugin, "device")["steps"][0]["response"]["status"] == 200, "BioT's next token has the new key"


@pytest.mark.parametrize(
    ("kind", "path", "log"),
    [
        ("token-refused", f"{PATIENTS}*", "search answered 401"),
        ("too-many-requests", f"{PATIENTS}*", "search answered 429"),
        ("unavailable", f"{PATIENTS}*", "search answered 503"),
        ("unavailable", "/ums/*", "log-in answered 503"),
    ],
)
def test_biot_refuses_the_plugins_own_requests(
    biot_plugin: CommandLine, play: Play, kind: str, path: str, log: str
) -> None:
    play(f'[[fault]]\nkind = "{kind}"\nplugin = "age"\npath = "{path}"\n')
    chain = act(biot_plugin)
    notification = chain["steps"][-1]
    tree, why, document = shown(biot_plugin, chain)
    (refused,) = [one for one in document["caused"] if one["fault"]]

    assert notification["function"]["log"][-1] == log
    status = int(log.rpartition(" ")[2])
    assert (refused["status"], refused["traceId"]) == (status, chain["traceId"])
    assert f"caused #{refused['number']} {refused['title']}: {status}" in tree
    assert f"call back   #{refused['number']} {refused['title']}: {status}. The scenario played {kind}: " in why
    assert f"The scenario played {kind}: " in biot_plugin("why", str(refused["number"])).out
    assert "subscriptions" not in biot_plugin("why", str(refused["number"])).out


def test_requests_of_everybody_else_meet_no_fault_of_a_plugin(sandbox: Sandbox, play: Play) -> None:
    play('[[fault]]\nkind = "unavailable"\nplugin = "*"\ntimes = 0\n')

    assert sandbox.call("GET", PATIENTS, token=sandbox.token()).status == 200
    assert sandbox.call("POST", "/run/Plugin-age/", body={}, headers={"hooktype": "x"}).status == 200


def test_biot_answers_a_plugins_request_slowly_and_the_call_is_recorded_once(
    biot_plugin: CommandLine, play: Play
) -> None:
    play(f'[[fault]]\nkind = "slow-answer"\nplugin = "*"\npath = "{PATIENTS}"\nseconds = 0.2\n')
    chain = act(biot_plugin)
    notification = chain["steps"][-1]
    (searched,) = [one for one in shown(biot_plugin, chain)[2]["caused"] if "search" not in one["title"]]

    assert notification["milliseconds"] >= 200
    assert notification["function"]["log"][-1] == "search answered 200"
    assert (searched["title"], searched["status"]) == (f"GET {PATIENTS}", 200)
    assert searched["fault"] == "slow-answer: the whole response, late"


def test_a_scheduled_call_meets_faults_as_well(biot_plugin: CommandLine, play: Play) -> None:
    play('[[fault]]\nkind = "plugin-killed"\nhook = "CRON"\n')
    assert act(biot_plugin)["response"]["status"] == 201, "an interceptor is not meant"
    done = biot_plugin("trigger", "cron", "--plugin", "age", "--at", "2026-01-12T02:00:00Z", "--json")
    (step,) = done.document["chain"]["steps"]

    assert step["function"]["errorType"] == "Runtime.ExitError"
    assert step["fault"].startswith("plugin-killed: ")


def test_only_the_chosen_calls_meet_a_fault(biot_plugin: CommandLine, play: Play) -> None:
    play(
        '[[fault]]\nkind = "answer-empty"\nplugin = "age"\nentity = "patient"\nhook = "PRE_REQUEST"\nrequest = 2\n'
        '[[fault]]\nkind = "answer-empty"\nplugin = "nobody"\ntimes = 0\n'
    )
    statuses = [act(biot_plugin)["response"]["status"] for _ in range(3)]
    device = act(biot_plugin, "device")

    assert statuses == [201, 500, 201]
    assert device["steps"][0]["fault"] == ""
    assert json.dumps(device).count("The scenario") == 0
