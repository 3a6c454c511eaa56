"""The packaged ZIP has the same bytes every time, and answers every event when called as Lambda calls it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.biot.fake_biot import running_biot
from tests.support.plugins.lambda_calls import (
    RuntimeClient,
    call_every_event,
    find_python,
    node_client,
    python_client,
    unpack_read_only,
)
from tests.support.repetitions import exhaustive_except

if TYPE_CHECKING:
    from collections.abc import Callable

EVENTS = {"notification", "interceptor_pre", "interceptor_post", "interceptor_post_entity", "http", "cron"}
PYTHON = next(version for version in ("3.13", "3.12", "3.14") if find_python(version))
RUNTIMES = {"python": f"python{PYTHON}", "javascript": "nodejs22.x"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def generated(render: Callable[..., Path]) -> Callable[[str], Path]:
    """A plugin of each language. Do not change it."""
    return lambda language: render(language=language, runtime=RUNTIMES[language], plugin_name="same-bytes")


def package(folder: Path, store: Path, **environment: str) -> Path:
    argv = [sys.executable, "-m", "builder", "package", "--project", str(folder)]
    subprocess.run(argv, check=True, env={**os.environ, "BIOT_PLUGIN_STORE": str(store), **environment})
    return next((folder / "dist").glob("*.zip"))


@pytest.mark.parametrize("language", exhaustive_except(RUNTIMES, lambda language: language == "javascript"))
def test_two_folders_umasks_time_zones_and_mtimes_give_one_sha256(
    language: str, generated: Callable[[str], Path], tmp_path: Path, store: Path
) -> None:
    here = Path(shutil.copytree(generated(language), tmp_path / "here"))
    there = tmp_path / "another folder" / "there"
    shutil.copytree(here, there, copy_function=shutil.copy)
    for file in there.rglob("*"):
        os.utime(file, (0, 1_000_000_000))
    first = package(here, store, TZ="UTC", PYTHONHASHSEED="0")
    before = os.umask(0o077)
    try:
        second = package(there, tmp_path / "other store", TZ="Asia/Tokyo", PYTHONHASHSEED="1")
    finally:
        os.umask(before)

    assert hashlib.sha256(first.read_bytes()).digest() == hashlib.sha256(second.read_bytes()).digest()
    reports = [json.loads(file.with_suffix(".report.json").read_text("utf-8")) for file in (first, second)]
    assert reports[0] == reports[1]


@dataclass(frozen=True)
class Function:
    """An unpacked plugin, and the client that calls it."""

    client: RuntimeClient
    code: Path
    events: Path


@pytest.fixture(params=RUNTIMES, scope="module")
def function(
    request: pytest.FixtureRequest,
    generated: Callable[[str], Path],
    store: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Function:
    folder = tmp_path_factory.mktemp("function")
    plugin = Path(shutil.copytree(generated(request.param), folder / "plugin"))
    client = node_client()
    if request.param == "python":
        interpreter = find_python(PYTHON)
        assert interpreter is not None
        client = python_client(interpreter, tmp_path_factory.getbasetemp() / "runtime")
    code = unpack_read_only(package(plugin, store), folder / "code")
    return Function(client=client, code=code, events=plugin / "events")


def test_the_zip_answers_every_event(function: Function) -> None:
    with running_biot() as biot:
        answers = call_every_event(function.client, function.code, function.events, biot)

    assert set(answers) == EVENTS
    assert {name: answer["statusCode"] for name, answer in answers.items()} == dict.fromkeys(EVENTS, 200)
    assert not list(function.code.rglob("__pycache__"))


def test_the_zip_refuses_a_user_token_where_a_platform_token_is_required(function: Function, tmp_path: Path) -> None:
    events = Path(shutil.copytree(function.events, tmp_path / "events"))
    with running_biot() as biot:
        for file in events.glob("*.json"):
            file.write_text(file.read_text("utf-8").replace("<token>", biot.key.user_token()), "utf-8")
        answers = call_every_event(function.client, function.code, events, biot)

    expected = {name: 200 if name in {"http", "cron"} else 403 for name in EVENTS}
    assert {name: answer["statusCode"] for name, answer in answers.items()} == expected
