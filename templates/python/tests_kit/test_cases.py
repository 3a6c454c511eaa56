"""The table of cases: how a plugin answers BioT, row by row. The same table holds for plugins in Python and JavaScript.

It is about the flow. Doubles stand in for your ``perform``: change that as you like, the table stays true.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest

from plugin.flow import run
from plugin.hooks import HOOKS
from plugin.login import forget_tokens
from plugin.public_keys import forget_public_keys
from tests.support.fake_biot import FakeBiot
from tests_kit import cases
from tests_kit.expect import always_differences, expected_differences

ROWS = cases.read_cases(set(HOOKS))
GROUPS = list(dict.fromkeys(row["group"] for row in ROWS))
MOST_ROWS_SHOWN = 5


@pytest.mark.parametrize("group", GROUPS)
def test_cases(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [row for row in ROWS if row["group"] == group]
    differences = {row["name"]: differences_of(row, capsys) for row in rows}
    failed = {name: lines for name, lines in differences.items() if lines}
    if failed:
        pytest.fail(report(group, len(rows), failed), pytrace=False)


def report(group: str, rows: int, failed: Mapping[str, list[str]]) -> str:
    """Return the rows that fail, each with what was expected."""
    lines = [f"{group}: {len(failed)} of {rows} rows of tests_kit/cases.json fail"]
    for name in list(failed)[:MOST_ROWS_SHOWN]:
        lines += [f"  {name}", *(f"    {line}" for line in failed[name])]
    if len(failed) > MOST_ROWS_SHOWN:
        lines.append(f"  and {len(failed) - MOST_ROWS_SHOWN} more")
    return "\n".join(lines)


def differences_of(row: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Run a row as in a fresh Lambda process; return the differences from what it expects."""
    forget_tokens()
    forget_public_keys()
    differences: list[str] = []
    answers = cases.patient_answers(row)
    with FakeBiot(row.get("biot"), answers) as biot, pytest.MonkeyPatch.context() as patch:
        set_environment(patch, {**biot.environment(), **row.get("settings", {})})
        hooks = cases.make_hooks(row, set(HOOKS))
        answer, log = {}, ""
        for token in cases.tokens_of(row):
            event = cases.make_event(row["event"], token)
            before = deepcopy(event)
            answer = run(event, cases.make_lambda_context(row), hooks)
            log = capsys.readouterr().out
            if event != before:
                differences.append("the event was changed")
            differences += always_differences(answer, log, token)
    return differences + expected_differences(answer, log, row["expect"], biot.counts)


def set_environment(patch: pytest.MonkeyPatch, values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            patch.delenv(name, raising=False)
        else:
            patch.setenv(name, value)
