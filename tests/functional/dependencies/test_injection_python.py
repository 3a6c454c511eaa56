"""Nothing in a Python plugin's repository can choose another index or run code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from builder.dependencies import collect, read_lock, write_lock
from builder.dependencies.lock.requirements import read_declared
from builder.errors import DependencyError
from builder.progress import SilentProgress
from tests.support.plugins.stage_inputs import RecordedProgress, plugin

if TYPE_CHECKING:
    from pathlib import Path

    from builder.dependencies import Store
    from tests.support.servers.package_registries import PythonIndex, Registry

QUIET = SilentProgress()

NO_REQUIREMENTS = (
    *(
        "base @ {canary}/base-1.0-py3-none-any.whl",
        "base@{canary}/base.whl",
        "base[x] @ {canary}/b.tar.gz ; python_version>'3'",
    ),
    *("base @ git+{canary}/base.git", "base @ git+ssh://git@host/base.git@main", "base @ hg+{canary}/base"),
    *("base @ file:///etc/passwd", "base @ file:../outside", "base @ file://{canary}/x"),
    *("{canary}/base-1.0-py3-none-any.whl", "git+{canary}/base.git#egg=base", "git+ssh://git@host/base.git"),
    *("file:///etc/passwd", "./base-1.0-py3-none-any.whl", "../outside", "/etc/passwd", "."),
    *("base --index-url {canary}/simple", "base --extra-index-url={canary}/simple", "base -i {canary}/simple"),
    *("base --find-links {canary}", "base --global-option=--x", "base --install-option='--x'"),
    *("base --config-settings=x=y", "base==1.0 --no-binary=base", "base \\\n  --index-url={canary}/simple"),
    *("base==1.0 --hash", "base==1.0 --hash=", "base==1.0 --hash=sha256:1 --trusted-host {canary}"),
    *("base; --index-url={canary}", "base, other", "base other", "base==1.0 other==2.0", "base=1.0", "base=="),
    *("$(touch ran)", "`touch ran`", "base;touch ran", "base & touch ran", "base | sh", "${{HOME}}", "%PATH%"),
    *("b\u0430se", "base\u200b", "\u202ebase", "base\x1b[2J", "b\u00e4se", "_base", "base-", "--", "ba/se", "ba\\se"),
    *("base @ https://u:hunter22@host/base.whl", "https://u:hunter22@host/base.whl"),
)


@pytest.mark.parametrize("line", NO_REQUIREMENTS)
def test_a_line_that_is_not_a_plain_requirement_is_refused_with_its_place(
    line: str, project: Path, store: Store, index: PythonIndex, canary: Registry
) -> None:
    text = line.format(canary=canary.url)
    (project / "requirements.in").write_text(f"# first\n{text}\n", "utf-8")
    manifest = plugin(project, requirements="requirements.in")
    if line == "--":
        assert [option.line for option in read_declared(manifest).options] == [2]
        return
    with pytest.raises(DependencyError) as caught:
        write_lock(manifest, store, QUIET)
    (problem,) = caught.value.problems
    assert problem.where == "requirements.in:2"
    assert problem.hint
    assert "hunter22" not in problem.message + problem.hint
    assert canary.requests == index.requests == []
    assert {file.name for file in project.iterdir()} == {"requirements.in"}


@pytest.mark.parametrize("line", [line for line in NO_REQUIREMENTS if line != "--"])
def test_an_invalid_requirement_in_pyproject_is_refused_with_its_key(
    line: str, project: Path, store: Store, index: PythonIndex, canary: Registry
) -> None:
    text = json.dumps(["fine", line.format(canary=canary.url).replace("\x1b", "")], ensure_ascii=True)
    (project / "pyproject.toml").write_text(f"[project]\ndependencies = {text}\n", "utf-8")
    if "\x1b" in line:
        return  # TOML itself holds no such character
    with pytest.raises(DependencyError) as caught:
        write_lock(plugin(project), store, QUIET)
    assert [problem.where for problem in caught.value.problems] == ["pyproject.toml project.dependencies[1]"]
    assert canary.requests == index.requests == []


INCLUDES = (
    *("-r {canary}/more.txt", "-r{canary}/more.txt", "--requirement={canary}/more.txt", "--requirement {canary}/m.txt"),
    *("-c {canary}/limits.txt", "--constraint={canary}/limits.txt", "-r ../outside.txt", "-c ../outside.txt"),
    *("-r /etc/passwd", "-r file:///etc/passwd", "-r link.txt", '-r "../outside.txt"', "-r sub/../../outside.txt"),
)


@pytest.mark.parametrize("line", INCLUDES)
def test_an_include_cannot_leave_the_repository(
    line: str, project: Path, store: Store, index: PythonIndex, canary: Registry
) -> None:
    outside = project.parent / "outside.txt"
    (project / ".git").mkdir()
    outside.write_text("top-secret-content\n")
    (project / "link.txt").symlink_to(outside)
    (project / "requirements.in").write_text(f"\n\n{line.format(canary=canary.url)}\n")
    with pytest.raises(DependencyError) as caught:
        write_lock(plugin(project, requirements="requirements.in"), store, QUIET)
    (problem,) = caught.value.problems
    assert problem.where == "requirements.in:3"
    assert "top-secret" not in problem.message
    assert canary.requests == index.requests == []


OPTIONS = (
    *("--index-url {canary}/simple", "-i {canary}/simple", "--index-url={canary}/simple", "-i={canary}/simple"),
    *("--extra-index-url {canary}/simple", "--find-links {canary}/simple", "-f {canary}", "--no-index", "--pre"),
    *("--trusted-host {canary}", "--no-binary :all:", "--no-binary=base", "--only-binary base", "--prefer-binary"),
    *(
        "--require-hashes",
        "--use-feature=fast-deps",
        "-e {canary}/base.git",
        "-e .",
        "--editable=git+{canary}/base.git",
    ),
    *("--global-option=--x", "--config-settings x=y", "--proxy {canary}", "--cert /etc/passwd", "--build-option=x"),
    *("--unknown-option", "-x", "--python=/bin/sh", "--cache-dir /etc"),
)


def test_options_and_configuration_of_the_project_are_noted_and_have_no_effect(
    project: Path, store: Store, index: PythonIndex, canary: Registry, tmp_path: Path
) -> None:
    lines = [option.format(canary=canary.url) for option in OPTIONS]
    (project / "requirements.in").write_text("base\n" + "".join(f"{line}\n" for line in lines))
    hostile_project(project, canary, tmp_path / "ran")
    index.wheel("base", "1.0")
    manifest, progress = plugin(project, requirements="requirements.in"), RecordedProgress()
    write_lock(manifest, store, progress)
    (pack,) = collect(read_lock(manifest), manifest, store, progress)
    assert pack.package.version == "1.0"
    for number, option in enumerate(OPTIONS, start=2):
        (note,) = [note for note in progress.notes if note.startswith(f"requirements.in:{number}: ")]
        assert option.split(" ")[0].split("=")[0] in note
        assert "is ignored" in note
    ignored = {note.split(" of the project")[0] for note in progress.notes if " of the project" in note}
    assert ignored == {".npmrc", "pip.conf", "pip.ini", "uv.toml"}
    assert sum(note.startswith("pyproject.toml: [tool.uv] ") for note in progress.notes) == 6
    assert canary.requests == []
    assert not (tmp_path / "ran").exists()


def hostile_project(project: Path, canary: Registry, ran: Path) -> None:
    """Every file that pip, uv, npm or Python might read, each asking for the canary or running something."""
    run = f"open({str(ran)!r}, 'w')\n"
    for name in ("sitecustomize.py", "usercustomize.py", "pip.py", "uv.py", "setup.py", "packaging.py", "conftest.py"):
        (project / name).write_text(run)
    pip = f"[global]\nindex-url = {canary.url}/simple\nextra-index-url = {canary.url}/simple\nproxy = {canary.url}\n"
    for name in ("pip.conf", "pip.ini"):
        (project / name).write_text(pip)
    uv = f'index-url = "{canary.url}/simple"\nfind-links = ["{canary.url}"]\n'
    (project / "uv.toml").write_text(uv + f'[[index]]\nurl = "{canary.url}/simple"\ndefault = true\n')
    (project / ".npmrc").write_text(f"registry={canary.url}\n")
    (project / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    (project / ".env").write_text(f"PIP_INDEX_URL={canary.url}\nUV_DEFAULT_INDEX={canary.url}\n")
    (project / ".python-version").write_text("2.7\n")
    (project / "constraints.txt").write_text("base==0.1\n")
    (project / "pyproject.toml").write_text(
        "[build-system]\nrequires = ['evil']\nbuild-backend = 'evil'\nbackend-path = ['.']\n"
        f'[tool.uv]\nindex-url = "{canary.url}/simple"\nextra-index-url = ["{canary.url}"]\n'
        f'find-links = ["{canary.url}"]\n'
        'override-dependencies = ["base==0.1"]\nconstraint-dependencies = ["base==0.1"]\n'
        f'[tool.uv.pip]\nindex-url = "{canary.url}/simple"\n'
        f'[tool.uv.sources]\nbase = {{ url = "{canary.url}/b.whl" }}\n'
        f'[[tool.uv.index]]\nname = "evil"\nurl = "{canary.url}/simple"\ndefault = true\n'
        f'[[tool.pip.index]]\nurl = "{canary.url}"\n'
    )


LOCK_LINES = (
    *("base==1.0 --hash={hash} --index-url={canary}", "--index-url {canary}/simple", "-r {canary}/more.txt"),
    *("base @ {canary}/base.whl --hash={hash}", "base==1.0", "base==1.0 --hash=md5:d41d8cd98f00b204e9800998ecf8427e"),
    *("base==1.0 --hash=sha256:abc", "base==1.0 --hash={hash} --hash={hash}", "base==1.0 --hash={HASH}"),
    *("base==1.* --hash={hash}", "base>=1.0 --hash={hash}", "base[x]==1.0 --hash={hash}", "Base==1.0 --hash={hash}"),
    *(
        "-base==1.0 --hash={hash}",
        "--base==1.0 --hash={hash}",
        "../base==1.0 --hash={hash}",
        "b\u0430se==1.0 --hash={hash}",
    ),
    *(
        "base==1.0/../../x --hash={hash}",
        "base==1.0 --hash={hash} \\",
        "base===1.0 --hash={hash}",
        " base==1.0 --hash={hash}",
    ),
    *("base==1.0 --hash={hash} ; python_version<'3'", "base==1.0 --hash={hash}#x", "base==--pre --hash={hash}"),
)


@pytest.mark.parametrize("line", LOCK_LINES)
def test_an_invalid_lock_line_is_refused_with_its_place(
    line: str, project: Path, index: PythonIndex, canary: Registry
) -> None:
    digest = "sha256:" + "0a" * 32
    (project / "pyproject.toml").write_text('[project]\ndependencies = ["base"]\n')
    manifest = plugin(project)
    head = f"# runtime: python3.13\n# glibc: 2.34\n# inputs: {read_declared(manifest).digest}\n"
    text = line.format(canary=canary.url, hash=digest, HASH=digest.upper())
    (project / "requirements.lock").write_text(f"{head}{text}\n", "utf-8")
    with pytest.raises(DependencyError) as caught:
        read_lock(manifest)
    assert [problem.where for problem in caught.value.problems] == ["requirements.lock:4"]
    assert canary.requests == index.requests == []


@pytest.mark.parametrize("wrong", ["md5:" + "0" * 32, "sha256:" + "0" * 64, "sha512:" + "0" * 128, "sha256:*"])
def test_a_hash_without_a_file_fetches_nothing(
    wrong: str, project: Path, store: Store, index: PythonIndex, canary: Registry
) -> None:
    index.wheel("base", "1.0")
    (project / "requirements.in").write_text(f"base==1.0 --hash={wrong}\n")
    with pytest.raises(DependencyError, match=r"no file of base 1\.0 with a hash"):
        write_lock(plugin(project, requirements="requirements.in"), store, QUIET)
    assert canary.requests == []
    assert not (project / "requirements.lock").exists()
