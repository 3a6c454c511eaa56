"""Subscriptions as in BioT: names are checked, and no two interceptions have the same order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID

import pytest

from builder.platform.api_catalog import ACTIONS, ADAPTABLE_ENTITY_TYPES, ENTITY_TYPES
from builder.platform.interceptions import API_IDS
from sandbox.dispatcher.subscription_table import (
    DEFAULT_ORDER,
    InterceptionSubscription,
    NotificationSubscription,
    orders_of,
    remove_endpoint,
    replace_subscriptions,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.sandbox.running_sandbox import Answer, Sandbox

HOOKS = "/dispatcher/v1/hooks"
PATIENTS = "POST/organization/v1/users/patients"
TEMPLATES = "POST/organization/v1/users/patients/templates/{templateName}"


class Caller:
    """The publishing service user, who calls the dispatcher's six operations."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.token = sandbox.token()

    def intercept(self, endpoint: str, order: object = None, **more: object) -> Answer:
        body = {"type": "PRE_REQUEST", "apiId": PATIENTS, "endpoint": endpoint, "executionOrder": order, **more}
        return self.sandbox.call("POST", f"{HOOKS}/interceptions/subscribe", token=self.token, body=body)

    def notify(self, **body: object) -> Answer:
        return self.sandbox.call("POST", f"{HOOKS}/notifications/subscribe", token=self.token, body=body)

    def leave(self, kind: str, **body: object) -> Answer:
        return self.sandbox.call("POST", f"{HOOKS}/{kind}/unsubscribe", token=self.token, body=body)

    def search(self, kind: str, **search: object) -> Any:  # noqa: ANN401 - JSON
        query = quote(json.dumps(search))
        return self.sandbox.call("GET", f"{HOOKS}/{kind}?searchRequest={query}", token=self.token).body

    def orders(self) -> dict[str, int]:
        rows = self.search("interceptions", sort=[{"prop": "executionOrder", "order": "ASC"}])["data"]
        return {row["endpoint"]: row["executionOrder"] for row in rows if row["apiId"] == PATIENTS}


@pytest.fixture
def caller(sandbox: Sandbox) -> Iterator[Caller]:
    yield Caller(sandbox)
    with sandbox.running.state.database.write() as connection:
        connection.execute("DELETE FROM dispatcher_interception")
        connection.execute("DELETE FROM dispatcher_notification")


def test_the_response_to_a_new_interception_has_all_stored_fields(caller: Caller) -> None:
    response = caller.intercept("https://a.example/hook", 7, apiId=TEMPLATES, pathFilters={"templateName": "study-a"})
    body = response.body

    assert response.status == 201
    assert str(UUID(body["id"])) == body.pop("id")
    assert body.pop("creationTime") == body.pop("lastModifiedTime")
    assert body == {
        "type": "PRE_REQUEST",
        "apiId": TEMPLATES,
        "entityName": "",
        "endpoint": "https://a.example/hook",
        "pathFilters": {"templateName": "study-a"},
        "executionOrder": 7,
    }


def test_a_new_interception_gets_its_order_and_others_move_up_to_the_first_gap(caller: Caller) -> None:
    for endpoint, order in (("a", 5), ("b", 6), ("c", 8)):
        caller.intercept(endpoint, order)
    assert caller.intercept("d", 5).body["executionOrder"] == 5

    assert caller.orders() == {"d": 5, "a": 6, "b": 7, "c": 8}


def test_subscribing_again_changes_the_order_and_frees_the_old_one(caller: Caller) -> None:
    first = caller.intercept("a", 5).body
    caller.intercept("b", 6)
    again = caller.intercept("a", 6).body

    assert (again["id"], again["creationTime"]) == (first["id"], first["creationTime"])
    assert caller.orders() == {"a": 6, "b": 7}
    assert caller.intercept("a").body["executionOrder"] == 6, "asking for no order changes none"


def test_orders_are_assigned_for_each_api_separately(caller: Caller) -> None:
    caller.intercept("a", 5)
    caller.intercept("a", 5, type="POST_REQUEST")
    caller.intercept("a", 5, apiId=TEMPLATES)
    caller.intercept("a", 5, type="ADAPT_ENTITY", apiId=None, entityName="patient")

    page = caller.search("interceptions")["data"]
    assert [row["executionOrder"] for row in page] == [5, 5, 5, 5]


def test_an_interception_without_order_gets_the_default_and_no_two_share_it(caller: Caller) -> None:
    for endpoint in ("a", "b", "c"):
        caller.intercept(endpoint)

    assert caller.orders() == {"c": DEFAULT_ORDER, "b": DEFAULT_ORDER + 1, "a": DEFAULT_ORDER + 2}


def test_different_filters_are_different_subscriptions(caller: Caller) -> None:
    first, second = ({"templateName": name} for name in ("study-a", "study-b"))
    caller.intercept("a", 3, apiId=TEMPLATES, pathFilters=first)
    caller.intercept("a", 4, apiId=TEMPLATES, pathFilters=second)
    response = caller.leave("interceptions", type="PRE_REQUEST", apiId=TEMPLATES, endpoint="a", pathFilters=first)

    assert response.status == 204
    assert [row["pathFilters"] for row in caller.search("interceptions")["data"]] == [second]


@pytest.mark.parametrize(
    ("change", "code", "details"),
    [
        (
            {"apiId": "POST/organization/v1/users/patient"},
            "INVALID_API_ID",
            {"invalidApiId": "POST/organization/v1/users/patient", "validApiIds": list(API_IDS)},
        ),
        ({"apiId": TEMPLATES.replace("{templateName}", "nurse")}, "INVALID_API_ID", None),
        ({"apiId": None}, "BAD_REQUEST", {}),
        ({"type": "BOTH"}, "BAD_REQUEST", {}),
        ({"type": None}, "BAD_REQUEST", {}),
        (
            {"type": "ADAPT_ENTITY", "entityName": "registration-code"},
            "INVALID_ENTITY_TYPE_NAME",
            {"invalidEntityType": "registration-code", "validEntityTypes": list(ADAPTABLE_ENTITY_TYPES)},
        ),
        ({"executionOrder": 0}, "BAD_REQUEST", {}),
        ({"executionOrder": True}, "BAD_REQUEST", {}),
        ({"executionOrder": 2**31}, "BAD_REQUEST", {}),
        ({"executionOrder": "5"}, "BAD_REQUEST", {}),
        ({"pathFilters": {"templateName": "x"}}, "BAD_REQUEST", {}),
        ({"pathFilters": ["x"]}, "BAD_REQUEST", {}),
    ],
)
def test_invalid_interceptions_are_refused(
    caller: Caller, change: dict[str, object], code: str, details: dict[str, object] | None
) -> None:
    answer = caller.intercept("https://a.example", **{"order": change.get("executionOrder"), **change})

    assert (answer.status, answer.body["code"]) == (400, code)
    assert details is None or answer.body["details"] == details
    assert caller.search("interceptions")["data"] == []


def test_a_notification_is_stored_only_once(caller: Caller) -> None:
    note = {"entityTypeName": "device", "actionName": "_create", "endpoint": "https://a.example"}
    response, again, other = caller.notify(**note), caller.notify(**note), caller.notify(**note, templateName="pump")

    assert response.status == 201
    assert str(UUID(response.body["id"])) == response.body["id"]
    assert {**response.body, "id": ""} == {**note, "id": ""}
    assert (again.status, again.body["code"]) == (409, "CONFLICT")
    assert (other.status, other.body["templateName"]) == (201, "pump")


def test_a_notification_can_be_ended_only_once(caller: Caller) -> None:
    note = {"entityTypeName": "device", "actionName": "_create", "endpoint": "https://a.example"}
    caller.notify(**note)
    wrong = caller.leave("notifications", **note, templateName="pump")

    assert (wrong.status, wrong.body["code"]) == (404, "SUBSCRIBER_NOT_FOUND")
    assert wrong.body["details"] == {**note, "templateName": "pump"}
    assert caller.leave("notifications", **note).status == 204
    assert caller.leave("notifications", **note).status == 404


@pytest.mark.parametrize(
    ("change", "code", "details"),
    [
        (
            {"entityTypeName": "robot"},
            "INVALID_ENTITY_TYPE_NAME",
            {"invalidEntityType": "robot", "validEntityTypes": list(ENTITY_TYPES)},
        ),
        (
            {"actionName": "create"},
            "INVALID_ACTION_NAME",
            {"invalidActionName": "create", "validActionNames": list(ACTIONS)},
        ),
        ({"actionName": None}, "BAD_REQUEST", {}),
        ({"endpoint": None}, "BAD_REQUEST", {}),
        ({"endpoint": ""}, "BAD_REQUEST", {}),
        ({"endpoint": 5}, "BAD_REQUEST", {}),
        ({"templateName": 5}, "BAD_REQUEST", {}),
    ],
)
def test_invalid_notifications_are_refused(
    caller: Caller, change: dict[str, object], code: str, details: dict[str, object]
) -> None:
    note = {"entityTypeName": "device", "actionName": "_create", "endpoint": "https://a.example", **change}
    answer = caller.notify(**note)

    assert (answer.status, answer.body["code"], answer.body["details"]) == (400, code, details)


def test_subscriptions_can_be_searched(caller: Caller) -> None:
    for entity in ("device", "patient", "caregiver"):
        caller.notify(entityTypeName=entity, actionName="_create", endpoint=f"https://{entity}.example")
    page = caller.search(
        "notifications",
        filter={"entityTypeName": {"in": ["device", "patient"]}},
        sort=[{"prop": "entityTypeName", "order": "ASC"}],
        limit=1,
        page=1,
    )

    assert [row["entityTypeName"] for row in page["data"]] == ["patient"]
    assert page["metadata"]["page"] == {"totalResults": 2, "page": 1, "limit": 1}
    assert caller.search("notifications", filter={"creationTime": {"eq": "x"}})["code"] == "BAD_REQUEST"
    assert caller.search("notifications", sort=[{"prop": "endpoint"}])["code"] == "BAD_REQUEST"
    assert caller.search("notifications", filter={"templateName": {"isNull": True}})["metadata"]["page"] == {
        "totalResults": 3,
        "page": 0,
        "limit": 100,
    }


def test_the_subscriptions_of_a_plugin_are_replaced_together(sandbox: Sandbox, caller: Caller) -> None:
    caller.intercept("other", 5)
    subscriptions = [
        InterceptionSubscription(type="PRE_REQUEST", api_id=PATIENTS, order=5),
        InterceptionSubscription(type="ADAPT_ENTITY", entity_name="patient", order=9),
    ]
    notes = [NotificationSubscription(entity_type_name="device", action_name="_create")]
    with sandbox.running.state.database.write() as connection:
        replace_subscriptions(connection, "plugin", subscriptions, notes)
        replace_subscriptions(connection, "plugin", subscriptions, [*notes, *notes])
        assert [order for _, order in orders_of(connection, "plugin")] == [9, 5]
        orders = caller.orders()
        replace_subscriptions(connection, "plugin", subscriptions[:1], ())
        assert orders_of(connection, "plugin") == [(subscriptions[0], 5)]
        remove_endpoint(connection, "plugin")
        assert orders_of(connection, "plugin") == []

    assert orders == {"other": 5}, "others see nothing of it before it is whole"
    assert caller.orders() == {"other": 6}
    assert caller.search("notifications")["data"] == []
