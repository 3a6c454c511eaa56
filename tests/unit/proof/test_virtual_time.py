"""Actors on one timeline: one at a time, in the order of their moments, whatever the machine does."""

from __future__ import annotations

import time
from functools import partial

import pytest

from tests.support.biot.virtual_time import Timeline


def test_actors_and_events_take_turns_in_the_order_of_their_moments() -> None:
    timeline, seen = Timeline(), list[tuple[float, str]]()

    def actor(name: str, waits: tuple[float, ...], work: float) -> None:
        for wait in waits:
            time.sleep(work)  # a slow machine: no moment changes
            seen.append((timeline.seconds, name))
            timeline.sleep(wait)

    timeline.begin(1.0, partial(actor, "slow", (2.0, 2.0, 0.0), 0.02))
    timeline.begin(0.0, partial(actor, "quick", (2.0, 2.0, 0.0), 0.0))
    timeline.at(3.5, lambda: seen.append((timeline.seconds, "event")))
    timeline.run()

    assert seen == [
        (0.0, "quick"),
        (1.0, "slow"),
        (2.0, "quick"),
        (3.0, "slow"),
        (3.5, "event"),
        (4.0, "quick"),
        (5.0, "slow"),
    ]
    assert timeline.now().isoformat() == "2026-11-20T00:00:05+00:00"


def test_what_an_actor_raises_is_raised_by_the_run() -> None:
    timeline = Timeline()

    def broken() -> None:
        message = "broken"
        raise ValueError(message)

    timeline.begin(0.0, broken)

    with pytest.raises(ValueError, match="broken"):
        timeline.run()
