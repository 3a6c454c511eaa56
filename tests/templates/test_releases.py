"""The pipelines of generated plugins publish: their jobs run one by one against a local BioT."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from itertools import cycle
from typing import TYPE_CHECKING

import pytest

from sandbox.ums.accounts import ServiceUserDraft, add_service_user
from sandbox.ums.permissions import PROTECTED_API
from tests.support.repetitions import exhaustive_after
from tests.support.sandbox.running_sandbox import Sandbox, running_sandbox
from tests.templates import pipelines
from tests.templates.conftest import commit_all
from tests.templates.runner import Agent, scripts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SYSTEMS = tuple(pipelines.FILES)
LANGUAGES = ("python", "javascript")
EVIDENCE = {".zip", ".report.json", ".cdx.json", ".provenance.json"}


@pytest.fixture(scope="module")
def biot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("biot")) as sandbox:
        yield sandbox


@pytest.fixture
def agent(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Agent]:
    def _agent(system: str) -> Agent:
        (tmp_path / "agent").mkdir()
        return Agent(system=system, folder=tmp_path / "agent", store=tmp_path_factory.getbasetemp() / "store-of-agents")

    return _agent


@pytest.fixture
def repository(render: Callable[..., Path], tmp_path: Path, biot: Sandbox) -> Callable[[str, str], Path]:
    """A plugin whose [environments.staging] is the local BioT."""

    def _repository(language: str, system: str) -> Path:
        folder = tmp_path / "repository"
        shutil.copytree(render(language=language, ci=system, plugin_name=f"{language}-{system}"), folder)
        manifest = folder / "plugin.toml"
        text = manifest.read_text("utf-8").replace("https://api.staging.example.com", biot.base_url)
        # As the README says: remove the # before the table, and enter the address.
        manifest.write_text(re.sub(r"^# (\[environments.staging\]|baseUrl)", r"\1", text, flags=re.MULTILINE), "utf-8")
        commit_all(folder, "Start")
        return folder

    return _repository


def settings_of(biot: Sandbox, name: str, readme: str) -> dict[str, str]:
    """Follow the README: create a service user with the permissions that it names."""
    scopes = tuple(re.findall(r"`((?:SETTINGS|HOOKS)_[A-Z_]+)`", readme))
    with biot.running.state.database.write() as connection:
        draft = ServiceUserDraft(name=f"ci of {name}", scopes=(PROTECTED_API, *scopes))
        user = add_service_user(connection, draft)
    return {
        "BIOT_ENVIRONMENT": "staging",
        "BIOT_SERVICE_USER_ID": user.id,
        "BIOT_SERVICE_USER_SECRET_KEY": user.secret_key,
    }


def version_of(biot: Sandbox, name: str) -> int | None:
    answer = biot.call("GET", f"/settings/v2/plugins/Plugin-{name}", token=biot.token())
    return answer.body["version"] if answer.status == 200 else None


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_jobs_of_both_languages_run_the_same_commands_after_their_setup(
    system: str, repository: Callable[[str, str], Path]
) -> None:
    jobs = {}
    for language in LANGUAGES:
        folder = repository(language, system)
        jobs[language] = {
            name: replace(job, steps=tuple(scripts_of(job))) for name, job in pipelines.read(system, folder).items()
        }
        shutil.rmtree(folder)

    assert jobs["python"] == jobs["javascript"]


@pytest.mark.parametrize(("language", "system"), exhaustive_after(1, zip(cycle(LANGUAGES), SYSTEMS, strict=False)))
def test_a_release_is_built_twice_and_published_once_an_environment_is_set(
    language: str,
    system: str,
    agent: Callable[[str], Agent],
    biot: Sandbox,
    repository: Callable[[str, str], Path],
) -> None:
    folder, machine = repository(language, system), agent(system)
    pipeline = dict(pipelines.read(system, folder))
    publish = {"publish": pipeline["publish"]}
    if system != "bitbucket":  # its step checks the condition itself; test_pipelines.py has all systems
        del pipeline["publish"]

    ran = machine.run(pipeline, folder, {})
    log = "".join(job.log for job in ran.values())
    assert {job.code for job in ran.values()} == {0}, log
    assert "byte for byte" in ran["verify"].log
    assert log.count("Publishing is off") == 1
    assert version_of(biot, f"{language}-{system}") is None

    log = ""
    settings = settings_of(biot, f"{language}-{system}", (folder / "README.md").read_text("utf-8"))
    for ending in ("done", "nothing to do"):  # the second run is like repeating the job
        ran = machine.run(publish, folder, settings)
        assert ran["publish"].code == 0, ran["publish"].log
        assert ending in ran["publish"].log.lower()
        assert version_of(biot, f"{language}-{system}") == 1
        log += ran["publish"].log
    kept = {file.name: file.read_bytes() for file in (machine.folder / "kept").iterdir()}
    assert {f"{language}-{system}-1{suffix}" for suffix in EVIDENCE} | {"plan.json"} <= kept.keys()
    secret = settings["BIOT_SERVICE_USER_SECRET_KEY"]
    assert secret not in log
    assert "not looked at" not in log, "the permissions are too few to see everything"
    assert not [name for name, data in kept.items() if secret.encode() in data]
    [journal] = (machine.folder / "state" / "journal").rglob("*.jsonl")
    assert "4711" in json.loads(journal.read_text("utf-8").partition("\n")[0])["who"], "the job is named"
