"""A small template with the answers file of the real one, so that these tests need a second, not a minute."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

COPIER_YML = """\
_subdirectory: template
plugin_name: {type: str, default: "{{ _folder_name }}", validator: "{% if ' ' in plugin_name %}no blanks{% endif %}"}
language: {type: str, default: python, choices: [python, javascript]}
hooks: {type: str, multiselect: true, default: "[notification]", choices: [notification, nonspecific]}
"""


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True, encoding="utf-8")
    return done.stdout.strip()


def commit_all(folder: Path) -> None:
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "Change")


@pytest.fixture(autouse=True)
def nobody_s_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path_factory.mktemp("settings")
    (folder / "copier.yml").write_text("{}\n", "utf-8")
    (folder / "gitconfig").write_text("[user]\n  name = Test\n  email = test@example.com\n", "utf-8")
    monkeypatch.setenv("COPIER_SETTINGS_PATH", str(folder / "copier.yml"))
    monkeypatch.setenv("COPIER_CACHE_DIR", str(folder / "cache"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(folder / "gitconfig"))


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A template with two releases, v1 and v2. The second changes a line and removes a choice."""
    folder = tmp_path / "kit"
    (folder / "template").mkdir(parents=True)
    (folder / "copier.yml").write_text(COPIER_YML, "utf-8")
    answers = folder / "template" / "{{ _copier_conf.answers_file }}.jinja"
    answers.write_text("{{ _copier_answers | to_nice_yaml }}", "utf-8")
    (folder / "template" / "README.md.jinja").write_text("# {{ plugin_name }}\n", "utf-8")
    (folder / "template" / "code.txt").write_text("one\n", "utf-8")
    commit_all(folder)
    git(folder, "tag", "v1")
    (folder / "template" / "code.txt").write_text("two\n", "utf-8")
    (folder / "copier.yml").write_text(COPIER_YML.replace("[notification, nonspecific]", "[notification]"), "utf-8")
    commit_all(folder)
    git(folder, "tag", "v2")
    return folder
