"""The new version of a plugin starts while it is being published, and takes over when it is there."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder.cli.local_biot import open_local_biot
from builder.cli.plugin_starter import LocalPluginStarter
from builder.dev.watched_plugin import NextCode, WatchedPlugin
from builder.pipeline import Project
from builder.progress import SilentProgress
from builder.publishing.clock import SystemClock
from builder.publishing.state_folder import find_state_folder, private_folder
from builder.release import ReleaseContext
from sandbox.endpoints.plugin_functions import function_after_update, function_of
from sandbox.functions.service import FunctionService, ServiceSettings
from sandbox.server import ServerOptions, start
from tests.support.plugins.small_functions import SmallFunction, small_function

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.functions.function_configuration import FunctionConfiguration
    from sandbox.instance_state import InstanceState

ANSWER = "import os\n\ndef handler(event, context): return [{number}, os.getpid()]\n"
DEADLINE = 60.0
MANIFEST = """\
[plugin]
name = "early"
displayName = "Early"
version = 1
runtime = "python3.13"

[plugin.environmentVariables]
COLOUR = "blue"
"""


@pytest.fixture
def service(functions_cache: Path) -> Iterator[FunctionService]:
    with FunctionService(ServiceSettings(cache=functions_cache, any_python=True)) as running:
        yield running


def version(folder: Path, service: FunctionService, number: int) -> SmallFunction:
    return small_function(folder, service, ANSWER.format(number=number)).changed(name="Plugin-early")


def processes_of(function: SmallFunction) -> int:
    """How many processes have the name of this function in their environment."""
    marker = f"AWS_LAMBDA_FUNCTION_NAME={function.configuration.name}\0".encode()
    found = 0
    for file in Path("/proc").glob("[0-9]*/environ"):
        try:
            found += marker in file.read_bytes()
        except OSError:
            continue
    return found


def wait_for_processes(function: SmallFunction, wanted: int) -> None:
    deadline = time.monotonic() + DEADLINE
    while (found := processes_of(function)) != wanted:
        assert time.monotonic() < deadline, f"{found} processes instead of {wanted}"
        time.sleep(0.05)


def test_the_present_version_answers_until_the_next_one_is_called(service: FunctionService, tmp_path: Path) -> None:
    present, following = (version(tmp_path, service, number) for number in (1, 2))
    announced = tmp_path / "announced.zip"
    following.configuration.artifact.rename(announced)  # not deployed yet
    first = present.answer()
    of_one = processes_of(present)

    service.prepare_early(following.configuration, announced)
    wait_for_processes(present, 2 * of_one)
    assert present.answer() == first

    service.prepare(following.configuration)
    called = following.call()
    assert called.payload.startswith(b"[2,")
    assert called.report.initialization_ms is None
    wait_for_processes(present, of_one)


def test_a_version_that_is_never_deployed_is_stopped_by_the_next_one(service: FunctionService, tmp_path: Path) -> None:
    present, refused, following = (version(tmp_path, service, number) for number in (1, 2, 3))
    service.prepare(present.configuration)
    of_one = processes_of(present)
    for announced in (refused, following):
        service.prepare_early(announced.configuration, announced.configuration.artifact)
        wait_for_processes(present, 2 * of_one)

    service.prepare(following.configuration)
    assert following.call().report.initialization_ms is None
    wait_for_processes(present, of_one)


def test_a_version_that_is_never_deployed_is_stopped_if_the_next_one_is_deployed_before_its_early_start(
    service: FunctionService, tmp_path: Path
) -> None:
    present, refused, following = (version(tmp_path, service, number) for number in (1, 2, 3))
    service.prepare(present.configuration)
    of_one = processes_of(present)
    service.prepare_early(refused.configuration, refused.configuration.artifact)
    wait_for_processes(present, 2 * of_one)

    service.prepare(following.configuration)
    service.prepare_early(following.configuration, following.configuration.artifact)
    wait_for_processes(present, of_one)


def test_an_early_start_that_fails_is_explained_by_the_call(service: FunctionService, tmp_path: Path) -> None:
    present = version(tmp_path, service, 1)
    broken = small_function(tmp_path, service, "import no_such_module\n").changed(name="Plugin-early")
    missing = replace(broken.configuration, artifact_sha256="0" * 64)
    service.prepare(present.configuration)

    service.prepare_early(missing, tmp_path / "no.zip")
    service.prepare_early(broken.configuration, broken.configuration.artifact)
    error = broken.call().error

    assert error is not None
    assert error.error_type == "Runtime.ImportModuleError"


@dataclass
class ComparedStarts:
    """Starts plugins on the local BioT, and remembers for which function the early starts were, and which one came."""

    state: InstanceState
    early: list[FunctionConfiguration] = field(default_factory=list)
    published: list[FunctionConfiguration] = field(default_factory=list)

    def start(self, plugin: str) -> None:
        self.published.append(function_of(self.state.database, plugin))
        LocalPluginStarter(self.state).start(plugin)

    def start_early(self, code: NextCode) -> None:
        self.early.append(function_after_update(self.state.database, code.plugin, code.sha256, code.variables))
        LocalPluginStarter(self.state).start_early(code)


def test_a_save_starts_exactly_the_function_that_is_published_afterwards(
    tmp_path: Path, functions_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIOT_PLUGIN_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(tmp_path / "store"))
    source = tmp_path / "early" / "src" / "index.py"
    source.parent.mkdir(parents=True)
    (tmp_path / "early" / "plugin.toml").write_text(MANIFEST, "utf-8")
    source.write_text(ANSWER.format(number=1), "utf-8")
    state = find_state_folder(os.environ)
    private_folder(state.folder)
    functions = ServiceSettings(cache=functions_cache, any_python=True)
    with start(ServerOptions(folder=state.folder / "sandbox", port=0, functions=functions)) as running:
        open_local_biot(running, state, new_password=False)
        starts = ComparedStarts(running.state)
        project = Project(start=tmp_path / "early", environment="local", today=datetime.now(UTC).date())
        context = ReleaseContext(environ=os.environ, clock=SystemClock(), progress=SilentProgress())
        plugin = WatchedPlugin(project, context, starts)
        for number in (1, 2, 3):
            source.write_text(ANSWER.format(number=number), "utf-8")
            plugin.publish()
        invocation = running.state.functions.invoke(starts.published[-1], b"{}")

    assert starts.early == starts.published[1:]
    assert len({one.artifact_sha256 for one in starts.published}) == 3
    assert invocation.payload.startswith(b"[3,")
    assert invocation.report.initialization_ms is None
