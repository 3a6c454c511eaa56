"""Fixtures for all tests."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from plugin.login import forget_tokens
from plugin.public_keys import forget_public_keys
from tests.support.fake_biot import FakeBiot
from tests.support.tokens import make_token

EVENTS = Path(__file__).parent.parent / "events"


@pytest.fixture(autouse=True)
def _new_process() -> None:
    """Each test starts like a fresh Lambda process: nothing is kept from the test before."""
    forget_tokens()
    forget_public_keys()


@pytest.fixture
def biot(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeBiot]:
    """A BioT on this machine, to which the plugin's environment points."""
    with FakeBiot() as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def load_event() -> Callable[[str], dict[str, Any]]:
    """Read ``events/<name>.json`` with a good token in place of <token>."""

    def load(name: str) -> dict[str, Any]:
        like = {"notification": "platform-notification", "http": "user"}.get(name, "platform-interceptor")
        text = (EVENTS / f"{name}.json").read_text(encoding="utf-8")
        event: dict[str, Any] = json.loads(text.replace("<token>", make_token(like)))
        return event

    return load
