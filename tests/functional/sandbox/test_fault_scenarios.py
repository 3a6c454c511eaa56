from __future__ import annotations

import re
from pathlib import Path

import pytest

from builder.errors import SandboxError
from sandbox.faults import FAULT_KINDS, HOOK_FAULT_KINDS, FaultRule, HookFaultRule, RequestEffect, load_scenario
from sandbox.faults.scenario import read_scenario
from sandbox.hooks.rules.planned_faults import PluginTarget

REPOSITORY = Path(__file__).parents[3]
SCENARIO = """
[[fault]]
kind = "gateway-timeout-late"
method = "PATCH"
path = "/settings/v2/plugins/*"
request = 2
times = 0
seconds = 0.5

[[fault]]
kind = "redirect-307"
elsewhere = "https://elsewhere.example"

[[fault]]
kind = "plugin-slow"
plugin = "age"
hook = "PRE_REQUEST"
entity = "patient"
request = 3
seconds = 2.5
"""
INVALID_SCENARIO = """
other = 1

[[fault]]
kind = "reset-after-aply"
metod = "GET"

[[fault]]
method = "patch"
path = "settings"
request = 0
times = true
seconds = -1
elsewhere = "ftp://x"

[[fault]]
kind = "plugin-kiled"
plugin = "a b"
hook = "PRE_REQEST"
entity = "patients"

[[fault]]
kind = "plugin-killed"
path = "/run/*"
method = "POST"

[[fault]]
kind = "unavailable"
hook = "PRE_REQUEST"
"""


def test_a_scenario_is_read(tmp_path: Path) -> None:
    file = tmp_path / "faults.toml"
    file.write_text(SCENARIO)
    scenario = load_scenario(file)
    late, redirect = scenario.rules

    assert late == FaultRule(
        kind=FAULT_KINDS["gateway-timeout-late"],
        method="PATCH",
        path="/settings/v2/plugins/*",
        request=2,
        times=0,
        seconds=0.5,
    )
    assert redirect.elsewhere == "https://elsewhere.example"
    assert scenario.hook_rules == (
        HookFaultRule(
            kind=HOOK_FAULT_KINDS["plugin-slow"],
            plugin="age",
            hook="PRE_REQUEST",
            entity="patient",
            request=3,
            seconds=2.5,
        ),
    )


def test_an_empty_scenario_has_no_rules(tmp_path: Path) -> None:
    file = tmp_path / "faults.toml"
    file.write_text("# nothing yet\n")

    assert load_scenario(file).rules == ()


def test_all_problems_of_a_scenario_are_reported_at_once_with_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "faults.toml"
    file.write_text(INVALID_SCENARIO)
    with pytest.raises(SandboxError) as raised:
        load_scenario(file)
    problems = {problem.line: f"{problem.message} {problem.hint}" for problem in raised.value.problems}

    assert sorted(problems) == [2, 5, 6, 8, 9, 10, 11, 12, 13, 14, 17, 18, 19, 20, 24, 25, 29]
    assert "Did you mean `reset-after-apply`?" in problems[5]
    assert "Did you mean `method`?" in problems[6]
    assert "`kind` is missing" in problems[8]
    assert "PATCH" in problems[9]
    assert "Did you mean `plugin-killed`?" in problems[17]
    assert "`a b` is not the name of a plugin." in problems[18]
    assert "Did you mean `PRE_REQUEST`?" in problems[19]
    assert "Did you mean `patient`?" in problems[20]
    assert "`path` selects requests, and plugin-killed happens to calls of plugins." in problems[24]
    assert "`hook` selects calls of plugins, and unavailable happens to requests." in problems[29]


@pytest.mark.parametrize("text", ["[[fault", 'fault = "x"', "fault = [1]", "[fault]\nkind = 1\n", "\x00"])
def test_invalid_scenarios_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "faults.toml"
    file.write_text(text)

    with pytest.raises(SandboxError) as raised:
        load_scenario(file)
    assert raised.value.problems


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"nowhere\.toml cannot be read"):
        load_scenario(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(("request_", "times", "expected"), [(1, 1, [1]), (2, 2, [2, 3]), (3, 0, [3, 4, 5])])
def test_a_rule_is_due_for_the_requests_that_it_counts(request_: int, times: int, expected: list[int]) -> None:
    rule = FaultRule(kind=FAULT_KINDS["unavailable"], request=request_, times=times)

    assert [number for number in range(1, 6) if rule.is_due(number)] == expected


def test_a_rule_without_conditions_applies_to_every_request() -> None:
    scenario, findings = read_scenario({"fault": [{"kind": "unavailable"}]})
    (rule,) = scenario.rules

    assert findings == []
    assert rule.applies_to("DELETE", "/anything")


def test_there_are_at_least_forty_fault_kinds_with_different_descriptions() -> None:
    assert len(FAULT_KINDS) >= 40
    assert {kind.effect for kind in FAULT_KINDS.values()} == set(RequestEffect)
    assert len({kind.description for kind in FAULT_KINDS.values()}) == len(FAULT_KINDS)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, True),
        ({"plugin": "age"}, True),
        ({"plugin": "Plugin-age"}, True),
        ({"plugin": "a*"}, True),
        ({"plugin": "ag"}, False),
        ({"hook": "PRE_REQUEST", "entity": "patient"}, True),
        ({"hook": "CRON"}, False),
        ({"entity": "device"}, False),
    ],
)
def test_a_rule_about_plugins_selects_calls_by_plugin_hook_and_entity(
    conditions: dict[str, str], expected: bool
) -> None:
    scenario, findings = read_scenario({"fault": [{"kind": "plugin-killed", **conditions}]})
    (rule,) = scenario.hook_rules
    target = PluginTarget(plugin="Plugin-age", hook="PRE_REQUEST", entity="patient")

    assert findings == []
    assert rule.applies_to(target) is expected


@pytest.mark.parametrize(("plugin", "expected"), [("", True), ("*", True), ("age", True), ("other", False)])
def test_a_rule_about_requests_selects_those_of_a_plugin(plugin: str, expected: bool) -> None:
    scenario, _ = read_scenario({"fault": [{"kind": "unavailable"} | ({"plugin": plugin} if plugin else {})]})
    (rule,) = scenario.rules

    assert rule.applies_to("GET", "/x", "Plugin-age") is expected
    assert rule.applies_to("GET", "/x", "") is (plugin == "")


def test_the_scenarios_in_the_documentation_are_valid(tmp_path: Path) -> None:
    for page in ("publishing.md", "local.md"):
        text = (REPOSITORY / "docs" / page).read_text("utf-8")
        blocks = re.findall(r"```toml\n(\[\[fault\]\].*?)```", text, re.DOTALL)
        assert blocks, page
        for block in blocks:
            file = tmp_path / "faults.toml"
            file.write_text(block, "utf-8")
            scenario = load_scenario(file)
            assert len(scenario.rules) + len(scenario.hook_rules) == block.count("[[fault]]")


def test_every_fault_of_plugins_is_in_the_documentation() -> None:
    text = (REPOSITORY / "docs" / "local.md").read_text("utf-8")

    assert [name for name in HOOK_FAULT_KINDS if f"`{name}`" not in text] == []
    assert not HOOK_FAULT_KINDS.keys() & FAULT_KINDS.keys()
