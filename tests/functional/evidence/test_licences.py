"""Licence texts: every package is listed, also one without a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from builder.evidence.sbom.licences import is_licence
from tests.support.plugins.packaged_evidence import built

if TYPE_CHECKING:
    from pathlib import Path


def test_every_licence_text_is_below_its_package_and_missing_texts_are_listed(tmp_path: Path) -> None:
    text = built(tmp_path).text(".licenses.txt")
    assert text.startswith("Licences of the packages in my-plugin 1\n")
    assert "no licence text: bare 0.1 (unknown)\n" in text
    assert text.index("pkg 1.0\nMIT\n") < text.index("Copyright Jane") < text.index("two 2.0\n")
    assert "two-2.0.dist-info/COPYING\n\nDo what you like.\n" in text


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("a-1.dist-info/licenses/vendor/zlib/README", True),
        ("a-1.dist-info/LICENSE", True),
        ("LICENCE.md", True),
        ("numpy/LICENSES_bundled.txt", True),
        ("node_modules/b/license", True),
        ("UNLICENSE", True),
        ("NOTICE.txt", True),
        ("a/license.py", False),
        ("a/licensed/index.js", False),
        ("noticeboard.txt", False),
        ("a/license.json", False),
    ],
)
def test_a_licence_file_is_recognized_by_folder_and_name(path: str, is_one: bool) -> None:
    assert is_licence(path) is is_one
