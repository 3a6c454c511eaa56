"""Generated plugins of both languages pass their own tox, and their tox finds planted errors."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.templates.conftest import commit_all, git
from tests.templates.tox_runs import Ran, tox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LANGUAGES = ("python", "javascript")
ENVIRONMENTS = ["lint", "type", "test", "package", "dev", "invoke", "verify", "plan", "publish", "lock"]


@pytest.fixture(scope="module")
def projects(
    render: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], tuple[Path, Ran]]:
    """One plugin per language whose tox has run once; later tests reuse its environments."""
    known: dict[str, tuple[Path, Ran]] = {}

    def _project(language: str) -> tuple[Path, Ran]:
        if language not in known:
            folder = Path(shutil.copytree(render(language=language), tmp_path_factory.mktemp("project") / "my-plugin"))
            commit_all(folder, "Start")
            known[language] = (folder, tox(folder))
        return known[language]

    return _project


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_fresh_plugin_passes_and_leaves_no_files_that_git_would_see(
    language: str, projects: Callable[[str], tuple[Path, Ran]]
) -> None:
    folder, ran = projects(language)
    assert ran.code == 0, ran.output
    assert ran.passed == {"lint", "type", "test"}
    assert git(folder, "status", "--porcelain") == ""
    assert not (folder / ".venv").exists(), "tox left its redirect file, which editors and uv stumble over"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_output_of_the_tests_is_short_and_begins_with_the_author_s(
    language: str, projects: Callable[[str], tuple[Path, Ran]]
) -> None:
    _, ran = projects(language)
    section = re.search(r"^test: commands\[0\]> [^\n]+\n(.*?)^  lint: OK", ran.output, re.MULTILINE | re.DOTALL)
    assert section is not None, ran.output
    output = section[1]

    assert len(output.splitlines()) < 100
    of_the_author = ["test_interceptor_pre", "test_notification"] if language == "python" else ["the request stays"]
    of_the_kit = "tests_kit/" if language == "python" else "cases: tokens"
    assert all(output.index(name) < output.index(of_the_kit) for name in of_the_author)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_environments_have_the_same_names(language: str, projects: Callable[[str], tuple[Path, Ran]]) -> None:
    folder, _ = projects(language)
    assert tox(folder, "list", "--no-desc", "--quiet").output.split() == ENVIRONMENTS


def test_pytest_names_the_packages_that_ship_in_another_release(render: Callable[..., Path], tmp_path: Path) -> None:
    folder = Path(shutil.copytree(render(language="python"), tmp_path / "my-plugin"))
    lock = (folder / "requirements.lock").read_text("utf-8")
    (folder / "requirements.lock").write_text(re.sub(r"(?m)^urllib3==\S+", "urllib3==99.0", lock), "utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--collect-only", "tests_kit/test_events.py"]

    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)

    [line] = [line for line in done.stdout.splitlines() if line.startswith("tested with ")]
    assert line == f"tested with urllib3 {metadata.version('urllib3')}; the ZIP has urllib3 99.0"


PLANTS = {
    "python": {
        "lint": ("src/plugin/planted_lint.py", '"""Planted."""\n\nimport os\n'),
        "type": (
            "src/plugin/planted_type.py",
            '"""Planted."""\n\n\ndef number() -> int:\n    """Promise a number."""\n    return "text"\n',
        ),
        "test": (
            "tests/test_planted_test.py",
            '"""Planted."""\n\n\ndef test_planted() -> None:\n    """Fail."""\n    assert not __name__\n',
        ),
    },
    "javascript": {
        "lint": ("src/plugin/planted_lint.js", "debugger;\n"),
        "type": ("src/plugin/planted_type.js", '/** @type {number} */\nexport const number = "text";\n'),
        "test": (
            "tests/planted_test.test.js",
            'import { test } from "node:test";\n\ntest("planted_test", () => {\n  throw new Error();\n});\n',
        ),
    },
}


SLOW_TESTS = {
    "python": ("tests_kit/test_public_keys.py",),
    "javascript": tuple(f"tests_kit/{name}.test.js" for name in ("biot", "cases", "events", "flow", "publicKeys")),
}


@pytest.fixture
def planted(request: pytest.FixtureRequest, projects: Callable[[str], tuple[Path, Ran]]) -> Iterator[Path]:
    """A plugin with one mistake for each environment; the slowest tests, which passed without, are not there."""
    folder, _ = projects(request.param)
    plants = PLANTS[request.param].values()
    for name, text in plants:
        (folder / name).write_text(text, "utf-8")
    for slow in SLOW_TESTS[request.param]:
        (folder / slow).unlink()
    yield folder
    for name, _ in plants:
        (folder / name).unlink()
    git(folder, "checkout", "--quiet", "HEAD", "--", ".")


@pytest.mark.parametrize("planted", LANGUAGES, indirect=True)
def test_each_planted_error_is_found_by_the_environment_for_it_and_by_no_other(planted: Path) -> None:
    ran = tox(planted)
    assert ran.failed == {"lint", "type", "test"}, ran.output
    found = {}
    for environment in ran.failed:
        section = re.search(rf"(?ms)^{environment}: commands\[0\]> .*?^{environment}: exit 1", ran.output)
        assert section is not None, ran.output
        found[environment] = set(re.findall(r"planted_(\w+?)\b", section[0]))
    assert found == {"lint": {"lint"}, "type": {"type"}, "test": {"test"}}, ran.output


@pytest.mark.exhaustive
def test_node_modules_is_installed_once_when_all_environments_run_together(
    projects: Callable[[str], tuple[Path, Ran]],
) -> None:
    folder, _ = projects("javascript")
    shutil.rmtree(folder / "node_modules")
    ran = tox(folder, "run-parallel", "--parallel-live", "-e", "lint,type")
    assert ran.code == 0, ran.output
    assert len(re.findall(r"added \d+ packages", ran.output)) == 1


def test_node_modules_is_not_reinstalled_until_the_lock_changes(projects: Callable[[str], tuple[Path, Ran]]) -> None:
    folder, _ = projects("javascript")
    install = [sys.executable, "tools/npm_ci.py"]  # what tox runs before each command
    assert f"commands_pre = python {install[1]}" in (folder / "tox.ini").read_text("utf-8")
    witness = folder / "node_modules" / "witness"
    witness.write_text("", "utf-8")
    os.utime(folder / "package-lock.json")
    subprocess.run(install, cwd=folder, check=True)
    assert witness.exists(), "a newer date is no other content"

    lock = folder / "package-lock.json"
    before = lock.read_text("utf-8")
    lock.write_text(json.dumps(json.loads(before), indent=4) + "\n", "utf-8")
    subprocess.run(install, cwd=folder, check=True, capture_output=True)
    lock.write_text(before, "utf-8")
    assert not witness.exists()


OTHER_ANSWERS: tuple[dict[str, object], ...] = (
    {"hosting": "own"},
    {"hooks": ["notification"]},
    {"hooks": ["nonspecific"]},
)


@pytest.mark.exhaustive
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("answers", OTHER_ANSWERS, ids=str)
def test_a_plugin_with_other_answers_passes_too(
    language: str, answers: dict[str, object], projects: Callable[[str], tuple[Path, Ran]], render: Callable[..., Path]
) -> None:
    """Reuse the existing environments: other answers need no other tools, or only a few more."""
    folder, _ = projects(language)
    commit_all(folder, "All hooks")
    chosen = render(language=language, **answers)
    for item in folder.iterdir():
        if item.name not in {".git", ".tox", ".mypy_cache", "node_modules"}:
            (shutil.rmtree if item.is_dir() else os.unlink)(item)
    shutil.copytree(chosen, folder, dirs_exist_ok=True)
    for slow in SLOW_TESTS[language] if "hosting" in answers else ():
        (folder / slow).unlink()  # they and the code that they test are the same as in the first plugin
    ran = tox(folder)
    git(folder, "reset", "--quiet", "--hard")
    git(folder, "clean", "--quiet", "-d", "--force")
    assert ran.code == 0, ran.output


def test_a_missing_kit_folder_is_the_first_line_of_the_failure(render: Callable[..., Path], tmp_path: Path) -> None:
    plugin = Path(shutil.copytree(render(language="javascript"), tmp_path / "my-plugin"))
    ini = (plugin / "tox.ini").read_text("utf-8")
    pin = re.sub(r"(?m)^requirement = .*", f"requirement = biot-plugin-kit @ file://{tmp_path}/gone/kit", ini)
    (plugin / "tox.ini").write_text(pin, "utf-8")

    ran = tox(plugin, "run", "-e", "package")

    assert ran.code != 0
    plain = re.sub(r"\x1b\[[0-9;]*m", "", ran.output)  # tox colours what a failed command printed
    [line] = [line for line in plain.splitlines() if "a folder of the machine that generated" in line]
    assert line.startswith(f"tox.ini installs biot-plugin-kit from {tmp_path}/gone/kit, ")
    assert "pip" not in ran.output
