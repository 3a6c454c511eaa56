"""The SOUP list: no cell is empty, builds keep the entries of soup.toml, and outdated entries give warnings."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from builder.errors import ManifestError
from builder.evidence import recheck_soup
from builder.evidence.soup.soup_file import parse_soup
from tests.support.plugins.packaged_evidence import Built, built

if TYPE_CHECKING:
    from pathlib import Path

SOUP = """\
[packages.Pkg]
evaluated = "0.9"
requirements = "Reads | writes"
hazards = "=HYPERLINK(1)"
anomalies = "https://example.com, read on 2026-11-01"
end-of-support = 2030-01-31
[packages.openssl]
manufacturer = "OpenSSL Foundation"
[packages.gone]
hazards = "none"
"""


def rows(made: Built) -> dict[str, dict[str, str]]:
    with made.beside(".soup.csv").open(encoding="utf-8", newline="") as stream:
        return {row["title (8.1.2)"]: row for row in csv.DictReader(stream)}


def test_missing_cells_are_unknown_and_never_empty(tmp_path: Path) -> None:
    table = rows(built(tmp_path))
    assert list(table) == ["bare", "pkg", "asn1", "openssl", "two"]
    bare = table["bare"]
    assert bare["manufacturer (8.1.2)"] == bare["hazards (7.1.2)"] == bare["licence"] == "unknown"
    assert bare["hardware and software needed (5.3.4)"] == "AWS Lambda python3.13 on Amazon Linux 2023, x86-64"
    assert all(cell for row in table.values() for column, cell in row.items() if column != "inside")
    assert {name for name, row in table.items() if row["inside"] == "pkg 1.0"} == {"asn1", "openssl"}


def test_the_entries_of_soup_toml_are_in_the_cells_after_every_build(tmp_path: Path) -> None:
    for _ in range(2):
        table = rows(built(tmp_path, soup_toml=SOUP))
        assert table["pkg"]["requirements (5.3.3)"] == "Reads | writes"
        assert table["pkg"]["published anomalies (7.1.3)"] == "https://example.com, read on 2026-11-01"
        assert table["pkg"]["end of support"] == "2030-01-31"
        assert table["openssl"]["manufacturer (8.1.2)"] == "OpenSSL Foundation"


def test_no_cell_is_a_formula_and_none_breaks_the_table(tmp_path: Path) -> None:
    made = built(tmp_path, soup_toml=SOUP)
    table = rows(made)
    assert table["two"]["manufacturer (8.1.2)"] == "'=cmd"
    assert table["pkg"]["hazards (7.1.2)"] == "'=HYPERLINK(1)"
    lines = [line for line in made.text(".soup.md").splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in lines} == {15}
    assert len(lines) == len(table) + 2


def test_outdated_entries_are_warned_about_in_every_run(tmp_path: Path) -> None:
    made = built(tmp_path, soup_toml=SOUP)
    warnings = [(problem.where, problem.message) for problem in made.warnings]
    assert warnings == [
        ("soup.toml packages.Pkg.evaluated", "Pkg was evaluated in version 0.9, but the artifact contains 1.0."),
        ("soup.toml packages.gone", "gone is not in the artifact any more."),
    ]
    assert recheck_soup(parse_soup(SOUP.encode()), made.artifact.file) == made.warnings


@pytest.mark.parametrize(
    ("text", "where", "hint"),
    [
        ("manufactuer = 'x'", "soup.toml:1 manufactuer", "manufacturer"),
        ("[packages.a]\nhazard = ''", "soup.toml:2 packages.a.hazard", "hazards"),
        ("[packages.a]\nsupport = 3", "soup.toml:2 packages.a.support", "quotes"),
        ("packages = 3", "soup.toml:1 packages", ""),
        ("[packages]\na = 1", "soup.toml:2 packages.a", "[packages.a]"),
        ("a = ", "soup.toml:1 a", "in quotes"),
    ],
)
def test_an_invalid_soup_toml_is_refused_with_the_line(text: str, where: str, hint: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse_soup(text.encode())
    assert [problem.where for problem in caught.value.problems] == [where]
    assert hint in caught.value.problems[0].hint


def test_a_changed_soup_toml_changes_the_inputs(tmp_path: Path) -> None:
    assert built(tmp_path / "a").inputs != built(tmp_path / "b", soup_toml=SOUP).inputs
