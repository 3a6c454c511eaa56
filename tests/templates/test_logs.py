"""``biot-plugin logs -e local``: what published plugins wrote, with stack traces that a person reads."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.functions.service import ServiceSettings
from tests.functional.sandbox.trigger.conftest import biot_plugin as biot_plugin  # noqa: PLC0414 - a fixture
from tests.support.sandbox.running_sandbox import Sandbox, running_sandbox
from tests.support.sandbox.settings_client import MINIMAL, settings_of, zipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.functional.publishing.conftest import CommandLine

FILES: Mapping[str, Mapping[str, str]] = {
    "python": {
        "index.py": (
            "import json\n\nimport rules\n\n\ndef handler(event, context):\n"
            '    do = json.loads(event["body"])["do"]\n    print("created", do)\n    return rules.apply(do)\n'
        ),
        "rules.py": 'def apply(do):\n    if do == "fail":\n        raise ValueError("no such patient")\n    return 1\n',
    },
    "node": {
        "index.js": (
            'const { apply } = require("./rules.js");\n'
            "exports.handler = async (event) => apply(JSON.parse(event.body).do);\n"
        ),
        "rules.js": (
            "exports.apply = (action) => {\n"
            '  console.log("applies", action);\n'
            '  if (action === "fail") throw new TypeError("no such patient");\n'
            "  return 1;\n};\n"
        ),
    },
}
PLUGIN_TOML = '[plugin]\nname = "python"\ndisplayName = "P"\nversion = 1\nruntime = "python3.13"\n'


@pytest.fixture(scope="module")
def sandbox(functions_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A local BioT with a plugin in each language."""
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    runtimes = {"python": "python3.13", "node": f"nodejs{version.lstrip('v').partition('.')[0]}.x"}
    functions = ServiceSettings(cache=functions_cache, any_python=True)
    with running_sandbox(tmp_path_factory.mktemp("biot"), functions=functions) as running:
        settings = settings_of(running)
        with settings.http:
            for name, files in FILES.items():
                created = settings.create({**MINIMAL, "name": name, "runtime": runtimes[name]}, zipped(files))
                assert created.status_code == 201, created.text
        yield running


def call(sandbox: Sandbox, name: str, do: str) -> int:
    return sandbox.call("POST", f"/run/Plugin-{name}/", body={"do": do}).status


def objects(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_a_python_error_is_a_traceback_with_the_plugins_files_as_they_are_in_its_folder(
    sandbox: Sandbox, biot_plugin: CommandLine
) -> None:
    Path("src").mkdir()
    Path("plugin.toml").write_text(PLUGIN_TOML)
    for name, text in FILES["python"].items():
        Path("src", name).write_text(text)
    assert call(sandbox, "python", "fail") == 502
    lines = biot_plugin("logs", "-e", "local").out.splitlines()
    head = re.compile(r"\d\d:\d\d:\d\d DIRECT python: 502, \d+ ms  #\d+")
    start = max(at for at, line in enumerate(lines) if head.fullmatch(line))

    assert lines[start + 1 : -1] == [
        "  created fail",
        "  [ERROR] ValueError: no such patient",
        "  Traceback (most recent call last):",
        '>   File "src/index.py", line 9, in handler',
        "      return rules.apply(do)",
        '>   File "src/rules.py", line 3, in apply',
        '      raise ValueError("no such patient")',
    ]
    assert lines[-1].startswith("  REPORT RequestId: ")


def test_a_node_error_is_its_stack_with_the_plugins_frames_marked(sandbox: Sandbox, biot_plugin: CommandLine) -> None:
    assert call(sandbox, "node", "fail") == 502
    out = biot_plugin("logs", "node", "-e", "local", "--status", "502").out
    own = [line for line in out.splitlines() if line.startswith("> ")]

    assert "  TypeError: no such patient" in out.splitlines()
    assert own[:2] == [
        ">     at exports.apply (rules.js:3:32)",
        ">     at exports.handler (index.js:2:36)",
    ]
    assert "errorType" not in out.replace("Error Type", "")
    assert "applies fail" in out


def test_filters_choose_calls_and_json_has_one_object_per_line(sandbox: Sandbox, biot_plugin: CommandLine) -> None:
    calls = (("python", "well"), ("node", "well"), ("node", "fail"))
    assert [call(sandbox, name, do) for name, do in calls] == [200, 200, 502]

    def found(*options: str) -> list[tuple[str, int]]:
        done = biot_plugin("logs", "-e", "local", "--json", *options)
        assert done.code == 0, done.err
        return [(one["plugin"], one["status"]) for one in objects(done.out) if one["kind"] == "report"]

    assert found("--all")[-3:] == [("Plugin-python", 200), ("Plugin-node", 200), ("Plugin-node", 502)]
    assert set(found("node", "--status", "2xx")) == {("Plugin-node", 200)}
    assert {status for _, status in found("--all", "--status", "failed")} == {502}
    assert found("--all", "--hook", "notification") == []
    assert found("--all", "--since", "1h")[-1] == ("Plugin-node", 502)
    assert found("--all", "--since", "2199-01-01") == []
    last = objects(biot_plugin("logs", "node", "-e", "local", "--json").out)[-2]
    assert (last["kind"], last["ownFrames"]) == ("log", ["rules.js:3", "index.js:2"])


def test_following_prints_later_calls_until_it_is_stopped(sandbox: Sandbox, biot_plugin: CommandLine) -> None:  # noqa: ARG001 - for its environment
    assert call(sandbox, "python", "before") == 200
    command = [sys.executable, "-m", "builder", "logs", "-e", "local", "--all", "-f", "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    ) as process:
        assert process.stdout is not None
        texts: list[str] = []

        def read_until(text: str) -> None:
            assert process.stdout is not None
            while text not in texts:
                line = process.stdout.readline()
                assert line, texts
                texts.append(json.loads(line)["text"])

        try:
            read_until("created before")
            assert call(sandbox, "python", "later") == 200
            read_until("created later")
            assert texts.count("created before") == 1
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        (["-e", "local"], 2, "needs the plugin's name"),
        (["node", "-e", "local", "--all"], 2, "Use either NAME or --all."),
        (["node", "-e", "local", "--browser"], 2, "-e local shows the logs here"),
        (["nobody", "-e", "local"], 8, "nobody"),
        (["node", "-e", "local", "--status", "many"], 8, "status must be"),
    ],
)
def test_a_wrong_command_line_is_explained(
    biot_plugin: CommandLine, arguments: list[str], code: int, what: str
) -> None:
    done = biot_plugin("logs", *arguments)

    assert (done.code, what in done.err) == (code, True), done


def test_options_for_the_local_biot_are_refused_for_another_environment(biot_plugin: CommandLine) -> None:
    Path("src").mkdir()
    Path("plugin.toml").write_text(PLUGIN_TOML + '[environments.dev]\nbaseUrl = "https://biot.example"\n')
    done = biot_plugin("logs", "-e", "dev", "-f")

    assert (done.code, "are for -e local" in done.err) == (2, True)
