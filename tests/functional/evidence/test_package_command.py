"""``biot-plugin package`` writes and lists the evidence, and writes it again when a file was changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from builder.cli.app import run

MANIFEST = '[plugin]\nname = "my-plugin"\ndisplayName = "Mine"\nversion = 1\nruntime = "python3.13"\n'
KINDS = {"report", "sbom", "soup", "soupMarkdown", "licences", "provenance", "digests"}


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "plugin"
    (folder / "src").mkdir(parents=True)
    (folder / "plugin.toml").write_text(MANIFEST)
    (folder / "src" / "index.py").write_text("def handler(event, context):\n    return None\n")
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(tmp_path / "store"))
    monkeypatch.delenv("BIOT_PLUGIN_SIGNING_KEY", raising=False)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    return folder


def package(plugin: Path, capsys: pytest.CaptureFixture[str], code: int = 0) -> dict[str, object]:
    assert run(["package", "--json", "--project", str(plugin)]) == code
    document = json.loads(capsys.readouterr().out)
    assert isinstance(document, dict)
    return document


def test_every_file_is_listed_and_exists(plugin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evidence = package(plugin, capsys)["evidence"]
    assert isinstance(evidence, dict)
    assert evidence.keys() == KINDS
    assert all(Path(file).is_file() for file in evidence.values())
    assert {file.name for file in (plugin / "dist").iterdir()} == {
        "my-plugin-1.zip",
        *(Path(file).name for file in evidence.values()),
    }


def test_a_changed_evidence_file_is_written_again(plugin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package(plugin, capsys)
    sbom = plugin / "dist" / "my-plugin-1.cdx.json"
    good = sbom.read_bytes()
    assert package(plugin, capsys)["status"] == "nothing-to-do"
    sbom.write_bytes(good.replace(b"my-plugin", b"no-plugin"))
    assert package(plugin, capsys)["status"] == "done"
    assert sbom.read_bytes() == good


def test_superfluous_entries_are_warned_about_in_every_run(plugin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package(plugin, capsys)
    (plugin / "soup.toml").write_text('[packages.gone]\nhazards = "none"\n')
    first, second = package(plugin, capsys), package(plugin, capsys)
    assert (first["status"], second["status"]) == ("done", "nothing-to-do")
    assert first["warnings"] == second["warnings"]
    assert "gone is not in the artifact any more." in json.dumps(first["warnings"])


def test_an_invalid_soup_toml_stops_the_build_before_anything_is_written(
    plugin: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (plugin / "soup.toml").write_text("packages = 1\n")
    assert package(plugin, capsys, code=3)["kind"] == "manifest"
    assert not (plugin / "dist").exists()


def test_soup_toml_changes_no_byte_of_the_artifact(plugin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (plugin / "index.py").write_bytes((plugin / "src" / "index.py").read_bytes())
    (plugin / "plugin.toml").write_text(f'{MANIFEST}\n[build]\nroot = "."\n')
    package(plugin, capsys)
    before = (plugin / "dist" / "my-plugin-1.zip").read_bytes()
    (plugin / "soup.toml").write_text('manufacturer = "ACME"\n')
    assert package(plugin, capsys)["status"] == "done"
    assert (plugin / "dist" / "my-plugin-1.zip").read_bytes() == before
