from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.manifest import render_config
from builder.manifest.model import Cors, Interception, InterceptionType, Notification, PackageType, Subscriptions
from builder.platform.reserved_variables import TREE_DIGEST_NAME, TREE_VERSION_NAME
from builder.publishing.failures import NotPossible, VersionsExhausted
from builder.publishing.planning.plan import Create, DesiredPlugin, PluginCode, Unchanged, Update
from builder.publishing.planning.planner import code_lines, make_plan
from tests.support.biot.remote_plugins import PLUGIN, as_table, desired_plugin, digest, published, remote_plugin


def lines(found: Create | Update | Unchanged) -> list[str]:
    changes = () if isinstance(found, Unchanged) else (*code_lines(found), *found.changes)
    return [f"{one.sign} {one.field} {one.old}>{one.new}" for one in changes]


def update(found: Create | Update | Unchanged) -> Update:
    assert isinstance(found, Update)
    return found


def test_a_new_plugin_is_created_whole_with_its_digest_and_the_version_it_belongs_to() -> None:
    found = make_plan(desired_plugin(version=3), None)

    assert isinstance(found, Create)
    assert (found.version_from, found.version_to) == (None, 3)
    assert found.config["name"] == "age-calculator"
    variables = {"LOG_LEVEL": "INFO", TREE_DIGEST_NAME: digest("a"), TREE_VERSION_NAME: "3"}
    assert found.config["environmentVariables"] == variables
    assert "+ version >3" in lines(found)
    assert "+ subscriptions.notifications >device _create pump" in lines(found)


def test_what_biot_has_already_is_nothing_to_do() -> None:
    assert isinstance(make_plan(desired_plugin(), published(desired_plugin())), Unchanged)


def test_new_code_is_exactly_one_version_more_whatever_plugin_toml_says() -> None:
    found = update(make_plan(desired_plugin("b", version=2), published(desired_plugin("a"), version=5)))

    assert (found.version_from, found.version_to) == (5, 6)
    assert found.sent["version"] == 6
    assert as_table(found.sent["environmentVariables"])[TREE_DIGEST_NAME] == digest("b")
    assert as_table(found.sent["environmentVariables"])[TREE_VERSION_NAME] == "6"
    assert found.notes == ("plugin.toml has version 2, but BioT's next version is 6; that is sent.",)
    assert lines(found) == ["~ version 5>6", "~ code sha256:aaaaaaaaaaaa…>sha256:bbbbbbbbbbbb…"]


def test_other_settings_leave_code_and_version_alone_and_the_version_is_said_so_that_biot_guards_it() -> None:
    found = update(make_plan(desired_plugin(memory_size=512), published(desired_plugin())))

    assert found.code is None
    assert found.sent == {"version": 5, "memorySize": 512}
    assert lines(found) == ["~ memorySize 128>512"]


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"display_name": "Age"}, "~ displayName Age Calculator>Age"),
        ({"handler": "other.handler"}, "~ handler index.handler>other.handler"),
        ({"runtime": "python3.14"}, "~ runtime python3.13>python3.14"),
        ({"timeout": 5}, "~ timeout 60>5"),
        ({"ephemeral_storage": 1024}, "~ ephemeralStorage 512>1024"),
        ({"enabled_state": "DISABLED"}, "~ enabledState ENABLED>DISABLED"),
        ({"cron_schedule": "0 2 * * ? *"}, "+ cronSchedule >0 2 * * ? *"),
        ({"analytics_db_access": True}, "~ analyticsDbAccess false>true"),
        ({"cors": Cors(allow_methods=("GET",))}, "~ cors.allowMethods GET POST>GET"),
        ({"cors": Cors(expose_headers=("X-A",))}, "~ cors.exposeHeaders >x-a"),
    ],
)
def test_every_field_is_compared(changes: dict[str, Any], line: str) -> None:
    assert lines(make_plan(desired_plugin(**changes), published(desired_plugin()))) == [line]


@pytest.mark.parametrize("state", ["ENABLED", "DISABLED"])
def test_without_enabled_state_a_plugin_is_created_disabled_and_its_state_is_left_alone(state: str) -> None:
    created = make_plan(desired_plugin(), None)

    assert isinstance(created, Create)
    assert created.config["enabledState"] == "DISABLED"
    assert "biot-plugin enable" in created.notes[0]
    assert isinstance(make_plan(desired_plugin(), published(desired_plugin(), enabledState=state)), Unchanged)
    found = update(make_plan(desired_plugin("b", memory_size=512), published(desired_plugin(), enabledState=state)))
    assert "enabledState" not in found.sent
    assert not any("able" in note for note in found.notes)


@pytest.mark.parametrize(("state", "other"), [("ENABLED", "DISABLED"), ("DISABLED", "ENABLED")])
def test_with_enabled_state_the_state_is_enforced_and_the_plan_says_so(state: str, other: str) -> None:
    created = make_plan(desired_plugin(enabled_state=state), None)

    assert isinstance(created, Create)
    assert (created.config["enabledState"], created.notes) == (state, ())
    found = update(make_plan(desired_plugin(enabled_state=state), published(desired_plugin(), enabledState=other)))
    assert found.sent == {"version": 5, "enabledState": state}
    assert found.notes == (f'This {state.lower()[:-1]}s the plugin: plugin.toml has enabledState = "{state}".',)
    assert lines(found) == [f"~ enabledState {other}>{state}"]


def test_values_of_environment_variables_are_never_shown() -> None:
    found = update(
        make_plan(
            desired_plugin(environment_variables={"LOG_LEVEL": "hush-1", "KEY": "hush-2"}), published(desired_plugin())
        )
    )

    assert lines(found) == ["+ environmentVariables.KEY >", "~ environmentVariables.LOG_LEVEL >"]
    assert "hush" not in repr(found)
    assert "INFO" not in repr(found)
    assert as_table(found.sent["environmentVariables"])["KEY"] == "hush-2"


def test_biot_s_own_variables_are_neither_compared_nor_sent_back() -> None:
    has = published(
        desired_plugin(), environmentVariables={"BIOT_SERVICE_USER_SECRET_KEY": "x", "OLD": "1", "LOG_LEVEL": "INFO"}
    )
    found = update(make_plan(desired_plugin(), has))

    assert "- environmentVariables.OLD >" in lines(found)
    assert set(as_table(found.sent["environmentVariables"])) == {"LOG_LEVEL", TREE_DIGEST_NAME, TREE_VERSION_NAME}


def test_settings_alone_keep_the_version_that_the_digest_belongs_to() -> None:
    found = update(make_plan(desired_plugin(environment_variables={"A_B": "1"}), published(desired_plugin())))

    assert found.code is None
    assert as_table(found.sent["environmentVariables"])[TREE_VERSION_NAME] == "5"


def test_subscriptions_are_told_line_by_line_and_sent_as_the_full_set() -> None:
    wanted = Subscriptions(
        interception_order=10,
        interceptions=(
            Interception(type=InterceptionType.PRE_REQUEST, api_id="POST/organization/v1/users/patients", order=30),
            Interception(type=InterceptionType.POST_REQUEST, api_id="GET/device/v1/devices"),
        ),
    )
    found = update(make_plan(desired_plugin(subscriptions=wanted), published(desired_plugin())))

    row = "PRE_REQUEST POST/organization/v1/users/patients"
    assert lines(found) == [
        "- subscriptions.interceptions ADAPT_ENTITY patient>",
        "+ subscriptions.interceptions >POST_REQUEST GET/device/v1/devices",
        f"~ subscriptions.interceptions {row}, order 20>{row}, order 30",
        "- subscriptions.notifications device _create pump>",
    ]
    sent = as_table(found.sent["subscriptions"])
    assert (len(sent["interceptions"]), sent["notifications"], sent["interceptionOrder"]) == (2, [], 10)  # type: ignore[arg-type]


def test_no_subscriptions_are_sent_as_empty_lists_because_an_empty_object_would_change_nothing() -> None:
    found = update(make_plan(desired_plugin(subscriptions=Subscriptions()), published(desired_plugin())))

    assert found.sent["subscriptions"] == {"interceptionOrder": 10, "interceptions": [], "notifications": []}


def test_an_answer_may_order_lists_fill_in_orders_and_leave_defaults_out() -> None:
    rows = [
        {"type": "ADAPT_ENTITY", "apiId": None, "entityTypeName": "patient", "order": 10},
        {"type": "PRE_REQUEST", "apiId": "POST/organization/v1/users/patients", "entityTypeName": None, "order": 20},
    ]
    had = as_table(desired_plugin().settings["subscriptions"])
    has = published(desired_plugin(), subscriptions={**had, "interceptions": rows}, cors=None, analyticsDbAccess=None)

    assert isinstance(make_plan(desired_plugin(), has), Unchanged)


def test_an_interception_that_was_pushed_back_is_told() -> None:
    rows = [{"type": "PRE_REQUEST", "apiId": "POST/organization/v1/users/patients", "order": 21}]
    had = as_table(desired_plugin().settings["subscriptions"])
    pushed = published(desired_plugin(), subscriptions={**had, "interceptions": [*rows, had["interceptions"][1]]})  # type: ignore[index]

    assert [line[:28] for line in lines(make_plan(desired_plugin(), pushed))] == ["~ subscriptions.interceptions"[:28]]


def test_code_that_was_put_there_by_hand_is_no_longer_the_code_that_the_digest_names() -> None:
    by_hand = published(desired_plugin(), version=5)
    by_hand = replace(by_hand, version=6, fields={**by_hand.fields, "version": 6})
    found = update(make_plan(desired_plugin(), by_hand))

    assert found.code is not None
    assert found.version_to == 7
    assert found.notes[0].startswith("Version 6 was not published by this kit")


def test_a_digest_without_its_version_is_believed() -> None:
    has = published(desired_plugin())
    variables = dict(has.environment_variables)
    del variables[TREE_VERSION_NAME]

    assert isinstance(
        make_plan(desired_plugin(), replace(has, fields={**has.fields, "environmentVariables": variables})), Unchanged
    )


def test_without_a_digest_on_the_platform_the_code_is_sent_and_the_reason_told() -> None:
    found = update(make_plan(desired_plugin(), published(desired_plugin(), by_kit=False)))

    assert found.version_to == 6
    assert "this kit did not publish it" in found.notes[0]


@pytest.mark.parametrize(("version", "kind"), [(5, Unchanged), (6, Update)])
def test_with_the_digest_switched_off_only_versions_are_compared_and_that_is_said(version: int, kind: type) -> None:
    found = make_plan(
        desired_plugin("b", marked=False, version=version), published(desired_plugin("a", marked=False), by_kit=False)
    )

    assert isinstance(found, kind)
    assert "no digest was compared" in str(found.notes) or "without a digest" in str(found.notes)
    if isinstance(found, Update):
        assert TREE_DIGEST_NAME not in as_table(found.sent["environmentVariables"])


def test_with_the_digest_switched_off_any_other_version_is_refused() -> None:
    with pytest.raises(NotPossible, match=r"plugin\.toml has version 9, and BioT has 5") as refused:
        make_plan(desired_plugin(marked=False, version=9), published(desired_plugin(marked=False), by_kit=False))

    assert "version = 6" in refused.value.hint


def test_the_last_version_is_an_ending_of_its_own_and_settings_still_go() -> None:
    last = published(desired_plugin("a"), version=32767)

    assert isinstance(make_plan(desired_plugin("b"), published(desired_plugin("a"), version=32766)), Update)
    with pytest.raises(VersionsExhausted, match="32767, the last"):
        make_plan(desired_plugin("b"), last)
    assert update(make_plan(desired_plugin("a", timeout=9), last)).sent == {"version": 32767, "timeout": 9}


def test_what_biot_cannot_change_is_told_at_once_with_the_way_out() -> None:
    wanted = desired_plugin()
    has = replace(
        published(wanted, deploymentPackageType="IMAGE", cronSchedule="0 2 * * ? *"), name="other", full_name="Plugin-o"
    )
    with pytest.raises(NotPossible) as refused:
        make_plan(wanted, has)

    keys = [problem.key for problem in refused.value.problems]
    assert keys == ["plugin.name", "plugin.deploymentPackageType", "plugin.cronSchedule"]
    assert all(problem.hint for problem in refused.value.problems)


def image_goal(tag: str | None) -> DesiredPlugin:
    plugin = replace(PLUGIN, deployment_package_type=PackageType.IMAGE, image_tag=tag, runtime="python3.13")
    code = PluginCode(tree_digest=f"image:{tag}", image_tag=tag) if tag else None
    return DesiredPlugin(
        name=plugin.name, settings=render_config(plugin, tree_digest=f"image:{tag}" if tag else None), code=code
    )


def test_an_image_tag_is_code() -> None:
    created = make_plan(image_goal("one"), None)
    assert isinstance(created, Create)
    assert created.config["imageTag"] == "one"
    assert "handler" not in created.config
    has = published(image_goal("one"), runtime=None, handler=None)

    assert isinstance(make_plan(image_goal("one"), has), Unchanged)
    found = update(make_plan(image_goal("two"), has))
    assert (found.sent["imageTag"], found.sent["version"]) == ("two", 6)


def test_an_image_without_a_tag_is_biot_s_seed_and_no_code_is_sent() -> None:
    created = make_plan(image_goal(None), None)

    assert isinstance(created, Create)
    assert created.code is None
    assert isinstance(make_plan(image_goal(None), published(image_goal(None), by_kit=False, runtime=None)), Unchanged)


FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "timeout": st.integers(1, 900),
        "memory_size": st.integers(128, 10240),
        "display_name": st.text(min_size=1, max_size=5),
        "environment_variables": st.dictionaries(st.sampled_from(["A_A", "B_B", "C_C"]), st.text(min_size=1)),
        "analytics_db_access": st.booleans(),
        "cors": st.builds(Cors, allow_origins=st.lists(st.sampled_from(["https://a", "https://b"])).map(tuple)),
        "subscriptions": st.builds(
            Subscriptions,
            interception_order=st.none() | st.integers(2, 9),
            notifications=st.lists(
                st.builds(
                    Notification,
                    entity_type_name=st.sampled_from(["device", "patient"]),
                    action_name=st.sampled_from(["_create", "_update"]),
                ),
                unique=True,
                max_size=3,
            ).map(tuple),
        ),
    },
)


def patched(has: dict[str, object], sent: Any) -> dict[str, object]:  # noqa: ANN401 - JSON
    """What BioT has after PATCH, by its rules for what is left out."""
    merged = {**has, **sent}
    for table in ("subscriptions", "cors"):
        if table in sent:
            merged[table] = {**as_table(has.get(table) or {}), **sent[table]}
    return merged


@given(FIELDS, FIELDS, st.sampled_from("ab"))
def test_what_is_sent_makes_the_next_plan_empty(before: dict[str, Any], after: dict[str, Any], letter: str) -> None:
    has = published(desired_plugin("a", **before), version=7)
    wanted = desired_plugin(letter, **after)
    found = make_plan(wanted, has)
    if isinstance(found, Unchanged):
        assert letter == "a"
        return
    assert isinstance(found, Update)
    assert found.version_to == (8 if letter == "b" else 7)
    now = remote_plugin(patched(dict(has.fields), found.sent))

    assert isinstance(make_plan(wanted, now), Unchanged)


@given(FIELDS)
def test_what_is_created_makes_the_next_plan_empty(fields: dict[str, Any]) -> None:
    found = make_plan(desired_plugin(**fields), None)

    assert isinstance(found, Create)
    assert isinstance(make_plan(desired_plugin(**fields), remote_plugin(found.config)), Unchanged)
