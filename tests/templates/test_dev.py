"""``biot-plugin dev``: each save gives a new answer, and an error leaves the last good version in place."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.functional.sandbox.console.conftest import Browser
from tests.support.plugins.running_dev import DEADLINE, RunningDev, answer_of, running_dev, save_by_renaming
from tests.templates.conftest import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator

MANIFEST = """\
[plugin]
name = "my-plugin"
displayName = "Saved"
version = 1
runtime = "python3.13"

[plugin.subscriptions]
[[plugin.subscriptions.notifications]]
entityTypeName = "patient"
actionName = "_create"
"""
HANDLER = """\
# notification
import helper


def handler(event, context):
    return {"statusCode": 200, "body": helper.ANSWER}
"""


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory, functions_cache: Path) -> Iterator[RunningDev]:
    home = tmp_path_factory.mktemp("dev")
    folder = home / "my-plugin"
    (folder / "src").mkdir(parents=True)
    for name, text in (("plugin.toml", MANIFEST), ("src/index.py", HANDLER), ("src/helper.py", 'ANSWER = "one"\n')):
        (folder / name).write_text(text, "utf-8")
    variables = {
        "BIOT_PLUGIN_STATE": str(home / "state"),
        "BIOT_PLUGIN_STORE": str(home / "store"),
        "XDG_CACHE_HOME": str(functions_cache.parents[1]),
    }
    with running_dev(folder, variables) as running:
        yield running


def test_a_closed_terminal_ends_it_and_the_processes_of_its_plugins(tmp_path: Path, functions_cache: Path) -> None:
    folder = tmp_path / "closed-terminal"
    (folder / "src").mkdir(parents=True)
    (folder / "plugin.toml").write_text(MANIFEST.replace("my-plugin", "closed-terminal"), "utf-8")
    (folder / "src" / "index.py").write_text("def handler(event, context): ...\n", "utf-8")
    variables = {
        "BIOT_PLUGIN_STATE": str(tmp_path / "state"),
        "BIOT_PLUGIN_STORE": str(tmp_path / "store"),
        "XDG_CACHE_HOME": str(functions_cache.parents[1]),
    }
    with running_dev(folder, variables) as running:
        running.wait_for("Watching the files")
        assert processes_of("Plugin-closed-terminal")

    assert running.process.returncode is not None
    assert running.process.returncode >= 0, "it was killed instead of stopping by itself"
    assert not processes_of("Plugin-closed-terminal")


def processes_of(function: str) -> list[str]:
    """The processes with the name of a function in their environment."""
    found = []
    for file in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if f"AWS_LAMBDA_FUNCTION_NAME={function}\0".encode() in file.read_bytes():
                found.append(file.parent.name)
    return found


def save(dev: RunningDev, text: str) -> None:
    save_by_renaming(dev.folder / "src" / "helper.py", text)


def readme_lines() -> list[str]:
    """What the README shows below ``$ biot-plugin dev``."""
    text = (REPOSITORY / "README.md").read_text("utf-8")
    return text.partition("$ biot-plugin dev\n")[2].partition("\n```")[0].splitlines()


def without_figures(line: str) -> str:
    return re.sub(r"\d+", "0", re.sub(r"key=\S+", "key=", line)).strip()


def change_memory_in_the_console(dev: RunningDev, memory: str) -> None:
    """Change a setting on the page of the plugin, and write it to the file that `dev` watches."""
    address = re.findall(r"Console: (http://127\.0\.0\.1:\d+)(\S+)", dev.transcript)[-1]
    with httpx.Client(base_url=address[0], timeout=30) as client:
        client.get(address[1])
        browser = Browser(client)
        changed = browser.send("/plugins/my-plugin", {"memorySize": memory})
        assert changed.status_code == httpx.codes.SEE_OTHER, changed.text
        page = browser.get("/plugins/my-plugin")
        assert f"+memorySize = {memory}" in page.text
        fields = {name: page.fields[name] for name in ("formToken", "digest")}
        response = client.post("/console/plugins/my-plugin/file/write", data=fields)
        assert response.status_code == httpx.codes.SEE_OTHER, response.text


def test_every_save_gives_a_new_answer_and_an_error_keeps_the_old_one(dev: RunningDev) -> None:
    address = dev.wait_for(r"Local BioT on (http://127\.0\.0\.1:\d+)")[1]
    dev.wait_for(r"my-plugin: version 1 answers \(\d+\.\d+ s\)")
    dev.wait_for("Watching the files. Keys: o open in the browser, r publish again")
    assert answer_of(address, "my-plugin") == "one"

    save(dev, 'ANSWER = "two"\n')
    dev.wait_for("my-plugin: version 2 answers")
    assert answer_of(address, "my-plugin") == "two"

    save(dev, "ANSWER = (\n")
    dev.wait_for(r"src/helper\.py:1: Syntax error")
    dev.wait_for("my-plugin: not published. The last good version keeps answering.")
    assert answer_of(address, "my-plugin") == "two"

    save(dev, "from package.inside import ANSWER\n")
    dev.wait_for("not published")
    inside = dev.folder / "src" / "package"
    inside.mkdir()
    (inside / "inside.py").write_text('ANSWER = "from a new folder"\n', "utf-8")
    dev.wait_for(r"my-plugin: version \d+ answers")
    assert answer_of(address, "my-plugin") == "from a new folder"

    dev.press("r")
    dev.wait_for("my-plugin: nothing has changed")

    change_memory_in_the_console(dev, "512")
    dev.wait_for("my-plugin: nothing has changed")  # the file was saved, and the plugin has its settings already
    assert "memorySize = 512\n" in (dev.folder / "plugin.toml").read_text("utf-8")

    done = subprocess.run(
        [sys.executable, "-m", "builder", "trigger", "patient", "_create", "--json"],
        env={**os.environ, "BIOT_PLUGIN_STATE": str(dev.folder.parent / "state")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["status"] == "ok"
    dev.wait_for(r"NOTIFICATION my-plugin: 200, \d+\.\d ms, \d+ MB")

    dev.press("q")
    assert dev.process.wait(DEADLINE) == 0
    shown = {without_figures(line) for line in dev.transcript.splitlines()}
    assert [line for line in readme_lines() if without_figures(line) not in shown] == []
