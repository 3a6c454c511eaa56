"""Forty mistakes that an author can make, each explained by ``why``."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.sandbox.hook_endpoint import HookEndpoint, Reply, hook_endpoint
from tests.support.sandbox.settings_client import MINIMAL, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.functional.publishing.conftest import CommandLine
    from tests.support.sandbox.running_sandbox import Sandbox

PATIENTS = "/organization/v1/users/patients"
CAREGIVERS = "/organization/v1/users/caregivers"
DEVICES = "/device/v2/devices"
NOWHERE = "http://127.0.0.1:9/"


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A subscription that does not do what its author expects.

    Attributes:
        name: What the author did wrong.
        subscriptions: Those of the plugin, as ``plugin.toml`` has them.
        happens: What is triggered: an entity and an action, or an API.
        explained: What ``why`` says.
        enabled: Whether the plugin is enabled.
        before: The answer of another endpoint that is called before the plugin; None without one.
    """

    name: str
    subscriptions: Mapping[str, object]
    happens: tuple[str, ...]
    explained: str
    enabled: bool = True
    before: Reply | None = None


def pre(api_id: str, **more: object) -> dict[str, object]:
    return {"interceptionOrder": 5, "interceptions": [{"type": "PRE_REQUEST", "apiId": api_id, **more}]}


def post(api_id: str) -> dict[str, object]:
    return {"interceptionOrder": 5, "interceptions": [{"type": "POST_REQUEST", "apiId": api_id}]}


def adapt(entity: str) -> dict[str, object]:
    return {"interceptionOrder": 5, "interceptions": [{"type": "ADAPT_ENTITY", "entityTypeName": entity}]}


def notify(entity: str, action: str, template: str = "") -> dict[str, object]:
    row = {"entityTypeName": entity, "actionName": action}
    return {"notifications": [{**row, **({"templateName": template} if template else {})}]}


BY_TEMPLATE = f"POST{PATIENTS}/templates/{{templateName}}"
CREATE = ("patient", "_create")
REFUSAL = Reply(status=409, body={"code": "NO"})
ENDED = "(order 2) ended the chain before."
MISTAKES = [
    Mistake(
        name="disabled, PRE",
        subscriptions=pre(BY_TEMPLATE),
        happens=CREATE,
        enabled=False,
        explained="is disabled. Enable it",
    ),
    Mistake(
        name="disabled, POST",
        subscriptions=post(BY_TEMPLATE),
        happens=CREATE,
        enabled=False,
        explained="is disabled. Enable it",
    ),
    Mistake(
        name="disabled, ADAPT",
        subscriptions=adapt("patient"),
        happens=CREATE,
        enabled=False,
        explained="is disabled. Enable it",
    ),
    Mistake(
        name="disabled, notification",
        subscriptions=notify("patient", "_create"),
        happens=CREATE,
        enabled=False,
        explained="is disabled. Enable it",
    ),
    Mistake(
        name="API of another entity",
        subscriptions=pre(f"POST{CAREGIVERS}"),
        happens=CREATE,
        explained="is for an API of caregiver, and this was one of patient.",
    ),
    Mistake(
        name="API of another service",
        subscriptions=pre(f"POST{DEVICES}"),
        happens=CREATE,
        explained="is for an API of device, and this was one of patient.",
    ),
    Mistake(
        name="POST of another entity",
        subscriptions=post(f"POST{CAREGIVERS}"),
        happens=CREATE,
        explained="is for an API of caregiver",
    ),
    Mistake(
        name="alert and not its patient",
        subscriptions=pre(f"POST{PATIENTS}/{{patientId}}/alerts"),
        happens=CREATE,
        explained="is for an API of patient-alert",
    ),
    Mistake(
        name="entity of ADAPT",
        subscriptions=adapt("caregiver"),
        happens=CREATE,
        explained="for the entity caregiver, and this was patient.",
    ),
    Mistake(
        name="entity of ADAPT, search",
        subscriptions=adapt("device"),
        happens=(f"GET{PATIENTS}",),
        explained="for the entity device, and this was patient.",
    ),
    Mistake(
        name="entity of a notification",
        subscriptions=notify("caregiver", "_create"),
        happens=CREATE,
        explained="for the entity caregiver, and this was patient.",
    ),
    Mistake(
        name="alert of a device, not of a patient",
        subscriptions=notify("device-alert", "_clear"),
        happens=("patient-alert", "_clear"),
        explained="for the entity device-alert, and this was patient-alert.",
    ),
    Mistake(
        name="organization-user, not caregiver",
        subscriptions=notify("organization-user", "_update"),
        happens=("caregiver", "_update"),
        explained="for the entity organization-user, and this was caregiver.",
    ),
    Mistake(
        name="create and not update",
        subscriptions=notify("patient", "_create"),
        happens=("patient", "_update"),
        explained="for the action _create, and this was _update.",
    ),
    Mistake(
        name="update and not delete",
        subscriptions=notify("patient", "_update"),
        happens=("patient", "_delete"),
        explained="for the action _update, and this was _delete.",
    ),
    Mistake(
        name="update and not clear",
        subscriptions=notify("device-alert", "_update"),
        happens=("device-alert", "_clear"),
        explained="for the action _update, and this was _clear.",
    ),
    Mistake(
        name="update and not enabled state",
        subscriptions=notify("patient", "_update"),
        happens=("patient", "_updateEnabledState"),
        explained="and this was _updateEnabledState.",
    ),
    Mistake(
        name="start and not remote start",
        subscriptions=notify("usage-session", "_create"),
        happens=("usage-session", "_remoteStart"),
        explained="for the action _create, and this was _remoteStart.",
    ),
    Mistake(
        name="create and not start",
        subscriptions=notify("command", "_create"),
        happens=("command", "_start"),
        explained="for the action _create, and this was _start.",
    ),
    Mistake(
        name="login and not logout",
        subscriptions=notify("patient", "_login"),
        happens=("patient", "_logout"),
        explained="for the action _login, and this was _logout.",
    ),
    Mistake(
        name="measurement and not bulk",
        subscriptions=notify("patient", "_saveMeasurement"),
        happens=("patient", "_saveMeasurementBulk"),
        explained="and this was _saveMeasurementBulk.",
    ),
    Mistake(
        name="template of a notification",
        subscriptions=notify("patient", "_create", "study"),
        happens=CREATE,
        explained="for the template study, and this was patient.",
    ),
    Mistake(
        name="template with another case",
        subscriptions=notify("patient", "_create", "Patient"),
        happens=CREATE,
        explained="for the template Patient, and this was patient.",
    ),
    Mistake(
        name="template with hyphens",
        subscriptions=notify("device-alert", "_create", "device-alert"),
        happens=("device-alert", "_create"),
        explained="for the template device-alert, and this was device_alert.",
    ),
    Mistake(
        name="template of an event",
        subscriptions=notify("patient", "_login", "study"),
        happens=("patient", "_login"),
        explained="for the template study, and this was patient.",
    ),
    Mistake(
        name="GET and not POST",
        subscriptions=pre(f"GET{PATIENTS}"),
        happens=(f"POST{PATIENTS}",),
        explained="is for GET, and the call was POST.",
    ),
    Mistake(
        name="PATCH and not DELETE",
        subscriptions=pre(f"PATCH{PATIENTS}/{{id}}"),
        happens=("patient", "_delete"),
        explained="is for PATCH, and the call was DELETE.",
    ),
    Mistake(
        name="GET one and not PATCH",
        subscriptions=post(f"GET{PATIENTS}/{{id}}"),
        happens=("patient", "_update"),
        explained="is for GET, and the call was PATCH.",
    ),
    Mistake(
        name="without the template's path",
        subscriptions=pre(f"POST{PATIENTS}"),
        happens=(*CREATE, "--template", "patient"),
        explained=f"the path {PATIENTS}, and the call was to {PATIENTS}/templates/{{templateName}}.",
    ),
    Mistake(
        name="with the template's path",
        subscriptions=pre(BY_TEMPLATE),
        happens=(f"POST{PATIENTS}",),
        explained=f"and the call was to {PATIENTS}.",
    ),
    Mistake(
        name="list and not one",
        subscriptions=post(f"GET{PATIENTS}"),
        happens=(f"GET{PATIENTS}/00000000-0000-4000-b003-000000000001",),
        explained=f"and the call was to {PATIENTS}/{{id}}.",
    ),
    Mistake(
        name="another version of the API",
        subscriptions=pre("POST/generic-entity/v1/generic-entities/templates/{templateName}"),
        happens=("generic-entity", "_create"),
        explained="and the call was to /generic-entity/v3/generic-entities/{templateName}.",
    ),
    Mistake(
        name="value in the path",
        subscriptions=pre(f"POST{PATIENTS}/templates/nurse"),
        happens=CREATE,
        explained="the value nurse of templateName in the path, and the call had patient.",
    ),
    Mistake(
        name="id in the path",
        subscriptions=pre(f"PATCH{PATIENTS}/11111"),
        happens=("patient", "_update"),
        explained="the value 11111 of id in the path, and the call had ",
    ),
    Mistake(
        name="an earlier plugin refused",
        subscriptions=pre(BY_TEMPLATE),
        happens=CREATE,
        before=REFUSAL,
        explained=ENDED,
    ),
    Mistake(
        name="an earlier plugin refused, notification",
        subscriptions=notify("patient", "_create"),
        happens=CREATE,
        before=REFUSAL,
        explained=ENDED,
    ),
    Mistake(
        name="an earlier plugin failed",
        subscriptions=adapt("patient"),
        happens=CREATE,
        before=Reply(body=b"no JSON"),
        explained=ENDED,
    ),
    Mistake(
        name="the API failed",
        subscriptions=post(f"POST{PATIENTS}"),
        happens=(f"POST{PATIENTS}",),
        explained="The API answered 400, and this follows a success only.",
    ),
    Mistake(
        name="a deletion has no entity",
        subscriptions=adapt("patient"),
        happens=("patient", "_delete"),
        explained="The response of the API has no entity.",
    ),
    Mistake(
        name="an interceptor of an event",
        subscriptions=adapt("patient"),
        happens=("patient", "_login"),
        explained="ADAPT_ENTITY follows API calls, and this was an event that no API call caused.",
    ),
    Mistake(
        name="a read is not notified",
        subscriptions=notify("patient", "_create"),
        happens=("PATCH/device/v2/devices/synthetic-device-1/status",),
        explained="for the entity patient, and this was device.",
    ),
]


@contextmanager
def planted(sandbox: Sandbox, mistake: Mistake) -> Iterator[HookEndpoint]:
    """Publish a plugin with the mistake, and the endpoint before it."""
    settings = settings_of(sandbox)
    config = {**MINIMAL, "subscriptions": mistake.subscriptions}
    assert (
        settings.create({**config, "enabledState": "ENABLED" if mistake.enabled else "DISABLED"}, code=None).status_code
        == 201
    )
    with hook_endpoint() as endpoint:
        if mistake.before:
            reply = mistake.before
            endpoint.respond = lambda _call: reply
            body = {"type": "PRE_REQUEST", "apiId": BY_TEMPLATE, "endpoint": endpoint.url, "executionOrder": 2}
            sandbox.call("POST", "/dispatcher/v1/hooks/interceptions/subscribe", token=sandbox.token(), body=body)
        try:
            yield endpoint
        finally:
            settings.http.delete("/settings/v2/plugins/Plugin-age")
            settings.http.close()
            with sandbox.running.state.database.write() as connection:
                connection.execute("DELETE FROM dispatcher_interception")


def test_there_are_forty_mistakes() -> None:
    assert len({mistake.name for mistake in MISTAKES}) == len(MISTAKES) >= 40


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_every_mistake_is_explained(sandbox: Sandbox, biot_plugin: CommandLine, mistake: Mistake) -> None:
    with planted(sandbox, mistake):
        data = (
            ("--data", json.dumps({"data": {}}))
            if len(mistake.happens) == 1 and "GET" not in mistake.happens[0]
            else ()
        )
        triggered = biot_plugin("trigger", *mistake.happens, *data, "--json")
        explained = biot_plugin("why")

    assert triggered.code in {0, 9}, triggered.out
    lines = explained.out.splitlines()
    (at,) = [number for number, line in enumerate(lines) if line.startswith("not called  Plugin-age:")]
    assert mistake.explained in "\n".join(lines[at + 1 :])


def test_an_endpoint_that_cannot_be_reached_is_called_and_its_problem_shown(
    biot_plugin: CommandLine,
) -> None:
    biot_plugin("subscribe", "notification", "patient", "_create", "-e", "local", "--endpoint", NOWHERE)
    biot_plugin("trigger", "patient", "_create")
    out = biot_plugin("why").out
    biot_plugin("unsubscribe", "notification", "patient", "_create", "-e", "local", "--endpoint", NOWHERE)

    assert f"called      {NOWHERE}: NOTIFICATION patient _create" in out
    assert f"It cannot be reached at {NOWHERE}: nothing listens there." in out
    assert "Nobody reads the answer to a notification." in out


def test_without_subscriptions_the_explanation_says_so(biot_plugin: CommandLine) -> None:
    biot_plugin("trigger", "patient", "_create")

    assert "there are no subscriptions" in biot_plugin("why").out
    document: Any = biot_plugin("why", "--json").document
    assert (document["considered"], document["nearest"]) == ([], None)
