"""The pipelines of repositories for many plugins: checked by linters, and their scripts run with a recording tox."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.templates import pipelines
from tests.templates.conftest import commit_all, git
from tests.templates.runner import SETUP

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.templates.pipelines import Job, Pipeline

    Render = Callable[..., Path]

SYSTEMS = tuple(pipelines.FILES)
CHANGES = {
    "github": ("package", "test"),
    "gitlab": ("changed-plugins",),
    "bitbucket": ("Test and package changed plugins",),
    "jenkins": ("Test and package",),
}
"""The jobs of every change."""
RELEASES = {
    "github": ("plan", "publish"),
    "gitlab": ("plan", "planned-plugins", "publish"),
    "bitbucket": ("Publish",),
    "jenkins": ("Publish",),
}
"""The jobs of the default branch."""
SHARD = {
    "github": {"PLUGINS": "plugins/first"},
    "gitlab": {"CI_NODE_INDEX": "2", "CI_NODE_TOTAL": "4"},
    "bitbucket": {"BITBUCKET_PARALLEL_STEP": "1", "BITBUCKET_PARALLEL_STEP_COUNT": "4"},
    "jenkins": {"SHARD": "2/4"},
}
"""What each system tells the second of four machines."""
TOX = """#!/bin/sh
echo "$*${BIOT_SERVICE_USER_SECRET_KEY:+ [secrets]}" >> "$TOX_CALLS"
case "$*" in "-e changed -- "*) echo '["plugins/first"]' > changed.json;; esac
case "$*" in *"$TOX_FAILS"*) exit 4;; esac
"""
NULL = "0" * 40


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Runs the scripts of jobs in a clone; its tox writes down how it was called."""

    checkout: Path
    folder: Path

    def run(self, pipeline: Pipeline, names: tuple[str, ...], variables: Mapping[str, str]) -> list[str]:
        """Run jobs; return the calls of tox, with `[secrets]` after those that got secrets."""
        calls = self.folder / "calls"
        calls.write_text("", "utf-8")
        (self.folder / "tox").write_text(TOX, "utf-8")
        (self.folder / "tox").chmod(0o755)
        for name in names:
            if self._run_job(pipeline[name], variables):
                break
        return calls.read_text("utf-8").splitlines()

    def _run_job(self, job: Job, variables: Mapping[str, str]) -> int:
        steps = [step for step in job.steps if not any(re.fullmatch(known, step.script) for known in SETUP)]
        if job.one_shell:
            steps = [pipelines.Step("\n".join(step.script for step in steps), steps[0].secrets)]
        for step in steps:
            script = re.sub(r"(/opt/tox|\.tox/ci)/bin/tox", "tox", step.script)
            environment = {
                "PATH": os.pathsep.join([str(self.folder), str(Path(sys.executable).parent), os.environ["PATH"]]),
                "TOX_CALLS": str(self.folder / "calls"),
                "TOX_FAILS": "no call",
                "GITHUB_OUTPUT": str(self.folder / "output"),
                **{name: value for name, value in os.environ.items() if name.startswith(("GIT_", "HOME"))},
                **variables,
                **dict.fromkeys(step.secrets, "secret"),
            }
            done = subprocess.run(["sh", "-e", "-c", script], cwd=self.checkout, env=environment, check=False)
            if done.returncode:
                return done.returncode
        return 0


@pytest.fixture(scope="module")
def checkout(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """Clones of repositories with one plugin and two commits on main, and two more on another branch."""
    known: dict[tuple[str, str], Path] = {}

    def _checkout(system: str, branch: str) -> Path:
        if (system, branch) not in known:
            folder = tmp_path_factory.mktemp("pipelines")
            origin = Path(shutil.copytree(render(layout="many", ci=system), folder / "origin"))
            (origin / "plugins" / "first").mkdir()
            (origin / "plugins" / "first" / "plugin.toml").write_text('[plugin]\nruntime = "python3.12"\n', "utf-8")
            for message in ("Start", "On main"):
                commit_all(origin, message)
            if branch != "main":
                git(origin, "checkout", "--quiet", "-b", branch)
                for message in ("First", "Second"):
                    commit_all(origin, message)
            git(folder, "clone", "--quiet", "--branch", branch, "--single-branch", str(origin), "clone")
            known[system, branch] = folder / "clone"
        return known[system, branch]

    return _checkout


@pytest.fixture
def machine(checkout: Callable[[str, str], Path], tmp_path: Path) -> Callable[[str, str], Machine]:
    """A machine of a CI system, with a clone."""
    return lambda system, branch: Machine(checkout=checkout(system, branch), folder=tmp_path)


@pytest.mark.parametrize("name", pipelines.SCHEMAS)
def test_the_pipeline_matches_the_schema_of_its_system(name: str, render: Render) -> None:
    assert pipelines.schema_errors(name, render(layout="many", ci="github" if name == "dependabot" else name)) == []


def test_the_jenkinsfile_is_groovy(render: Render) -> None:
    text = (render(layout="many", ci="jenkins") / "Jenkinsfile").read_text("utf-8")
    assert not pipelines.groovy(text).has_error


@pytest.mark.parametrize(
    ("system", "branch"),
    [
        *((system, "work") for system in SYSTEMS),
        ("github", "main"),
        *(pytest.param(system, "main", marks=pytest.mark.exhaustive) for system in SYSTEMS[1:]),
    ],
)
def test_a_change_is_compared_with_where_it_began_tested_and_packaged(
    system: str, branch: str, machine: Callable[[str, str], Machine], render: Render
) -> None:
    """On a branch with where it left main, on main with the commit before, whatever a clone has of other branches."""
    here = machine(system, branch)
    pipeline = pipelines.read_many(system, render(layout="many", ci=system))
    began = git(here.checkout, "rev-parse", "HEAD~2" if branch == "work" else "HEAD~1")

    calls = here.run(pipeline, CHANGES[system], SHARD[system])

    share = "" if system == "github" else " --shard 2/4"
    tests = "-e test -- plugins/first" if system == "github" else "-e test -- --changed --shard 2/4"
    assert set(calls) == {f"-e changed -- --since {began}", tests, f"-e package -- --since {began}{share}"}
    assert len(calls) == 3
    assert calls[0].startswith("-e changed")
    if system == "github":
        output = (here.folder / "output").read_text("utf-8")
        [job] = json.loads(output.removeprefix("matrix="))["include"]
        assert job == {"name": "plugins/first", "plugins": "plugins/first", "python": "3.12", "node": ""}


def since(checkout: Path, *before: str) -> str:
    """What a pipeline compares with."""
    script = ["sh", "tools/since.sh", *before]
    return subprocess.run(script, cwd=checkout, capture_output=True, text=True, check=True).stdout


def test_on_main_the_commit_before_is_the_one_that_the_system_names(checkout: Callable[[str, str], Path]) -> None:
    clone = checkout("github", "main")
    first, last = (git(clone, "rev-parse", name) for name in ("HEAD~1", "HEAD"))
    assert since(clone) == since(clone, first) == f"{first}\n"
    assert since(clone, last) == f"{last}\n", "nothing has changed since then"
    assert since(clone, NULL) == since(clone, "0123" * 10) == f"{NULL}\n", "everything"


def test_without_the_default_branch_everything_counts_as_changed(
    checkout: Callable[[str, str], Path], tmp_path: Path
) -> None:
    clone = Path(shutil.copytree(checkout("jenkins", "work"), tmp_path / "clone"))
    git(clone, "update-ref", "-d", "refs/remotes/origin/main")
    git(clone, "remote", "set-url", "origin", "/nowhere")
    assert since(clone) == f"{NULL}\n"


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_biot_lacks_is_tested_without_secrets_and_then_published(
    system: str, machine: Callable[[str, str], Machine], render: Render
) -> None:
    here = machine(system, "work")
    pipeline = pipelines.read_many(system, render(layout="many", ci=system))
    variables = {**SHARD[system], "BIOT_ENVIRONMENT": "staging"}

    calls = [call for call in here.run(pipeline, RELEASES[system], variables) if "--notest" not in call]
    failed = here.run(pipeline, RELEASES[system], {**variables, "TOX_FAILS": "-e test"})

    one = " plugins/first" if system == "github" else ""
    share = {"github": "plugins/first", "gitlab": "--changed --shard 2/4"}.get(system, "--changed")
    assert calls == [
        "-e changed -- -e staging [secrets]",
        f"-e test -- {share}",
        f"-e publish -- -e staging{one} [secrets]",
    ]
    assert not any(call.startswith("-e publish -- ") for call in failed), failed


@pytest.mark.parametrize("system", SYSTEMS)
def test_only_the_release_of_the_default_branch_gets_secrets(system: str, render: Render) -> None:
    folder = render(layout="many", ci=system)
    pipeline = pipelines.read_many(system, folder)
    text = (folder / pipelines.FILES[system]).read_text("utf-8")

    assert not any(step.secrets for name in CHANGES[system] for step in pipeline[name].steps)
    assert all(
        "SECRET" not in step.script.replace("-u BIOT_SERVICE_USER_SECRET_KEY", "")
        for job in pipeline.values()
        for step in job.steps
    )
    assert sum("Publishing is off" in step.script for job in pipeline.values() for step in job.steps) == 1
    if system == "github":
        jobs = yaml.safe_load(text)["jobs"]
        assert re.sub(r"\s+", " ", jobs["plan"]["if"]) == (
            "github.event_name == 'push' && vars.BIOT_ENVIRONMENT != '' && "
            "github.ref_name == github.event.repository.default_branch"
        )
        assert jobs["publish"]["concurrency"]["cancel-in-progress"] is False
        assert "pull_request_target" not in text
    elif system == "gitlab":
        document = yaml.safe_load(text)
        assert document[".released"]["rules"] == [
            {"if": "$BIOT_ENVIRONMENT && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"}
        ]
        assert all(document[name]["extends"] == ".released" for name in RELEASES[system])
        assert document["publish"]["resource_group"] == "publish-$BIOT_ENVIRONMENT"
    elif system == "bitbucket":
        document = yaml.safe_load(text)
        steps = [item["step"] for item in document["definitions"]["steps"]]
        machines = {"parallel": {"steps": [{"step": steps[0]}] * 4}}
        assert document["pipelines"]["default"] == [machines]
        assert document["pipelines"]["branches"] == {"{main,master}": [machines, {"step": steps[1]}]}
    else:
        [when] = re.findall(r"when \{\n(.*?)\n {12}\}", text, re.DOTALL)
        assert "anyOf { branch 'main' branch 'master' }" in re.sub(r"\s+", " ", when)
        assert 'lock("publish-${env.BIOT_ENVIRONMENT}")' in text


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_readme_names_the_settings_of_its_system(system: str, render: Render) -> None:
    section = (render(layout="many", ci=system) / "README.md").read_text("utf-8").partition("\n## CI\n")[2]
    named = set(re.findall(r"`(BIOT_\w+)`", section)) | (pipelines.SECRETS if system == "jenkins" else set())
    assert {"BIOT_ENVIRONMENT", "BIOT_PLUGIN_RECORDS", "BIOT_PLUGIN_STORE", *pipelines.SECRETS} <= named
    assert "Publishing is off" in section
    assert pipelines.FILES[system] in section
