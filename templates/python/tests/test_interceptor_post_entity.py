"""``perform/interceptor_post_entity.py``. Replace this test when you change ``perform``."""

import json

import pytest

import index
from tests.support import events


@pytest.mark.usefixtures("biot")
def test_the_entities_stay_as_they_were() -> None:
    event = events.interceptor_post_entity()

    answer = index.handler(event, None)

    assert json.loads(answer["body"]) == {"response": json.loads(event["body"])["response"]}
