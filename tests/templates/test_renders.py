"""Twenty renders have exactly the expected files, and the program for each file can read it."""

from __future__ import annotations

import ast
import configparser
import json
import re
import subprocess
import tomllib
from datetime import date
from typing import TYPE_CHECKING

import pytest
import yaml

from builder.manifest import manifest_file
from builder.manifest.model import InterceptionType
from tests.templates.conftest import REPOSITORY, files_of, git
from tests.templates.expected import ACTIONS, CI_FILES, HOOKS, expected_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Render = Callable[..., Path]

RUNTIMES = {"python": ("python3.14", "python3.13", "python3.12"), "javascript": ("nodejs24.x", "nodejs22.x")}
LANGUAGES = tuple(RUNTIMES)
PAIRS = (("interceptor_post", "interceptor_post_entity"), ("notification", "nonspecific"), HOOKS[:2])
CHOICES = (HOOKS, *((hook,) for hook in HOOKS), *PAIRS)
TODAY = date(2026, 11, 20)
WINDOWS_FORBIDS = re.compile(r'[<>:"|?*\\\x00-\x1f]|[ .]$|^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$', re.IGNORECASE)

MATRIX = [
    *(
        (language, hooks, RUNTIMES[language][number % len(RUNTIMES[language])], tuple(CI_FILES)[number % len(CI_FILES)])
        for language in LANGUAGES
        for number, hooks in enumerate(CHOICES)
    ),
    *(
        (language, ("nonspecific",), RUNTIMES[language][0], ci)
        for language in LANGUAGES
        for ci in ("gitlab", "jenkins")
    ),
]
"""Every choice of hooks, runtime and CI system in each language, and the CI systems that a cron job changes."""


def name_of(case: tuple[str, tuple[str, ...], str, str]) -> str:
    language, hooks, runtime, ci = case
    return f"{language}-{'+'.join(hooks) if len(hooks) < len(HOOKS) else 'all'}-{runtime}-{ci}"


@pytest.fixture(params=MATRIX, ids=name_of)
def case(request: pytest.FixtureRequest) -> tuple[str, tuple[str, ...], str, str]:
    chosen: tuple[str, tuple[str, ...], str, str] = request.param
    return chosen


def render_case(render: Render, case: tuple[str, tuple[str, ...], str, str]) -> Path:
    language, hooks, runtime, ci = case
    return render(language=language, hooks=list(hooks), runtime=runtime, ci=ci)


def texts(folder: Path, *suffixes: str) -> Iterator[tuple[Path, str]]:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and (not suffixes or file.suffix in suffixes):
            yield file, file.read_text("utf-8")


def rendered_names(language: str) -> set[str]:
    root = REPOSITORY / "templates" / language
    names = {file.relative_to(root).as_posix().removesuffix(".jinja") for file in root.rglob("*.jinja")}
    return {name.replace("{{ _copier_conf.answers_file }}", ".copier-answers.yml") for name in names}


def test_the_files_are_the_expected_ones(render: Render, case: tuple[str, tuple[str, ...], str, str]) -> None:
    language, hooks, _, ci = case
    assert files_of(render_case(render, case)) == expected_files(language, hooks, ci)


def test_no_folder_is_empty(render: Render, case: tuple[str, tuple[str, ...], str, str]) -> None:
    folders = [folder for folder in render_case(render, case).rglob("*") if folder.is_dir()]
    assert [folder for folder in folders if not any(folder.iterdir())] == []


def test_every_file_can_be_read_by_its_program(render: Render, case: tuple[str, tuple[str, ...], str, str]) -> None:
    readers: dict[str, Callable[[str], object]] = {
        ".json": json.loads,
        ".toml": tomllib.loads,
        ".yml": yaml.safe_load,
        ".py": ast.parse,
    }
    folder, rendered = render_case(render, case), rendered_names(case[0])
    for file, text in texts(folder):
        assert text.endswith("\n"), f"{file} ends without a line feed"
        assert not text.endswith("\n\n"), f"{file} ends with an empty line"
        assert "\r" not in text, file
        if file.relative_to(folder).as_posix() in rendered:
            assert not re.search(r"(?<!\$)\{\{|\{%|\{#|%\}", text), f"{file} was not rendered whole"
        readers.get(file.suffix, str)(text)
    tox = configparser.ConfigParser(interpolation=None)
    tox.read_string((folder / "tox.ini").read_text("utf-8"))
    assert tox["tox"]["venv_redirect"] == "false"


def test_the_manifest_has_no_problems_and_subscribes_to_the_chosen_hooks(
    render: Render, case: tuple[str, tuple[str, ...], str, str]
) -> None:
    _, hooks, runtime, _ = case
    loaded = manifest_file.load(render_case(render, case) / "plugin.toml", today=TODAY)
    plugin = loaded.manifest.plugin
    types = {interception.type for interception in plugin.subscriptions.interceptions}
    by_hook = {
        "interceptor_pre": InterceptionType.PRE_REQUEST,
        "interceptor_post": InterceptionType.POST_REQUEST,
        "interceptor_post_entity": InterceptionType.ADAPT_ENTITY,
    }
    assert loaded.warnings == ()
    assert plugin.runtime == runtime
    assert types == {by_hook[hook] for hook in hooks if hook in by_hook}
    assert bool(plugin.subscriptions.notifications) == ("notification" in hooks)


def test_the_registry_contains_only_the_chosen_hooks(
    render: Render, case: tuple[str, tuple[str, ...], str, str]
) -> None:
    language, hooks, _, _ = case
    registry = render_case(render, case) / "src" / "plugin" / ("hooks.py" if language == "python" else "hooks.js")
    named = set(re.findall(r"perform[./](\w+)|\b(?:from|import)\b.*?\bperform\b", registry.read_text("utf-8"))) - {""}
    text = registry.read_text("utf-8")
    assert all(re.search(rf"\b{hook}\b", text) for hook in hooks), named
    assert not any(re.search(rf"perform[./ ]+{hook}\b", text) for hook in HOOKS if hook not in hooks)


def test_every_javascript_file_is_valid(render: Render) -> None:
    """One Node.js process parses them all: starting it takes longer than parsing all of a plugin's files."""
    folders = [render_case(render, case) for case in MATRIX if case[0] == "javascript"]
    files = [str(file) for folder in folders for file, _ in texts(folder, ".js")]
    program = (
        "const { readFileSync } = require('node:fs'), { SourceTextModule } = require('node:vm');"
        " for (const identifier of process.argv.slice(1))"
        " new SourceTextModule(readFileSync(identifier, 'utf8'), { identifier });"
    )
    command = ["node", "--experimental-vm-modules", "--no-warnings", "-e", program]

    done = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
    assert len(files) > 100
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("template", [*LANGUAGES, "many"])
def test_names_and_modes_work_on_every_system(template: str) -> None:
    folder = REPOSITORY / "templates" / template
    lines = git(REPOSITORY, "ls-files", "-z", "--stage", "--", str(folder)).split("\0")
    for line in filter(None, lines):
        stage, _, name = line.partition("\t")
        mode = stage.split()[0]
        rendered = name.replace("{{ _copier_conf.answers_file }}", ".copier-answers.yml").removesuffix(".jinja")
        executable = name.endswith(".sh.jinja")
        assert mode == ("100755" if executable else "100644"), f"{name} has mode {mode}: no links"
        assert len(rendered) < 120
        assert not any(WINDOWS_FORBIDS.search(part) for part in rendered.split("/")), name


def test_git_ignores_no_template_file() -> None:
    names = git(REPOSITORY, "ls-files", "-z", "--cached", "--", "templates").split("\0")
    argv = ["git", "check-ignore", "--no-index", "--stdin"]
    done = subprocess.run(argv, input="\n".join(names), cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.stdout == "", "a render from a git URL would lack these"


@pytest.mark.parametrize(
    "name", ["{{ _copier_conf.answers_file }}.jinja", ".editorconfig", "CHANGELOG.md", ".env.example"]
)
def test_shared_files_are_the_same_in_both_languages(name: str) -> None:
    python, javascript = ((REPOSITORY / "templates" / language / name).read_text("utf-8") for language in LANGUAGES)
    assert python == javascript


def test_both_languages_have_the_same_table_of_cases(render: Render) -> None:
    python, javascript = (
        (render(language=language) / "tests_kit" / "cases.json").read_bytes() for language in LANGUAGES
    )
    assert python == javascript == (REPOSITORY / "templates" / "cases.json").read_bytes()


def test_both_languages_have_the_same_environments(render: Render) -> None:
    tox = [configparser.ConfigParser(interpolation=None) for _ in LANGUAGES]
    for parser, language in zip(tox, LANGUAGES, strict=True):
        parser.read(render(language=language) / "tox.ini", "utf-8")
    assert tox[0].sections() == tox[1].sections()
    assert dict(tox[0]["tox"]) == dict(tox[1]["tox"])
    kit = "testenv:{package,dev,invoke,verify,plan,publish,lock}"
    assert tox[0][kit]["commands"] == tox[1][kit]["commands"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_ci_actions_are_pinned_by_commit_and_may_only_read(language: str, render: Render) -> None:
    workflow = (render(language=language) / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    used = set(re.findall(r"uses: ([^@\n]+)@(.+)", workflow))
    assert used == {(name, ACTIONS[name]) for name, _ in used}
    assert ({"actions/setup-node"} <= dict(used).keys()) == (language == "javascript")
    document = yaml.safe_load(workflow)
    assert document["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in document["jobs"].values())


@pytest.mark.parametrize(("language", "expected"), [("python", "3.12"), ("javascript", "24.x")])
def test_github_reads_the_runtime_from_the_manifest(language: str, expected: str, render: Render) -> None:
    folder = render(language=language, runtime={"python": "python3.12", "javascript": "nodejs24.x"}[language])
    steps = yaml.safe_load((folder / ".github" / "workflows" / "ci.yml").read_text("utf-8"))["jobs"]["plugin"]["steps"]
    command = next(step["run"] for step in steps if step.get("id") == "runtime")
    script = command.replace('>> "$GITHUB_OUTPUT"', "")
    done = subprocess.run(["sh", "-c", script], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout == f"version={expected}\n"


@pytest.mark.parametrize(
    ("language", "runtime", "image"),
    [("python", "python3.12", "python:3.12-bookworm"), ("javascript", "nodejs24.x", "node:24-bookworm")],
)
def test_gitlab_and_bitbucket_run_on_the_runtime_s_version(
    language: str, runtime: str, image: str, render: Render
) -> None:
    gitlab = yaml.safe_load(
        (render(language=language, runtime=runtime, ci="gitlab") / ".gitlab-ci.yml").read_text("utf-8")
    )
    bitbucket = render(language=language, runtime=runtime, ci="bitbucket") / "bitbucket-pipelines.yml"
    assert gitlab["default"]["image"] == image
    assert yaml.safe_load(bitbucket.read_text("utf-8"))["image"] == image


def test_the_readme_contains_the_title_and_the_description(render: Render) -> None:
    text = (render(display_name="Größe & Co", description="Says hello.") / "README.md").read_text("utf-8")
    assert text.startswith("# Größe & Co\n\nSays hello.\n\nA plugin for BioT")
