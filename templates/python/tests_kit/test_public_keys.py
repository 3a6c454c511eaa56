"""The limit for fetching BioT's key, with a clock that the tests control."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from plugin.errors import PluginError
from plugin.settings import read_settings
from plugin.verify_token import verify_token
from tests.support.fake_biot import FakeBiot
from tests.support.tokens import make_token

GENUINE = {"like": "user", "key": "rotated"}
FORGED = {"like": "user", "key": "foreign"}


@dataclass
class Clock:
    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("plugin.public_keys.monotonic", clock)
    return clock


@pytest.fixture
def status_of(biot: FakeBiot) -> Callable[[dict[str, str] | str], int]:
    """Return the status that a call with such a token gets."""
    # A flood repeats one token: signing hundreds would take seconds.
    tokens: dict[str, str] = {}

    def _status_of(token: dict[str, str] | str) -> int:
        if str(token) not in tokens:
            tokens[str(token)] = make_token(dict(token) if isinstance(token, dict) else token)
        try:
            verify_token(tokens[str(token)], read_settings(biot.environment()), lambda: 30)
        except PluginError as error:
            return error.status
        return 200

    return _status_of


def test_a_few_forged_tokens_do_not_delay_a_genuine_one(
    biot: FakeBiot, clock: Clock, status_of: Callable[[object], int]
) -> None:
    assert status_of("user") == 200
    assert [status_of(FORGED) for _ in range(3)] == [401] * 3
    biot.behaviour = {"public_key": "rotated"}

    assert status_of(GENUINE) == 200
    assert clock.seconds == 1000


def test_a_flood_of_forged_tokens_makes_few_fetches(
    biot: FakeBiot, clock: Clock, status_of: Callable[[object], int]
) -> None:
    for _ in range(5 * 100):
        assert status_of(FORGED) == 401
        clock.seconds += 0.01

    assert 5 <= biot.counts["public-key"] <= 5 + 5


def test_during_a_flood_a_genuine_token_is_refused_for_a_second_at_most(
    biot: FakeBiot, clock: Clock, status_of: Callable[[object], int]
) -> None:
    for _ in range(200):
        status_of(FORGED)
        clock.seconds += 0.01
    biot.behaviour = {"public_key": "rotated"}
    changed_at = clock.seconds

    while status_of(GENUINE) != 200:
        status_of(FORGED)
        clock.seconds += 0.01

    assert clock.seconds - changed_at <= 1.01


def test_a_flood_while_biot_does_not_give_its_key_makes_few_fetches(
    biot: FakeBiot, clock: Clock, status_of: Callable[[object], int]
) -> None:
    biot.behaviour = {"public_key": "down"}
    assert [status_of(FORGED) for _ in range(50)] == [503] * 50
    assert biot.counts["public-key"] == 5

    biot.behaviour = {}
    clock.seconds += 1
    assert status_of("user") == 200


def test_after_a_flood_all_fetches_are_allowed_again(
    biot: FakeBiot, clock: Clock, status_of: Callable[[object], int]
) -> None:
    for _ in range(50):
        status_of(FORGED)
    assert biot.counts["public-key"] == 5
    clock.seconds += 3600

    for _ in range(50):
        status_of(FORGED)
    assert biot.counts["public-key"] == 10
