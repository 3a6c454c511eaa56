"""``biot-plugin dev``: each save gives a new answer, and an error leaves the last good version in place."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.templates.conftest import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
DEADLINE = 120.0


@dataclass
class Dev:
    """A running ``biot-plugin dev`` on a terminal of its own."""

    process: subprocess.Popen[bytes]
    terminal: int
    folder: Path
    output: str = field(default="")
    transcript: str = field(default="")

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Read until the output has the pattern; what came before is discarded."""
        deadline = time.monotonic() + DEADLINE
        while not (match := re.search(pattern, self.output)):
            assert time.monotonic() < deadline, f"{pattern} did not appear in {self.output!r}"
            if select.select([self.terminal], [], [], 0.1)[0]:
                try:
                    self.output += os.read(self.terminal, 65536).decode("utf-8", "replace")
                except OSError as error:  # the terminal is closed when the program has ended
                    raise AssertionError(self.output) from error
        self.transcript += self.output[: match.end()]
        self.output = self.output[match.end() :]
        return match

    def save(self, answer: str) -> None:
        """Save a file as an editor does: write another one, then rename it."""
        new = self.folder / "src" / "helper.py.tmp"
        new.write_text(answer, "utf-8")
        new.replace(self.folder / "src" / "helper.py")

    def press(self, key: str) -> None:
        os.write(self.terminal, key.encode())


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory, functions_cache: Path) -> Iterator[Dev]:
    home = tmp_path_factory.mktemp("dev")
    folder = home / "my-plugin"
    (folder / "src").mkdir(parents=True)
    for name, text in (("plugin.toml", MANIFEST), ("src/index.py", HANDLER), ("src/helper.py", 'ANSWER = "one"\n')):
        (folder / name).write_text(text, "utf-8")
    environment = {
        **os.environ,
        "BIOT_PLUGIN_STATE": str(home / "state"),
        "BIOT_PLUGIN_STORE": str(home / "store"),
        "XDG_CACHE_HOME": str(functions_cache.parents[1]),
        "COLUMNS": "200",
    }
    ours, theirs = pty.openpty()
    argv = [sys.executable, "-m", "builder", "dev", "--port", "0", "--any-python"]
    process = subprocess.Popen(argv, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    running = Dev(process, ours, folder)
    try:
        yield running
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        os.close(ours)


def answer_of(address: str) -> str:
    with httpx.Client(trust_env=False, timeout=DEADLINE) as client:
        return client.post(f"{address}/run/Plugin-my-plugin/", json={}).text


def readme_lines() -> list[str]:
    """What the README shows below ``$ biot-plugin dev``."""
    text = (REPOSITORY / "README.md").read_text("utf-8")
    return text.partition("$ biot-plugin dev\n")[2].partition("\n```")[0].splitlines()


def without_figures(line: str) -> str:
    return re.sub(r"\d+", "0", line).strip()


def test_every_save_gives_a_new_answer_and_an_error_keeps_the_old_one(dev: Dev) -> None:
    address = dev.wait_for(r"Local BioT on (http://127\.0\.0\.1:\d+)")[1]
    dev.wait_for(r"my-plugin: version 1 answers \(\d+\.\d+ s\)")
    dev.wait_for("Watching the files. Keys: r publish again")
    assert answer_of(address) == "one"

    dev.save('ANSWER = "two"\n')
    dev.wait_for("my-plugin: version 2 answers")
    assert answer_of(address) == "two"

    dev.save("ANSWER = (\n")
    dev.wait_for(r"src/helper\.py:1: Syntax error")
    dev.wait_for("my-plugin: not published. The last good version keeps answering.")
    assert answer_of(address) == "two"

    dev.save("from package.inside import ANSWER\n")
    dev.wait_for("not published")
    inside = dev.folder / "src" / "package"
    inside.mkdir()
    (inside / "inside.py").write_text('ANSWER = "from a new folder"\n', "utf-8")
    dev.wait_for(r"my-plugin: version \d+ answers")
    assert answer_of(address) == "from a new folder"

    dev.press("r")
    dev.wait_for("my-plugin: nothing has changed")

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
