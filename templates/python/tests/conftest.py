"""Fixtures for all tests."""

from collections.abc import Iterator

import pytest

from plugin.login import forget_tokens
from plugin.public_keys import forget_public_keys
from tests.answers import ANSWERS
from tests.support.fake_biot import FakeBiot


@pytest.fixture(autouse=True)
def new_process() -> None:
    """Start each test like a fresh Lambda process: nothing is left from the previous test."""
    forget_tokens()
    forget_public_keys()


@pytest.fixture
def biot(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeBiot]:
    """Run a fake BioT on this machine and point the plugin's environment to it. A test adds ``biot.answers``.

    The test fails when the plugin sends a request that has no answer.
    """
    with FakeBiot(answers=ANSWERS) as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running
    running.check_answers()
