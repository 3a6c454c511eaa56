"""Schedules of a running local BioT, on a clock that the test sets. The plugins have no code, so each call fails."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.clock import AdjustableClock, SystemClock
from tests.functional.sandbox.trigger.conftest import biot_plugin
from tests.support.sandbox.running_sandbox import Sandbox, running_sandbox
from tests.support.sandbox.settings_client import MINIMAL, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.functional.publishing.conftest import CommandLine

__all__ = ["biot_plugin"]


@pytest.fixture(scope="module")
def clock() -> AdjustableClock:
    return AdjustableClock(SystemClock())


@pytest.fixture(scope="module")
def sandbox(clock: AdjustableClock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("biot"), clock=clock) as running:
        settings = settings_of(running)
        with settings.http:
            for name, state in (("on", "ENABLED"), ("off", "DISABLED")):
                config = {**MINIMAL, "name": name, "enabledState": state, "cronSchedule": "0 2 * * ? *"}
                assert settings.create(config, None).status_code == 201
        yield running


def later_run(clock: AdjustableClock) -> datetime:
    """A run that no test before has reached: a run is never made twice, whatever the clock does."""
    return (clock.now() + timedelta(days=10)).replace(hour=2, minute=0, second=0, microsecond=0)


def runs(sandbox: Sandbox) -> list[str]:
    path = "/sandbox/v1/activity?kind=cron&limit=1000"
    found: Any = sandbox.call("GET", path, token=sandbox.token()).body
    return [chain["title"] for chain in found["chains"]]


def wait_for_runs(sandbox: Sandbox, count: int) -> list[str]:
    end = time.monotonic() + 10
    while len(found := runs(sandbox)) < count and time.monotonic() < end:
        time.sleep(0.1)
    return found


def test_a_schedule_is_called_when_it_is_due_and_a_disabled_plugin_is_not(
    sandbox: Sandbox, clock: AdjustableClock
) -> None:
    before, due = len(runs(sandbox)), later_run(clock)
    clock.move_to(due - timedelta(seconds=1))
    found = wait_for_runs(sandbox, before + 1)

    assert found[: len(found) - before] == [f"schedule of Plugin-on, {due:%Y-%m-%d} 02:00 UTC"]


def test_runs_that_a_sleeping_machine_missed_are_left_out(sandbox: Sandbox, clock: AdjustableClock) -> None:
    before, due = len(runs(sandbox)), later_run(clock) + timedelta(days=3)
    clock.move_to(due - timedelta(seconds=1))
    found = wait_for_runs(sandbox, before + 1)

    assert found[0] == f"schedule of Plugin-on, {due:%Y-%m-%d} 02:00 UTC"
    assert len(found) == before + 1


def test_a_run_can_be_asked_for_and_shows_why_it_failed(biot_plugin: CommandLine) -> None:
    done = biot_plugin("trigger", "cron", "--plugin", "on", "--at", "2026-01-12T02:00:00Z")

    assert done.code == 9
    assert done.out.startswith("schedule of Plugin-on, 2026-01-12 02:00 UTC")
    assert "Plugin-on (CRON): The plugin has no code." in done.out
    assert "0 2 * * ? *: next " in done.out
    disabled = biot_plugin("trigger", "cron", "--plugin", "off")
    assert "The plugin is disabled." in disabled.out


def test_a_move_of_the_clock_lists_its_runs(biot_plugin: CommandLine) -> None:
    done = biot_plugin("trigger", "cron", "--advance", "3d")
    lines = done.out.splitlines()

    assert done.code == 0
    assert [line.split()[1:] for line in lines[:3]] == [["02:00", "Plugin-on"]] * 3
    assert lines[3].startswith("3 runs. The clock of the schedules is at ")
    assert biot_plugin("trigger", "cron", "--advance", "reset", "--json").document["runs"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        (["cron", "--data", "{}"], 2, "cron takes --plugin"),
        (["patient", "_create", "--at", "now"], 2, "are for `trigger cron`."),
        (["cron"], 8, "Several plugins have a cronSchedule: Plugin-off, Plugin-on. Name one"),
        (["cron", "--plugin", "none"], 8, "none has no cronSchedule."),
        (["cron", "--advance", "soon"], 8, "time must be a duration"),
    ],
)
def test_a_wrong_command_line_is_explained(
    biot_plugin: CommandLine, arguments: list[str], code: int, what: str
) -> None:
    done = biot_plugin("trigger", *arguments)

    assert done.code == code
    assert what in done.err
