"""Fixtures for all tests."""

from collections.abc import Iterator

import pytest

from plugin.login import forget_tokens
from plugin.public_keys import forget_public_keys
from tests.answers import ANSWERS
from tests.support.fake_biot import FakeBiot


@pytest.fixture(autouse=True)
def new_process() -> None:
    """Each test starts like a fresh Lambda process: nothing is kept from the test before."""
    forget_tokens()
    forget_public_keys()


@pytest.fixture
def biot(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeBiot]:
    """A BioT on this machine, to which the plugin's environment points. A test adds ``biot.answers``.

    The test fails when the plugin asked for something that has no answer.
    """
    with FakeBiot(answers=ANSWERS) as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running
    running.check_answers()
