"""Several publishers of one plugin at once, each with a machine of its own, in virtual time."""

from __future__ import annotations

import os
import random
import shutil
import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import pytest

import builder.publishing.execution.run
import builder.release
from builder.errors import KitError, PublishError
from builder.pipeline import Project
from builder.progress import SilentProgress
from builder.publishing.api.http_transport import HttpTransport
from builder.release import ReleaseContext, publish
from builder.release_artifact import PublishRequest
from tests.proof.network import Conditions, Network, draw_conditions
from tests.proof.races import Ending, Race
from tests.proof.world import PROJECTS, ROWS, write_project
from tests.support.biot.virtual_time import START, Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from builder.network.secret_text import SecretText
    from builder.publishing.api.http_response import HttpResponse
    from builder.publishing.api.http_transport import HttpRequest
    from builder.publishing.api.request_bodies import MultipartBody
    from builder.release_artifact import PreparedRelease
    from tests.proof.world import World

MOST = 8
SETTINGS_PUBLISHERS: tuple[tuple[str, tuple[str, object]], ...] = (
    ("timeout = 90", ("timeout", 90)),
    ("ephemeralStorage = 1024", ("ephemeralStorage", 1024)),
    ("timeout = 120", ("timeout", 120)),
)
"""Those who change one setting each and no code: the line in plugin.toml, and how it is seen."""

_me = threading.local()


class Publishers:
    """Publishers of one world's plugin.

    Args:
        world: With the bases ``first`` and ``empty``.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._prepared: dict[Path, PreparedRelease] = {}
        self._tokens = world.folder / "tokens"
        for who in range(MOST):
            values: Mapping[str, Any] = {
                "display": f"Of {who}",
                "memory": 256,
                "code": 10 + who,
                "rows": ROWS[: who % 3],
            }
            write_project(world.folder / f"coder-{who}", values)
        for who, (line, _) in enumerate(SETTINGS_PUBLISHERS):
            write_project(world.folder / f"settler-{who}", {**PROJECTS["first"], "more": line})
        self._log_in()

    def race(self, seed: int, base: str, conditions: Conditions | None = None) -> Race:
        """One interleaving of two to eight publishers; one seed always gives the same."""
        chance = random.Random(f"race {seed}")  # noqa: S311 - repeatable, not secret
        conditions = conditions or draw_conditions(chance)
        projects, wanted = _draw_projects(base, chance)
        self._world.restore(base)
        random.seed(seed)  # the product's own waits
        race = Race(wanted=dict(enumerate(wanted)), calm=conditions.calm)
        timeline = Timeline()
        network = Network(self._world, timeline, race, chance, conditions)
        with self._connected(network):
            for who, project in enumerate(projects):
                publisher = partial(self._publish, who, project, (race, timeline))
                timeline.begin(chance.random() * conditions.spread, publisher)
            timeline.run()
        network.close()
        return race

    def _log_in(self) -> None:
        """Get the token that every machine begins with: races are about plugins, and log-ins take most of the time."""
        self._world.restore("empty")
        race, timeline = Race(wanted={}, calm=True), Timeline()
        network = Network(self._world, timeline, race, random.Random(0), Conditions())  # noqa: S311 - no secret
        timeline.begin(0.0, partial(self._publish, 0, "coder-0", (race, timeline)))
        with self._connected(network):
            timeline.run()
        network.close()
        shutil.copytree(self._world.folder / "machine-0" / "tokens", self._tokens)

    def _publish(self, who: int, project: str, course: tuple[Race, Timeline]) -> None:
        race, timeline = course
        _me.who = who
        state = self._world.folder / f"machine-{who}"
        shutil.rmtree(state, ignore_errors=True)
        shutil.copytree(self._world.state, state)
        if self._tokens.is_dir():
            shutil.copytree(self._tokens, state / "tokens")
        context = ReleaseContext(
            environ={**os.environ, "BIOT_PLUGIN_STATE": str(state)}, clock=timeline, progress=SilentProgress()
        )
        plugin = Project(start=self._world.folder / project, environment="local", today=START.date())
        try:
            outcome = publish(plugin, PublishRequest(), context).outcome
            ending = Ending(verdict=outcome.verdict.value, detail=outcome.detail, at=timeline.seconds)
        except PublishError as error:
            ending = Ending(verdict=error.kind, detail=error.message, at=timeline.seconds)
        except KitError as error:
            ending = Ending(verdict=type(error).__name__, detail=error.message, at=timeline.seconds)
        race.endings[who] = ending
        race.trace.append(f"{timeline.seconds:.6f} {who} ends in {ending.verdict}")

    @contextmanager
    def _connected(self, network: Network) -> Iterator[None]:
        """While the block runs, requests go over a virtual network, and every plugin is built once for all races."""
        prepare = builder.release._prepare

        def virtual(
            transport: HttpTransport,
            request: HttpRequest,
            *,
            bearer: SecretText | None = None,
            body: MultipartBody | None = None,
        ) -> HttpResponse:
            return network.exchange(_me.who, transport, request, (bearer, body))

        def prepared(project: Project, request: PublishRequest, context: ReleaseContext) -> PreparedRelease:
            if project.start not in self._prepared:
                self._prepared[project.start] = prepare(project, request, context)
            return self._prepared[project.start]

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(HttpTransport, "exchange", virtual)
            patch.setattr(builder.release, "_prepare", prepared)
            patch.setattr(
                builder.publishing.execution.run, "commit_of", lambda _: ""
            )  # git is a process for every publish
            patch.setattr(anyio.to_thread, "run_sync", _at_once)
            yield


def _draw_projects(base: str, chance: random.Random) -> tuple[list[str], list[tuple[str, object]]]:
    """The folders of two to eight publishers, and the sign of each one's release."""
    count = chance.randint(2, MOST)
    number = min(chance.randint(0, len(SETTINGS_PUBLISHERS)), count - 1) if base == "first" else 0
    settlers = chance.sample(range(len(SETTINGS_PUBLISHERS)), number)
    coders = range(count - number)
    projects = [*(f"settler-{one}" for one in settlers), *(f"coder-{who}" for who in coders)]
    return projects, [
        *(SETTINGS_PUBLISHERS[one][1] for one in settlers),
        *(("displayName", f"Of {who}") for who in coders),
    ]


async def _at_once(call: Callable[..., object], *arguments: object, **_: object) -> object:
    """What the local BioT gives to a pool of threads, in the one thread that has the turn."""
    return call(*arguments)
