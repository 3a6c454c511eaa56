"""A kit with the templates of the working tree, including uncommitted work, and plugins rendered from it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from copier import run_copy

from tests.support.plugins.faster_copier import keep_clones_of, make_copier_faster
from tests.support.plugins.node_packages import install_node_packages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPOSITORY = Path(__file__).parents[2]
VERSION = "v999.0.0"


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True, encoding="utf-8")
    return done.stdout.strip()


def commit_all(folder: Path, message: str = "Change") -> str:
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture(scope="session", autouse=True)
def nobody_s_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Isolate the tests from the user's settings: answers, cache, git's name and hooks."""
    folder = tmp_path_factory.mktemp("settings")
    (folder / "copier.yml").write_text("{}\n", "utf-8")
    (folder / "gitconfig").write_text(
        "[user]\n  name = Test\n  email = test@example.com\n[advice]\n  detachedHead = false\n", "utf-8"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COPIER_SETTINGS_PATH", str(folder / "copier.yml"))
        patch.setenv("COPIER_CACHE_DIR", str(folder / "cache"))
        patch.setenv("GIT_CONFIG_GLOBAL", str(folder / "gitconfig"))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
            patch.delenv(name, raising=False)
        remove_clones = make_copier_faster(patch)
        yield
        remove_clones()


def snapshot(folder: Path) -> Path:
    """Copy what git would track of the templates: untracked files count, ignored ones do not."""
    tracked = ("copier.yml", "templates")
    names = git(REPOSITORY, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *tracked).split("\0")
    for name in names:
        file = REPOSITORY / name
        if name and file.is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, folder / name)
    return folder


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run share (pytest-xdist gives each of them one below a common folder)."""
    folder = tmp_path_factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


def make_once(folder: Path, make: Callable[[Path], object]) -> None:
    """Let one of the processes of this run make a folder, and the others wait for it."""
    folder.parent.mkdir(exist_ok=True)
    done = folder.with_name(f"{folder.name}.done")
    with folder.with_name(f"{folder.name}.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not done.exists():
            make(folder)
            done.touch()


@pytest.fixture(scope="session")
def kit(shared_folder: Path) -> Path:
    """The templates as a clean repository with one release. Do not change it; use ``own_kit`` for a copy."""

    def _make(folder: Path) -> None:
        commit_all(snapshot(folder), "Release")
        git(folder, "tag", VERSION)

    folder = shared_folder / "kit" / "biot-plugin-kit"
    make_once(folder, _make)
    keep_clones_of(folder)
    return folder


@pytest.fixture
def own_kit(kit: Path, tmp_path: Path) -> Path:
    """A copy of the kit's repository that the test may change."""
    return Path(shutil.copytree(kit, tmp_path / "own-kit", symlinks=True))


@pytest.fixture(scope="session")
def render(kit: Path, shared_folder: Path) -> Callable[..., Path]:
    """Render with these answers, and defaults for the rest. The folder is shared: do not change it."""

    def _render(**answers: object) -> Path:
        key = hashlib.sha256(repr(sorted(answers.items())).encode()).hexdigest()[:16]
        folder = shared_folder / "renders" / key
        make_once(folder, lambda new: run_copy(str(kit), new / "my-plugin", dict(answers), defaults=True, quiet=True))
        return folder / "my-plugin"

    return _render


@pytest.fixture
def plugin(render: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """A plugin that the test may change, as a git repository with one commit."""

    def _plugin(**answers: object) -> Path:
        folder = Path(shutil.copytree(render(**answers), tmp_path / "my-plugin"))
        commit_all(folder, "Start")
        return folder

    return _plugin


def files_of(folder: Path) -> set[str]:
    return {
        Path(root, name).relative_to(folder).as_posix()
        for root, _, names in os.walk(folder)
        for name in names
        if ".git" not in Path(root).relative_to(folder).parts
    }


@pytest.fixture(scope="session")
def node_packages(shared_folder: Path) -> Callable[[Path], None]:
    """Installs the packages of a JavaScript plugin; what is below its ``node_modules`` is shared: do not change it."""

    def _install(folder: Path) -> None:
        install_node_packages(folder, shared_folder / "node-packages")

    return _install


@pytest.fixture(scope="session")
def functions_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where runtime clients and unpacked code are kept, so that clients are installed once."""
    return tmp_path_factory.mktemp("cache") / "biot-plugin-kit" / "functions"
