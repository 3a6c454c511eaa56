"""``perform/nonspecific.py``. Replace these tests when you change ``perform``."""

import json

import pytest

import index
from tests.support import events


@pytest.mark.usefixtures("biot")
def test_a_direct_call_gets_back_what_it_sent() -> None:
    answer = index.handler(events.http(), None)

    assert json.loads(answer["body"]) == {"received": {"question": "How are you?"}}


def test_the_schedule_is_named_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    answer = index.handler(events.cron(), None)

    assert answer["statusCode"] == 200
    assert "The schedule of 2026-01-01T02:00:00Z" in capsys.readouterr().out
