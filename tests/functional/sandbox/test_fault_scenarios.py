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
WRONG = """
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


def test_all_that_is_wrong_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "faults.toml"
    file.write_text(WRONG)
    with pytest.raises(SandboxError) as raised:
        load_scenario(file)
    told = {problem.line: f"{problem.message} {problem.hint}" for problem in raised.value.problems}

    assert sorted(told) == [2, 5, 6, 8, 9, 10, 11, 12, 13, 14]
    assert "Is it `reset-after-apply`?" in told[5]
    assert "Is it `method`?" in told[6]
    assert "`kind` is missing" in told[8]
    assert "PATCH" in told[9]


@pytest.mark.parametrize("text", ["[[fault", 'fault = "x"', "fault = [1]", "[fault]\nkind = 1\n", "\x00"])
def test_what_is_no_scenario_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "faults.toml"
    file.write_text(text)

    with pytest.raises(SandboxError) as raised:
        load_scenario(file)
    assert raised.value.problems


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match=r"nowhere\.toml cannot be read"):
        load_scenario(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(("request_", "times", "struck"), [(1, 1, [1]), (2, 2, [2, 3]), (3, 0, [3, 4, 5])])
def test_which_requests_a_rule_strikes(request_: int, times: int, struck: list[int]) -> None:
    rule = FaultRule(kind=FAULT_KINDS["unavailable"], request=request_, times=times)

    assert [number for number in range(1, 6) if rule.is_due(number)] == struck


def test_a_rule_without_anything_concerns_every_request() -> None:
    (rule,), findings = read_rules({"fault": [{"kind": "unavailable"}]})

    assert findings == []
    assert rule.applies_to("DELETE", "/anything")


def test_there_are_at_least_forty_kinds_and_each_says_what_it_does() -> None:
    assert len(FAULT_KINDS) >= 40
    assert {kind.effect for kind in FAULT_KINDS.values()} == set(RequestEffect)
    assert len({kind.description for kind in FAULT_KINDS.values()}) == len(FAULT_KINDS)
