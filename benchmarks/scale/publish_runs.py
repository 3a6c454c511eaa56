"""``plan --all`` and ``publish --all`` against a local BioT on a real socket.

The changed part of many plugins, a plugin that cannot be built, and a publish that is killed in the middle.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.functions.bars import scale
from benchmarks.images.section import Row, Section
from benchmarks.scale.machines import KIT
from builder.network.secret_text import SecretText
from builder.publishing.state_folder import LocalBiot, StateFolder, write_local_biot
from tests.support.sandbox.running_sandbox import running_sandbox

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmarks.scale.repository import PluginRepository
    from tests.support.sandbox.running_sandbox import Sandbox

_CHANGED_SHARE = 20
"""One of this many plugins is changed; more in a small repository, so that a publish has a middle."""
_FEWEST_CHANGED = 6
_CHANGING = re.compile(r"(POST|PUT|PATCH) /settings/v2/plugins(?:/(\S+))? 20[01] ")
_PLUGINS = "/settings/v2/plugins?searchRequest=%7B%22limit%22%3A{}%7D"
_ALL = ("--all", "-e", "local", "--json")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Run:
    """One command: its exit code, its JSON, how long it took, and the requests that BioT answered."""

    code: int
    document: Mapping[str, Any]
    seconds: float
    requests: Sequence[str]

    @property
    def verdicts(self) -> Counter[str]:
        """How many plugins ended in each way."""
        return Counter(plugin.get("verdict", "not-applied") for plugin in self.document.get("plugins", ()))

    @property
    def changing(self) -> Counter[str]:
        """How often BioT created or changed each plugin."""
        return Counter(found[2] or "new" for line in self.requests if (found := _CHANGING.match(line)))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Publisher:
    """A machine that publishes the repository to a local BioT.

    Attributes:
        log: A line for each request that BioT has answered.
    """

    repository: PluginRepository
    biot: Sandbox
    environment: Mapping[str, str]
    log: list[str] = field(default_factory=list)

    def start(self, command: str) -> subprocess.Popen[str]:
        """Start a command for all plugins, in a session of its own."""
        return subprocess.Popen(
            [*KIT, command, *_ALL],
            cwd=self.repository.folder,
            env=dict(self.environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def run(self, command: str) -> _Run:
        """Run a command for all plugins."""
        before, began = len(self.log), time.monotonic()
        out, _ = (process := self.start(command)).communicate()
        seconds = time.monotonic() - began
        return _Run(code=process.returncode, document=json.loads(out), seconds=seconds, requests=self.log[before:])

    def kill_in_the_middle(self, count: int) -> _Run:
        """Publish, and cut the power after ``count`` changes."""
        before, began = len(self.log), time.monotonic()
        process = self.start("publish")
        while process.poll() is None and sum(map(bool, map(_CHANGING.match, self.log[before:]))) < count:
            time.sleep(0.005)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        seconds = time.monotonic() - began
        time.sleep(1)  # BioT finishes what it has received
        return _Run(code=process.returncode, document={}, seconds=seconds, requests=self.log[before:])

    def versions(self) -> dict[str, int]:
        """The version of each plugin on BioT."""
        page = self.biot.call("GET", _PLUGINS.format(self.repository.count), token=self.biot.token()).body["data"]
        return {plugin["name"]: plugin["version"] for plugin in page}

    def change(self, numbers: Sequence[int], text: str) -> None:
        """Append a comment to the code of some plugins."""
        for number in numbers:
            file = next(self.repository.plugin(number).glob("src/perform.*"))
            mark = "#" if file.suffix == ".py" else "//"
            file.write_text(f"{file.read_text('utf-8')}{mark} {text}\n", "utf-8")


def measure(repository: PluginRepository, home: Path, environment: Mapping[str, str]) -> Section:
    """Publish every plugin, then the changed part of them several times."""
    state, log = StateFolder(folder=home / "state"), list[str]()
    variables = {**environment, "BIOT_PLUGIN_STORE": str(home / "store"), "BIOT_PLUGIN_STATE": str(state.folder)}
    with running_sandbox(home / "biot", log=log.append) as biot:
        user = biot.service_user
        key = SecretText(user.secret_key)
        local = LocalBiot(base_url=biot.base_url, service_user_id=user.id, service_user_secret_key=key)
        write_local_biot(state, local)
        publisher = _Publisher(repository=repository, biot=biot, environment=variables, log=log)
        try:
            rows = _measured(publisher)
        finally:
            repository.git("checkout", "-q", ".")
    count, changed = repository.count, len(_changed(repository))
    about = (
        f"`plan --all` and `publish --all` with {count} plugins and a local BioT on a socket of its own, all of them "
        f'compared, {changed} of them changed. Times apply to a machine on which `python -c "import click"` takes 50 '
        "ms, and include the build."
    )
    return Section(heading="Publishing", about=about, rows=tuple(rows))


def _changed(repository: PluginRepository) -> range:
    step = max(1, min(_CHANGED_SHARE, repository.count // _FEWEST_CHANGED))
    return range(0, repository.count, step)


def _measured(publisher: _Publisher) -> list[Row]:
    count, changed = publisher.repository.count, _changed(publisher.repository)
    ratio = scale()
    new = publisher.run("publish")
    rows = [_row("every plugin is new", new, ratio, {"done": count}, code=0)]
    same = publisher.run("plan")
    rows.append(_row("plan, nothing changed", same, ratio, {"nothing-to-do": count}, code=0))
    publisher.change(changed, "first")
    planned = publisher.run("plan")
    rows.append(_row("plan, the changed ones found", planned, ratio, {"changes": len(changed)}, code=10))
    return [*rows, *_with_a_broken_plugin(publisher, ratio), *_killed(publisher, ratio)]


def _with_a_broken_plugin(publisher: _Publisher, ratio: float) -> list[Row]:
    """One of the changed plugins does not parse: the others are published, and the exit code is its own."""
    repository, changed = publisher.repository, _changed(publisher.repository)
    file = next(repository.plugin(changed[-1]).glob("src/perform.*"))
    text = file.read_text("utf-8")
    file.write_text(f"{text}\n)\n", "utf-8")
    run = publisher.run("publish")
    file.write_text(text, "utf-8")
    expected = {"done": len(changed) - 1, "not-applied": 1}
    return [_row("publish, one of the changed ones does not parse", run, ratio, expected, code=4)]


def _killed(publisher: _Publisher, ratio: float) -> list[Row]:
    """Change the same plugins again, and kill the publish after half of them."""
    changed, before = _changed(publisher.repository), publisher.versions()
    publisher.change(changed, "second")
    killed = publisher.kill_in_the_middle(len(changed) // 2)
    done = killed.changing.total()
    rest = publisher.run("publish")
    again = publisher.run("publish")
    names = {f"plugin-{number:04}" for number in changed}
    expected = {name: version + (name in names) for name, version in before.items()}
    times = killed.changing + rest.changing + again.changing
    once = set(times.values()) == {1} and len(times) == len(changed) and publisher.versions() == expected
    figure = (
        f"{done} published before the kill and {rest.changing.total()} after it, each at most "
        f"{max(times.values(), default=0)} time; the second run: {rest.seconds / ratio:.1f} s, "
        f"{len(rest.requests)} requests"
    )
    met = once and rest.code == again.code == 0 and 0 < done < len(changed) and killed.code == -signal.SIGKILL
    return [
        Row(what="publish, killed in the middle and run again", bar="each changed one once", figure=figure, met=met),
        _row("publish, nothing to do", again, ratio, {"nothing-to-do": publisher.repository.count}, code=0),
    ]


def _row(what: str, run: _Run, ratio: float, expected: Mapping[str, int], *, code: int) -> Row:
    """The verdicts of a run must be the expected ones; the rest of the plugins need nothing."""
    met = run.code == code and all(run.verdicts[verdict] == number for verdict, number in expected.items())
    verdicts = ", ".join(f"{number} {verdict.replace('-', ' ')}" for verdict, number in expected.items())
    figure = f"{run.seconds / ratio:.1f} s, {len(run.requests)} requests"
    if not met:
        figure += f"; exit code {run.code}, {dict(run.verdicts)}"
    return Row(what=what, bar=f"{verdicts}, exit code {code}", figure=figure, met=met)
