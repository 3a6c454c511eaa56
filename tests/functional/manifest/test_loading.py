"""plugin.toml on disk: found from any folder of its repository, and read whole."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import pytest

from builder.errors import ManifestError, ProjectError
from builder.manifest import find_manifest, load, schema_file
from tests.support.plugins.manifest_texts import PLAIN

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 20)


def test_a_manifest_is_loaded_with_its_absolute_path(tmp_path: Path) -> None:
    file = tmp_path / "plugin.toml"
    file.write_bytes(b"\xef\xbb\xbf" + PLAIN.replace("\n", "\r\n").encode())
    manifest = load(file, today=TODAY).manifest
    assert (manifest.file, manifest.folder, manifest.plugin.name) == (file, tmp_path, "age-calculator")


def test_a_manifest_is_found_from_the_folders_below_it(tmp_path: Path) -> None:
    (tmp_path / "plugin.toml").write_text(PLAIN)
    below = tmp_path / "src" / "plugin"
    below.mkdir(parents=True)
    assert find_manifest(below) == find_manifest(tmp_path / "plugin.toml") == tmp_path / "plugin.toml"


def test_the_search_ends_at_the_top_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / "plugin.toml").write_text(PLAIN)
    repository = tmp_path / "other"
    (repository / ".git").mkdir(parents=True)
    with pytest.raises(ProjectError, match=r"No plugin\.toml found in .*other") as caught:
        find_manifest(repository)
    assert "biot-plugin new" in caught.value.hint


def test_a_missing_file_says_how_to_start(tmp_path: Path) -> None:
    with pytest.raises(ProjectError) as caught:
        load(tmp_path / "plugin.toml", today=TODAY)
    assert "biot-plugin new" in caught.value.hint


def test_a_folder_with_the_name_of_a_manifest_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "plugin.toml").mkdir()
    with pytest.raises(ProjectError, match="cannot be read"):
        load(tmp_path / "plugin.toml", today=TODAY)


def test_a_file_of_10_mb_is_rejected_without_being_read_completely(tmp_path: Path) -> None:
    file = tmp_path / "plugin.toml"
    file.write_bytes(b"#" * 10_000_000)
    with pytest.raises(ManifestError) as caught:
        load(file, today=TODAY)
    assert caught.value.problems[0].where == "plugin.toml"


def test_the_schema_is_where_editors_look_for_it() -> None:
    assert json.loads(schema_file().read_text("utf-8"))["$schema"] == "https://json-schema.org/draft/2020-12/schema"
