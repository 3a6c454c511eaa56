"""The record of the last build: nothing that could change the artifact goes unnoticed."""

from __future__ import annotations

import json
import os
import time
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

import pytest

import builder.last_build
from builder import pipeline
from builder.host.fingerprint import code_digest
from builder.last_build import RECORDS_FOLDER, BuildRequest, LastBuild
from builder.progress import SilentProgress
from builder.stages import Project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from builder.last_build import RecordedBuild

TODAY = date(2026, 11, 1)
PLUGIN_TOML = """[plugin]
name = "age"
displayName = "Age"
version = 1
runtime = "python3.13"
handler = "index.handler"

[plugin.subscriptions]

[build]
root = "src"
shared = { "../common" = "common" }

[environments.dev]
baseUrl = "https://dev.example.com"
"""
TICK = 0.06
"""More seconds than a file must be older than the build that is recorded."""


class Plugin(NamedTuple):
    folder: Path
    store: Path

    def package(self) -> None:
        project = Project(start=self.folder, environment=None, today=TODAY, store=str(self.store))
        pipeline.package(project, SilentProgress())

    def find(self, **changes: str) -> RecordedBuild | None:
        request = BuildRequest(folder=self.folder, environment=None, output=self.folder / "dist", today=TODAY)
        return LastBuild(self.store, request, changes).find()


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plugin:
    """A packaged plugin in a repository, with a shared folder and a folder without own files."""
    for variable in ("SOURCE_DATE_EPOCH", "BIOT_PLUGIN_SIGNING_KEY"):
        monkeypatch.delenv(variable, raising=False)
    folder = tmp_path / "repository" / "plugin"
    files = {
        "plugin.toml": PLUGIN_TOML,
        "src/index.py": "import helper\ndef handler(event, context):\n    return helper\n",
        "src/helper.py": "A = 1\n",
        "src/data/.gitkeep": "",
        "../common/shared.py": "B = 2\n",
        "../.gitignore": "*.log\n",
        "../.git/HEAD": "",
    }
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (tmp_path / "repository" / "elsewhere").mkdir()
    (tmp_path / "repository" / "elsewhere" / "code.py").write_text("C = 3\n")
    (folder / "src/link.py").symlink_to("../../elsewhere/code.py")
    time.sleep(TICK)
    plugin = Plugin(folder.resolve(), tmp_path / "store")
    plugin.package()
    assert plugin.find() is not None
    return plugin


def test_the_record_names_the_artifact_and_repeats_its_warnings(plugin: Plugin) -> None:
    build = plugin.find()
    assert build is not None
    assert build.artifact == plugin.folder / "dist" / "age-1.zip"
    assert build.size == build.artifact.stat().st_size
    assert [warning.key for warning in build.warnings] == [
        warning.key
        for warning in pipeline.package(
            Project(start=plugin.folder, environment=None, today=TODAY, store=str(plugin.store)), SilentProgress()
        ).warnings
    ]


def _same_size_and_time(plugin: Plugin) -> None:
    """Restore the modification time, as a careless tool does."""
    file = plugin.folder / "src/helper.py"
    before = file.stat()
    file.write_text("A = 3\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def _replaced_with_an_older_file(plugin: Plugin) -> None:
    new = plugin.folder / "../old.py"
    new.write_text("A = 4\n")
    os.utime(new, (0, 0))
    new.replace(plugin.folder / "src/helper.py")


def _write(path: str, text: str = "") -> Callable[[Plugin], None]:
    def write(plugin: Plugin) -> None:
        (plugin.folder / path).write_text(text)

    return write


def _relink(plugin: Plugin) -> None:
    (plugin.folder / "src/link.py").unlink()
    (plugin.folder / "src/link.py").symlink_to("index.py")


def _delete(path: str) -> Callable[[Plugin], None]:
    return lambda plugin: (plugin.folder / path).unlink()


CHANGES: dict[str, Callable[[Plugin], None]] = {
    "an own file": _write("src/helper.py", "A = 22\n"),
    "an own file, with its old time": _same_size_and_time,
    "an own file, replaced with an older one": _replaced_with_an_older_file,
    "an own file is deleted": _delete("src/helper.py"),
    "a new own file": _write("src/new.py"),
    "a new file in a folder without own files": _write("src/data/table.csv"),
    "a shared file": _write("../common/shared.py", "B = 33\n"),
    "a new shared file": _write("../common/new.py"),
    "plugin.toml": _write("plugin.toml", PLUGIN_TOML + "\n"),
    "a new soup.toml": _write("soup.toml"),
    "a new lock": _write("requirements.lock"),
    "a new pyproject.toml": _write("pyproject.toml"),
    ".gitignore of the repository": _write("../.gitignore", "helper.py\n"),
    "a new .gitignore": _write("src/data/.gitignore"),
    "another repository": lambda plugin: (plugin.folder / ".git").mkdir(),
    "the file behind a link": _write("../elsewhere/code.py", "C = 5\n"),
    "a link leads elsewhere": _relink,
    "a mode": lambda plugin: (plugin.folder / "src/helper.py").chmod(0o755),
    "the ZIP, with its size": lambda plugin: _flip_last_byte(plugin.folder / "dist/age-1.zip"),
    "the ZIP is deleted": _delete("dist/age-1.zip"),
    "the SBOM": _write("dist/age-1.cdx.json", "{}"),
    "the SBOM is deleted": _delete("dist/age-1.cdx.json"),
    "the report is deleted": _delete("dist/age-1.report.json"),
    "the checksums are deleted": _delete("dist/age-1.sha256"),
}


def _flip_last_byte(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_every_change_is_noticed(plugin: Plugin, change: Callable[[Plugin], None]) -> None:
    change(plugin)
    assert plugin.find() is None


def test_another_request_is_another_build(plugin: Plugin) -> None:
    same = BuildRequest(folder=plugin.folder, environment=None, output=plugin.folder / "dist", today=TODAY)
    others = [
        same._replace(environment="dev"),
        same._replace(output=plugin.folder / "other"),
        same._replace(today=TODAY + timedelta(days=1)),
        same._replace(folder=plugin.folder / "src"),
    ]
    assert [LastBuild(plugin.store, request, {}).find() for request in others] == [None] * 4
    assert LastBuild(plugin.store, same, {}).find() is not None
    assert plugin.find(SOURCE_DATE_EPOCH="1") is None
    assert plugin.find(BIOT_PLUGIN_SIGNING_KEY="key.pem") is None


def test_another_version_of_the_kit_decides_again(
    plugin: Plugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = tmp_path / "kit"
    (kit / "rules").mkdir(parents=True)
    (kit / "rules" / "name.py").write_text("")
    monkeypatch.setattr(builder.last_build, "__file__", str(kit / "last_build.py"))
    assert plugin.find() is None
    time.sleep(TICK)
    plugin.package()
    assert plugin.find() is not None
    (kit / "rules" / "name.py").write_text("#")
    assert plugin.find() is None


def test_the_digest_of_the_kit_is_not_recorded_for_files_that_are_newer_than_the_process(
    plugin: Plugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kit").mkdir()
    (tmp_path / "kit" / "name.py").write_text("")
    monkeypatch.setattr(builder.last_build, "__file__", str(tmp_path / "kit" / "last_build.py"))
    time.sleep(TICK)
    for loaded_at, recorded in ((0, ""), (time.time_ns(), code_digest())):
        monkeypatch.setattr(builder.last_build, "LOADED_AT", loaded_at)
        plugin.package()
        record = next(file for file in (plugin.store / RECORDS_FOLDER).iterdir() if "-files" not in file.name)
        assert json.loads(record.read_text())["code"] == recorded


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"request": 1}', "null", "\x00"])
def test_a_damaged_record_counts_as_none(plugin: Plugin, text: str) -> None:
    record = next(file for file in (plugin.store / RECORDS_FOLDER).iterdir() if "-files" not in file.name)
    record.write_text(text)
    assert plugin.find() is None


def test_a_build_of_fresh_files_is_not_recorded(plugin: Plugin) -> None:
    deadline = time.monotonic() + 10
    while plugin.find() is not None:  # the folder's listing may take longer than a tick
        assert time.monotonic() < deadline
        (plugin.folder / "src/helper.py").write_text("A = 6\n")
        plugin.package()
    time.sleep(TICK)
    plugin.package()
    assert plugin.find() is not None


def test_requirements_in_another_folder_are_read_every_time(plugin: Plugin) -> None:
    (plugin.folder / "../requirements.txt").write_text("# nothing yet\n")
    text = PLUGIN_TOML.replace('root = "src"', 'root = "src"\nrequirements = "../requirements.txt"')
    (plugin.folder / "plugin.toml").write_text(text)
    time.sleep(TICK)
    plugin.package()
    assert plugin.find() is None


def test_records_of_abandoned_plugins_are_deleted(plugin: Plugin) -> None:
    abandoned = plugin.store / RECORDS_FOLDER / "0.json"
    abandoned.write_text("{}")
    os.utime(abandoned, (0, 0))
    plugin.package()
    assert not abandoned.exists()
    assert plugin.find() is not None


def test_a_store_that_is_not_writable_records_nothing(plugin: Plugin, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    project = Project(start=plugin.folder, environment=None, today=TODAY, store=str(tmp_path / "file"))
    assert pipeline.package(project, SilentProgress()).unchanged
