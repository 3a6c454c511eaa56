"""Every command of every page works (`tox -e docs`; the tutorial and three guides are also in plain `tox`)."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

import builder
from tests.support.plugins.page_steps import Reader, blocks_that_do_not_run, page_steps, reader_environment
from tests.support.sandbox.sandbox_command import started_sandbox
from tests.support.servers.package_registries import PythonIndex, served
from tests.templates.conftest import REPOSITORY, commit_all, git

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.plugins.page_steps import PageStep

DOCS = REPOSITORY / "docs"
FROM_NOTHING = ("existing-plugin", "many-plugins", "ci", "other-runtimes", "change-a-plugin")
"""Guides that begin in an empty folder."""
IN_A_PLUGIN = {"how-to/auditors": "my-plugin", "how-to/problems": "my-plugin", "local": "age-calculator"}
"""Pages that begin in a generated plugin -> its name."""
WITH_MORE = {"how-to/private-index", "how-to/own-account"}
"""Pages that need a server besides the local BioT; each has a test of its own."""
IN_PLAIN_TOX = {"tutorial", "how-to/publish", "how-to/image", "how-to/types"}
"""Pages that `tests/templates` runs, also in plain `tox`."""
WITHOUT_COMMANDS_TO_RUN = {"publishing"}
"""Pages whose only block of commands is in NOT_RUN."""
NOT_RUN = {
    "biot-plugin audit --osv osv": "needs a copy of the OSV database; `tests/functional/evidence` runs it with one",
    "git fetch origin main": "needs a pipeline with branches; `tests/functional/batch` runs `--since`",
    "biot-plugin plan --all -e dev --json > plan.json || [ $? = 10 ]": "`tests/functional/release` runs it",
    'pipx install "biot-plugin-kit @ git+https://github.com/biot-plugin-kit/biot-plugin-kit"': "needs GitHub",
    "export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… AWS_SESSION_TOKEN=…   # of temp-credentials": (
        "needs Docker and AWS's command line; `tox -e images` pushes with Docker"
    ),
    "export BIOT_PLUGIN_RECORDS=s3://my-bucket/biot-records    # or a folder, such as a network drive": (
        "needs a bucket and another BioT than a local one; `tests/functional/shared` runs it"
    ),
}
"""First line of each block that no test runs -> why."""
SERVE = "BIOT_BASE_URL=http://127.0.0.1:2468 tox -e serve"


@pytest.fixture
def reader(kit: Path, tmp_path: Path, functions_cache: Path) -> Iterator[Reader]:
    """Somebody in an empty folder, with a local BioT that runs."""
    released = tmp_path / "released" / kit.name
    git(tmp_path, "clone", "--quiet", str(kit), str(released))
    git(released, "tag", f"v{builder.__version__}")  # an installed kit updates plugins to the tag of its own version
    environ = {**reader_environment(tmp_path, released), "XDG_CACHE_HOME": str(functions_cache.parents[1])}
    folder = tmp_path / "home"
    folder.mkdir()
    with started_sandbox([str(tmp_path / "bin" / "biot-plugin"), "sandbox", "--port", "0"], environ) as printed:
        address, password = (re.search(pattern, printed) for pattern in (r"Local BioT on (\S+)", r"password +(\S+)"))
        assert address is not None
        assert password is not None
        here = {"http://127.0.0.1:2468": address[1], "THE-PRINTED-PASSWORD": password[1]}
        yield Reader(folder=folder, environ=environ, replaced=here)


def text_of(name: str) -> str:
    return (DOCS / f"{name}.md").read_text("utf-8")


def steps_of(name: str) -> list[PageStep]:
    return [*page_steps(text_of(name))]


def in_a_plugin(reader: Reader, rendered: Path, name: str) -> None:
    reader.folder = shutil.copytree(rendered, reader.folder / name)
    commit_all(reader.folder, "Start")


def test_every_page_with_commands_is_run() -> None:
    names = {page.relative_to(DOCS).with_suffix("").as_posix() for page in DOCS.rglob("*.md")}
    with_commands = {name for name in names if any(step.command for step in steps_of(name))}
    skipped = {block.splitlines()[0] for name in names for block in blocks_that_do_not_run(text_of(name))}
    with_blocks = {name for name in names if blocks_that_do_not_run(text_of(name))}
    run = {*(f"how-to/{name}" for name in FROM_NOTHING), *IN_A_PLUGIN, *WITH_MORE, *IN_PLAIN_TOX}

    assert with_commands == run
    assert with_blocks <= run | WITHOUT_COMMANDS_TO_RUN
    assert skipped == set(NOT_RUN)


def test_every_command_line_of_a_page_begins_with_a_dollar_sign() -> None:
    """A line without one would look like output, and not be run."""
    names = [page.relative_to(DOCS).with_suffix("").as_posix() for page in DOCS.rglob("*.md")]
    blocks = [
        (name, block) for name in names for block in re.findall(r"```console\n(.*?)```", text_of(name), re.DOTALL)
    ]

    assert [name for name, block in blocks if not block.lstrip().startswith("$ ")] == []


@pytest.mark.parametrize("name", FROM_NOTHING)
def test_every_command_works_in_an_empty_folder(name: str, reader: Reader) -> None:
    reader.follow(steps_of(f"how-to/{name}"))


@pytest.mark.parametrize("name", IN_A_PLUGIN)
def test_every_command_works_in_a_new_plugin(name: str, reader: Reader, render: Callable[..., Path]) -> None:
    in_a_plugin(reader, render(plugin_name=IN_A_PLUGIN[name]), IN_A_PLUGIN[name])
    reader.follow(steps_of(name))


def test_every_command_works_with_a_private_index(reader: Reader) -> None:
    """The only index that has the package is one on loopback."""
    with served(PythonIndex()) as index:
        index.wheel("acme_units", "1.2.0", files={"acme_units.py": b"def celsius(x): return (x - 32) / 1.8\n"})
        reader.replaced = {"https://pypi.example.com/simple/": f"{index.url}/simple"}
        for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS"):
            reader.environ.pop(name, None)
        reader.follow(steps_of("how-to/private-index"))
        requested = [*index.requests]

    assert any("acme-units" in path for path in requested)


def test_every_command_works_on_ones_own_account(reader: Reader) -> None:
    """The server runs on a free port, so `plugin.toml` gets its address."""
    servers: list[subprocess.Popen[bytes]] = []

    def serve(folder: Path) -> None:
        variables = {"PYTHONPATH": "src", "BIOT_BASE_URL": reader.replaced["http://127.0.0.1:2468"], "SERVER_PORT": "0"}
        environ = {**os.environ, **variables, "SERVER_DRAIN": "0", "LOG_LEVEL": "INFO"}
        log = folder.parent / "server.log"
        with log.open("wb") as output:
            servers.append(subprocess.Popen([sys.executable, "-m", "server"], cwd=folder, env=environ, stdout=output))
        while b"\n" not in log.read_bytes():
            assert servers[0].poll() is None
            time.sleep(0.05)
        port = json.loads(log.read_bytes().splitlines()[0])["message"].rpartition(":")[2]
        manifest = folder / "plugin.toml"
        text = manifest.read_text("utf-8")
        assert "http://127.0.0.1:8080/" in text
        manifest.write_text(text.replace("http://127.0.0.1:8080/", f"http://127.0.0.1:{port}/"), "utf-8")

    reader.other_terminals = {SERVE: serve}
    try:
        reader.follow(steps_of("how-to/own-account"))
    finally:
        for server in servers:
            server.terminate()
            assert server.wait(30) == 0
    assert len(servers) == 1


def test_the_readme_shows_commands_that_other_tests_run() -> None:
    """`dev`, which `tests/templates/test_dev.py` runs, and the guide to images."""
    commands = [step.command for step in page_steps((REPOSITORY / "README.md").read_text("utf-8"))]

    run = {"biot-plugin dev", *(step.command for step in steps_of("how-to/image"))}
    assert len(commands) > 5
    assert set(commands) <= run
