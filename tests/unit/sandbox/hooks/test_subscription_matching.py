"""Which subscriptions match a call, and the reasons against the others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builder.platform.api_catalog import ACTIONS_BY_ENTITY
from builder.platform.interceptions import API_IDS
from sandbox.hooks.rules.called_api import find_called_api
from sandbox.hooks.rules.subscription_matching import (
    HookSubscription,
    HookType,
    Occurrence,
    Reason,
    ReasonCode,
    consider,
    in_order,
    nearest,
    with_reason,
)

PATIENTS = "/organization/v1/users/patients"
PRE = HookSubscription(
    type=HookType.PRE_REQUEST, endpoint="http://a/", plugin="Plugin-a", api_id=f"POST{PATIENTS}", order=5
)
ADAPT = HookSubscription(type=HookType.ADAPT_ENTITY, endpoint="http://a/", plugin="Plugin-a", entity="patient")
CREATED = HookSubscription(
    type=HookType.NOTIFICATION, endpoint="http://a/", plugin="Plugin-a", entity="patient", action="_create"
)


def call(method: str = "POST", path: str = PATIENTS, template: str = "") -> Occurrence:
    api = find_called_api(method, path)
    assert api is not None
    return Occurrence(entity=api.entity, action=api.action, template=template, api=api)


def codes(subscription: HookSubscription, occurrence: Occurrence) -> list[ReasonCode]:
    (considered,) = consider([subscription], occurrence)
    return [reason.code for reason in considered.reasons]


@pytest.mark.parametrize("subscription", [PRE, replace(PRE, type=HookType.POST_REQUEST), ADAPT, CREATED])
def test_a_subscription_to_what_happened_matches(subscription: HookSubscription) -> None:
    assert codes(subscription, call(template="patient")) == []


@pytest.mark.parametrize(
    ("subscription", "occurrence", "expected"),
    [
        (replace(PRE, enabled=False), call(), ["disabled"]),
        (PRE, call("GET"), ["other-method"]),
        (PRE, call("POST", f"{PATIENTS}/templates/nurse"), ["other-path"]),
        (PRE, call("PATCH", f"{PATIENTS}/1"), ["other-method", "other-path"]),
        (PRE, call("POST", "/device/v2/devices"), ["other-entity", "other-path"]),
        (ADAPT, call("GET", "/device/v2/devices/1"), ["other-entity"]),
        (CREATED, call("PATCH", f"{PATIENTS}/1"), ["other-action"]),
        (CREATED, call("POST", "/device/v2/devices"), ["other-entity"]),
        (replace(CREATED, template="study"), call(template="patient"), ["other-template"]),
        (replace(CREATED, action="_read"), call("GET", f"{PATIENTS}/1"), ["not-notified"]),
        (replace(CREATED, entity="device"), call("PATCH", "/device/v2/devices/1/status"), ["not-notified"]),
        (PRE, Occurrence(entity="patient", action="_login"), ["other-type"]),
        (ADAPT, Occurrence(entity="patient", action="_login"), ["other-type"]),
        (replace(CREATED, enabled=False, action="_delete"), call(), ["disabled", "other-action"]),
    ],
)
def test_every_reason_against_a_subscription_is_named(
    subscription: HookSubscription, occurrence: Occurrence, expected: list[str]
) -> None:
    assert codes(subscription, occurrence) == expected


@pytest.mark.parametrize(("value", "expected"), [("nurse", []), ("doctor", ["other-path-value"])])
def test_a_value_in_the_path_of_a_subscription_must_be_the_value_of_the_call(value: str, expected: list[str]) -> None:
    api_id = "POST/organization/v1/users/caregivers/templates/{templateName}"
    subscription = replace(PRE, api_id=api_id, path_filters={"templateName": "nurse"})

    assert codes(subscription, call("POST", f"/organization/v1/users/caregivers/templates/{value}")) == expected
    assert subscription.target == "PRE_REQUEST POST/organization/v1/users/caregivers/templates/nurse"


def test_a_template_that_is_not_known_yet_is_no_reason() -> None:
    assert codes(replace(CREATED, template="study"), call()) == []


def test_reasons_are_sentences_with_both_values() -> None:
    (considered,) = consider([replace(CREATED, template="study")], call(template="patient"))

    assert considered.reasons[0].message == "The subscription is for the template study, and this was patient."


def test_interceptors_are_called_in_ascending_order_and_only_those_of_the_kind() -> None:
    subscriptions = [replace(PRE, order=order) for order in (7, 2, 5)]
    considered = consider([ADAPT, *subscriptions, CREATED], call())

    assert [one.order for one in in_order(considered, HookType.PRE_REQUEST)] == [2, 5, 7]
    assert in_order(considered, HookType.NOTIFICATION) == [CREATED]


def test_a_common_reason_is_added_only_to_those_that_would_be_called() -> None:
    disabled = replace(PRE, enabled=False)
    reason = Reason(code=ReasonCode.PLUGIN_CALL, message="It called itself.")
    considered = with_reason(consider([PRE, disabled, CREATED], call()), [HookType.PRE_REQUEST], reason)

    assert [[one.code for one in entry.reasons] for entry in considered] == [["call-of-a-plugin"], ["disabled"], []]


def test_the_nearest_subscription_is_the_one_with_the_least_against_it() -> None:
    disabled = replace(PRE, enabled=False)
    found = nearest(consider([replace(CREATED, entity="device"), disabled, replace(ADAPT, entity="device")], call()))

    assert found is not None
    assert found.subscription is disabled
    assert nearest(consider([PRE, disabled], call())) is None, "one was called"
    assert nearest([]) is None


@pytest.mark.parametrize("api_id", API_IDS)
def test_every_api_of_the_catalog_is_recognized_with_its_entity_and_an_action(api_id: str) -> None:
    method, _, path = api_id.partition("/")
    api = find_called_api(method, f"/{path}".replace("{", "a").replace("}", "b"))

    assert api is not None
    assert (api.api_id, api.service) == (api_id, path.split("/")[0])
    assert api.action in {*ACTIONS_BY_ENTITY[api.entity], "_read", "_list"} or path.endswith("/status")


def test_a_path_outside_of_the_catalog_is_no_api() -> None:
    assert find_called_api("POST", "/settings/v2/plugins") is None
    assert find_called_api("POST", f"{PATIENTS}/") is None
