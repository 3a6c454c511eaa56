"""``biot-plugin audit``: affected components, components that were not checked, and the date of the dump."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from builder.cli.app import run
from builder.errors import VerificationError
from builder.evidence.audit.vulnerabilities import audit
from tests.support.plugins.packaged_evidence import built

if TYPE_CHECKING:
    from pathlib import Path


def entry(name: str, fixed: str, **more: object) -> dict[str, Any]:
    events = [{"introduced": "0"}, {"fixed": fixed}]
    affected = [{"package": {"ecosystem": "PyPI", "name": name}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}]
    return {"id": f"PYSEC-{name}", "modified": "2026-10-01T10:00:00.5Z", "affected": affected, **more}


def dump_of(folder: Path, *entries: dict[str, Any]) -> Path:
    for number, one in enumerate(entries):
        file = folder / "osv" / str(number % 2) / f"{number}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(one))
    return folder / "osv"


def test_it_reports_affected_components_and_the_date_of_the_dump(tmp_path: Path) -> None:
    made = built(tmp_path / "p")
    newest = entry("other", "9", modified="2026-11-02T03:04:05Z")
    dump = dump_of(tmp_path, entry("pkg", "1.0.1", aliases=["CVE-1"]), entry("two", "2.0"), newest)
    seen = audit(made.artifact.file, dump)
    assert [(one.package.label, one.id, one.aliases, one.fixed) for one in seen.advisories] == [
        ("pkg 1.0", "PYSEC-pkg", ("CVE-1",), ("1.0.1",))
    ]
    assert (seen.entries, seen.checked, seen.dump_date) == (3, 3, "2026-11-02T03:04:05Z")
    assert seen.unchecked == ("asn1 0.2 inside pkg 1.0", "openssl 3.5.4 inside pkg 1.0")
    assert audit(made.beside(".cdx.json"), dump).advisories == seen.advisories


def test_unreadable_files_of_the_dump_are_listed(tmp_path: Path) -> None:
    made = built(tmp_path / "p")
    dump = dump_of(tmp_path, entry("other", "1"))
    (dump / "torn.json").write_text(json.dumps(entry("pkg", "2"))[:-20])
    (dump / "empty.json").write_text("")
    (dump / "odd.json").write_text("[]")
    assert audit(made.artifact.file, dump).unread == ("empty.json", "odd.json", "torn.json")


def test_escaped_slashes_hide_no_package(tmp_path: Path) -> None:
    sbom = tmp_path / "any.cdx.json"
    components = [{"name": "@scope/a", "version": "1.0.0", "purl": "pkg:npm/%40scope/a@1.0.0"}]
    sbom.write_text(json.dumps({"bomFormat": "CycloneDX", "components": components}))
    one = entry("@scope/a", "1.0.1")
    one["affected"][0]["package"]["ecosystem"] = "npm"
    dump = dump_of(tmp_path, one)
    file = next(dump.rglob("*.json"))
    file.write_text(file.read_text().replace("@scope/a", "@scope\\/a"))
    assert [advisory.package.label for advisory in audit(sbom, dump).advisories] == ["@scope/a 1.0.0"]


def test_a_dump_without_entries_is_an_error(tmp_path: Path) -> None:
    made = built(tmp_path / "p")
    (tmp_path / "osv").mkdir()
    with pytest.raises(VerificationError, match="No OSV entries found"):
        audit(made.artifact.file, tmp_path / "osv")


@pytest.mark.parametrize("text", ["", "[]", '{"bomFormat": "SPDX"}', "\udcff"])
def test_a_file_that_is_not_an_sbom_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.json"
    file.write_text(text, errors="surrogateescape")
    with pytest.raises(VerificationError):
        audit(file, dump_of(tmp_path, entry("a", "1")))


def test_the_sbom_of_another_artifact_is_refused(tmp_path: Path) -> None:
    made = built(tmp_path / "p")
    made.artifact.file.write_bytes(b"other")
    with pytest.raises(VerificationError, match="another sha256"):
        audit(made.artifact.file, dump_of(tmp_path, entry("a", "1")))


def test_the_command_ends_with_7_when_something_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = built(tmp_path / "p")
    dump = dump_of(tmp_path, entry("pkg", "1.0.1", aliases=["CVE-1"], summary="Bad"))
    assert run(["audit", "--osv", str(dump), str(made.artifact.file)]) == 7
    printed = capsys.readouterr()
    assert "pkg 1.0: PYSEC-pkg, CVE-1 (unknown): Bad" in printed.err
    assert "Fixed in 1.0.1" in printed.err
    assert "OSV copy of 2026-10-01T10:00:00Z, 1 entries" in printed.out
    assert run(["audit", "--json", "--osv", str(dump), str(made.artifact.file)]) == 7
    document = json.loads(capsys.readouterr().out)
    assert (document["status"], document["exitCode"], document["dumpDate"]) == ("found", 7, "2026-10-01T10:00:00Z")
    assert document["vulnerabilities"][0]["purl"] == "pkg:pypi/pkg@1.0"


def test_the_command_ends_with_0_when_nothing_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = built(tmp_path / "p")
    dump = dump_of(tmp_path, entry("pkg", "0.9"))
    assert run(["audit", "--osv", str(dump), str(made.artifact.file)]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("0 known vulnerabilities in 3 components (my-plugin-1.cdx.json).")
    assert "Not checked" in printed.out
    assert printed.err == ""


MANIFEST = '[plugin]\nname = "my-plugin"\ndisplayName = "Mine"\nversion = {}\nruntime = "python3.13"\n'


def test_without_an_argument_the_last_artifact_is_audited(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = built(tmp_path / "p")
    made.manifest.file.write_text(MANIFEST.format(1))
    dump = dump_of(tmp_path, entry("pkg", "0.9"))
    assert run(["audit", "--osv", str(dump), "--project", str(tmp_path / "p")]) == 0
    made.manifest.file.write_text(MANIFEST.format(2))
    assert run(["audit", "--osv", str(dump), "--project", str(tmp_path / "p")]) == 7
    assert "my-plugin-2.zip does not exist" in capsys.readouterr().err
