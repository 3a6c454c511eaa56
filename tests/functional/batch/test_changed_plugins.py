"""``package --all --since``: every plugin with a changed input is found, and no other, decided by content."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import date
from typing import TYPE_CHECKING

import pytest

from builder import pipeline
from builder.batch import find_changed_plugins, find_plugins
from builder.dependencies import Store, write_lock
from builder.errors import KitError, ProjectError, UsageError
from builder.progress import SilentProgress
from builder.stages import BuildInputs, Project
from tests.support.plugins.stage_inputs import plugin
from tests.support.servers.package_registries import PythonIndex, served

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.functional.cli.conftest import Call

TODAY = date(2026, 11, 20)
MANIFEST = '[plugin]\nname = "{name}"\ndisplayName = "D"\nversion = 1\nruntime = "{runtime}"\n{build}'
HANDLER = "def handler(event, context):\n    return None\n"
NODE_LOCK = {
    "name": "node",
    "lockfileVersion": 3,
    "packages": {
        "": {"dependencies": {"local": "file:../../packages/local"}},
        "../../packages/local": {"version": "1.0.0"},
        "node_modules/local": {"resolved": "../../packages/local", "link": True},
    },
}
FILES = {
    ".gitignore": "dist/\n*.log\n",
    "README.md": "Plugins. The kit is biot-plugin-kit 1.0.\n",
    "tox.ini": "[kit]\nrequirement = biot-plugin-kit==1.0.0\n\n[other]\nkey = 1\n",
    ".github/workflows/ci.yml": "run: echo\n",
    "common/names.py": "NAME = 1\n",
    "common/other.txt": "text\n",
    "elsewhere/linked.py": "LINKED = 1\n",
    "requirements/base.in": "base\n-c limits.in\n",
    "requirements/limits.in": "base<2\n",
    "packages/local/package.json": '{"name": "local", "version": "1.0.0"}\n',
    "packages/local/index.js": "module.exports = 1;\n",
    "plugins/node/plugin.toml": MANIFEST.format(name="node", runtime="nodejs22.x", build=""),
    "plugins/node/package.json": '{"name": "node", "dependencies": {"local": "file:../../packages/local"}}\n',
    "plugins/node/package-lock.json": json.dumps(NODE_LOCK),
    "plugins/node/src/index.js": 'require("local");\nexports.handler = async () => null;\n',
    "plugins/plain/plugin.toml": MANIFEST.format(name="plain", runtime="python3.13", build=""),
    "plugins/plain/README.md": "Plain\n",
    "plugins/plain/src/index.py": HANDLER,
    "plugins/plain/src/data/table.csv": "1,2\n",
    "plugins/plain/tests/test_plain.py": "def test_it():\n    pass\n",
    "plugins/shares/plugin.toml": MANIFEST.format(
        name="shares",
        runtime="python3.13",
        build='[build]\nrequirements = "../../requirements/base.in"\nexclude = ["*.txt"]\n'
        '[build.shared]\n"../../common" = "common"\n',
    ),
    "plugins/shares/src/index.py": HANDLER,
    "plugins/shares/src/.gitignore": "ignored.py\n",
    "plugins/shares/soup.toml": "",
}
LINK = "plugins/shares/src/linked.py"
ALL = ["plugins/node", "plugins/plain", "plugins/shares"]


def git(folder: Path, *arguments: str) -> str:
    names = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *names, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three plugins: a Node one with a package of the repository, a plain one, and one that shares."""
    folder = tmp_path_factory.mktemp("committed")
    top = folder / "repository"
    for path, text in FILES.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(text, "utf-8")
    (top / LINK).symlink_to("../../../elsewhere/linked.py")
    git(top, "init", "-q", "-b", "main")
    with served(PythonIndex()) as index, pytest.MonkeyPatch.context() as patch:
        for name in [
            name for name in os.environ if name.startswith(("PIP_", "UV_")) or name.endswith(("_proxy", "_PROXY"))
        ]:
            patch.delenv(name)
        patch.setenv("PIP_CONFIG_FILE", os.devnull)
        patch.setenv("PIP_INDEX_URL", f"{index.url}/simple")
        index.wheel("base", "1.0")
        shares = plugin(top / "plugins/shares", requirements="../../requirements/base.in")
        write_lock(shares, Store(folder / "store"), SilentProgress())
    git(top, "add", "-A")
    git(top, "commit", "-qm", "Start")
    return top


@pytest.fixture
def repository(committed: Path, tmp_path: Path) -> Path:
    """The plugins, in a repository of the test's own."""
    git(tmp_path, "clone", "-q", str(committed), "repository")
    return tmp_path / "repository"


def changed(top: Path, revision: str = "HEAD") -> dict[str, list[tuple[str, str, str]]]:
    """Plugin -> (path, change, kind) of each changed input."""
    projects = [Project(start=folder, environment=None, today=TODAY) for folder in find_plugins(top)]
    found = find_changed_plugins(projects, top, revision)
    assert found.unchanged == len(projects) - len(found.plugins)
    return {
        one.project.start.relative_to(top).as_posix(): [(i.path, i.change, i.kind.value) for i in one.inputs]
        for one in found.plugins
    }


def digest(top: Path, name: str) -> str:
    """What decides the artifact; the error if there can be none."""
    try:
        inputs = pipeline.gather_inputs(Project(start=top / name, environment=None, today=TODAY))
    except KitError as error:
        return f"{error.message} {error.problems}"
    assert isinstance(inputs, BuildInputs)
    return inputs.digest


def append(path: str, text: str = "# more\n") -> Callable[[Path], None]:
    def change(top: Path) -> None:
        (top / path).parent.mkdir(exist_ok=True)
        with (top / path).open("a", encoding="utf-8") as file:
            file.write(text)

    return change


def delete(path: str) -> Callable[[Path], None]:
    return lambda top: (top / path).unlink()


def _relink(top: Path) -> None:
    (top / LINK).unlink()
    (top / LINK).symlink_to("index.py")


def _same_size_and_time(top: Path) -> None:
    file = top / "plugins/plain/src/data/table.csv"
    before = file.stat()
    file.write_text("1,3\n", "utf-8")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def _in_the_second_of_the_checkout(top: Path) -> None:
    """What git stores about the file does not change, and only the index's time says that this is not enough."""
    git(top, "config", "core.trustctime", "false")
    os.utime(top / "plugins/plain/src/data/table.csv", (1_000_000_000, 1_000_000_000))
    git(top, "update-index", "--refresh")
    _same_size_and_time(top)
    os.utime(top / ".git" / "index", (1_000_000_000, 1_000_000_000))


def _include_what_git_ignores(top: Path) -> None:
    """``include`` takes a file that git never sees."""
    manifest = top / "plugins/plain/plugin.toml"
    manifest.write_text(manifest.read_text("utf-8") + '[build]\ninclude = ["*.log"]\n', "utf-8")
    git(top, "commit", "-qam", "Include logs")
    append("plugins/plain/src/data/x.log")(top)


def _newer_kit(top: Path) -> None:
    (top / "tox.ini").write_text(FILES["tox.ini"].replace("1.0.0", "1.0.1"), "utf-8")


def _tests_and_prose(top: Path) -> None:
    append("plugins/plain/tests/test_plain.py")(top)
    append("plugins/plain/README.md")(top)


SHARES, PLAIN, NODE = "plugins/shares", "plugins/plain", "plugins/node"
CHANGES: dict[str, tuple[Callable[[Path], None], dict[str, list[tuple[str, str, str]]]]] = {
    "an own file": (
        append("plugins/plain/src/index.py"),
        {PLAIN: [("plugins/plain/src/index.py", "modified", "own file")]},
    ),
    "an own file, in the second of the checkout": (
        _in_the_second_of_the_checkout,
        {PLAIN: [("plugins/plain/src/data/table.csv", "modified", "own file")]},
    ),
    "an own file, with its old size and time": (
        _same_size_and_time,
        {PLAIN: [("plugins/plain/src/data/table.csv", "modified", "own file")]},
    ),
    "a new own file, not added": (
        append("plugins/plain/src/new.py"),
        {PLAIN: [("plugins/plain/src/new.py", "added", "own file")]},
    ),
    "an own file that git ignores": (
        _include_what_git_ignores,
        {PLAIN: [("plugins/plain/src/data/x.log", "added", "own file")]},
    ),
    "a deleted own file": (
        delete("plugins/plain/src/data/table.csv"),
        {PLAIN: [("plugins/plain/src/data/table.csv", "deleted", "own file")]},
    ),
    "a shared file": (
        append("common/names.py"),
        {SHARES: [("common/names.py", "modified", "shared folder")]},
    ),
    "an excluded shared file": (append("common/other.txt"), {}),
    "the file behind a link": (
        append("elsewhere/linked.py"),
        {SHARES: [("elsewhere/linked.py", "modified", "own file")]},
    ),
    "where a link leads": (_relink, {SHARES: [(LINK, "modified", "own file")]}),
    "a package of the repository": (
        append("packages/local/index.js", "// more\n"),
        {NODE: [("packages/local/index.js", "modified", "shared folder")]},
    ),
    "the manifest": (
        append("plugins/plain/plugin.toml"),
        {PLAIN: [("plugins/plain/plugin.toml", "modified", "manifest")]},
    ),
    "the lock": (
        append("plugins/shares/requirements.lock"),
        {SHARES: [("plugins/shares/requirements.lock", "modified", "lock")]},
    ),
    "an included requirements file": (
        append("requirements/limits.in"),
        {SHARES: [("requirements/limits.in", "modified", "lock")]},
    ),
    "a new package.json above": (
        append("package.json", '{"type": "module"}\n'),
        {NODE: [("package.json", "added", "settings")], PLAIN: [("package.json", "added", "settings")]}
        | {SHARES: [("package.json", "added", "settings")]},
    ),
    "the SOUP list": (
        append("plugins/shares/soup.toml"),
        {SHARES: [("plugins/shares/soup.toml", "modified", "settings")]},
    ),
    ".gitignore of one folder": (
        append("plugins/shares/src/.gitignore"),
        {SHARES: [("plugins/shares/src/.gitignore", "modified", "settings")]},
    ),
    "the kit's version": (
        _newer_kit,
        {name: [("tox.ini", "modified", "kit version")] for name in ALL},
    ),
    "the kit's version in a pipeline": (
        append(".github/workflows/ci.yml", "run: pip install biot-plugin-kit==2\n"),
        {name: [(".github/workflows/ci.yml", "modified", "kit version")] for name in ALL},
    ),
    "another line of tox.ini": (append("tox.ini", "more = 2\n"), {}),
    "prose about the kit": (append("README.md", "Now with biot-plugin-kit 2.\n"), {}),
    "tests and prose of a plugin": (
        _tests_and_prose,
        {},
    ),
    "nothing": (lambda _: None, {}),
    "only a time": (lambda top: os.utime(top / "plugins/plain/src/index.py", (1, 1)), {}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_seen_by_the_plugins_that_it_concerns(name: str, repository: Path) -> None:
    change, expected = CHANGES[name]
    change(repository)

    assert changed(repository) == expected
    git(repository, "add", "-A")  # committed or not, added or not: only content counts
    assert changed(repository) == expected


def test_whatever_changes_the_inputs_of_a_build_is_found(repository: Path) -> None:
    """Each file is changed and deleted in turn; the build's own digest says which plugins that concerns."""
    before = {name: digest(repository, name) for name in ALL}
    deciding = dict[str, set[str]]()
    for path in [*FILES, LINK, "plugins/shares/requirements.lock"]:
        for change in (append(path, "\nx"), delete(path)):
            change(repository)
            plugins = [name for name in ALL if (repository / name / "plugin.toml").exists()]
            differ = {name for name in plugins if digest(repository, name) != before[name]}
            deciding.setdefault(path, set()).update(differ)
            assert differ <= changed(repository).keys(), path
            git(repository, "checkout", "-q", "--", ".")

    assert {path for path, names in deciding.items() if not names} == {
        *(".github/workflows/ci.yml", "README.md", "tox.ini", "common/other.txt", "plugins/plain/README.md"),
        *("plugins/plain/tests/test_plain.py", ".gitignore", "plugins/shares/src/.gitignore"),
    }


def test_a_plugin_that_cannot_be_read_counts_as_changed(repository: Path) -> None:
    (repository / "plugins/plain/plugin.toml").write_text("[plugin\n", "utf-8")
    git(repository, "commit", "-qam", "Break it")

    ((path, change, kind),) = changed(repository)[PLAIN]
    assert (path, kind) == (PLAIN, "manifest")
    assert change.startswith("cannot be compared: plugin.toml")


def test_an_older_commit_and_the_null_hash_of_a_new_branch(repository: Path) -> None:
    append("common/names.py")(repository)
    git(repository, "commit", "-qam", "Change shared code")

    assert changed(repository) == {}
    assert changed(repository, "HEAD~1").keys() == {SHARES}
    assert list(changed(repository, "0" * 40)) == ALL


def test_a_plugin_in_a_submodule_of_a_shared_folder_is_compared_by_its_commit(repository: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "code.py").write_text("A = 1\n", "utf-8")
    git(library, "init", "-q")
    git(library, "add", "-A")
    git(library, "commit", "-qm", "Start")
    git(repository, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library), "common/library")
    git(repository, "commit", "-qam", "Add a submodule")

    assert changed(repository) == {}
    append("common/library/code.py")(repository)
    assert changed(repository) == {
        SHARES: [
            ("common/library", "modified", "shared folder"),
            ("common/library/code.py", "modified", "shared folder"),
        ]
    }


def test_the_comparison_leaves_the_repository_as_it_is(repository: Path) -> None:
    os.utime(repository / "plugins/plain/src/index.py", (1, 1))  # git would refresh its index
    before = (repository / ".git" / "index").read_bytes()

    assert changed(repository) == {}
    assert (repository / ".git" / "index").read_bytes() == before


@pytest.mark.parametrize("revision", ["nope", "HEAD~9", "-x", "", "HEAD:README.md", "a" * 40])
def test_a_revision_that_does_not_exist_is_an_error(revision: str, repository: Path) -> None:
    with pytest.raises(UsageError, match="has no revision") as caught:
        changed(repository, revision)
    assert "git fetch" in caught.value.hint


def test_a_shallow_clone_says_what_to_fetch(repository: Path, tmp_path: Path) -> None:
    append("common/names.py")(repository)
    git(repository, "commit", "-qam", "Change shared code")
    old = git(repository, "rev-parse", "HEAD~1")
    git(tmp_path, "clone", "-q", "--depth=1", repository.as_uri(), "shallow")

    with pytest.raises(UsageError, match="shallow") as caught:
        changed(tmp_path / "shallow", old)
    assert f"git fetch --depth=1 origin {old}" in caught.value.hint
    git(tmp_path / "shallow", "fetch", "-q", "--depth=1", "origin", old)
    assert changed(tmp_path / "shallow", old).keys() == {SHARES}


def test_without_a_repository_or_without_git_the_error_says_so(
    tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "outside" / "src").mkdir(parents=True)
    (tmp_path / "outside" / "plugin.toml").write_text(FILES["plugins/plain/plugin.toml"], "utf-8")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))

    with pytest.raises(ProjectError, match="is not in a working tree of git"):
        changed(tmp_path / "outside")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProjectError, match="Git is not installed"):
        changed(repository)


def test_settings_of_the_users_git_change_nothing(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = "[diff]\nnoprefix = true\nexternal = false\nrenames = copies\nignoreSubmodules = all\nrelative = true\n"
    (tmp_path / "gitconfig").write_text(f"{settings}[status]\nshowUntrackedFiles = no\n", "utf-8")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))  # as in a hook of another repository
    append("common/names.py")(repository)
    (repository / "plugins/plain/src/index.py").rename(repository / "plugins/plain/src/data/index.py")

    assert set(changed(repository)) == {PLAIN, SHARES}


def test_the_command_lists_the_changed_plugins_and_builds_only_them(biot_plugin: Call, repository: Path) -> None:
    append("common/names.py")(repository)
    append("plugins/plain/src/index.py")(repository)

    listed = biot_plugin("package", "--all", "--since", "HEAD", "--dry-run", cwd=repository)
    document = json.loads(
        biot_plugin("package", "--all", "--since", "HEAD", "--dry-run", "--json", cwd=repository).stdout
    )
    second = biot_plugin("package", "--all", "--since", "HEAD", "--shard", "1/2", cwd=repository)
    third = biot_plugin("package", "--all", "--since", "HEAD", "--shard", "3/3", "plugins", cwd=repository)

    commit = git(repository, "rev-parse", "HEAD")
    assert [line.split() for line in listed.stdout.splitlines()[2:4]] == [
        ["plugins/plain", "plugins/plain/src/index.py", "(modified)"],
        ["plugins/shares", "common/names.py", "(modified)"],
    ]
    assert listed.stdout.splitlines()[-1] == f"2 plugins: 1 unchanged since HEAD ({commit[:9]})"
    assert document["since"] == {"revision": "HEAD", "commit": commit}
    assert document["unchanged"] == 1
    assert document["changed"] == ["plugins/plain", "plugins/shares"]
    assert document["plugins"] == [
        {
            "plugin": "plugins/plain",
            "changes": [{"path": "plugins/plain/src/index.py", "change": "modified", "input": "own file"}],
        },
        {
            "plugin": "plugins/shares",
            "changes": [{"path": "common/names.py", "change": "modified", "input": "shared folder"}],
        },
    ]
    assert second.stdout.splitlines()[-1].startswith("1 plugin: 1 packaged, 1 unchanged since HEAD")
    assert third.stdout.startswith("0 plugins: 1 unchanged since HEAD")
    assert [folder.name for folder in (repository / "plugins").iterdir() if (folder / "dist").exists()] == ["plain"]


def test_without_a_revision_a_dry_run_lists_every_plugin(biot_plugin: Call, repository: Path) -> None:
    text = biot_plugin("package", "--all", "--dry-run", cwd=repository)
    document = json.loads(biot_plugin("package", "--all", "--dry-run", "--json", cwd=repository).stdout)

    assert text.stdout == "plugins/node\nplugins/plain\nplugins/shares\n3 plugins\n"
    assert document["plugins"] == [{"plugin": name} for name in ALL]
    assert document["since"] is None


def test_since_needs_all(biot_plugin: Call, repository: Path) -> None:
    done = biot_plugin("package", "--since", "HEAD", cwd=repository / "plugins/plain")
    wrong = biot_plugin("package", "--all", "--since", "nope", "--json", cwd=repository)
    empty = biot_plugin("package", "--all", "--since", "", cwd=repository)

    assert (done.returncode, empty.returncode) == (2, 2)
    assert "need --all" in done.stderr
    assert json.loads(wrong.stdout)["kind"] == "usage"
