"""A repository for many plugins: its files and tools, and what its commands do with a plugin in each language."""

from __future__ import annotations

import ast
import configparser
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from copier import run_copy

from builder.cli.app import run
from builder.publishing.state_folder import StateFolder
from tests.functional.release.conftest import name_local_biot
from tests.support.sandbox.running_sandbox import running_sandbox
from tests.templates.conftest import REPOSITORY, commit_all, files_of, git
from tests.templates.expected import ACTIONS, CI_FILES, many_plugins_files
from tests.templates.tox_runs import tox

if TYPE_CHECKING:
    from collections.abc import Callable

    Render = Callable[..., Path]

TOOLS = REPOSITORY / "templates" / "many" / "tools"


@pytest.mark.parametrize("ci", CI_FILES)
def test_the_files_are_the_expected_ones_and_can_be_read(ci: str, render: Render) -> None:
    folder = render(layout="many", ci=ci)
    readers: dict[str, Callable[[str], object]] = {".yml": yaml.safe_load, ".py": ast.parse}

    assert files_of(folder) == many_plugins_files(ci)
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            text = file.read_text("utf-8")
            assert text.endswith("\n"), file
            assert not text.endswith("\n\n"), file
            assert not re.search(r"(?<!\$)\{\{|\{%|\{#|%\}", text), f"{file} was not rendered whole"
            readers.get(file.suffix, str)(text)
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(folder / "tox.ini", "utf-8")
    assert settings["kit"]["requirement"].startswith("biot-plugin-kit @ file:")
    assert yaml.safe_load((folder / ".copier-answers.yml").read_text("utf-8"))["layout"] == "many"


def test_the_kit_is_installed_as_in_one_plugin(render: Render) -> None:
    many, one = render(layout="many"), render()
    settings = [configparser.ConfigParser(interpolation=None) for _ in (many, one)]
    for parser, folder in zip(settings, (many, one), strict=True):
        parser.read(folder / "tox.ini", "utf-8")
    kit = [next(parser[name] for name in parser.sections() if "package," in name) for parser in settings]

    assert (many / "tools" / "install_kit.py").read_bytes() == (one / "tools" / "install_kit.py").read_bytes()
    assert settings[0]["kit"]["requirement"] == settings[1]["kit"]["requirement"]
    assert [section["install_command"] for section in kit] == [kit[0]["install_command"]] * 2
    assert [section["deps"] for section in kit] == ["{[kit]requirement}"] * 2
    assert set(kit[1]["pass_env"].split("\n")) <= {
        *kit[0]["pass_env"].split("\n"),
        *settings[0]["testenv"]["pass_env"].split("\n"),
    }
    lock = (many / "requirements-tox.lock").read_text("utf-8")
    assert re.search(r"(?m)^tox==\d", lock)
    assert len(re.findall(r"(?m)^\S+==", lock)) <= lock.count("--hash=sha256:")
    assert "://" not in lock


def test_tox_has_a_command_for_all_plugins_and_gives_the_tests_no_secrets(render: Render, tmp_path: Path) -> None:
    names = ("test", "package", "changed", "plan", "publish")
    ran = tox(
        render(layout="many"), "config", "--workdir", str(tmp_path), "-e", ",".join(names), "-k", "commands", "pass_env"
    )
    settings = configparser.ConfigParser(interpolation=None)
    settings.read_string(ran.output)

    assert {name: settings[f"testenv:{name}"]["commands"].split(None, 1)[1] for name in names} == {
        "test": "tools/test_plugins.py",
        "changed": "tools/changed_plugins.py",
        **{name: f"-P -m builder {name} --all" for name in ("package", "plan", "publish")},
    }
    passed = {name: settings[f"testenv:{name}"]["pass_env"].split() for name in names}
    assert [name for name in names if "BIOT_*" in passed[name]] == ["package", "changed", "plan", "publish"]
    assert all("CI" in variables for variables in passed.values())


def test_actions_are_pinned_by_commit_and_may_only_read(render: Render) -> None:
    workflow = (render(layout="many", ci="github") / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    used = set(re.findall(r"uses: ([^@\n]+)@(.+)", workflow))
    document = yaml.safe_load(workflow)
    assert used == {(name, ACTIONS[name]) for name, _ in used}
    assert document["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in document["jobs"].values())


def test_new_says_how_to_go_on_and_a_hook_is_added_to_a_plugin(
    kit: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "plugins-of-acme"
    assert run(["new", str(folder), "--defaults", "--source", str(kit), "-d", "layout=many", "-d", "ci=none"]) == 0
    assert "  biot-plugin new plugins/NAME -d ci=none " in capsys.readouterr().out
    assert run(["add", "notification", str(folder)]) == 4
    assert "biot-plugin add HOOK plugins/NAME" in capsys.readouterr().err


def jobs_of(plugins: dict[str, tuple[str, str]]) -> list[dict[str, str]]:
    """The matrix script's jobs for plugins and their versions."""
    spec = importlib.util.spec_from_file_location("github_matrix", TOOLS / "github_matrix.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    jobs: list[dict[str, str]] = module.jobs_of(plugins)
    return jobs


def test_a_matrix_for_github_never_has_more_jobs_than_github_allows() -> None:
    runtimes = [("3.12", ""), ("3.13", ""), ("3.13", "22.x")]
    plugins = {f"plugins/p{number:04}": runtimes[number % 3] for number in range(1000)}

    few, many = jobs_of(dict(list(plugins.items())[:5])), jobs_of(plugins)

    assert [job["plugins"] for job in few] == [f"plugins/p{number:04}" for number in (0, 3, 1, 4, 2)]
    assert len(many) <= 120, "256 in a run with two matrices"
    assert sorted(folder for job in many for folder in job["plugins"].split()) == list(plugins)
    assert all(plugins[folder] == (job["python"], job["node"]) for job in many for folder in job["plugins"].split())
    assert len({job["name"] for job in many}) == len(many)


TINY = "[tox]\nskipsdist = true\n[testenv]\nskip_install = true\ncommands = python -c {code}\n"


@pytest.mark.exhaustive
def test_the_tests_of_a_share_of_the_plugins_run_and_the_worst_exit_code_counts(tmp_path: Path) -> None:
    for name, code in {"a": "1/0", "b": "print('never')"}.items():
        folder = tmp_path / "plugins" / name
        folder.mkdir(parents=True)
        (folder / "plugin.toml").touch()
        (folder / "tox.ini").write_text(TINY.replace("{code}", f'"{code}"'), "utf-8")
    (tmp_path / "plugins" / "d").mkdir()
    (tmp_path / "changed.json").write_text('["plugins/a", "plugins/b", "plugins/d"]', "utf-8")
    variables = {**os.environ, "TOX_WORK_DIR": str(tmp_path / "outer"), "TOX_ENV_NAME": "test"}

    argv = [sys.executable, str(TOOLS / "test_plugins.py"), "--changed", "--shard", "1/2"]
    done = subprocess.run(argv, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)

    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.endswith("2 of 3 plugins:\n  plugins/a: failed, exit code 1\n  plugins/d: OK\n")
    assert "There is no tox.ini" in done.stdout
    assert "never" not in done.stdout
    assert not (tmp_path / "outer").exists(), "the settings of the outer tox reached the plugin's"


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository with many plugins, and the environment of its machine."""

    folder: Path
    environment: dict[str, str]

    def run(self, *argv: str) -> str:
        """Run a program of the repository; return what it prints."""
        done = subprocess.run(
            [sys.executable, *argv], cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{argv}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def kit(self, command: str, *options: str) -> list[dict[str, Any]]:
        """What the JSON of a command over all plugins says of each."""
        document = json.loads(self.run("-m", "builder", command, "--all", "--json", *options))
        plugins: list[dict[str, Any]] = document["plugins"]
        return plugins

    def changed(self, *compared_with: str) -> list[str]:
        """The plugins that `tox -e changed` finds."""
        self.run("tools/changed_plugins.py", *compared_with)
        folders: list[str] = json.loads((self.folder / "changed.json").read_text("utf-8"))
        return folders

    def matrix(self) -> list[dict[str, str]]:
        """The matrix of the plugins that were found last, as GitHub reads it."""
        name, _, value = self.run("tools/github_matrix.py").rstrip("\n").partition("=")
        assert name == "matrix"
        jobs: list[dict[str, str]] = json.loads(value)["include"] if value else []
        return jobs


def append(file: Path, text: str) -> None:
    file.write_text(file.read_text("utf-8") + text, "utf-8")


def test_two_plugins_are_built_planned_as_a_matrix_published_and_changed_one_by_one(
    kit: Path, render: Render, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(render(layout="many", ci="github"), tmp_path / "repository"))
    for name, language in (("first", "python"), ("second", "javascript")):
        answers = {"language": language, "ci": "none", "hooks": ["notification"]}
        run_copy(str(kit), folder / "plugins" / name, answers, defaults=True, quiet=True)
    first, second = folder / "plugins" / "first", folder / "plugins" / "second"
    # As the README says: a package beside plugins/, named in the plugin that uses it.
    (folder / "common").mkdir()
    (folder / "common" / "names.py").write_text("NAME = 1\n", "utf-8")
    append(first / "plugin.toml", '\n[build.shared]\n"../../common" = "common"\n')
    start = commit_all(folder, "Start")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BIOT_")}
    environment |= {"PYTHONPATH": str(REPOSITORY), "BIOT_PLUGIN_STATE": str(tmp_path / "state")}
    repository = Repository(folder=folder, environment={**environment, "BIOT_PLUGIN_STORE": str(tmp_path / "store")})
    with running_sandbox(tmp_path / "biot") as biot:
        user = biot.service_user
        name_local_biot(StateFolder(folder=tmp_path / "state"), biot.base_url, user.id, user.secret_key)

        packaged = repository.kit("package")
        planned = repository.changed("-e", "local")
        matrix = repository.matrix()
        published = repository.kit("publish", "-e", "local")
        append(second / "src" / "plugin" / "perform" / "notification.js", "// A change.\n")
        one = repository.changed("-e", "local"), repository.matrix()

    assert [plugin["status"] for plugin in packaged] == ["done", "done"]
    assert "common/names.py" in zipfile.ZipFile(first / "dist" / "first-1.zip").namelist()
    assert planned == ["plugins/first", "plugins/second"]
    assert [(job["plugins"], job["python"], job["node"]) for job in matrix] == [
        ("plugins/first", "3.13", ""),
        ("plugins/second", "3.13", "22.x"),
    ]
    assert {plugin["verdict"] for plugin in published} == {"done"}
    assert one == (
        ["plugins/second"],
        [{"name": "plugins/second", "plugins": "plugins/second", "python": "3.13", "node": "22.x"}],
    )
    assert repository.changed("--since", start) == ["plugins/second"]
    git(folder, "checkout", "--quiet", ".")
    append(first / "tests" / "answers.py", "# A test decides no artifact, and is tested.\n")
    assert repository.changed("--since", start) == ["plugins/first"]
    assert git(folder, "status", "--porcelain") == "M plugins/first/tests/answers.py", "git ignores what is built"
