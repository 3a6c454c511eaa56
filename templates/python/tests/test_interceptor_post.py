"""``perform/interceptor_post.py``. Replace this test when you change ``perform``."""

import json

import pytest

import index
from tests.support import events


@pytest.mark.usefixtures("biot")
def test_the_response_stays_as_it_was() -> None:
    event = events.interceptor_post()

    answer = index.handler(event, None)

    assert json.loads(answer["body"]) == {"response": json.loads(event["body"])["response"]}
