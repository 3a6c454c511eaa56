"""A request and the current configuration give the complete new configuration."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.manifest.schema.json_schema import schema
from sandbox.settings.configuration import apply_partial_update, apply_replacement, configure_new_plugin
from sandbox.settings.plugin_schema import read_creation, read_replacement, read_update
from sandbox.web.biot_errors import ApiError

NAMES = {"name": "age", "displayName": "Age", "version": 7, "runtime": "python3.13"}
FIELDS = {
    "displayName": st.text(min_size=1, max_size=20),
    "timeout": st.integers(1, 900),
    "memorySize": st.integers(128, 10_240),
    "ephemeralStorage": st.integers(512, 10_240),
    "enabledState": st.sampled_from(["ENABLED", "DISABLED"]),
    "analyticsDbAccess": st.booleans(),
    "cronSchedule": st.sampled_from(["0 2 * * ? *", "0 8 ? * MON *"]),
    "environmentVariables": st.dictionaries(st.from_regex(r"[A-Z]{2,9}", fullmatch=True), st.text(min_size=1)),
    "subscriptions": st.fixed_dictionaries(
        {},
        optional={
            "interceptionOrder": st.integers(2, 99),
            "interceptions": st.just([{"type": "ADAPT_ENTITY", "entityTypeName": "device"}]) | st.just([]),
            "notifications": st.just([{"entityTypeName": "device", "actionName": "_create"}]) | st.just([]),
        },
    ),
    "cors": st.fixed_dictionaries(
        {}, optional={"allowOrigins": st.just(["https://a.example"]), "exposeHeaders": st.just([])}
    ),
}
REQUESTS = st.fixed_dictionaries({}, optional=FIELDS)


@given(REQUESTS)
def test_an_empty_update_changes_nothing(sent: dict[str, object]) -> None:
    created = configure_new_plugin({**NAMES, **sent}, with_code=False).config

    assert apply_partial_update(created, {}, with_code=False).config == created
    assert apply_partial_update(created, {"subscriptions": {}, "cors": {}}, with_code=False).config == created


@given(REQUESTS, REQUESTS)
def test_an_update_changes_only_the_sent_fields(before: dict[str, object], sent: dict[str, object]) -> None:
    created = configure_new_plugin({**NAMES, **before}, with_code=False).config
    config = apply_partial_update(created, sent, with_code=False).config

    assert {key: config.get(key) for key in created.keys() - sent.keys()} == {
        key: created[key] for key in created.keys() - sent.keys()
    }
    assert {key: config[key] for key in sent.keys() - {"subscriptions", "cors"}} == {
        key: sent[key] for key in sent.keys() - {"subscriptions", "cors"}
    }


@given(REQUESTS, REQUESTS)
def test_a_replacement_equals_a_new_configuration(before: dict[str, object], sent: dict[str, object]) -> None:
    created = configure_new_plugin({**NAMES, **before}, with_code=False).config

    assert (
        apply_replacement(created, {**NAMES, **sent}, with_code=False).config
        == configure_new_plugin({**NAMES, **sent}, with_code=False).config
    )


@given(REQUESTS)
def test_every_reader_accepts_what_the_manifest_accepts(sent: dict[str, object]) -> None:
    request = {**NAMES, **sent}

    assert read_creation(json.dumps(request)) == read_replacement(json.dumps(request)) == request
    assert read_update(json.dumps(sent)) == sent


def test_defaults_are_those_of_the_manifest() -> None:
    fields = schema()["properties"]["plugin"]["properties"]
    created = configure_new_plugin(NAMES, with_code=False).config

    assert {key: created[key] for key, field in fields.items() if "default" in field} == {
        key: field["default"] for key, field in fields.items() if "default" in field
    }


@pytest.mark.parametrize("version", [1, 6, 7])
def test_new_code_needs_a_larger_version(version: int) -> None:
    created = configure_new_plugin(NAMES, with_code=True).config
    with pytest.raises(ApiError) as refused:
        apply_partial_update(created, {"version": version}, with_code=True)

    assert refused.value.details == {"currentVersion": 7, "requestVersion": version}
    assert apply_partial_update(created, {"version": 8}, with_code=True).code_changes
