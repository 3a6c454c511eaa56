"""Selecting own files on disk: .gitignore, links, virtual environments, and folders too large to open."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder.bundle import SourceFile, select_sources
from builder.errors import ProjectError
from builder.manifest.model import Build, Manifest
from tests.support.plugins.small_bundles import manifest_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager


def plugin(
    folder: Path, files: dict[str, str | bytes], build: Build | None = None, *, runtime: str = "python3.13"
) -> Manifest:
    (folder / ".git").mkdir(exist_ok=True)
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return manifest_of(build, folder=folder, runtime=runtime)


def selected(manifest: Manifest) -> list[str]:
    return sorted(source.path for source in select_sources(manifest))


def report(error: pytest.ExceptionInfo[ProjectError]) -> str:
    return "\n".join(f"{problem.file}: {problem.message} | {problem.hint}" for problem in error.value.problems)


def test_the_root_folder_becomes_the_artifacts_root(tmp_path: Path) -> None:
    manifest = plugin(tmp_path, {"src/index.py": "x = 1\n", "src/plugin/a.py": "", "README.md": "", "tests/t.py": ""})
    assert select_sources(manifest) == (
        SourceFile(path="index.py", origin="src/index.py", content=b"x = 1\n"),
        SourceFile(path="plugin/a.py", origin="src/plugin/a.py", content=b""),
    )


def test_a_repository_without_the_kits_layout_is_packaged_from_its_top(tmp_path: Path) -> None:
    """As in BioT's samples: the handler beside a package ``src``; all other files belong to the repository."""
    files = dict.fromkeys(
        [
            *("index.py", "src/main.py", "src/tests/data.py", "LICENSE", "plugin.toml", "pyproject.toml", "tox.ini"),
            *("requirements.txt", "requirements.lock", "tests/test_a.py", "Dockerfile", "README.md", ".gitignore"),
            *("env/pyvenv.cfg", "env/lib/x.py", "my env/pyvenv.cfg", "my env/lib/x.py", "node_modules/a/index.js"),
            *("dist/old.zip", "src/__pycache__/main.cpython-313.pyc", ".env", ".github/ci.yml", "a.egg-info/PKG-INFO"),
        ],
        "",
    )
    assert selected(plugin(tmp_path, dict(files), Build(root="."))) == [
        "LICENSE",
        "index.py",
        "src/main.py",
        "src/tests/data.py",
    ]


def test_every_gitignore_from_the_repositorys_top_to_the_file_counts(tmp_path: Path) -> None:
    files = {
        ".gitignore": "*.log\n/plugins/one/src/secret.py\n",
        "plugins/.gitignore": "local.*\n",
        "plugins/one/src/.gitignore": "!keep.log\ngenerated/\n",
        **dict.fromkeys(
            [
                f"plugins/one/src/{name}"
                for name in ("index.py", "a.log", "keep.log", "secret.py", "local.py", "generated/g.py")
            ],
            "",
        ),
    }
    plugin(tmp_path, dict(files))
    assert selected(manifest_of(folder=tmp_path / "plugins/one")) == ["index.py", "keep.log"]


def test_files_that_only_this_machine_ignores_are_included(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Global excludes and .git/info/exclude would make the bytes depend on the machine."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    files = {"src/index.py": "", "src/a.dat": "", ".git/info/exclude": "*.dat\n", "config/git/ignore": "*.dat\n"}
    assert selected(plugin(tmp_path, dict(files))) == ["a.dat", "index.py"]


def test_include_adds_ignored_files_and_exclude_removes_them(tmp_path: Path) -> None:
    files = {
        ".gitignore": "generated/\n*.bin\n",
        **dict.fromkeys(["src/index.py", "src/generated/a.py", "src/generated/b.txt", "src/m.bin", "src/notes.md"], ""),
    }
    build = Build(include=("generated/*.py", "*.bin"), exclude=("*.md", "m.*"))
    assert selected(plugin(tmp_path, dict(files), build)) == ["generated/a.py", "index.py"]


def test_an_ignored_build_root_is_packaged(tmp_path: Path) -> None:
    files = {
        ".gitignore": "/dist/\n*.map\n",
        "dist/index.js": "",
        "dist/lib/a.js": "",
        "dist/.gitignore": "*.tmp",
        "dist/x.tmp": "",
    }
    manifest = plugin(tmp_path, dict(files), Build(root="dist"), runtime="nodejs22.x")
    assert selected(manifest) == ["index.js", "lib/a.js"]


def test_an_excluded_folder_is_never_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The walk never opens node_modules, however many files it has."""
    manifest = plugin(tmp_path, {"src/index.js": "", "src/node_modules/a/x.js": ""}, runtime="nodejs22.x")
    seen: list[str] = []
    scan = os.scandir

    def watched(path: str) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
        seen.append(Path(path).name)
        return scan(path)

    monkeypatch.setattr(os, "scandir", watched)
    select_sources(manifest)
    assert seen == ["src"]


def test_a_link_inside_the_repository_is_followed(tmp_path: Path) -> None:
    manifest = plugin(tmp_path, {"src/index.py": "", "shared/a.py": "a", "shared/deep/b.py": "b"})
    (tmp_path / "src/shared").symlink_to("../shared", target_is_directory=True)
    (tmp_path / "src/one.py").symlink_to("../shared/a.py")
    assert {source.path: source.content for source in select_sources(manifest)} == {
        "index.py": b"",
        "one.py": b"a",
        "shared/a.py": b"a",
        "shared/deep/b.py": b"b",
    }


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("/etc/hostname", "outside"),
        ("../../..", "outside"),
        ("nowhere", "not exist"),
        ("link", "not exist"),
        (".", "never ends"),
        ("../.git/config", "outside"),
    ],
)
def test_a_link_that_must_not_be_followed_is_reported_with_its_target(tmp_path: Path, target: str, reason: str) -> None:
    folder = tmp_path / "repository"
    folder.mkdir()
    manifest = plugin(folder, {"src/index.py": "", ".git/config": ""})
    (folder / "src/link").symlink_to(target)
    with pytest.raises(ProjectError) as caught:
        select_sources(manifest)
    assert reason in report(caught)
    assert "link" in report(caught)


def test_an_excluded_link_is_not_a_problem(tmp_path: Path) -> None:
    manifest = plugin(tmp_path, {"src/index.py": ""}, Build(exclude=("link", "venv2/")))
    (tmp_path / "src/link").symlink_to("/etc/hostname")
    (tmp_path / "src/venv2").symlink_to("/usr")
    assert selected(manifest) == ["index.py"]


def test_a_pipe_is_an_error_and_is_not_read(tmp_path: Path) -> None:
    manifest = plugin(tmp_path, {"src/index.py": ""})
    os.mkfifo(tmp_path / "src/pipe")
    with pytest.raises(ProjectError) as caught:
        select_sources(manifest)
    assert "neither a file nor a folder" in report(caught)


def test_every_invalid_name_is_reported(tmp_path: Path) -> None:
    manifest = plugin(
        tmp_path, {"src/aux.py": "", "src/what?.py": "", "src/a.py": "", "src/A.py": "", "src/run.sh": "#!/bin/sh\r\n"}
    )
    with pytest.raises(ProjectError) as caught:
        select_sources(manifest)
    assert len(caught.value.problems) == 4


def test_a_name_that_is_not_utf8_is_an_error(tmp_path: Path) -> None:
    manifest = plugin(tmp_path, {"src/index.py": ""})
    (Path(os.fsdecode(os.fsencode(tmp_path / "src") + b"/caf\xe9.txt"))).write_text("")
    with pytest.raises(ProjectError) as caught:
        select_sources(manifest)
    assert "control character" in report(caught)


@pytest.mark.parametrize("root", ["missing", "../..", "src/index.py"])
def test_a_root_that_is_not_a_folder_of_the_repository_is_an_error(tmp_path: Path, root: str) -> None:
    with pytest.raises(ProjectError, match="not a folder inside the repository"):
        select_sources(plugin(tmp_path, {"src/index.py": ""}, Build(root=root)))


def test_an_invalid_pattern_is_reported_with_its_key(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        select_sources(plugin(tmp_path, {"src/index.py": ""}, Build(include=("!",), exclude=("[z-a]",))))
    assert [problem.key for problem in caught.value.problems] == ["build.include", "build.exclude"]


def test_own_files_of_five_gigabytes_are_an_error_before_they_are_read(tmp_path: Path) -> None:
    manifest = plugin(tmp_path, {"src/index.py": "", "src/model.bin": ""})
    os.truncate(tmp_path / "src/model.bin", 5 << 30)
    began = time.process_time()
    with pytest.raises(ProjectError) as caught:
        select_sources(manifest)
    assert "model.bin: 5368709120 bytes" in report(caught)
    assert time.process_time() - began < 2  # reading and hashing 5 GB takes longer on any machine


def test_shared_folders_follow_the_same_rules_below_their_artifact_folder(tmp_path: Path) -> None:
    build = Build(shared={"../lib": "common", "extra": "a/b"}, exclude=("common/private/",), include=("common/.keep",))
    files: dict[str, str | bytes] = dict.fromkeys(["p/src/index.py", "p/src/common.txt", "p/extra/x.txt"], "")
    lib = ["y.py", "z.pyc", "z.log", ".hidden", ".keep", "private/p.py", "__pycache__/c.py", "tests/t.py"]
    plugin(tmp_path, files | {f"lib/{name}": "" for name in lib} | {".gitignore": "*.log\n"})

    sources = select_sources(manifest_of(build, folder=tmp_path / "p", runtime="python3.13"))

    assert sorted(source.path for source in sources) == [
        "a/b/x.txt",
        "common.txt",
        "common/.keep",
        "common/tests/t.py",
        "common/y.py",
        "index.py",
    ]
    assert {source.origin for source in sources} >= {"../lib/y.py", "extra/x.txt", "src/index.py"}


@pytest.mark.parametrize("name", ["..", "../..", "../gone", ".", "../file.py", "../link", "../.git"])
def test_a_shared_folder_must_be_inside_the_repository_and_outside_the_plugin(tmp_path: Path, name: str) -> None:
    top = tmp_path / "top"
    top.mkdir()
    plugin(top, {"p/src/index.py": "", "file.py": ""})
    (top / "link").symlink_to(tmp_path)
    manifest = manifest_of(Build(shared={name: "common"}), folder=top / "p", runtime="python3.13")
    with pytest.raises(ProjectError) as caught:
        select_sources(manifest)
    assert f"{name} is not a folder inside the repository {top}" in report(caught)


def test_a_duplicate_path_is_reported_with_both_folders(tmp_path: Path) -> None:
    files = {"src/common/a.py": "", "lib/a.py": ""}
    manifest = plugin(tmp_path, dict(files), Build(shared={"lib": "common"}))
    with pytest.raises(ProjectError) as caught:
        select_sources(manifest)
    assert (
        f"Duplicate path common/a.py: it comes from {tmp_path}/src/common/a.py and from {tmp_path}/lib/a.py"
        in report(caught)
    )


def test_a_root_of_es_modules_gets_a_package_json(tmp_path: Path) -> None:
    files = {"package.json": '{"type": "module", "scripts": {"x": "y"}}', "src/index.js": ""}
    sources = select_sources(plugin(tmp_path, dict(files), runtime="nodejs22.x"))
    assert {source.path: source.content for source in sources} == {
        "index.js": b"",
        "package.json": b'{"type": "module"}\n',
    }


@pytest.mark.parametrize(
    ("files", "runtime", "root"),
    [
        ({"package.json": '{"type": "commonjs"}'}, "nodejs22.x", "src"),
        ({"package.json": "{}"}, "nodejs22.x", "src"),
        ({}, "nodejs22.x", "src"),
        ({"package.json": '{"type": "module"}'}, "python3.13", "src"),
        ({"package.json": '{"type": "module"}', "src/package.json": "{}"}, "nodejs22.x", "src/inner"),
    ],
    ids=["CommonJS", "no type", "no package.json", "Python", "a nearer package.json decides"],
)
def test_no_package_json_is_added_where_node_does_not_find_es_modules(
    tmp_path: Path, files: dict[str, str], runtime: str, root: str
) -> None:
    manifest = plugin(tmp_path, {**files, f"{root}/index.js": ""}, Build(root=root), runtime=runtime)
    assert selected(manifest) == ["index.js"]


def test_the_roots_own_package_json_stays_unchanged(tmp_path: Path) -> None:
    files = {"package.json": '{"type": "module"}', "src/package.json": '{"type": "commonjs"}', "src/index.js": ""}
    sources = select_sources(plugin(tmp_path, dict(files), runtime="nodejs22.x"))
    assert {source.path: source.content for source in sources}["package.json"] == b'{"type": "commonjs"}'


def test_scripts_and_mock_events_of_the_samples_need_an_include(tmp_path: Path) -> None:
    names = [
        *("index.js", "src/scripts/kept.js", "src/mockEvent.js", "package.json"),
        *("localRunner.js", "mockEvent.js", "local_runner.py", "mock_event.py", "scripts/pack.js", "packed/packed.zip"),
        *("scripts/docker/linux/build.sh", "seedenv/lib/x.py"),
    ]
    files: dict[str, str | bytes] = dict.fromkeys(names, "{}")
    kept = ["index.js", "package.json", "src/mockEvent.js", "src/scripts/kept.js"]
    assert selected(plugin(tmp_path, files, Build(root="."), runtime="nodejs22.x")) == kept
    included = plugin(tmp_path, files, Build(root=".", include=("scripts/pack.js",)), runtime="nodejs22.x")
    assert selected(included) == sorted([*kept, "scripts/pack.js"])
