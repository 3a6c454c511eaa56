"""Plugins that BioT gets as a container image: their files, their settings, and the scripts for BioT's manual steps."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from datetime import date
from typing import TYPE_CHECKING

import pytest
import yaml
from copier import VcsRef, run_update

from builder.manifest import manifest_file
from builder.manifest.model import PackageType
from tests.templates.conftest import files_of
from tests.templates.expected import CI_FILES, HOOKS, expected_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Render = Callable[..., Path]

LANGUAGES = ("python", "javascript")
SCRIPTS = ("login", "BuildAndPush")
TODAY = date(2026, 11, 20)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("ci", CI_FILES)
def test_an_image_plugin_has_the_scripts_besides(language: str, ci: str, render: Render) -> None:
    folder = render(language=language, ci=ci, package_type="image")
    assert files_of(folder) == expected_files(language, HOOKS, ci, "image")


@pytest.mark.parametrize("language", LANGUAGES)
def test_with_a_dockerfile_a_docker_engine_builds_it(language: str, render: Render) -> None:
    folder = render(language=language, package_type="dockerfile")
    loaded = manifest_file.load(folder / "plugin.toml", today=TODAY)
    text = (folder / "Dockerfile").read_text("utf-8")
    base = {"python": "python:3.13", "javascript": "nodejs:22"}[language]

    assert files_of(folder) == expected_files(language, HOOKS, "github", "dockerfile")
    assert loaded.warnings == ()
    assert loaded.manifest.dockerfile == "Dockerfile"
    assert f"\nFROM public.ecr.aws/lambda/{base}\n" in text
    assert text.endswith('CMD ["index.handler"]\n')
    ignored = (folder / ".dockerignore").read_text("utf-8").splitlines()
    copied = [word for line in text.splitlines() if line.startswith("COPY ") for word in line.split()[1:-1]]
    assert [f"!{name}" for name in copied] == [line for line in ignored if line.startswith("!")]
    assert "image.lock" not in (folder / "README.md").read_text("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_kit_builds_its_image_without_further_settings(language: str, render: Render) -> None:
    loaded = manifest_file.load(render(language=language, package_type="image") / "plugin.toml", today=TODAY)
    assert loaded.warnings == ()
    assert loaded.manifest.plugin.deployment_package_type is PackageType.IMAGE
    assert loaded.manifest.builds_image


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ("biot-plugin-kit==1.2.3", "biot-plugin-kit[image]==1.2.3"),
        (
            "biot-plugin-kit @ https://example.com/biot-plugin-kit.whl",
            "biot-plugin-kit[image] @ https://example.com/biot-plugin-kit.whl",
        ),
    ],
)
def test_tox_installs_the_kit_with_what_images_need(requirement: str, expected: str, render: Render) -> None:
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(render(package_type="image", kit_requirement=requirement) / "tox.ini", "utf-8")
    assert tox["kit"]["requirement"] == expected
    [name] = [name for name in tox.sections() if name.startswith("testenv:{package,")]
    assert name.endswith(",lock,image}")
    assert "image: python -P -m builder image {posargs}" in tox[name]["commands"]


@pytest.mark.exhaustive
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plugin_becomes_an_image_and_a_zip_again(language: str, plugin: Callable[..., Path], render: Render) -> None:
    folder = plugin(language=language)
    for package_type in ("image", "zip"):
        run_update(
            folder,
            {"package_type": package_type},
            vcs_ref=VcsRef.CURRENT,
            defaults=True,
            skip_answered=True,
            overwrite=True,
            quiet=True,
        )
        assert files_of(folder) == expected_files(language, HOOKS, "github", package_type)
        fresh = render(language=language, package_type=package_type)
        for name in ("plugin.toml", "tox.ini", "README.md", ".github/workflows/ci.yml"):
            assert (folder / name).read_text("utf-8") == (fresh / name).read_text("utf-8"), name
        answers = yaml.safe_load((folder / ".copier-answers.yml").read_text("utf-8"))
        assert answers["package_type"] == package_type
        subprocess.run(["git", "add", "--all"], cwd=folder, check=True)
        subprocess.run(["git", "commit", "--quiet", "-m", package_type], cwd=folder, check=True)


def test_the_scripts_are_the_same_in_both_languages(render: Render) -> None:
    python, javascript = (render(language=language, package_type="image") / "scripts" for language in LANGUAGES)
    for file in python.iterdir():
        assert file.read_bytes() == (javascript / file.name).read_bytes()


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_shell_scripts_run_in_every_shell_and_only_call_the_kit(name: str, render: Render) -> None:
    file = render(package_type="image") / "scripts" / f"{name}.sh"
    assert file.stat().st_mode & 0o111
    for shell in ("sh", "bash", "dash"):
        if path := shutil.which(shell):
            subprocess.run([path, "-n", str(file)], check=True)
    command = {"login": "login", "BuildAndPush": "push"}[name]
    code = [line.strip() for line in file.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert code == [
        "set -eu",
        'CDPATH=\'\' cd -- "$(dirname -- "$0")/.."',
        "if command -v biot-plugin >/dev/null; then",
        f'exec biot-plugin image {command} "$@"',
        "fi",
        f'exec tox -qq -e image -- {command} "$@"',
    ]


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_scripts_for_windows_do_the_same(name: str, render: Render) -> None:
    folder = render(package_type="image")
    text = (folder / "scripts" / f"{name}.bat").read_text("utf-8")
    command = {"login": "login", "BuildAndPush": "push"}[name]
    assert f"call biot-plugin image {command} %*" in text
    assert f"call tox -qq -e image -- {command} %*" in text
    assert text.endswith("exit /b %errorlevel%\n")
    assert "*.bat text eol=crlf" in (folder / ".gitattributes").read_text("utf-8")


PROGRAM = """\
#!/bin/sh
pwd > {log}
for argument in "$@"; do echo "[$argument]" >> {log}; done
echo sha-0123456789abcdef
exit {code}
"""


@pytest.mark.parametrize("tool", ["biot-plugin", "tox"])
@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("code", [0, 8])
def test_a_script_works_from_any_folder_and_ends_as_the_kit_does(
    tool: str, name: str, code: int, render: Render, tmp_path: Path
) -> None:
    """The program is a stand-in that writes down how it was called; test_releases.py calls the real one."""
    log, programs, elsewhere = tmp_path / "log", tmp_path / "programs", tmp_path / "else where"
    programs.mkdir()
    elsewhere.mkdir()
    (programs / tool).write_text(PROGRAM.format(log=log, code=code), "utf-8")
    (programs / tool).chmod(0o755)
    for needed in ("sh", "dirname"):
        path = shutil.which(needed)
        assert path is not None
        (programs / needed).symlink_to(path)
    folder = render(package_type="image")
    argv = [str(folder / "scripts" / f"{name}.sh"), "-e", "two words", "$HOME"]
    environ = {"PATH": str(programs), "CDPATH": str(tmp_path)}
    done = subprocess.run(argv, cwd=elsewhere, env=environ, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (code, "sha-0123456789abcdef\n"), done.stderr
    where, *arguments = log.read_text("utf-8").splitlines()
    command = {"login": "login", "BuildAndPush": "push"}[name]
    prefix = ["[image]"] if tool == "biot-plugin" else ["[-qq]", "[-e]", "[image]", "[--]"]
    assert arguments == [*prefix, f"[{command}]", "[-e]", "[two words]", "[$HOME]"]
    assert where == str(folder.resolve())
