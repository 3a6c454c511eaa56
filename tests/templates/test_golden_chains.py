"""Every chain of golden_chains.toml on a local BioT: order, differences, and what the client receives."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from sandbox.functions.service import ServiceSettings
from sandbox.json_diff import describe, diff
from tests.support.plugins.scripted_plugin import NODE, PYTHON
from tests.support.sandbox.running_sandbox import Answer, Sandbox, running_sandbox
from tests.support.sandbox.settings_client import MINIMAL, settings_of, zipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Row = Mapping[str, Any]
    Chain = Mapping[str, Any]

CHAINS: list[Row] = tomllib.loads(Path(__file__).with_name("golden_chains.toml").read_text("utf-8"))["chain"]
PATIENTS = "/organization/v1/users/patients"
APIS = {
    "create": f"POST{PATIENTS}/templates/{{templateName}}",
    "search": f"GET{PATIENTS}",
    "get": f"GET{PATIENTS}/{{id}}",
    "update": f"PATCH{PATIENTS}/{{id}}",
    "delete": f"DELETE{PATIENTS}/{{id}}",
}
HOOKS = "/dispatcher/v1/hooks"
PARTS = {"PRE_REQUEST": "request", "ADAPT_ENTITY": "response", "POST_REQUEST": "response"}
DEPTH_SECONDS = 20


class Stage:
    """A local BioT with the plugins of the chains."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.token = sandbox.admin_token()
        self.endpoints: dict[str, str] = {}
        self.examples: dict[str, dict[str, Any]] = {}

    def publish(self, name: str, code: bytes, **more: object) -> None:
        settings = settings_of(self.sandbox)
        variables = {"environmentVariables": {"NAME": name}}
        with settings.http:
            created = settings.create({**MINIMAL, "name": name, "timeout": 20, **variables, **more}, code)
            assert created.status_code == 201, created.text
            self.endpoints[name] = settings.get(f"Plugin-{name}").json()["endpointUrl"]

    def send(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        return self.sandbox.call(method, path, token=self.token, body=body, headers=headers)

    def example(self, entity: str) -> dict[str, Any]:
        """The body of a creation, with values of its own where they must be unique."""
        if entity not in self.examples:
            wanted = {"entityTypeName": entity, "actionName": "_create"}
            chain = self.send("POST", "/sandbox/v1/trigger", wanted).body
            self.examples[entity] = chain["request"]["body"]
        unique, text = secrets.token_hex(4), json.dumps(self.examples[entity])
        body: dict[str, Any] = json.loads(re.sub(r"triggered-\w+", f"triggered-{unique}", text))
        return body | ({"_email": f"{unique}@a.example"} if "_email" in body else {})

    def patient(self, script: str) -> dict[str, Any]:
        return {**self.example("patient"), "_name": {"firstName": "Ann", "lastName": "B"}, "_description": script}

    def subscribe(self, text: str) -> None:
        plugin, kind, *words = text.split()
        endpoint = {"endpoint": self.endpoints[plugin]}
        filters = dict(word.split("=") for word in words if "=" in word)
        body: dict[str, object]
        if kind == "NOTIFICATION":
            template = {"templateName": filters["template"]} if filters else {}
            body = {"entityTypeName": words[0], "actionName": words[1], **template, **endpoint}
            answer = self.send("POST", f"{HOOKS}/notifications/subscribe", body)
        else:
            target = {"entityName": words[1]} if kind == "ADAPT_ENTITY" else {"apiId": APIS[words[1]]}
            scoped = {"pathFilters": filters} if filters else {}
            body = {"type": kind, "executionOrder": int(words[0]), **target, **scoped, **endpoint}
            answer = self.send("POST", f"{HOOKS}/interceptions/subscribe", body)
        assert answer.status == 201, answer.body

    def unsubscribe_all(self) -> None:
        with self.sandbox.running.state.database.write() as connection:
            connection.execute("DELETE FROM dispatcher_interception")
            connection.execute("DELETE FROM dispatcher_notification")

    def call(self, row: Row, identifier: str, trace: str) -> Answer:
        """Make the call of a chain, as a client."""
        headers = {"traceparent": f"00-{trace}-{secrets.token_hex(8)}-00", "x-script": row.get("script", "")}
        script, one = row.get("script", "none"), f"{PATIENTS}/{identifier}"
        match row["call"]:
            case "create":
                return self.send("POST", f"{PATIENTS}/templates/patient", self.patient(script), **headers)
            case "search":
                wanted = json.dumps({"filter": {"_id": {"in": [identifier]}}})
                return self.send("GET", f"{PATIENTS}?searchRequest={quote(wanted)}", **headers)
            case "update":
                return self.send("PATCH", one, {"_description": script}, **headers)
            case "missing":
                return self.send("PATCH", f"{PATIENTS}/{uuid4()}", {"_description": script}, **headers)
            case "device":
                return self.send("POST", "/device/v2/devices/templates/device", self.example("device"), **headers)
            case "get" | "delete" as method:
                return self.send(method.upper(), one, **headers)
            case other:
                raise AssertionError(other)

    def chains(self, trace: str) -> list[Chain]:
        """Every chain of a trace, the first one first."""
        found = self.send("GET", f"/sandbox/v1/activity?trace={trace}&limit=100").body["chains"]
        return [self.send("GET", f"/sandbox/v1/activity/{one['number']}").body for one in reversed(found)]

    def finished(self, trace: str, steps: int, nested: int) -> list[Chain]:
        """The chains of a trace, as soon as the first one has so many steps and others were caused."""
        end = time.monotonic() + DEPTH_SECONDS
        while True:
            chains = self.chains(trace)
            whole = chains and len(chains[0]["steps"]) >= steps and len(chains) > nested
            if whole or time.monotonic() > end:
                return chains
            time.sleep(0.05)


@pytest.fixture(scope="module")
def stage(functions_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    node = f"nodejs{version.lstrip('v').partition('.')[0]}.x"
    functions = ServiceSettings(cache=functions_cache, any_python=True)
    with running_sandbox(tmp_path_factory.mktemp("biot"), functions=functions) as running:
        stage = Stage(running)
        python = zipped({"index.py": PYTHON})
        interceptions = [{"type": "PRE_REQUEST", "apiId": f"POST{PATIENTS}/templates/patient"}]
        stage.publish("a", python, cronSchedule="0 2 * * ? *")
        stage.publish("b", python)
        stage.publish("node", zipped({"index.js": NODE}), runtime=node)
        subscriptions = {"interceptionOrder": 30, "interceptions": interceptions}
        stage.publish("off", python, enabledState="DISABLED", subscriptions=subscriptions)
        yield stage


def step_text(step: Chain) -> str:
    plugin = f"{step['listener'].removeprefix('Plugin-')} " if step["listener"] else ""
    return f"{step['name']} {plugin}{step['response']['status'] if step['response'] else 'none'}"


def steps_of(chain: Chain) -> list[str]:
    """The steps in their order; notifications, which are delivered at the same time, in alphabetical order."""
    texts = [step_text(step) for step in chain["steps"]]
    notifications = sorted(text for text in texts if text.startswith("NOTIFICATION"))
    return [text for text in texts if not text.startswith("NOTIFICATION")] + notifications


def diffs_of(chain: Chain) -> list[str]:
    """What the interceptors changed, one after the other."""
    found = []
    for step in chain["steps"]:
        part = PARTS.get(step["name"], "")
        answer = step["response"]["body"] if step["response"] else None
        if isinstance(answer, dict) and isinstance(answer.get(part), dict):
            before = step["request"]["body"][part]
            found += [describe(change) for change in diff(before, {**before, **answer[part]})]
    return found


def value_at(body: Any, path: str) -> Any:  # noqa: ANN401 - JSON
    for name in path.split("."):
        body = body[int(name)] if isinstance(body, list) else body.get(name)
    return body


def caused_text(chain: Chain) -> str:
    names = " ".join(step["name"] for step in chain["steps"])
    return f"{chain['title']}: {chain['response']['status']}, steps {names}"


def reasons_of(chain: Chain) -> dict[str, list[str]]:
    return {
        f"{one['listener'].removeprefix('Plugin-')} {one['target'].partition(' ')[0]}": [
            reason["code"] for reason in one["reasons"]
        ]
        for one in chain["considered"]
        if not one["called"]
    }


def test_there_are_at_least_thirty_chains_with_names_of_their_own() -> None:
    assert len({row["name"] for row in CHAINS}) == len(CHAINS) >= 30


@pytest.mark.parametrize("row", [row for row in CHAINS if row["call"] != "cron"], ids=lambda row: row["name"])
def test_a_chain_is_as_the_table_says(stage: Stage, row: Row) -> None:
    stage.unsubscribe_all()
    script = row.get("script", "none")
    patient = stage.send("POST", f"{PATIENTS}/templates/patient", stage.patient(script)).body
    for text in row.get("subscriptions", []):
        stage.subscribe(text.replace("{id}", patient["_id"]))
    trace = secrets.token_hex(16)
    answer = stage.call(row, patient["_id"], trace)
    chain, *caused = stage.finished(trace, len(row["steps"]), row.get("nested", len(row.get("caused", []))))

    assert steps_of(chain) == row["steps"]
    assert diffs_of(chain) == row.get("diffs", [])
    assert answer.status == row["status"] == chain["response"]["status"]
    received = row.get("received", {})
    assert {path: value_at(answer.body, path) for path in received} == received
    assert chain["pluginFailed"] is row.get("failed", False)
    reasons = row.get("reasons", {})
    assert {name: codes for name, codes in reasons_of(chain).items() if name in reasons} == reasons
    if "caused" in row:
        assert [caused_text(one) for one in caused] == row["caused"]
        assert {one["parentId"] for one in caused} == {chain["id"]}
    if "nested" in row:
        assert [one["response"]["status"] for one in caused] == [200] * (row["nested"] - 1) + [508]
        assert "Stopped after 10 nested calls" in caused[-1]["response"]["body"]["message"]
    if "stored" in row:
        identifier = patient["_id"] if row["call"] != "create" else answer.body["_id"]
        stage.unsubscribe_all()
        assert stage.send("GET", f"{PATIENTS}/{identifier}").body["_name"]["firstName"] == row["stored"]


def test_the_schedule_is_as_the_table_says(stage: Stage) -> None:
    (row,) = [row for row in CHAINS if row["call"] == "cron"]
    body = {"pluginName": "a", "time": "2026-01-12T02:00:00Z"}
    chain = stage.send("POST", "/sandbox/v1/schedules/run", body).body["chain"]

    assert steps_of(chain) == row["steps"]
    assert chain["response"]["status"] == row["status"]
    assert any("schedule 2026-01-12T02:00:00Z" in line for line in chain["steps"][0]["function"]["log"])
