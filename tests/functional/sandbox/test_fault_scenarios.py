from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from builder.errors import SandboxError
from sandbox.faults import FAULT_KINDS, FaultRule, RequestEffect, load_scenario
from sandbox.faults.scenario import read_rules

if TYPE_CHECKING:
    from pathlib import Path

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
"""


def test_a_scenario_is_read(tmp_path: Path) -> None:
    file = tmp_path / "faults.toml"
    file.write_text(SCENARIO)
    late, redirect = load_scenario(file).rules

    assert late == FaultRule(
        kind=FAULT_KINDS["gateway-timeout-late"],
        method="PATCH",
        path="/settings/v2/plugins/*",
        request=2,
        times=0,
        seconds=0.5,
    )
    assert redirect.elsewhere == "https://elsewhere.example"


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

    assert sorted(problems) == [2, 5, 6, 8, 9, 10, 11, 12, 13, 14]
    assert "Did you mean `reset-after-apply`?" in problems[5]
    assert "Did you mean `method`?" in problems[6]
    assert "`kind` is missing" in problems[8]
    assert "PATCH" in problems[9]


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
    (rule,), findings = read_rules({"fault": [{"kind": "unavailable"}]})

    assert findings == []
    assert rule.applies_to("DELETE", "/anything")


def test_there_are_at_least_forty_fault_kinds_with_different_descriptions() -> None:
    assert len(FAULT_KINDS) >= 40
    assert {kind.effect for kind in FAULT_KINDS.values()} == set(RequestEffect)
    assert len({kind.description for kind in FAULT_KINDS.values()}) == len(FAULT_KINDS)
