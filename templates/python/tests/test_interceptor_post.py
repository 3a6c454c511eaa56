"""``perform/interceptor_post.py``. Replace this test by your own together with ``perform``."""

import json
from collections.abc import Callable
from typing import Any

import pytest

import index


@pytest.mark.usefixtures("biot")
def test_the_response_stays_as_it_was(load_event: Callable[[str], dict[str, Any]]) -> None:
    event = load_event("interceptor_post")

    answer = index.handler(event, None)

    assert json.loads(answer["body"]) == {"response": json.loads(event["body"])["response"]}
