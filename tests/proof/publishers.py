"""Several publishers of one plugin at once, each with a machine of its own; which request comes next is drawn."""

from __future__ import annotations

import os
import shutil
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from builder.errors import KitError, PublishError
from builder.pipeline import Project
from builder.progress import Silent
from builder.publishing.verdicts import Verdict
from builder.publishing.wire import Wire
from builder.release import Desk, Wish, publish
from tests.proof.operations import PLUGIN
from tests.proof.world import PROJECTS, ROWS, write_project
from tests.support.virtual_time import VirtualClock

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

    from builder.publishing.answers import Answer
    from builder.publishing.wire import Request
    from tests.proof.world import World

MOST = 8
SETTLERS: tuple[Mapping[str, Any], ...] = (
    {**PROJECTS["first"], "more": "timeout = 90"},
    {**PROJECTS["first"], "more": "ephemeralStorage = 1024"},
)
"""Those who change one setting each and no code."""
SIGNS: tuple[tuple[str, object], ...] = (("timeout", 90), ("ephemeralStorage", 1024))


@dataclass(frozen=True, kw_only=True)
class Step:
    """One request that was answered: whose, whether it changed something, and the plugin before and after."""

    who: int
    reads: bool
    before: Mapping[str, Any]
    after: Mapping[str, Any]


class Turns:
    """Lets one request through at a time; whose is drawn when every publisher stands before one or is done."""

    def __init__(self, count: int, chance: random.Random) -> None:
        self._chance = chance
        self._condition = threading.Condition()
        self._under_way = set(range(count))
        self._waiting: set[int] = set()
        self._present: int | None = None

    def enter(self, who: int) -> None:
        with self._condition:
            self._waiting.add(who)
            self._draw()
            while self._present != who:
                self._condition.wait()
            self._waiting.remove(who)

    def leave(self) -> None:
        with self._condition:
            self._present = None
            self._draw()

    def end(self, who: int) -> None:
        with self._condition:
            self._under_way.remove(who)
            self._draw()

    def _draw(self) -> None:
        if self._present is None and self._waiting and self._waiting == self._under_way:
            self._present = self._chance.choice(sorted(self._waiting))
            self._condition.notify_all()


@dataclass(kw_only=True)
class Race:
    """One interleaving: what happened, and how each publisher says that it ended.

    Attributes:
        wanted: The field by which each publisher's release is known, and its value.
        steps: Every request.
        verdicts: Every ending.
    """

    wanted: dict[int, tuple[str, object]]
    steps: list[Step] = field(default_factory=list)
    verdicts: dict[int, str] = field(default_factory=dict)


_me = threading.local()


class Publishers:
    """Publishers of one world's plugin.

    Args:
        world: With the base ``first``.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        for who in range(MOST):
            values: Mapping[str, Any] = {
                "display": f"Of {who}",
                "memory": 256,
                "code": 10 + who,
                "rows": ROWS[: who % 3],
            }
            write_project(world.folder / f"coder-{who}", values)
        for who, settled in enumerate(SETTLERS):
            write_project(world.folder / f"settler-{who}", settled)

    def race(self, base: str, chance: random.Random) -> Race:
        """One interleaving of two to eight publishers."""
        count = chance.randint(2, MOST)
        settlers = chance.sample(range(len(SETTLERS)), min(chance.randint(0, len(SETTLERS)), count - 1))
        settlers = settlers if base == "first" else []
        coders = range(count - len(settlers))
        projects = [*(f"settler-{one}" for one in settlers), *(f"coder-{who}" for who in coders)]
        wanted = [*(SIGNS[one] for one in settlers), *(("displayName", f"Of {who}") for who in coders)]
        self._world.restore(base)
        self._world.play(())
        race, turns = Race(wanted=dict(enumerate(wanted))), Turns(count, chance)
        with _in_turns(self._world, race, turns):
            threads = [
                threading.Thread(target=self._publish, args=(who, project, race, turns))
                for who, project in enumerate(projects)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        return race

    def _publish(self, who: int, project: str, race: Race, turns: Turns) -> None:
        _me.who = who
        state = self._world.folder / f"machine-{who}"
        shutil.rmtree(state, ignore_errors=True)
        shutil.copytree(self._world.state, state)
        desk = Desk(
            environ={**os.environ, "BIOT_PLUGIN_STATE": str(state)},
            clock=VirtualClock(datetime.now(UTC)),
            progress=Silent(),
        )
        plugin = Project(start=self._world.folder / project, environment="local", today=datetime.now(UTC).date())
        try:
            race.verdicts[who] = publish(plugin, Wish(), desk).outcome.verdict.value
        except PublishError as error:
            race.verdicts[who] = error.kind
        except KitError as error:
            race.verdicts[who] = f"{type(error).__name__}: {error.message}"
        finally:
            turns.end(who)


class _in_turns:  # noqa: N801 - read as a phrase
    """While the block runs, requests of publishers wait for their turn, and what each does is written down."""

    def __init__(self, world: World, race: Race, turns: Turns) -> None:
        self._world, self._race, self._turns = world, race, turns
        self._exchange = Wire.exchange

    def __enter__(self) -> None:
        original = self._exchange

        def exchange(wire: Wire, request: Request, **rest: Any) -> Answer:  # noqa: ANN401 - passed on as they come
            self._turns.enter(_me.who)
            try:
                before = self._plugin()
                answer = original(wire, request, **rest)
                reads = request.method == "GET" and "/plugins/" in request.path
                self._race.steps.append(Step(who=_me.who, reads=reads, before=before, after=self._plugin()))
                return answer
            finally:
                self._turns.leave()

        Wire.exchange = exchange  # type: ignore[method-assign, assignment]

    def __exit__(self, *_: object) -> None:
        Wire.exchange = self._exchange  # type: ignore[method-assign]

    def _plugin(self) -> Mapping[str, Any]:
        return self._world.truth().plugins.get(PLUGIN, {})


def lost_unseen(race: Race) -> list[str]:
    """Changes of one publisher that another overwrote without having read them, and neither was told."""
    read: dict[int, Mapping[str, Any]] = {}
    author: dict[str, int] = {}
    lost = []
    for step in race.steps:
        if step.reads:
            read[step.who] = step.after
        seen = read.get(step.who, {})
        for key in {**step.before, **step.after}:
            old, new = step.before.get(key), step.after.get(key)
            if old == new:
                continue
            unseen = bool(step.before) and seen.get(key) != old
            told = {race.verdicts.get(step.who), race.verdicts.get(author.get(key, -1))}
            if unseen and Verdict.CONFLICT.value not in told:
                lost.append(f"{step.who} overwrote {key} of {author.get(key)}: {old} -> {new}")
            author[key] = step.who
    return lost


def shrunk_versions(race: Race) -> int:
    """How often the version became smaller."""
    return sum(step.after.get("version", 0) < step.before.get("version", 0) for step in race.steps)


def false_endings(race: Race) -> list[str]:
    """Publishers that say done and have not read what they wanted, or that end in none of three endings."""
    read = {step.who: step.after for step in race.steps if step.reads}
    good = {Verdict.DONE.value, Verdict.NOTHING_TO_DO.value}
    false = []
    for who, verdict in race.verdicts.items():
        sign, value = race.wanted[who]
        if verdict in good and read.get(who, {}).get(sign) != value:
            false.append(f"{who} says {verdict}, and read {sign} = {read.get(who, {}).get(sign)}")
        if verdict not in {*good, Verdict.CONFLICT.value}:
            false.append(f"{who} says {verdict}")
    return false
