"""``perform/notification.py``. Replace these tests by your own together with ``perform``."""

from collections.abc import Callable
from typing import Any

import pytest

import index
from tests.support.fake_biot import FakeBiot


def test_the_entity_is_named_in_the_log(
    biot: FakeBiot, load_event: Callable[[str], dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    answer = index.handler(load_event("notification"), None)

    assert answer["statusCode"] == 200
    assert "patient _update: 00000000-0000-4000-8000-000000000001" in capsys.readouterr().out
    assert biot.requests["entity"] == 0
