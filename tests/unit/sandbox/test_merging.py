"""From a request and what is there to a whole configuration."""

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
def test_what_was_created_is_unchanged_by_an_update_that_says_nothing(sent: dict[str, object]) -> None:
    made = configure_new_plugin({**NAMES, **sent}, with_code=False).config

    assert apply_partial_update(made, {}, with_code=False).config == made
    assert apply_partial_update(made, {"subscriptions": {}, "cors": {}}, with_code=False).config == made


@given(REQUESTS, REQUESTS)
def test_an_update_changes_what_it_names_and_nothing_else(before: dict[str, object], sent: dict[str, object]) -> None:
    made = configure_new_plugin({**NAMES, **before}, with_code=False).config
    config = apply_partial_update(made, sent, with_code=False).config

    assert {key: config.get(key) for key in made.keys() - sent.keys()} == {
        key: made[key] for key in made.keys() - sent.keys()
    }
    assert {key: config[key] for key in sent.keys() - {"subscriptions", "cors"}} == {
        key: sent[key] for key in sent.keys() - {"subscriptions", "cors"}
    }


@given(REQUESTS, REQUESTS)
def test_a_replacement_is_what_creation_would_give(before: dict[str, object], sent: dict[str, object]) -> None:
    made = configure_new_plugin({**NAMES, **before}, with_code=False).config

    assert (
        apply_replacement(made, {**NAMES, **sent}, with_code=False).config
        == configure_new_plugin({**NAMES, **sent}, with_code=False).config
    )


@given(REQUESTS)
def test_every_reader_takes_what_the_manifest_would(sent: dict[str, object]) -> None:
    whole = {**NAMES, **sent}

    assert read_creation(json.dumps(whole)) == read_replacement(json.dumps(whole)) == whole
    assert read_update(json.dumps(sent)) == sent


def test_defaults_are_those_of_the_manifest() -> None:
    fields = schema()["properties"]["plugin"]["properties"]
    made = configure_new_plugin(NAMES, with_code=False).config

    assert {key: made[key] for key, field in fields.items() if "default" in field} == {
        key: field["default"] for key, field in fields.items() if "default" in field
    }


@pytest.mark.parametrize("version", [1, 6, 7])
def test_new_code_needs_a_larger_version(version: int) -> None:
    made = configure_new_plugin(NAMES, with_code=True).config
    with pytest.raises(ApiError) as refused:
        apply_partial_update(made, {"version": version}, with_code=True)

    assert refused.value.details == {"currentVersion": 7, "requestVersion": version}
    assert apply_partial_update(made, {"version": 8}, with_code=True).code_changes
