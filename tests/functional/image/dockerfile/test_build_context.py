from __future__ import annotations

import io
import os
import tarfile
from typing import TYPE_CHECKING

import pytest

from builder.errors import PackagingError, ProjectError
from builder.image.dockerfile.build_context import select_context, unpack_context, write_context
from builder.image.dockerfile.tar_members import FILE
from builder.secrets.secret_scan import scan

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A plugin with a Dockerfile."""
    for name, text in {
        "Dockerfile": "FROM scratch\nCOPY src /var/task\n",
        "src/index.py": "def handler(event, context): ...\n",
        "src/run.sh": "#!/bin/sh\n",
        ".git/config": "[core]\n",
        "vendor/library/.git/HEAD": "ref\n",
        "node_modules/a/index.js": "1\n",
        "docs/a.md": "a\n",
        "docs/kept.md": "b\n",
    }.items():
        file = tmp_path / "plugin" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "plugin"


def paths(folder: Path, *left_out: str, dockerfile: str = "Dockerfile") -> list[str]:
    return [file.path for file in select_context(folder, dockerfile, left_out)]


def context(folder: Path) -> tuple[str, bytes]:
    stream = io.BytesIO()
    return write_context(select_context(folder, "Dockerfile"), stream), stream.getvalue()


def test_git_never_enters_the_context_even_if_dockerignore_asks_for_it(folder: Path) -> None:
    (folder / ".dockerignore").write_text("!.git\n!**/.git\n")

    found = paths(folder)

    assert not [path for path in found if ".git" in path.split("/")]
    assert {"src/index.py", "vendor/library", "node_modules/a/index.js"} <= set(found)


def test_dockerignore_applies_with_exceptions_and_comments(folder: Path) -> None:
    (folder / ".dockerignore").write_text(
        "\ufeff# comment\n\n**/node_modules\ndocs/*\n!docs/kept.md\nvendor\n", "utf-8"
    )

    assert paths(folder) == [
        ".dockerignore", "Dockerfile", "docs", "docs/kept.md", "src", "src/index.py", "src/run.sh",
    ]  # fmt: skip


def test_the_ignore_file_of_the_dockerfile_is_used_instead(folder: Path) -> None:
    (folder / "Dockerfile.dockerignore").write_text("*\n!src\n")
    (folder / ".dockerignore").write_text("src\n")

    assert [path for path in paths(folder) if path.startswith(("src", "docs"))] == ["src", "src/index.py", "src/run.sh"]


def test_folders_of_artifacts_can_be_left_out(folder: Path) -> None:
    (folder / "dist").mkdir()
    (folder / "dist/a.oci").write_text("")

    assert "dist/a.oci" in paths(folder)
    assert not [path for path in paths(folder, "dist") if path.startswith("dist")]


def test_the_same_files_give_the_same_tar_whatever_their_times_modes_and_order(folder: Path) -> None:
    first = context(folder)
    for number, file in enumerate(sorted(folder.rglob("*"), reverse=True)):
        os.utime(file, (number, number))
        if file.is_file():
            file.chmod(0o777 if number % 2 else 0o600)
            file.rename(folder / "moved")
            (folder / "moved").rename(file)

    assert context(folder) == first
    with tarfile.open(fileobj=io.BytesIO(first[1])) as tar:
        assert {(one.uid, one.gid, one.uname, one.mtime) for one in tar} == {(0, 0, "", 315_532_800)}
        modes = {one.name: one.mode for one in tar}
    assert (modes["src/run.sh"], modes["src/index.py"], modes["src"]) == (0o755, 0o644, 0o755)


def test_another_content_gives_another_digest(folder: Path) -> None:
    first = context(folder)
    (folder / "src/index.py").write_text("def handler(event, context): ..!\n")

    assert context(folder)[0] != first[0]


def test_links_stay_links_and_long_names_are_kept(folder: Path) -> None:
    name = "src/" + "ä" * 60 + "/" + "b" * 120 + ".py"
    (folder / name).parent.mkdir()
    (folder / name).write_text("x = 1\n")
    (folder / "outside").symlink_to("../" + "c" * 150)
    os.mkfifo(folder / "pipe")

    with tarfile.open(fileobj=io.BytesIO(context(folder)[1])) as tar:
        stream = tar.extractfile(name)
        assert stream is not None
        assert stream.read() == b"x = 1\n"
        assert tar.getmember("outside").linkname == "../" + "c" * 150
        assert "pipe" not in tar.getnames()


def test_an_unpacked_context_has_the_files_of_the_tar(folder: Path, tmp_path: Path) -> None:
    (folder / "link").symlink_to("src")
    (folder / "empty").mkdir()
    target = tmp_path / "unpacked"
    target.mkdir()

    unpack_context(select_context(folder, "Dockerfile"), target)

    assert sorted(file.relative_to(target).as_posix() for file in target.rglob("*")) == paths(folder)
    assert (target / "src/run.sh").stat().st_mode & 0o777 == 0o755
    assert (target / "src/index.py").stat().st_mtime == 315_532_800
    assert (target / "link").readlink().as_posix() == "src"


def test_the_files_are_read_by_the_secrets_check(folder: Path) -> None:
    (folder / ".env").write_text("TOKEN=abcdefgh12345678\n")

    files = [file for file in select_context(folder, "Dockerfile") if file.kind == FILE]

    assert [file.path for file in files if scan(file.origin, file.content)] == [".env"]


def test_a_missing_dockerfile_is_an_error_that_names_it(folder: Path) -> None:
    with pytest.raises(ProjectError, match=r"deploy/Dockerfile does not exist"):
        select_context(folder, "deploy/Dockerfile")


def test_a_file_that_disappears_is_an_error_that_names_it(folder: Path) -> None:
    files = select_context(folder, "Dockerfile")
    (folder / "src/index.py").unlink()

    with pytest.raises(PackagingError, match=r"src/index\.py cannot be read"):
        write_context(files, io.BytesIO())
