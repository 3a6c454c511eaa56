"""Every example event of this plugin goes through the real handler and the real ``perform``."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import index
from tests.support.fake_biot import FakeBiot

NAMES = sorted(path.stem for path in (Path(__file__).parent.parent / "events").glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_the_example_event_is_answered(name: str, biot: FakeBiot, load_event: Callable[[str], dict[str, Any]]) -> None:
    answer = index.handler(load_event(name), None)

    assert answer["statusCode"] == 200, answer
    assert "traceparent" in answer["headers"]
    assert json.loads(json.dumps(answer)) == answer
    assert biot.requests["public-key"] == (0 if name == "cron" else 1)


@pytest.mark.parametrize("name", NAMES)
def test_without_its_token_the_example_event_is_refused(
    name: str, biot: FakeBiot, load_event: Callable[[str], dict[str, Any]]
) -> None:
    event = load_event(name)
    if name == "cron":
        event["requestContext"] = {}  # what makes it an HTTP request, and not an event of the schedule
    event.get("headers", {}).pop("authorization", None)
    if name == "notification":
        event["body"] = json.dumps({**json.loads(event["body"]), "jwt": None})

    answer = index.handler(event, None)

    assert answer["statusCode"] == 401
    assert json.loads(answer["body"])["code"] == "NO_TOKEN"
    assert biot.requests["public-key"] == 0
