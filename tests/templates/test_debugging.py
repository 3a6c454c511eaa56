"""Debuggers attach to plugins: a breakpoint is hit, and meanwhile no timeout counts."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from uv import find_uv_bin

from builder.cli.dev_biot import find_debugpy
from builder.dev.launch_configuration import launch_configuration
from sandbox.functions.debugging import Debugger, WaitingFunction
from sandbox.functions.function_errors import FunctionUnavailableError
from sandbox.functions.service import FunctionService, ServiceSettings
from tests.support.plugins.debug_client import connected, debug_client
from tests.support.plugins.running_dev import answer_of, running_dev, save_by_renaming
from tests.support.plugins.small_functions import SmallFunction, small_function

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEBUGPY = "debugpy==1.8.22"
DEADLINE = 60.0
PAUSE = 1.5
"""Seconds at a breakpoint: more than the timeout of the functions."""
PYTHON = """\
def handler(event, context):
    value = event["value"] * 2
    return value
"""
NODE = """\
export const handler = async (event) => {
  const value = event.value * 2;
  return value;
};
"""
MANIFEST = """\
[plugin]
name = "debugged"
displayName = "Debugged"
version = 1
runtime = "python3.13"
timeout = 1
"""


@pytest.fixture(scope="module")
def virtual_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An author's virtual environment with debugpy."""
    folder = tmp_path_factory.mktemp("author") / "venv"
    uv = find_uv_bin()
    subprocess.run([uv, "venv", "--python", sys.executable, str(folder)], check=True, capture_output=True)
    subprocess.run([uv, "pip", "install", "--python", str(folder), DEBUGPY], check=True, capture_output=True)
    return folder


class Waiting:
    """Which functions wait for a debugger."""

    def __init__(self) -> None:
        self.functions: list[WaitingFunction] = []

    def wait_for(self, number: int) -> WaitingFunction:
        deadline = time.monotonic() + DEADLINE
        while len(self.functions) < number:
            assert time.monotonic() < deadline, "no function waits for a debugger"
            time.sleep(0.01)
        return self.functions[number - 1]


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


@pytest.fixture
def service(functions_cache: Path, virtual_environment: Path, waiting: Waiting) -> Iterator[FunctionService]:
    """A service whose functions wait for a debugger."""
    debugpy = find_debugpy({"VIRTUAL_ENV": str(virtual_environment)})
    assert debugpy is not None
    with FunctionService(ServiceSettings(cache=functions_cache, any_python=True)) as running:
        running.debug(Debugger(debugpy, waiting.functions.append))
        yield running


@contextmanager
def call_in_background(function: SmallFunction) -> Iterator[list[object]]:
    """Call it with 21 while the block runs; the list has the answer afterwards."""
    answers: list[object] = []
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(function.answer, {"value": 21})
        try:
            yield answers
            answers.append(call.result(DEADLINE))
        except BaseException:
            function.service.close()  # otherwise the call waits for a debugger
            raise


def test_debugpy_stops_a_python_function_and_no_timeout_counts(
    service: FunctionService, waiting: Waiting, tmp_path: Path
) -> None:
    function = small_function(tmp_path, service, PYTHON).changed(timeout_seconds=1)
    with call_in_background(function) as answers:
        place = waiting.wait_for(1)
        with debug_client(place.port) as client:
            client.attach({f"{place.task_root}/index.py": 3})
            assert client.evaluate_at_stop("value") == "42"
            time.sleep(PAUSE)
            client.go_on()
    assert answers == [42]

    again = function.changed(variables=(("CHANGED", "1"),))  # a new version waits on the same port
    with call_in_background(again) as answers:
        assert waiting.wait_for(2).port == place.port
        with debug_client(place.port) as client:
            client.attach({})
    assert answers == [42]

    service.debug(None)
    assert again.answer({"value": 1}) == 2
    assert len(waiting.functions) == 2


def test_the_inspector_stops_a_node_function_and_no_timeout_counts(
    service: FunctionService, waiting: Waiting, tmp_path: Path, node_runtime: str
) -> None:
    function = small_function(tmp_path, service, NODE, node_runtime, file="plugin.mjs")
    function = function.changed(timeout_seconds=1, handler="plugin.handler")
    with call_in_background(function) as answers:
        place = waiting.wait_for(1)
        connected(place.port).close()
        argv = ["node", "inspect", f"127.0.0.1:{place.port}"]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as debugger:
            try:
                shown = NodeDebugger(debugger)
                shown.wait_for("Break on start")
                shown.enter("setBreakpoint('plugin.mjs', 3)", "not loaded yet")
                shown.enter("cont", r"break in .*plugin\.mjs:3")
                shown.enter("exec('value')", "42")
                time.sleep(PAUSE)
                shown.enter("cont", "debug> ")
            finally:
                debugger.kill()
    assert answers == [42]


class NodeDebugger:
    """``node inspect`` behind pipes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._output = ""
        threading.Thread(target=self._read, daemon=True).start()

    def wait_for(self, pattern: str) -> None:
        deadline = time.monotonic() + DEADLINE
        while not re.search(pattern, self._output):
            assert time.monotonic() < deadline, self._output
            time.sleep(0.02)
        self._output = ""

    def enter(self, command: str, pattern: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self.wait_for(pattern)

    def _read(self) -> None:
        assert self._process.stdout is not None
        while character := self._process.stdout.read(1):
            self._output += character


@pytest.fixture
def node_runtime() -> str:
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    return f"nodejs{version.removeprefix('v').partition('.')[0]}.x"


def test_without_debugpy_the_error_says_how_to_install_it(functions_cache: Path, tmp_path: Path) -> None:
    assert find_debugpy({"VIRTUAL_ENV": str(tmp_path)}) is None
    with FunctionService(ServiceSettings(cache=functions_cache, any_python=True)) as running:
        running.debug(Debugger(None, lambda _: None))
        function = small_function(tmp_path, running, PYTHON)
        with pytest.raises(FunctionUnavailableError, match="debugpy is not installed") as raised:
            running.prepare(function.configuration)
        with pytest.raises(FunctionUnavailableError):
            function.call({})
    assert "pip install debugpy" in raised.value.hint


@pytest.mark.exhaustive
def test_dev_waits_for_the_debugger_and_switches_it_off(
    tmp_path: Path, functions_cache: Path, virtual_environment: Path
) -> None:
    folder = tmp_path / "debugged"
    (folder / "src").mkdir(parents=True)
    (folder / "plugin.toml").write_text(MANIFEST, "utf-8")
    source = folder / "src" / "index.py"
    source.write_text("def handler(event, context):\n    value = 42\n    return value\n", "utf-8")
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >{opened}.new && mv {opened}.new {opened}\n', "utf-8")
    browser.chmod(browser.stat().st_mode | stat.S_IXUSR)
    variables = {
        "BIOT_PLUGIN_STATE": str(tmp_path / "state"),
        "BIOT_PLUGIN_STORE": str(tmp_path / "store"),
        "XDG_CACHE_HOME": str(functions_cache.parents[1]),
        "VIRTUAL_ENV": str(virtual_environment),
        "BROWSER": f"{browser} %s",
    }
    with running_dev(folder, variables, "--debug") as dev, ThreadPoolExecutor(1) as pool:
        address = dev.wait_for(r"Local BioT on (http://127\.0\.0\.1:\d+)")[1]
        console = dev.wait_for(r"Console: (\S+)")[1]
        waits = r"debugged: waits for a debugger on 127\.0\.0\.1:(\d+)\. Timeouts are paused\."
        port = int(dev.wait_for(waits)[1])
        dev.wait_for(r"For VS Code, in configurations of \.vscode/launch\.json:")
        entry = json.loads(dev.wait_for(r"(?s)\{.*\n\}")[0])
        assert entry["connect"] == {"host": "127.0.0.1", "port": port}
        assert entry["pathMappings"][0]["localRoot"] == "${workspaceFolder}/src"
        answer = pool.submit(answer_of, address, "debugged")
        with debug_client(port) as client:
            client.attach({f"{entry['pathMappings'][0]['remoteRoot']}/index.py": 3})
            assert client.evaluate_at_stop("value") == "42"
            time.sleep(PAUSE)
            client.go_on()
        assert answer.result(DEADLINE) == "42"

        save_by_renaming(source, source.read_text("utf-8").replace("42", "43"))
        assert int(dev.wait_for(waits)[1]) == port

        dev.press("d")
        dev.wait_for("Debugging is off. Timeouts count again.")
        dev.wait_for("debugged: nothing has changed")
        assert answer_of(address, "debugged") == "43"

        dev.press("o")
        deadline = time.monotonic() + DEADLINE
        while not opened.is_file():
            assert time.monotonic() < deadline, "no page was opened"
            time.sleep(0.05)
        assert opened.read_text("utf-8") == f"{console}\n"
        assert "o open in the browser, r publish again, d debug" in dev.transcript


def test_the_configuration_for_vs_code_names_folders_relative_to_the_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    sources = tmp_path / "plugins" / "age" / "src"
    sources.mkdir(parents=True)
    python = json.loads(launch_configuration("python", ("127.0.0.1", 5679), (sources.parent, sources), "/var/task"))
    node = json.loads(launch_configuration("nodejs", ("127.0.0.1", 9229), (tmp_path, tmp_path), "/var/task"))

    assert python == {
        "name": "Attach to age",
        "request": "attach",
        "type": "debugpy",
        "connect": {"host": "127.0.0.1", "port": 5679},
        "pathMappings": [{"localRoot": "${workspaceFolder}/plugins/age/src", "remoteRoot": "/var/task"}],
    }
    assert (node["localRoot"], node["port"], node["continueOnAttach"]) == ("${workspaceFolder}", 9229, True)
