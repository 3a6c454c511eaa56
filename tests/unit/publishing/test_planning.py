from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec.structs
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


def lines(plan: Create | Update | Unchanged) -> list[str]:
    changes = () if isinstance(plan, Unchanged) else (*code_lines(plan), *plan.changes)
    return [f"{one.sign} {one.field} {one.old}>{one.new}" for one in changes]


def update(plan: Create | Update | Unchanged) -> Update:
    assert isinstance(plan, Update)
    return plan


def test_a_new_plugin_is_created_completely_with_its_digest_and_version() -> None:
    plan = make_plan(desired_plugin(version=3), None)

    assert isinstance(plan, Create)
    assert (plan.version_from, plan.version_to) == (None, 3)
    assert plan.config["name"] == "age-calculator"
    variables = {"LOG_LEVEL": "INFO", TREE_DIGEST_NAME: digest("a"), TREE_VERSION_NAME: "3"}
    assert plan.config["environmentVariables"] == variables
    assert "+ version >3" in lines(plan)
    assert "+ subscriptions.notifications >device _create pump" in lines(plan)


def test_an_identical_plugin_needs_no_change() -> None:
    assert isinstance(make_plan(desired_plugin(), published(desired_plugin())), Unchanged)


def test_new_code_raises_the_version_by_one_whatever_plugin_toml_says() -> None:
    plan = update(make_plan(desired_plugin("b", version=2), published(desired_plugin("a"), version=5)))

    assert (plan.version_from, plan.version_to) == (5, 6)
    assert plan.sent["version"] == 6
    assert as_table(plan.sent["environmentVariables"])[TREE_DIGEST_NAME] == digest("b")
    assert as_table(plan.sent["environmentVariables"])[TREE_VERSION_NAME] == "6"
    assert plan.notes == ("plugin.toml has version 2, but BioT's next version is 6; that is sent.",)
    assert lines(plan) == ["~ version 5>6", "~ code sha256:aaaaaaaaaaaa…>sha256:bbbbbbbbbbbb…"]


def test_settings_alone_keep_code_and_version_and_send_the_version_so_that_biot_guards_it() -> None:
    plan = update(make_plan(desired_plugin(memory_size=512), published(desired_plugin())))

    assert plan.code is None
    assert plan.sent == {"version": 5, "memorySize": 512}
    assert lines(plan) == ["~ memorySize 128>512"]


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
    plan = update(make_plan(desired_plugin("b", memory_size=512), published(desired_plugin(), enabledState=state)))
    assert "enabledState" not in plan.sent
    assert not any("able" in note for note in plan.notes)


@pytest.mark.parametrize(("state", "other"), [("ENABLED", "DISABLED"), ("DISABLED", "ENABLED")])
def test_with_enabled_state_the_state_is_enforced_and_the_plan_says_so(state: str, other: str) -> None:
    created = make_plan(desired_plugin(enabled_state=state), None)

    assert isinstance(created, Create)
    assert (created.config["enabledState"], created.notes) == (state, ())
    plan = update(make_plan(desired_plugin(enabled_state=state), published(desired_plugin(), enabledState=other)))
    assert plan.sent == {"version": 5, "enabledState": state}
    assert plan.notes == (f'This {state.lower()[:-1]}s the plugin: plugin.toml has enabledState = "{state}".',)
    assert lines(plan) == [f"~ enabledState {other}>{state}"]


def test_values_of_environment_variables_are_never_shown() -> None:
    plan = update(
        make_plan(
            desired_plugin(environment_variables={"LOG_LEVEL": "hush-1", "KEY": "hush-2"}), published(desired_plugin())
        )
    )

    assert lines(plan) == ["+ environmentVariables.KEY >", "~ environmentVariables.LOG_LEVEL >"]
    assert "hush" not in repr(plan)
    assert "INFO" not in repr(plan)
    assert as_table(plan.sent["environmentVariables"])["KEY"] == "hush-2"


def test_biot_s_own_variables_are_neither_compared_nor_sent_back() -> None:
    has = published(
        desired_plugin(), environmentVariables={"BIOT_SERVICE_USER_SECRET_KEY": "x", "OLD": "1", "LOG_LEVEL": "INFO"}
    )
    plan = update(make_plan(desired_plugin(), has))

    assert "- environmentVariables.OLD >" in lines(plan)
    assert set(as_table(plan.sent["environmentVariables"])) == {"LOG_LEVEL", TREE_DIGEST_NAME, TREE_VERSION_NAME}


def test_settings_alone_keep_the_version_that_the_digest_belongs_to() -> None:
    plan = update(make_plan(desired_plugin(environment_variables={"A_B": "1"}), published(desired_plugin())))

    assert plan.code is None
    assert as_table(plan.sent["environmentVariables"])[TREE_VERSION_NAME] == "5"


def test_subscriptions_are_shown_line_by_line_and_sent_as_the_full_set() -> None:
    desired = Subscriptions(
        interception_order=10,
        interceptions=(
            Interception(type=InterceptionType.PRE_REQUEST, api_id="POST/organization/v1/users/patients", order=30),
            Interception(type=InterceptionType.POST_REQUEST, api_id="GET/device/v1/devices"),
        ),
    )
    plan = update(make_plan(desired_plugin(subscriptions=desired), published(desired_plugin())))

    row = "PRE_REQUEST POST/organization/v1/users/patients"
    assert lines(plan) == [
        "- subscriptions.interceptions ADAPT_ENTITY patient>",
        "+ subscriptions.interceptions >POST_REQUEST GET/device/v1/devices",
        f"~ subscriptions.interceptions {row}, order 20>{row}, order 30",
        "- subscriptions.notifications device _create pump>",
    ]
    sent = as_table(plan.sent["subscriptions"])
    assert (len(sent["interceptions"]), sent["notifications"], sent["interceptionOrder"]) == (2, [], 10)  # type: ignore[arg-type]


def test_no_subscriptions_are_sent_as_empty_lists_because_an_empty_object_would_change_nothing() -> None:
    plan = update(make_plan(desired_plugin(subscriptions=Subscriptions()), published(desired_plugin())))

    assert plan.sent["subscriptions"] == {"interceptionOrder": 10, "interceptions": [], "notifications": []}


def test_a_response_may_reorder_lists_fill_in_orders_and_omit_defaults() -> None:
    rows = [
        {"type": "ADAPT_ENTITY", "apiId": None, "entityTypeName": "patient", "order": 10},
        {"type": "PRE_REQUEST", "apiId": "POST/organization/v1/users/patients", "entityTypeName": None, "order": 20},
    ]
    had = as_table(desired_plugin().settings["subscriptions"])
    has = published(desired_plugin(), subscriptions={**had, "interceptions": rows}, cors=None, analyticsDbAccess=None)

    assert isinstance(make_plan(desired_plugin(), has), Unchanged)


def test_an_interception_that_was_moved_is_shown() -> None:
    rows = [{"type": "PRE_REQUEST", "apiId": "POST/organization/v1/users/patients", "order": 21}]
    had = as_table(desired_plugin().settings["subscriptions"])
    pushed = published(desired_plugin(), subscriptions={**had, "interceptions": [*rows, had["interceptions"][1]]})  # type: ignore[index]

    assert [line[:28] for line in lines(make_plan(desired_plugin(), pushed))] == ["~ subscriptions.interceptions"[:28]]


def test_code_that_was_uploaded_by_hand_no_longer_matches_the_digest() -> None:
    by_hand = published(desired_plugin(), version=5)
    by_hand = replace(by_hand, version=6, fields={**by_hand.fields, "version": 6})
    plan = update(make_plan(desired_plugin(), by_hand))

    assert plan.code is not None
    assert plan.version_to == 7
    assert plan.notes[0].startswith("Version 6 was not published by this kit")


def test_a_digest_without_a_version_is_accepted() -> None:
    has = published(desired_plugin())
    variables = dict(has.environment_variables)
    del variables[TREE_VERSION_NAME]

    assert isinstance(
        make_plan(desired_plugin(), replace(has, fields={**has.fields, "environmentVariables": variables})), Unchanged
    )


def test_without_a_digest_on_biot_the_code_is_sent_and_the_plan_says_why() -> None:
    plan = update(make_plan(desired_plugin(), published(desired_plugin(), by_kit=False)))

    assert plan.version_to == 6
    assert "this kit did not publish it" in plan.notes[0]


@pytest.mark.parametrize(("version", "kind"), [(5, Unchanged), (6, Update)])
def test_with_the_digest_switched_off_only_versions_are_compared_and_the_plan_says_so(version: int, kind: type) -> None:
    plan = make_plan(
        desired_plugin("b", marked=False, version=version), published(desired_plugin("a", marked=False), by_kit=False)
    )

    assert isinstance(plan, kind)
    assert "no digest was compared" in str(plan.notes) or "without a digest" in str(plan.notes)
    if isinstance(plan, Update):
        assert TREE_DIGEST_NAME not in as_table(plan.sent["environmentVariables"])


def test_with_the_digest_switched_off_any_other_version_is_refused() -> None:
    with pytest.raises(NotPossible, match=r"plugin\.toml has version 9, and BioT has 5") as refused:
        make_plan(desired_plugin(marked=False, version=9), published(desired_plugin(marked=False), by_kit=False))

    assert "version = 6" in refused.value.hint


def test_the_last_version_has_its_own_error_and_settings_can_still_change() -> None:
    last = published(desired_plugin("a"), version=32767)

    assert isinstance(make_plan(desired_plugin("b"), published(desired_plugin("a"), version=32766)), Update)
    with pytest.raises(VersionsExhausted, match="32767, the last"):
        make_plan(desired_plugin("b"), last)
    assert update(make_plan(desired_plugin("a", timeout=9), last)).sent == {"version": 32767, "timeout": 9}


def test_everything_that_biot_cannot_change_is_reported_at_once_with_a_solution() -> None:
    desired = desired_plugin()
    has = replace(
        published(desired, deploymentPackageType="IMAGE", cronSchedule="0 2 * * ? *"),
        name="other",
        full_name="Plugin-o",
    )
    with pytest.raises(NotPossible) as refused:
        make_plan(desired, has)

    keys = [problem.key for problem in refused.value.problems]
    assert keys == ["plugin.name", "plugin.deploymentPackageType", "plugin.cronSchedule"]
    assert all(problem.hint for problem in refused.value.problems)


def image_goal(tag: str | None) -> DesiredPlugin:
    plugin = msgspec.structs.replace(
        PLUGIN, deployment_package_type=PackageType.IMAGE, image_tag=tag, runtime="python3.13"
    )
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
    plan = update(make_plan(image_goal("two"), has))
    assert (plan.sent["imageTag"], plan.sent["version"]) == ("two", 6)


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
def test_an_update_makes_the_next_plan_empty(before: dict[str, Any], after: dict[str, Any], letter: str) -> None:
    has = published(desired_plugin("a", **before), version=7)
    desired = desired_plugin(letter, **after)
    plan = make_plan(desired, has)
    if isinstance(plan, Unchanged):
        assert letter == "a"
        return
    assert isinstance(plan, Update)
    assert plan.version_to == (8 if letter == "b" else 7)
    now = remote_plugin(patched(dict(has.fields), plan.sent))

    assert isinstance(make_plan(desired, now), Unchanged)


@given(FIELDS)
def test_a_creation_makes_the_next_plan_empty(fields: dict[str, Any]) -> None:
    plan = make_plan(desired_plugin(**fields), None)

    assert isinstance(plan, Create)
    assert isinstance(make_plan(desired_plugin(**fields), remote_plugin(plan.config)), Unchanged)
