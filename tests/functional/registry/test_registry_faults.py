"""A sample of the faults that ``tests/proof/test_registry_faults.py`` plays completely."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.support.repetitions import exhaustive_after
from tests.support.servers.push_process import kill_and_push_again
from tests.support.servers.pushed_images import small_image
from tests.support.servers.registry_runs import MODES, Mode, PushWorld, lasting_faults, single_faults

if TYPE_CHECKING:
    from pathlib import Path

SLOW = {"an answer of one byte now and then", "no answer"}


@pytest.mark.parametrize("count", exhaustive_after(1, [8, 40]))
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
def test_a_sample_of_faults_gives_no_wrong_verdict_and_sends_nothing_twice(
    tmp_path: Path, mode: Mode, count: int, *, lasting: bool
) -> None:
    world = PushWorld(tmp_path)
    choose = lasting_faults if lasting else single_faults
    attempts = [attempt for attempt in choose(world, mode) if attempt[1] not in SLOW]
    chance = random.Random(11)  # noqa: S311 - repeatable, not secret

    runs = [world.play(mode, place, name, lasting=lasting) for place, name in chance.sample(attempts, count)]

    assert [run for run in runs if run.wrong or run.sent_again or run.visits] == []
    assert [run for run in runs if run.recoverable and run.verdict != "done"] == []


@pytest.mark.parametrize(("number", "phase"), exhaustive_after(1, [(9, "middle"), (12, "after")]))
def test_a_killed_push_goes_on_with_what_is_missing(tmp_path: Path, number: int, phase: str) -> None:
    image = small_image(tmp_path, own=(150_000, 70_000, 4000, 600))

    ended = kill_and_push_again(image, tmp_path, number, phase)

    assert (ended.whole, ended.digest, ended.sent_again) == (True, image.digest, ())
    assert ended.requests >= number
