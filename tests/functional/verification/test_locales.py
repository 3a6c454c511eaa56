"""File names in the artifact are UTF-8 in every locale."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from builder.archive.reader import read_members
from tests.support.plugins.locked_plugin import locked_plugin

REPOSITORY = Path(__file__).parents[3]


def test_a_locale_without_utf8_changes_no_byte(tmp_path: Path) -> None:
    plugin = locked_plugin(tmp_path)
    old = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for name, locale in (("old", old), ("new", {"PYTHONUTF8": "1"})):
        subprocess.run(
            [sys.executable, "-m", "builder", "package", "--output", tmp_path / name],
            cwd=plugin.folder,
            env={**os.environ, **locale, "PYTHONPATH": str(REPOSITORY), "BIOT_PLUGIN_STORE": str(plugin.store)},
            check=True,
            capture_output=True,
        )
    assert (tmp_path / "old" / "sample-1.zip").read_bytes() == (tmp_path / "new" / "sample-1.zip").read_bytes()
    assert "data/größe.txt" in {member.path for member in read_members(tmp_path / "old" / "sample-1.zip")}
