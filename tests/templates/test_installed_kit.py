"""Generated plugins install the kit once, from a git URL, and their installed kit starts and updates plugins."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from copier import run_copy

from tests.support.repetitions import exhaustive_after
from tests.templates.conftest import REPOSITORY, VERSION, commit_all, git
from tests.templates.tox_runs import tox


@pytest.fixture(scope="module")
def installed_kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plugin whose tox installed the kit from the commit of a git URL."""
    source = tmp_path_factory.mktemp("released") / "biot-plugin-kit"
    names = git(REPOSITORY, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in names:
        if name and (REPOSITORY / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, source / name)
    commit_all(source, "Release")
    git(source, "tag", VERSION)
    plugin = tmp_path_factory.mktemp("pinned") / "my-plugin"
    run_copy(f"git+file://{source}", plugin, {"ci": "none"}, defaults=True, quiet=True)
    commit_all(plugin, "Start")
    ran = tox(plugin, "run", "-e", "package", "--", "--help")
    assert ran.code == 0, ran.output
    assert "biot-plugin package" in ran.output
    return plugin


def biot_plugin(plugin: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    [program] = [*plugin.glob(".tox/package/bin/biot-plugin"), *plugin.glob(".tox/package/Scripts/biot-plugin.cmd")]
    return subprocess.run([str(program), *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def test_a_second_run_installs_nothing(installed_kit: Path) -> None:
    ran = tox(installed_kit, "run", "-e", "package", "--", "--help")
    assert ran.code == 0, ran.output
    assert "install_deps" not in ran.output


@pytest.mark.parametrize("names", exhaustive_after(1, ["plan,verify", "dev,invoke,lock,plan,publish,verify"]))
def test_the_other_commands_use_the_kit_that_the_first_one_installed(names: str, installed_kit: Path) -> None:
    [kit] = (installed_kit / ".tox" / "kit").iterdir()
    installed = kit.stat().st_ino

    ran = tox(installed_kit, "run", "-e", names, "--", "--help")

    assert ran.code == 0, ran.output
    assert ran.passed == set(names.split(","))
    assert "Collecting" not in ran.output
    assert [one.stat().st_ino for one in (installed_kit / ".tox" / "kit").iterdir()] == [installed]
    assert not list(installed_kit.glob(".tox/plan/**/copier"))


@pytest.mark.exhaustive
def test_an_installed_kit_starts_plugins_at_its_own_version_from_any_folder(
    installed_kit: Path, tmp_path: Path
) -> None:
    pin = re.findall(r"requirement = (.*)", (installed_kit / "tox.ini").read_text("utf-8"))
    for cwd, destination in ((tmp_path, "first"), (Path("/"), str(tmp_path / "second"))):
        done = biot_plugin(installed_kit, cwd, "new", destination, "--defaults", "--data", "language=javascript")
        assert done.returncode == 0, done.stderr
    for name in ("first", "second"):
        assert re.findall(r"requirement = (.*)", (tmp_path / name / "tox.ini").read_text("utf-8")) == pin
        assert (tmp_path / name / "src" / "index.js").is_file()


@pytest.mark.exhaustive  # that it has its templates, the test above shows; and how updates work, test_updates.py
def test_an_installed_kit_updates_plugins(installed_kit: Path, tmp_path: Path) -> None:
    done = biot_plugin(installed_kit, tmp_path, "new", "mine", "--defaults", "--data", "hooks=notification")
    assert done.returncode == 0, done.stderr
    commit_all(tmp_path / "mine", "Start")
    done = biot_plugin(
        installed_kit, tmp_path, "update", "mine", "--ref", ":current:", "--data", "hooks=[notification, nonspecific]"
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "mine" / "src" / "plugin" / "perform" / "nonspecific.py").is_file()
