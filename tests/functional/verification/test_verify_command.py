"""``biot-plugin verify`` for people and for programs."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from builder.cli.app import run
from tests.support.plugins.locked_plugin import LockedPlugin, locked_plugin

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> LockedPlugin:
    made = locked_plugin(tmp_path)
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(made.store))
    monkeypatch.chdir(made.folder)
    assert run(["package"]) == 0
    capsys.readouterr()
    return made


def test_an_intact_artifact_is_reported_as_equal(plugin: LockedPlugin, capsys: pytest.CaptureFixture[str]) -> None:
    del plugin
    assert run(["verify", "dist/sample-1.zip"]) == 0
    assert "Equal to its report, byte for byte." in capsys.readouterr().out
    assert run(["verify", "--rebuild", "dist/sample-1.zip"]) == 0
    assert "Equal to its report and its sources, built again, byte for byte." in capsys.readouterr().out


def test_every_different_path_is_reported_with_the_reason(
    plugin: LockedPlugin, capsys: pytest.CaptureFixture[str]
) -> None:
    (plugin.folder / "src" / "index.py").write_text("def handler(event, context): ...\n", "utf-8")
    (plugin.folder / "src" / "run.sh").write_text("echo not executable any more\n", "utf-8")
    (plugin.folder / "src" / "new.py").write_text("", "utf-8")
    (plugin.folder / "src" / "data" / "empty.txt").unlink()
    assert run(["verify", "--rebuild", "--json", "dist/sample-1.zip"]) == 7
    document = json.loads(capsys.readouterr().out)
    assert (document["status"], document["exitCode"], document["rebuilt"]) == ("different", 7, True)
    assert {(one["kind"], one["path"]) for one in document["differences"]} == {
        ("content", "index.py"),
        ("content", "run.sh"),
        ("mode", "run.sh"),
        ("missing", "new.py"),
        ("extra", "data/empty.txt"),
        ("report", "inputs"),
    }
    assert run(["verify", "--rebuild", "dist/sample-1.zip"]) == 7
    printed = capsys.readouterr().out
    assert "0755, should be 0644" in printed
    assert "6." in printed


def test_a_different_lock_is_reported_by_package(plugin: LockedPlugin, capsys: pytest.CaptureFixture[str]) -> None:
    text = plugin.lock.read_text("utf-8")
    plugin.lock.write_text(text.replace("two==2.5", "two==2.6"), "utf-8")
    assert run(["verify", "--rebuild", "--json", "dist/sample-1.zip"]) == 7
    (difference,) = json.loads(capsys.readouterr().out)["differences"]
    assert (difference["kind"], difference["path"]) == ("lock", "two 2.5")
    assert "the lock does not pin it" in difference["detail"]


def test_a_file_that_is_not_a_zip_and_an_artifact_without_report_end_with_seven(
    plugin: LockedPlugin, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["verify", "plugin.toml"]) == 7
    assert "no end record" in capsys.readouterr().err
    (plugin.folder / "dist" / "sample-1.report.json").write_text("[]", "utf-8")
    assert run(["verify", "dist/sample-1.zip"]) == 7
    assert "is not a report of this kit" in capsys.readouterr().err


@pytest.mark.parametrize("updated", [False, True])
def test_a_changed_sbom_is_reported_even_when_its_checksum_was_updated(
    plugin: LockedPlugin, capsys: pytest.CaptureFixture[str], *, updated: bool
) -> None:
    dist = plugin.folder / "dist"
    sbom, seal = dist / "sample-1.cdx.json", dist / "sample-1.sha256"
    before = hashlib.sha256(sbom.read_bytes()).hexdigest()
    sbom.write_bytes(sbom.read_bytes().replace(b"two", b"owt", 1))
    if updated:
        seal.write_text(seal.read_text().replace(before, hashlib.sha256(sbom.read_bytes()).hexdigest()))
    assert run(["verify", "dist/sample-1.zip"]) == (0 if updated else 7)
    capsys.readouterr()
    assert run(["verify", "--rebuild", "--json", "dist/sample-1.zip"]) == 7
    printed = json.loads(capsys.readouterr().out)["differences"]
    assert {(one["kind"], one["path"]) for one in printed} == {("report", "sample-1.cdx.json")}


def test_a_missing_evidence_file_is_reported(plugin: LockedPlugin, capsys: pytest.CaptureFixture[str]) -> None:
    (plugin.folder / "dist" / "sample-1.licenses.txt").unlink()
    assert run(["verify", "dist/sample-1.zip"]) == 7
    assert "is missing, but sample-1.sha256 lists it" in capsys.readouterr().out


def test_a_line_of_the_checksums_that_is_none_is_reported(
    plugin: LockedPlugin, capsys: pytest.CaptureFixture[str]
) -> None:
    seal = plugin.folder / "dist" / "sample-1.sha256"
    seal.write_text(f"{seal.read_text()}no digest \x1b[2J\n")
    assert run(["verify", "dist/sample-1.zip"]) == 7
    printed = capsys.readouterr().out
    assert "is not a line with a digest and a file name" in printed
    assert "\x1b" not in printed


def test_a_report_in_other_bytes_is_reported(plugin: LockedPlugin, capsys: pytest.CaptureFixture[str]) -> None:
    report, seal = (plugin.folder / "dist" / f"sample-1.{end}" for end in ("report.json", "sha256"))
    before = hashlib.sha256(report.read_bytes()).hexdigest()
    report.write_text(json.dumps(json.loads(report.read_bytes())))
    seal.write_text(seal.read_text().replace(before, hashlib.sha256(report.read_bytes()).hexdigest()))
    assert run(["verify", "dist/sample-1.zip"]) == 0
    capsys.readouterr()
    assert run(["verify", "--rebuild", "--json", "dist/sample-1.zip"]) == 7
    (difference,) = json.loads(capsys.readouterr().out)["differences"]
    assert difference["kind"] == "report"
    assert difference["detail"] == "sample-1.report.json has the same content in different bytes"


def test_a_damaged_artifact_is_not_blamed_on_a_packages_maintainers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "my-plugin-1.zip"
    file.write_bytes(b"PK\x03\x04 damaged")

    code = run(["verify", str(file)])

    printed = capsys.readouterr().err
    assert code == 7
    assert "maintainers" not in printed
    assert "biot-plugin package" in printed
