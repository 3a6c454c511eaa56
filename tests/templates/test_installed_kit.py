"""Generated plugins install the kit once, from a git URL, and their installed kit starts and updates plugins."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from copier import run_copy

from tests.templates.conftest import REPOSITORY, VERSION, commit_all, git
from tests.templates.tox_runs import tox

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL_KIT = {
    "pyproject.toml": (
        '[build-system]\nrequires = []\nbuild-backend = "small_backend"\nbackend-path = ["."]\n'
        '[project]\nname = "biot-plugin-kit"\nversion = "999.0.0"\n'
    ),
    "small_backend.py": """\
from zipfile import ZipFile

INFO = "biot_plugin_kit-999.0.0.dist-info"


def build_wheel(folder, config_settings=None, metadata_directory=None):
    with ZipFile(f"{folder}/biot_plugin_kit-999.0.0-py3-none-any.whl", "w") as wheel:
        wheel.write("builder/__main__.py")
        wheel.writestr(f"{INFO}/METADATA", "Metadata-Version: 2.1\\nName: biot-plugin-kit\\nVersion: 999.0.0\\n")
        wheel.writestr(f"{INFO}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{INFO}/RECORD", "")
    return wheel.filename.rpartition("/")[2]
""",
    "builder/__main__.py": 'import sys\n\nprint("asked for:", *sys.argv[1:])\n',
}
"""The files of a package with the name of the kit: a build backend of its own, and the module that tox runs."""


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


@pytest.fixture(scope="module")
def small_kit(tmp_path_factory: pytest.TempPathFactory, render: Callable[..., Path]) -> Path:
    """A plugin whose tox installed, from the commit of a git URL, a kit that only prints what it is asked to do.

    Installing the whole kit with its sixty dependencies takes pip a minute; the exhaustive tests below do that.
    """
    source = tmp_path_factory.mktemp("small") / "biot-plugin-kit"
    for name, text in SMALL_KIT.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text, "utf-8")
    commit = commit_all(source, "Release")
    plugin = Path(shutil.copytree(render(ci="none"), tmp_path_factory.mktemp("with-small-kit") / "my-plugin"))
    pin = f"requirement = biot-plugin-kit @ git+file://{source}@{commit}"
    ini = (plugin / "tox.ini").read_text("utf-8")
    (plugin / "tox.ini").write_text(re.sub(r"(?m)^requirement = .*", pin, ini), "utf-8")
    commit_all(plugin, "Start")
    ran = tox(plugin, "run", "-e", "package", "--", "--help")
    assert ran.code == 0, ran.output
    assert "asked for: package --help" in ran.output
    return plugin


def biot_plugin(plugin: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    [program] = [*plugin.glob(".tox/package/bin/biot-plugin"), *plugin.glob(".tox/package/Scripts/biot-plugin.cmd")]
    return subprocess.run([str(program), *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def check_second_run(plugin: Path) -> None:
    ran = tox(plugin, "run", "-e", "package", "--", "--help")
    assert ran.code == 0, ran.output
    assert "install_deps" not in ran.output


def check_other_commands(plugin: Path, names: str) -> None:
    [kit] = (plugin / ".tox" / "kit").iterdir()
    installed = kit.stat().st_ino

    ran = tox(plugin, "run", "-e", names, "--", "--help")

    assert ran.code == 0, ran.output
    assert ran.passed == set(names.split(","))
    assert "Collecting" not in ran.output
    assert [one.stat().st_ino for one in (plugin / ".tox" / "kit").iterdir()] == [installed]
    assert not list(plugin.glob(".tox/plan/**/copier"))


def test_a_second_run_and_other_commands_use_the_kit_that_the_first_one_installed(small_kit: Path) -> None:
    check_second_run(small_kit)
    check_other_commands(small_kit, "plan,verify")
    assert biot_plugin(small_kit, small_kit, "list").stdout == "asked for: list\n"


@pytest.mark.exhaustive
def test_all_commands_use_the_whole_kit_that_the_first_one_installed(installed_kit: Path) -> None:
    check_second_run(installed_kit)
    check_other_commands(installed_kit, "dev,invoke,lock,plan,publish,verify")


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
