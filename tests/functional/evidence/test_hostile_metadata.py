"""Package metadata is readable in every evidence file, and harmless."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.support.plugins.packaged_evidence import built

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "\x1b[2Jx\x9b1m\x07\u202egnp\u2066\u200b\xad\ufeff\U000e0041 ##[error]x ##vso[task.complete]x"
ACTING = re.compile(
    "[\x00-\x08\x0b\x0d-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]|##[a-z]*\\[|(?m:^\\s*::)"
)
METADATA = f"""\
License: {HOSTILE}
Author: {HOSTILE}
Summary: {HOSTILE}
Home-page: https://example.com/{HOSTILE}
Requires-Dist: two

"""
COMPONENT = {"type": "library", "name": f"inner{HOSTILE}", "version": f"1{HOSTILE}", "purl": f"pkg:a/b@{HOSTILE}"}
SBOM = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.4",
    "components": [{**COMPONENT, "supplier": {"name": HOSTILE}, "licenses": [{"license": {"name": HOSTILE}}]}],
}
PACKAGES = {
    "pkg 1.0": {
        "pkg/a.py": "a = 1\n",
        "pkg-1.0.dist-info/METADATA": METADATA,
        "pkg-1.0.dist-info/licenses/LICENSE": f"MIT\n{HOSTILE}\r::error::forged\n\fpage two\n",
        "pkg-1.0.dist-info/sboms/a.cdx.json": json.dumps(SBOM),
    },
    "two 2.0": {"two.py": "2", "two-2.0.dist-info/METADATA": f"Name: two\nAuthor: =cmd{HOSTILE}\n"},
}


@pytest.mark.parametrize(
    "suffix", [".soup.csv", ".soup.md", ".licenses.txt", ".cdx.json", ".report.json", ".provenance.json"]
)
def test_no_evidence_file_contains_a_control_character(tmp_path: Path, suffix: str) -> None:
    made = built(tmp_path, packages=PACKAGES)
    text = made.beside(suffix).read_bytes().decode()

    assert not ACTING.search(text)
    assert len(text) > 100


def test_quoted_text_can_still_be_read(tmp_path: Path) -> None:
    made = built(tmp_path, packages=PACKAGES)

    assert r"\x1b[2Jx\x9b1m" in made.text(".soup.csv")
    assert r"\x1b[2Jx\x9b1m" in made.text(".licenses.txt")
    assert r"\u202egnp" in made.text(".licenses.txt")
    assert any(
        "\u202egnp" in json.dumps(one, ensure_ascii=False) for one in json.loads(made.text(".cdx.json"))["components"]
    )
