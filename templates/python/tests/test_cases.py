"""The table of cases: how a plugin answers BioT, row by row. The same table holds for plugins in Python and JavaScript.

It is about the flow. Doubles stand in for your ``perform``: change that as you like, the table stays true.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest

from plugin.flow import run
from plugin.hooks import HOOKS
from tests.support import cases
from tests.support.expect import check_every_answer, check_expected
from tests.support.fake_biot import SERVICE_SECRET, SERVICE_TOKEN, FakeBiot

ROWS = cases.read_cases(set(HOOKS))


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_case(row: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with FakeBiot(row.get("biot")) as biot:
        set_environment(monkeypatch, {**biot.environment(), **row.get("settings", {})})
        hooks = cases.make_hooks(row, set(HOOKS))
        answer, log = {}, ""
        for token in cases.tokens_of(row):
            event = cases.make_event(row["event"], token)
            before = deepcopy(event)
            answer = run(event, cases.make_lambda_context(row), hooks)
            log = capsys.readouterr().out
            assert event == before
            check_every_answer(answer, log, [SERVICE_SECRET, SERVICE_TOKEN, "patient-data", token or SERVICE_TOKEN])
    check_expected(answer, log, row["expect"])
    for kind, count in row["expect"].get("requests", {}).items():
        assert biot.requests[kind] == count, biot.requests


def set_environment(monkeypatch: pytest.MonkeyPatch, values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
