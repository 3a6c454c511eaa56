"""Everything that a plugin can be called for can be triggered, and broken on purpose."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import jwt
import pytest

from builder.platform.api_catalog import ACTIONS_BY_ENTITY
from sandbox.tokens.signing_keys import UnknownSignatureError
from sandbox.trigger.event_breaks import EVENT_BREAKS
from tests.support.repetitions import plain_every
from tests.support.sandbox.hook_endpoint import HookEndpoint, Reply, hook_endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.sandbox.hook_endpoint import ReceivedCall
    from tests.support.sandbox.running_sandbox import Answer, Sandbox

HOOKS = "/dispatcher/v1/hooks"
PATIENTS = "POST/organization/v1/users/patients"
BY_TEMPLATE = f"{PATIENTS}/templates/{{templateName}}"
PAIRS = [(entity, action) for entity, actions in ACTIONS_BY_ENTITY.items() for action in actions]
BY_EVENT = {
    "_login",
    "_logout",
    "_incomingSms",
    "_saveMeasurement",
    "_saveMeasurementBulk",
    "_command",
    "_generateCertificate",
    "_activateCertificate",
    "_revokeCertificate",
}


class Triggers:
    """A local BioT with one endpoint that is subscribed to whatever a test says."""

    def __init__(self, sandbox: Sandbox, endpoint: HookEndpoint, token: str) -> None:
        self.sandbox = sandbox
        self.token = token
        self.endpoint = endpoint

    def trigger(self, **body: object) -> Answer:
        return self.sandbox.call("POST", "/sandbox/v1/trigger", token=self.token, body=body)

    def act(self, entity: str, action: str, **more: object) -> dict[str, Any]:
        answer = self.trigger(entityTypeName=entity, actionName=action, **more)
        assert answer.status == 200, answer.body
        document: dict[str, Any] = answer.body
        return document

    def notify(self, entity: str, action: str, template: str | None = None) -> None:
        body = {"entityTypeName": entity, "actionName": action, "templateName": template, "endpoint": self.endpoint.url}
        answer = self.sandbox.call("POST", f"{HOOKS}/notifications/subscribe", token=self.token, body=body)
        assert answer.status == 201

    def intercept(self, **body: object) -> None:
        whole = {"type": "PRE_REQUEST", "endpoint": self.endpoint.url, "executionOrder": 5, **body}
        answer = self.sandbox.call("POST", f"{HOOKS}/interceptions/subscribe", token=self.token, body=whole)
        assert answer.status == 201


@contextmanager
def without_subscriptions(sandbox: Sandbox) -> Iterator[None]:
    yield
    with sandbox.running.state.database.write() as connection:
        connection.execute("DELETE FROM dispatcher_interception")
        connection.execute("DELETE FROM dispatcher_notification")


@pytest.fixture
def triggers(sandbox: Sandbox) -> Iterator[Triggers]:
    """Each test logs in again: some breaks change the key, and older tokens end."""
    with hook_endpoint() as endpoint, without_subscriptions(sandbox):
        yield Triggers(sandbox, endpoint, sandbox.token())


@pytest.mark.parametrize(("entity", "action"), plain_every(4, PAIRS))
def test_every_action_of_the_catalog_can_be_triggered(triggers: Triggers, entity: str, action: str) -> None:
    triggers.notify(entity, action)
    chain = triggers.act(entity, action)
    (call,) = triggers.endpoint.calls

    assert (call.body["metadata"]["entityTypeName"], call.body["metadata"]["actionName"]) == (entity, action)
    assert call.body["data"]["entity"]["_id"]
    assert (chain["pluginFailed"], chain["problem"], chain["nearest"]) == (False, "", None)
    by_event = action in BY_EVENT or (entity, action) in {("command", "_create"), ("command", "_update")}
    assert chain["kind"] == ("event" if by_event else "api")
    assert (chain["response"] is None) is by_event
    assert chain["steps"][-1]["response"]["status"] == 200


def test_an_event_has_the_template_that_was_asked_for(triggers: Triggers) -> None:
    triggers.notify("patient", "_login", "study")
    triggers.act("patient", "_login", templateName="study", values={"_description": "mine"})
    (call,) = triggers.endpoint.calls

    entity = call.body["data"]["entity"]
    assert (entity["_template"]["name"], entity["_description"]) == ("study", "mine")


def test_a_trigger_says_which_call_it_needed_first_when_that_failed(triggers: Triggers) -> None:
    answer = triggers.trigger(entityTypeName="patient", actionName="_update", templateName="missing")

    assert (answer.status, answer.body["code"]) == (404, "TEMPLATE_NOT_FOUND_BY_NAME")
    assert "POST /organization/v1/users/patients/templates/missing, which the trigger needs" in answer.body["message"]


def test_values_and_the_template_reach_the_body_of_the_api(triggers: Triggers) -> None:
    triggers.intercept(apiId=BY_TEMPLATE, pathFilters={"templateName": "patient"})
    chain = triggers.act("patient", "_create", values={"_name.firstName": "Ann", "_description": "x"})
    request = triggers.endpoint.calls[0].body["request"]

    assert request["path"] == "/organization/v1/users/patients/templates/patient"
    assert request["body"]["_name"] == {"firstName": "Ann", "lastName": "Synthetic"}
    assert chain["response"]["status"] == 201
    assert chain["response"]["body"]["_description"] == "x"
    missing = triggers.act("patient", "_create", templateName="study")
    assert (missing["response"]["status"], missing["response"]["body"]["code"]) == (404, "TEMPLATE_NOT_FOUND_BY_NAME")


def test_an_api_can_be_called_by_its_path(triggers: Triggers) -> None:
    api_id = "GET/organization/v1/users/patients"
    triggers.intercept(type="ADAPT_ENTITY", entityName="patient")
    search = '?searchRequest={"limit":1}'
    answer = triggers.trigger(call=f"{api_id}{search}")

    assert answer.body["response"]["status"] == 200
    assert len(triggers.endpoint.calls[0].body["response"]["entities"]) == 1
    assert [step["name"] for step in answer.body["steps"]] == ["API", "ADAPT_ENTITY"]
    assert answer.body["considered"][0]["called"] is True


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({}, "entityTypeName is missing"),
        ({"entityTypeName": "patients", "actionName": "_create"}, "no entity type patients. There are caregiver"),
        (
            {"entityTypeName": "patient", "actionName": "create"},
            "does not notify of create of patient. Its actions are",
        ),
        ({"call": "POST /x"}, "directly followed by a path"),
        ({"call": "POST/settings/v2/plugins"}, "is not an API that has hooks"),
        ({"entityTypeName": "patient", "actionName": "_create", "break": "x"}, "There is no way x to break a call"),
        ({"entityTypeName": "patient", "actionName": "_create", "values": []}, "values must be an object"),
    ],
)
def test_a_wrong_request_is_refused_with_what_is_right(triggers: Triggers, body: dict[str, object], what: str) -> None:
    answer = triggers.trigger(**body)

    assert answer.status == 400
    assert what in answer.body["message"]


def test_whoever_may_not_publish_may_not_trigger(triggers: Triggers) -> None:
    body = {"entityTypeName": "patient", "actionName": "_create"}
    sandbox = triggers.sandbox

    assert sandbox.call("POST", "/sandbox/v1/trigger", body=body).status == 401
    hostile = {"origin": "https://example.com"}
    assert sandbox.call("POST", "/sandbox/v1/trigger", token=triggers.token, body=body, headers=hostile).status == 403


def test_without_a_listener_the_nearest_subscription_is_named(triggers: Triggers) -> None:
    triggers.notify("device", "_update")
    triggers.notify("patient", "_update")
    chain = triggers.act("patient", "_create")

    assert chain["nearest"]["target"] == "NOTIFICATION patient _update"
    assert [reason["code"] for reason in chain["nearest"]["reasons"]] == ["other-action"]


@pytest.mark.parametrize(
    ("status", "body", "failed"),
    [(200, {"request": {}}, False), (409, {"code": "NO"}, False), (500, None, True), (200, {"other": 1}, True)],
)
def test_a_failure_of_the_plugin_is_distinguished_from_a_refusal(
    triggers: Triggers, status: int, body: object, failed: bool
) -> None:
    triggers.intercept(apiId=BY_TEMPLATE)
    triggers.endpoint.respond = lambda _call: Reply(status=status, body=body)

    assert triggers.act("patient", "_create")["pluginFailed"] is failed


def token_of(call: ReceivedCall) -> str:
    if call.hooktype == "NOTIFICATION":
        return str(call.body["jwt"])
    return call.headers["authorization"].removeprefix("Bearer ")


@pytest.mark.parametrize("name", plain_every(3, EVENT_BREAKS))
def test_every_break_changes_what_the_plugin_receives(triggers: Triggers, name: str) -> None:
    triggers.intercept(apiId=BY_TEMPLATE)
    triggers.notify("patient", "_create")
    whole = triggers.act("patient", "_create")
    broken = triggers.act("patient", "_create", **{"break": name})

    assert len(triggers.endpoint.calls) >= 3
    first, second = (next(step for step in chain["steps"] if step["order"]) for chain in (whole, broken))
    changed_header = {key for key in first["request"]["headers"] if key != "traceparent"} - set(
        second["request"]["headers"]
    )
    sent, before = second["request"], first["request"]
    assert sent != before or changed_header


def test_breaks_of_tokens_are_what_they_say(triggers: Triggers) -> None:
    triggers.token = triggers.sandbox.token()
    triggers.notify("patient", "_create")
    keys = triggers.sandbox.running.state.keys

    def claims(name: str) -> dict[str, Any]:
        triggers.act("patient", "_create", **{"break": name})
        token = token_of(triggers.endpoint.calls[-1])
        return jwt.decode(token, options={"verify_signature": False})

    assert claims("expired-token")["exp"] < claims("wrong-scope")["exp"]
    assert claims("wrong-scope")["scopes"] == ["PROTECTED_API"]
    assert "scopes" not in claims("no-scopes")
    assert "exp" not in claims("no-expiry")
    assert claims("user-token")["tokenType"] == "USER"
    for name, valid in (("wrong-key", False), ("rotated-key", True), ("previous-key", True)):
        claims(name)
        token = token_of(triggers.endpoint.calls[-1])
        if valid:
            assert keys.read(token)
        else:
            with pytest.raises(UnknownSignatureError):
                keys.read(token)
