"""Each form of the kit's source gives one pin, and one address that works in every folder."""

from __future__ import annotations

import configparser
import os
import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from copier import run_copy, run_update
from jinja2 import DictLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from tests.templates.conftest import REPOSITORY, VERSION, commit_all, git

if TYPE_CHECKING:
    from collections.abc import Callable

HASH = "0123456789abcdef0123456789abcdef01234567"


def source_module(typed: str, *, files: dict[str, str] | None = None, **values: object) -> dict[str, str]:
    """The result of templates/source.jinja for a source, without rendering a whole template."""
    loader = DictLoader(
        {"source.jinja": (REPOSITORY / "templates" / "source.jinja").read_text("utf-8"), **(files or {})}
    )
    environment = SandboxedEnvironment(
        loader=loader,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"],
    )
    context = {
        "_copier_answers": {"_src_path": typed, "_commit": "v1.2.3"},
        "_copier_conf": {"vcs_ref_hash": HASH, "src_path": PurePosixPath("/tmp/clone")},  # noqa: S108 - never opened
        "kit_requirement": "",
        **values,
    }
    module = environment.get_template("source.jinja").make_module(context)
    return {name: getattr(module, name) for name in ("source", "commit", "requirement")}


@pytest.mark.parametrize(
    ("typed", "url", "kept"),
    [
        ("https://example.com/o/kit.git", "https://example.com/o/kit.git", None),
        ("https://github.com/o/kit", "https://github.com/o/kit", None),
        ("gh:o/kit", "https://github.com/o/kit", None),
        ("gh:/o/kit.git", "https://github.com/o/kit.git", None),
        ("gl:group/sub/kit", "https://gitlab.com/group/sub/kit", None),
        ("git+https://example.com/o/kit", "https://example.com/o/kit", None),
        ("git@example.com:o/kit.git", "ssh://git@example.com/o/kit.git", None),
        ("git@example.com:/srv/kit.git", "ssh://git@example.com/srv/kit.git", None),
        ("example.com:o/kit.git", "ssh://example.com/o/kit.git", None),
        ("ssh://git@example.com:2222/o/kit.git", "ssh://git@example.com:2222/o/kit.git", None),
        ("git+ssh://git@example.com/o/kit", "ssh://git@example.com/o/kit", None),
        ("git+file:///srv/kit", "file:///srv/kit", None),
        ("file:///srv/kit.git", "file:///srv/kit.git", None),
        ("https://me:s3cret@example.com/kit.git", "https://example.com/kit.git", "https://example.com/kit.git"),
        ("https://s3cret@example.com/kit.git", "https://example.com/kit.git", "https://example.com/kit.git"),
        ("https://me:s3@cret@example.com/kit.git", "https://example.com/kit.git", "https://example.com/kit.git"),
        ("git+https://x:s3cret@example.com/k", "https://example.com/k", "git+https://example.com/k"),
        ("ssh://git:s3cret@example.com/k.git", "ssh://git@example.com/k.git", "ssh://git@example.com/k.git"),
    ],
)
def test_a_git_address_is_pinned_to_the_commit_and_keeps_no_credentials(typed: str, url: str, kept: str | None) -> None:
    made = source_module(typed)
    assert made == {
        "source": kept or typed,
        "commit": "v1.2.3",
        "requirement": f"biot-plugin-kit @ git+{url}@{HASH}",
    }


@pytest.mark.parametrize(
    ("configured", "folder", "pin"),
    [
        ("/home/me/kit", "/home/me/kit", "file:///home/me/kit"),
        ("/home/me/my kit", "/home/me/my kit", "file:///home/me/my%20kit"),
        ('"/home/me/#1;kit"', "/home/me/#1;kit", "file:///home/me/%231%3Bkit"),
        ("/home/ü/{kit}", "/home/ü/{kit}", "file:///home/%C3%BC/%7Bkit%7D"),
        ("/home/100%/kit", "/home/100%/kit", "file:///home/100%25/kit"),
        ("C:/code/kit", "C:/code/kit", "file:///C:/code/kit"),
        (r"C:\\code\\kit", "C:/code/kit", "file:///C:/code/kit"),
    ],
)
def test_a_local_clone_is_pinned_by_its_absolute_folder(configured: str, folder: str, pin: str) -> None:
    config = f'[core]\n\tbare = false\n[remote "origin"]\n\turl = {configured}\n\tfetch = +refs/*\n'
    made = source_module("../kit", files={".git/config": config})
    assert made == {"source": folder, "commit": "v1.2.3", "requirement": f"biot-plugin-kit @ {pin}"}


def test_an_answered_requirement_is_used_unchanged() -> None:
    made = source_module("gh:o/kit", kit_requirement="biot-plugin-kit==1.2.3")
    assert made["requirement"] == "biot-plugin-kit==1.2.3"


def pin_of(plugin: Path) -> str:
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(plugin / "tox.ini", "utf-8")
    return tox["kit"]["requirement"]


def answers_of(plugin: Path) -> dict[str, Any]:
    answers: dict[str, Any] = yaml.safe_load((plugin / ".copier-answers.yml").read_text("utf-8"))
    return answers


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_from_a_git_url_the_pin_is_the_commit(language: str, kit: Path, tmp_path: Path) -> None:
    run_copy(f"git+file://{kit}", tmp_path / "plugin", {"language": language}, defaults=True, quiet=True)
    assert pin_of(tmp_path / "plugin") == f"biot-plugin-kit @ git+file://{kit}@{git(kit, 'rev-parse', 'HEAD')}"
    assert answers_of(tmp_path / "plugin")["_commit"] == VERSION


@pytest.mark.parametrize(
    ("where", "typed"),
    [
        pytest.param(".", "biot-plugin-kit", id="below"),
        pytest.param("elsewhere", "../biot-plugin-kit", id="beside"),
        pytest.param("biot-plugin-kit", ".", id="inside"),
        pytest.param("biot-plugin-kit/templates", "..", id="deep inside"),
    ],
)
def test_a_relative_path_becomes_absolute(
    where: str, typed: str, kit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(kit, tmp_path / "biot-plugin-kit", symlinks=True)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / where)
    run_copy(typed, tmp_path / "plugin", defaults=True, quiet=True)
    remembered = answers_of(tmp_path / "plugin")["_src_path"]
    assert Path(remembered).is_absolute()
    assert ".." not in Path(remembered).parts
    assert Path(remembered).resolve() == (tmp_path / "biot-plugin-kit").resolve()
    assert pin_of(tmp_path / "plugin") == f"biot-plugin-kit @ file://{remembered}"
    if where == ".":  # an update knows only the absolute path that all of them remember
        commit_all(tmp_path / "plugin")
        monkeypatch.chdir("/")
        run_update(tmp_path / "plugin", defaults=True, overwrite=True, quiet=True)


@pytest.mark.filterwarnings("ignore:Dirty template changes:UserWarning")
def test_uncommitted_work_is_rendered_and_can_be_updated(own_kit: Path, tmp_path: Path) -> None:
    git(own_kit, "tag", "--delete", VERSION)
    (own_kit / "templates" / "python" / "NEWS.md").write_text("not committed yet\n", "utf-8")
    plugin = tmp_path / "plugin"
    run_copy(str(own_kit), plugin, defaults=True, quiet=True)
    assert (plugin / "NEWS.md").is_file()
    assert pin_of(plugin) == f"biot-plugin-kit @ file://{own_kit}"
    assert answers_of(plugin)["_commit"] == git(own_kit, "rev-parse", "HEAD"), "a commit that exists after the copy"

    commit_all(plugin)
    (own_kit / "templates" / "python" / "MORE.md").write_text("more\n", "utf-8")
    commit_all(own_kit, "Now committed")
    run_update(plugin, defaults=True, overwrite=True, quiet=True, vcs_ref="HEAD")
    assert (plugin / "NEWS.md").read_text("utf-8") == "not committed yet\n"
    assert (plugin / "MORE.md").read_text("utf-8") == "more\n"


def test_a_folder_without_git_is_pinned_as_a_folder(kit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(kit, tmp_path / "unpacked", ignore=shutil.ignore_patterns(".git"))
    monkeypatch.chdir(tmp_path)
    run_copy("unpacked", tmp_path / "plugin", defaults=True, quiet=True)
    assert pin_of(tmp_path / "plugin") == f"biot-plugin-kit @ file://{tmp_path / 'unpacked'}"
    assert "_commit" not in answers_of(tmp_path / "plugin")


def test_no_file_names_the_working_folder_of_copier(render: Callable[..., Path]) -> None:
    for language in ("python", "javascript"):
        for file in render(language=language).rglob("*"):
            if file.is_file():
                assert b"copier._vcs.clone" not in file.read_bytes(), os.fspath(file)
