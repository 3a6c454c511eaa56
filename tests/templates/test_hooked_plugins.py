"""The code of published plugins, called by hooks and schedules, and what the activity shows of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from sandbox.functions.service import ServiceSettings
from tests.support.sandbox.running_sandbox import Sandbox, running_sandbox
from tests.support.sandbox.settings_client import MINIMAL, settings_of, zipped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENTS = "/organization/v1/users/patients"
CODE = """
import json, os, urllib.request

def call(method, path, headers, body=None):
    url = os.environ["BIOT_BASE_URL"] + path
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json", **headers}, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return json.load(opener.open(request))

def token():
    user = {"id": os.environ["BIOT_SERVICE_USER_ID"], "secretKey": os.environ["BIOT_SERVICE_USER_SECRET_KEY"]}
    return call("POST", "/ums/v2/services/accessToken", {}, user)["accessToken"]

def handler(event, context):
    if event.get("source") == "aws.events":
        print("schedule of", event["time"])
        call("GET", "/organization/v1/users/patients", {"authorization": "Bearer " + token()})
        return {"statusCode": 500 if event["time"].startswith("2026-01-13") else 200}
    headers, body = event["headers"], json.loads(event["body"])
    if headers["hooktype"] == "NOTIFICATION":
        print("created", body["data"]["entity"]["_id"])
        own = {"authorization": "Bearer " + token(), "traceparent": headers["traceparent"]}
        call("GET", "/organization/v1/users/patients/" + body["data"]["entity"]["_id"], own)
        return {"statusCode": 200}
    body["request"]["body"]["_description"] = "from the plugin"
    return body
"""
CONFIG = {
    **MINIMAL,
    "cronSchedule": "0 2 * * ? *",
    "timeout": 20,
    "subscriptions": {
        "interceptionOrder": 5,
        "interceptions": [{"type": "PRE_REQUEST", "apiId": f"POST{PATIENTS}/templates/patient"}],
        "notifications": [{"entityTypeName": "patient", "actionName": "_create"}],
    },
}


class LocalBiot:
    """A local BioT with the plugin, and the API that the kit's commands use."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.token = sandbox.token()

    def post(self, path: str, **body: object) -> Any:  # noqa: ANN401 - JSON
        answer = self.sandbox.call("POST", f"/sandbox/v1{path}", token=self.token, body=body)
        assert answer.status == 200, answer.body
        return answer.body

    def activity(self, **filters: str) -> list[dict[str, Any]]:
        query = "&".join(f"{name}={quote(value)}" for name, value in filters.items())
        chains: list[dict[str, Any]] = self.sandbox.call("GET", f"/sandbox/v1/activity?{query}", token=self.token).body[
            "chains"
        ]
        return chains

    def chain(self, identifier: str) -> dict[str, Any]:
        chain: dict[str, Any] = self.sandbox.call("GET", f"/sandbox/v1/activity/{identifier}", token=self.token).body
        return chain


@pytest.fixture(scope="module")
def biot(functions_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBiot]:
    functions = ServiceSettings(cache=functions_cache, any_python=True)
    with running_sandbox(tmp_path_factory.mktemp("biot"), functions=functions) as running:
        settings = settings_of(running)
        with settings.http:
            assert settings.create(CONFIG, zipped({"index.py": CODE})).status_code == 201
        yield LocalBiot(running)


def test_interceptor_api_and_notification_run_the_published_code(biot: LocalBiot) -> None:
    chain = biot.post("/trigger", entityTypeName="patient", actionName="_create")

    assert [(step["name"], step["response"]["status"]) for step in chain["steps"]] == [
        ("PRE_REQUEST", 200),
        ("API", 201),
        ("NOTIFICATION", 200),
    ]
    assert chain["response"]["body"]["_description"] == "from the plugin"
    assert chain["pluginFailed"] is False
    notification = chain["steps"][2]["function"]
    assert any(f"created {chain['response']['body']['_id']}" in line for line in notification["log"])
    assert notification["report"].startswith(f"REPORT RequestId: {notification['requestId']}")
    assert len(notification["artifactSha256"]) == 64


def test_a_call_back_of_the_plugin_belongs_to_its_trace_and_reaches_no_interceptor(biot: LocalBiot) -> None:
    chain = biot.post("/trigger", entityTypeName="patient", actionName="_create")
    (caused,) = biot.chain(chain["id"])["caused"]

    assert caused["title"] == f"GET {PATIENTS}/{chain['response']['body']['_id']}"
    assert caused["traceId"] == chain["traceId"]


def test_a_direct_call_of_the_endpoint_is_recorded_with_the_code_that_ran(biot: LocalBiot) -> None:
    body: dict[str, object] = {"request": {"body": {}}}
    biot.sandbox.call("POST", "/run/Plugin-age/x", body=body, headers={"hooktype": "INTERCEPTOR_PRE"})
    (direct,) = biot.activity(kind="direct")
    step = biot.chain(direct["id"])["steps"][0]

    assert (direct["title"], direct["status"]) == ("POST /run/Plugin-age/x", 200)
    assert step["function"]["artifactSha256"]
    assert biot.activity(kind="direct", plugin="age") == [direct]


def test_a_schedule_runs_as_of_any_time_with_the_event_of_eventbridge(biot: LocalBiot) -> None:
    result = biot.post("/schedules/run", time="2026-01-12T02:00:00Z")
    (step,) = result["chain"]["steps"]
    event = step["request"]["body"]

    assert event.pop("id")
    assert event == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": "2026-01-12T02:00:00Z",
        "region": "eu-central-1",
        "resources": ["arn:aws:events:eu-central-1:123456789012:rule/Plugin-age-Schedule"],
        "detail": {},
    }
    assert any("schedule of 2026-01-12T02:00:00Z" in line for line in step["function"]["log"])
    (caused,) = biot.chain(result["chain"]["id"])["caused"]
    assert caused["title"] == f"GET {PATIENTS}", "although the event has no traceparent"
    assert len(result["nextRuns"]) == 10


def test_an_answer_that_says_500_is_a_failure_although_nobody_reads_it(biot: LocalBiot) -> None:
    chain = biot.post("/schedules/run", pluginName="age", time="2026-01-13T02:00:00Z")["chain"]

    assert chain["pluginFailed"] is True
    assert "EventBridge takes it for a success" in chain["steps"][0]["problem"]


def test_moving_the_clock_makes_every_run_on_the_way(biot: LocalBiot) -> None:
    now = datetime.now(UTC)
    moved = biot.post("/schedules/clock", time="+3d")
    runs = [run["time"] for run in moved["runs"]]
    first = now.replace(hour=2, minute=0, second=0, microsecond=0)
    first += timedelta(days=first <= now)

    assert runs == [f"{first + timedelta(days=day):%Y-%m-%dT%H:%M:%S.000Z}" for day in range(3)]
    titles = [chain["title"] for chain in reversed(biot.activity(kind="cron", limit="3"))]
    assert titles == [f"schedule of Plugin-age, {run[:16].replace('T', ' ')} UTC" for run in runs]
    assert biot.post("/schedules/clock", time="reset")["runs"] == []


def test_the_next_runs_of_every_plugin_are_listed(biot: LocalBiot) -> None:
    listed = biot.sandbox.call("GET", "/sandbox/v1/schedules", token=biot.token).body
    (plugin,) = listed["plugins"]

    assert (plugin["plugin"], plugin["cronSchedule"], plugin["enabled"]) == ("Plugin-age", "0 2 * * ? *", True)
    assert all(run.endswith("T02:00:00.000Z") for run in plugin["nextRuns"])


@pytest.mark.parametrize(
    ("path", "body", "status", "what"),
    [
        ("run", {"pluginName": "other"}, 404, "other has no cronSchedule."),
        ("run", {"time": "tomorrow"}, 400, "time must be a duration"),
        ("clock", {}, 400, "time must be a duration"),
        ("clock", {"time": "9999999999"}, 400, "time must be a duration"),
    ],
)
def test_a_wrong_request_is_explained(biot: LocalBiot, path: str, body: object, status: int, what: str) -> None:
    answer = biot.sandbox.call("POST", f"/sandbox/v1/schedules/{path}", token=biot.token, body=body)

    assert answer.status == status
    assert what in json.dumps(answer.body)
