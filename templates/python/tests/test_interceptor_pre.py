"""``perform/interceptor_pre.py``. Replace this test when you change ``perform``."""

import json

import pytest

import index
from tests.support import events


@pytest.mark.usefixtures("biot")
def test_the_request_stays_as_it_was() -> None:
    event = events.interceptor_pre()

    answer = index.handler(event, None)

    assert json.loads(answer["body"]) == {"request": json.loads(event["body"])["request"]}
