"""A file that has not changed is not examined again; everything that could change the result is noticed."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from builder.archive import file_results
from builder.archive.file_results import FileResults
from builder.code import refuse_syntax_errors
from builder.code.imports import Import, imports_of
from builder.errors import ProjectError
from builder.platform.runtimes import RUNTIMES
from builder.secrets import refuse_secrets
from tests.support.plugins import stage_inputs

NAME = "lines"


@dataclass(frozen=True)
class Script:
    path: str
    content: bytes

    @property
    def origin(self) -> str:
        return f"src/{self.path}"


def saved(store: Path, *scripts: Script) -> None:
    results = FileResults.of_plugin(store, Path("/plugin"))
    for script in scripts:
        results.put(NAME, script, script.content.count(b"\n"))
    results.save()


def test_a_result_is_found_again_for_the_same_path_and_content(tmp_path: Path) -> None:
    saved(tmp_path, Script("a.py", b"1\n2\n"))

    results = FileResults.of_plugin(tmp_path, Path("/plugin"))

    assert results.get(NAME, Script("a.py", b"1\n2\n")) == 2
    assert results.get(NAME, Script("a.py", b"1\n")) is None
    assert results.get(NAME, Script("b.py", b"1\n2\n")) is None
    assert results.get("words", Script("a.py", b"1\n2\n")) is None
    assert FileResults.of_plugin(tmp_path, Path("/other")).get(NAME, Script("a.py", b"1\n2\n")) is None


def test_results_that_a_build_did_not_use_are_dropped(tmp_path: Path) -> None:
    kept, deleted, new = Script("a.py", b"1"), Script("b.py", b"2"), Script("c.py", b"3")
    saved(tmp_path, kept, deleted)
    results = FileResults.of_plugin(tmp_path, Path("/plugin"))
    results.get(NAME, kept)
    results.put(NAME, new, 0)
    results.save()

    [file] = (tmp_path / "builds").iterdir()

    assert len(json.loads(file.read_bytes())["results"]) == 2


def test_results_of_another_kit_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(tmp_path, Script("a.py", b""))
    monkeypatch.setattr(file_results, "code_digest", lambda: "another")

    assert FileResults.of_plugin(tmp_path, Path("/plugin")).get(NAME, Script("a.py", b"")) is None


def test_results_from_before_a_package_was_installed_do_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "site-packages"
    installed.mkdir()
    monkeypatch.syspath_prepend(str(installed))
    saved(tmp_path, Script("a.py", b""))
    assert FileResults.of_plugin(tmp_path, Path("/plugin")).get(NAME, Script("a.py", b"")) == 0

    os.utime(installed, (1, 1))

    assert FileResults.of_plugin(tmp_path, Path("/plugin")).get(NAME, Script("a.py", b"")) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"results": 1}', b"\xff"])
def test_a_damaged_file_of_results_counts_as_none(tmp_path: Path, content: bytes) -> None:
    saved(tmp_path, Script("a.py", b""))
    [file] = (tmp_path / "builds").iterdir()
    file.write_bytes(content)

    assert FileResults.of_plugin(tmp_path, Path("/plugin")).get(NAME, Script("a.py", b"")) is None


def test_a_store_that_cannot_be_written_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "builds").write_bytes(b"a file where the folder would be")

    saved(tmp_path, Script("a.py", b""))

    assert (tmp_path / "builds").is_file()


def next_build(results: FileResults) -> FileResults:
    """What the next build knows."""
    results.save()
    return FileResults.of_plugin(Path(os.environ["STORE"]), Path("/plugin"))


@pytest.fixture
def first_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FileResults:
    monkeypatch.setenv("STORE", str(tmp_path))
    return FileResults.of_plugin(tmp_path, Path("/plugin"))


def test_a_valid_file_is_not_parsed_again_and_a_changed_one_is(first_build: FileResults, tmp_path: Path) -> None:
    runtime = RUNTIMES["python3.13"]
    refuse_syntax_errors([Script("a.py", b"a = 1\n")], runtime, results=first_build)
    first_build.save()
    [file] = (tmp_path / "builds").iterdir()
    [(_, examination, _)] = json.loads(file.read_bytes())["results"]
    wrong = Script("b.py", b"b = = 1\n")
    first_build.put(examination, wrong, "valid")
    results = next_build(first_build)

    refuse_syntax_errors([wrong], runtime, results=results)  # what is known to be valid is not parsed
    with pytest.raises(ProjectError):
        refuse_syntax_errors([Script("b.py", b"b = = 2\n")], runtime, results=results)
    with pytest.raises(ProjectError):
        refuse_syntax_errors([wrong], RUNTIMES["python3.12"], results=results)


def test_a_script_is_parsed_again_when_package_json_changes_its_type(first_build: FileResults) -> None:
    runtime, script = RUNTIMES["nodejs22.x"], Script("a.js", b"import './b.js';\n")
    refuse_syntax_errors([script, Script("package.json", b'{"type": "module"}')], runtime, results=first_build)

    changed, results = Script("package.json", b'{"type": "commonjs"}'), next_build(first_build)
    with pytest.raises(ProjectError):
        refuse_syntax_errors([script, changed], runtime, results=results)


def test_known_imports_are_those_that_were_read(first_build: FileResults) -> None:
    script = Script("a.py", b"import a\n")
    imports = (Import(module="a", line=1, names=("b",), is_caught=True, fallback_for=("c",)),)

    assert imports_of(script, lambda _: imports, first_build) == imports
    assert imports_of(script, lambda _: (), next_build(first_build)) == imports


def test_unknown_imports_are_not_kept(first_build: FileResults) -> None:
    script = Script("a.py", b"import a\n")

    assert imports_of(script, lambda _: None, first_build) is None
    assert imports_of(script, lambda _: (), next_build(first_build)) == ()


def test_a_secret_is_found_in_every_build(first_build: FileResults, tmp_path: Path) -> None:
    loaded = stage_inputs.plugin(tmp_path / "plugin")
    secret = Script("a.py", b"KEY = '" + b"AKIA" + b"Z7QH2MXV4R6TWB5K'\n")
    refuse_secrets(loaded, [Script("a.py", b"a = 1\n")], first_build)
    results = next_build(first_build)

    assert refuse_secrets(loaded, [Script("a.py", b"a = 1\n")], results) == ()
    with pytest.raises(ProjectError):
        refuse_secrets(loaded, [secret], results)
    with pytest.raises(ProjectError):
        refuse_secrets(loaded, [secret], next_build(results))
