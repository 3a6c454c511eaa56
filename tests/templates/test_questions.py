"""The questions have safe defaults, follow the builder's rules, and never need --trust."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from datetime import date
from typing import TYPE_CHECKING

import pytest
import yaml
from copier import run_copy

import scaffold
from builder.manifest import manifest_file
from builder.platform.limits import DISPLAY_NAME_MAX, NAME_MAX
from builder.platform.runtimes import RUNTIMES
from tests.templates.conftest import REPOSITORY, files_of
from tests.templates.expected import HOOKS, expected_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COPIER_YML = yaml.safe_load((REPOSITORY / "copier.yml").read_text("utf-8"))
QUESTIONS = {name: details for name, details in COPIER_YML.items() if not name.startswith("_")}
TODAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def short_kit(kit: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The kit with all questions, and with plugin.toml and the answers as its only files: a render takes 0.1 s."""
    folder = tmp_path_factory.mktemp("short") / "biot-plugin-kit"
    shutil.copytree(kit, folder, ignore=shutil.ignore_patterns(".git"))
    for language in ("python", "javascript"):
        for item in (folder / "templates" / language).iterdir():
            if item.name not in {"plugin.toml.jinja", "{{ _copier_conf.answers_file }}.jinja"}:
                (shutil.rmtree if item.is_dir() else os.unlink)(item)
    return folder


def test_nothing_needs_trust() -> None:
    assert not {"_tasks", "_migrations", "_jinja_extensions", "_external_data"} & set(COPIER_YML)


def test_the_command_line_knows_every_question() -> None:
    assert tuple(QUESTIONS) == scaffold.QUESTIONS


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_explains_itself(name: str) -> None:
    assert len(QUESTIONS[name]["help"]) > 20


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_question_and_its_choices_fit_80_columns(name: str) -> None:
    choices = QUESTIONS[name].get("choices", {})
    beside = len("\N{MICROPHONE} ") + 1, len(" » ● ")  # the sign before a question is two columns wide

    assert len(QUESTIONS[name]["help"]) + beside[0] <= 80
    assert all(len(choice) + beside[1] <= 80 for choice in (choices if isinstance(choices, dict) else ()))


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_every_offered_runtime_can_still_be_created(language: str) -> None:
    names = re.findall(r"(?:python|nodejs)\d[\d.x]*", QUESTIONS["runtime"]["choices"])
    offered = [RUNTIMES[name] for name in names if name.startswith(language.replace("javascript", "nodejs"))]
    assert len(offered) >= 2
    assert all(runtime.create_blocked > TODAY and runtime.deprecated > TODAY for runtime in offered)


@pytest.mark.parametrize(
    "name",
    [
        "my-plugin",
        "My plugin (2)",
        "ünï cödé",
        "---",
        "...plugin",
        "{{ x }}",
        "{% raw %}",
        "'quoted' \"twice\"",
        "x" * 100,
        "2026",
        "yes",
        "null",
        "a#b;c",
        "trailing-",
        "日本",
    ],
)
def test_defaults_work_in_a_folder_of_any_name(name: str, short_kit: Path, tmp_path: Path) -> None:
    folder = tmp_path / name
    run_copy(str(short_kit), folder, defaults=True, quiet=True)
    manifest = manifest_file.load(folder / "plugin.toml", today=TODAY).manifest
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,57}", manifest.plugin.name)
    assert manifest.plugin.display_name


def test_every_file_is_written_into_a_folder_with_a_hostile_name(kit: Path, tmp_path: Path) -> None:
    folder = tmp_path / "{{ x }} {% raw %} 'quoted' \"twice\" #日本"
    run_copy(str(kit), folder, defaults=True, quiet=True)
    assert files_of(folder) == expected_files("python", HOOKS, "github")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("plugin_name", "x" * NAME_MAX),
        ("plugin_name", "A_b-9"),
        ("plugin_name", "-"),
        ("display_name", "x" * DISPLAY_NAME_MAX),
        ("display_name", "Größe: \"so\" 'la' \\ la {{ x }} # 日本 😀"),
        ("display_name", "= ]"),
        ("display_name", "yes"),
        ("description", "One line; with: everything | `in` it <b>"),
        ("hooks", ["nonspecific"]),
        ("kit_requirement", "biot-plugin-kit==1.2.3"),
        ("kit_requirement", "biot-plugin-kit @ https://example.com/kit.whl"),
    ],
)
def test_an_accepted_answer_gives_a_manifest_without_problems(
    question: str, answer: object, short_kit: Path, tmp_path: Path
) -> None:
    run_copy(str(short_kit), tmp_path / "plugin", {question: answer}, defaults=True, quiet=True)
    loaded = manifest_file.load(tmp_path / "plugin" / "plugin.toml", today=TODAY)
    expected = {"plugin_name": loaded.manifest.plugin.name, "display_name": loaded.manifest.plugin.display_name}
    assert expected.get(question, answer) == answer
    answers = yaml.safe_load((tmp_path / "plugin" / ".copier-answers.yml").read_text("utf-8"))
    assert answers[question] == answer


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("plugin_name", ""),
        ("plugin_name", "x" * (NAME_MAX + 1)),
        ("plugin_name", "a b"),
        ("plugin_name", "a\n"),
        ("plugin_name", "ü"),
        ("plugin_name", "Plugin/a"),
        ("display_name", ""),
        ("display_name", "   "),
        ("display_name", "two\nlines"),
        ("display_name", "x" * (DISPLAY_NAME_MAX + 1)),
        ("display_name", "a\u202eb"),
        ("display_name", "a\x00b"),
        ("description", "two\nlines"),
        ("description", "x" * 501),
        ("hooks", []),
        ("hooks", ["interceptor"]),
        ("language", "java"),
        ("runtime", "python3.8"),
        ("runtime", "nodejs22.x"),
        ("ci", "travis"),
        ("kit_requirement", "requests"),
        ("kit_requirement", "biot-plugin-kit\n[testenv]"),
        ("kit_requirement", "biot-plugin-kit=={posargs}"),
    ],
)
def test_an_answer_that_breaks_a_rule_is_rejected(
    question: str, answer: object, short_kit: Path, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=rf"(Validation error for question|Invalid choice for) '{question}'"):
        run_copy(str(short_kit), tmp_path / "plugin", {question: answer}, defaults=True, quiet=True)
    assert not (tmp_path / "plugin").exists()


def test_answers_from_a_settings_file_are_used_and_checked(kit: Path, tmp_path: Path) -> None:
    settings = tmp_path / "settings.yml"
    settings.write_text("defaults:\n  ci: gitlab\n  language: javascript\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COPIER_SETTINGS_PATH", str(settings))
        run_copy(str(kit), tmp_path / "plugin", defaults=True, quiet=True)
        settings.write_text("defaults:\n  plugin_name: not a name\n", "utf-8")
        with pytest.raises(ValueError, match="plugin_name"):
            run_copy(str(kit), tmp_path / "other", defaults=True, quiet=True)
    assert (tmp_path / "plugin" / ".gitlab-ci.yml").is_file()
    assert (tmp_path / "plugin" / "src" / "index.js").is_file()


def test_existing_files_of_a_repository_are_kept(render: Callable[..., Path], kit: Path, tmp_path: Path) -> None:
    folder = tmp_path / "my-plugin"
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "notes.md").write_text("mine", "utf-8")
    run_copy(str(kit), folder, defaults=True, quiet=True)
    assert (folder / "docs" / "notes.md").read_text("utf-8") == "mine"
    assert files_of(folder) == files_of(render()) | {"docs/notes.md"}


def test_copier_says_when_the_kit_is_a_folder_of_this_machine(kit: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "copier", "copy", "--defaults"]
    local = subprocess.run([*command, str(kit), str(tmp_path / "a")], capture_output=True, text=True, check=True)
    index = subprocess.run(
        [*command, "-d", "kit_requirement=biot-plugin-kit==1.2.3", str(kit), str(tmp_path / "b")],
        capture_output=True,
        text=True,
        check=True,
    )

    assert f"from a folder on this machine:\n  biot-plugin-kit @ file://{kit}\n" in local.stderr
    assert "folder on this machine" not in index.stderr
    assert max(map(len, index.stderr.partition("is ready.")[2].replace(str(tmp_path), "").splitlines())) <= 80


def test_copier_asks_for_no_trust_on_the_command_line(kit: Path, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "copier", "copy", "--defaults", "--data", "ci=none", str(kit), "plugin"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "tox -e package" in done.stderr


def test_the_hooks_to_add_are_the_choices_of_the_question() -> None:
    assert tuple(QUESTIONS["hooks"]["choices"].values()) == scaffold.HOOKS
