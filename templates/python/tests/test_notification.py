"""``perform/notification.py``. Replace these tests when you change ``perform``."""

import pytest

import index
from tests.support import events
from tests.support.fake_biot import FakeBiot


def test_the_entity_is_named_in_the_log(biot: FakeBiot, capsys: pytest.CaptureFixture[str]) -> None:
    answer = index.handler(events.notification(), None)

    assert answer["statusCode"] == 200
    assert "patient _update: 00000000-0000-4000-8000-000000000001" in capsys.readouterr().out
    assert biot.requests == []
