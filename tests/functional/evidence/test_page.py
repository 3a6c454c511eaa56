"""The page of ``inspect --html``, without a browser: complete, and it loads and runs nothing."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from msgspec.structs import replace

from builder.cli.app import run
from builder.evidence.inspection.cold_start_section import cold_start
from builder.evidence.inspection.contents import inspect
from builder.evidence.inspection.page import files_by_package, licences_beside, render_page, write_page
from tests.support.plugins.packaged_evidence import PACKAGES, built, with_bytecode

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from builder.evidence.inspection.contents import Inspection

HOSTILE = {"evil 1.0": {"<script>alert(1)<script>.py": "x" * 900, "evil-1.0.dist-info/METADATA": "License: <b>&\n\n"}}
NATIVES = {"nat 1.0": {"nat/_x.abi3.so": "x" * 900, "nat.libs/libz.so.1": "y" * 900, "nat/so.py": ""}}


class Page(HTMLParser):
    """What a browser would make of it, as far as the tests ask."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.links: list[str] = []
        self.titles: list[str] = []
        self.labels: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag != "meta":
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"src", "href", "action", "data", "srcset"}]
        self.labels |= {value or "" for name, value in attrs if name in {"data-label", "aria-label", "scope", "lang"}}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "title":
            self.titles.append(data)


def page_of(folder: Path, packages: dict[str, dict[str, str]] | None = None) -> str:
    made = built(folder, packages={**PACKAGES, **(packages or {})})
    seen = inspect(made.artifact.file)
    return render_page(seen, licences_beside(seen))


def test_the_page_is_complete_and_loads_nothing(tmp_path: Path) -> None:
    text = page_of(tmp_path)
    page = Page(text)
    assert page.open == []
    assert page.links == []
    assert "script" not in page.tags
    assert "default-src 'none'" in text
    assert "://" not in text
    assert "url(" not in text
    assert "@import" not in text


def test_every_package_is_drawn_and_listed(tmp_path: Path) -> None:
    text = page_of(tmp_path)
    page = Page(text)
    for label in ("pkg 1.0", "two 2.0"):
        assert any(title.startswith(f"{label}: ") for title in page.titles)
    for name in ("pkg", "two", "bare", "the plugin's own files".replace("'", "&#x27;")):
        assert f'<th scope="row">{name}</th>' in text
    assert '<td data-label="Licence">MIT</td>' in text
    assert '<td data-label="Licence">your own</td>' in text
    assert page.tags.count("svg") == 2
    assert {"Version", "Licence", "In the ZIP", "Native files", "row", "col", "en"} <= page.labels


def test_native_files_are_counted_and_listed(tmp_path: Path) -> None:
    text = page_of(tmp_path, NATIVES)
    assert "<summary>2</summary><ul><li>nat.libs/libz.so.1</li><li>nat/_x.abi3.so</li></ul>" in text


def test_names_from_packages_are_escaped(tmp_path: Path) -> None:
    text = page_of(tmp_path, HOSTILE)
    assert "<script>" not in text
    assert "<b>" not in text
    assert "&lt;script&gt;" in text
    assert '<td data-label="Licence">&lt;b&gt;&amp;</td>' in text


def test_the_sbom_of_another_artifact_is_ignored(tmp_path: Path) -> None:
    made = built(tmp_path)
    made.beside(".cdx.json").write_text(made.text(".cdx.json").replace(made.artifact.sha256, "0" * 64))
    seen = inspect(made.artifact.file)
    assert licences_beside(seen) == {}
    made.beside(".cdx.json").unlink()
    assert licences_beside(seen) == {}
    assert '<td data-label="Licence">unknown</td>' in render_page(seen, {})


def test_the_page_has_a_dark_mode_and_fits_a_telephone(tmp_path: Path) -> None:
    text = page_of(tmp_path)
    assert "@media (prefers-color-scheme: dark)" in text
    assert "@media (max-width: 700px)" in text
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in text


def test_the_command_writes_the_page_and_prints_its_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = built(tmp_path)
    page = tmp_path / "page.html"
    assert run(["inspect", "--html", str(page), str(made.artifact.file)]) == 0
    assert f"Web page: {page}" in capsys.readouterr().out
    first = page.read_bytes()
    assert run(["inspect", "--json", "--html", str(page), str(made.artifact.file)]) == 0
    assert json.loads(capsys.readouterr().out)["html"] == str(page)
    assert page.read_bytes() == first
    write_page(inspect(made.artifact.file), page)
    assert page.read_bytes() == first


def section_of(seen: Inspection) -> str:
    return cold_start(seen, files_by_package(seen.packages, seen.files))


def test_without_bytecode_the_page_explains_precompile(tmp_path: Path) -> None:
    text = page_of(tmp_path)
    assert "<h2>Cold start</h2>" in text
    assert "<code>precompile = true</code> under <code>[build]</code>" in text
    assert "<code>python3.13 -X importtime -c &quot;import index&quot;</code>" in text


def test_modules_with_bytecode_are_those_that_the_handler_imports(tmp_path: Path) -> None:
    seen = inspect(built(tmp_path).artifact.file)
    section = section_of(with_bytecode(seen, "pkg/a.py", "index.py"))
    assert "imports these 2 of 5 modules" in section
    assert (
        '<th scope="row">pkg 1.0</th><td data-label="Sources">4.9 kB</td><td data-label="Bytecode">2.9 kB</td>'
        in section
    )
    assert "<summary>1</summary><ul><li>pkg/a.py: 4.9 kB</li></ul>" in section
    assert "two 2.0" not in section
    every = [file.path for file in seen.files if file.path.endswith(".py")]
    assert "All 5 modules have bytecode" in section_of(with_bytecode(seen, *every))


def test_a_bundled_file_is_listed_by_package(tmp_path: Path) -> None:
    seen = inspect(built(tmp_path).artifact.file)
    node = replace(seen, report={"plugin": {"runtime": "nodejs22.x", "handler": "index.handler"}})
    assert "<code>bundle = true</code> under <code>[build]</code>" in section_of(node)
    rows = [
        {"name": "ms", "version": "2.1.3", "unpackedSize": 900},
        {"name": "<b>", "version": "1.0", "unpackedSize": 3000},
    ]
    section = section_of(replace(node, report={**node.report, "bundled": rows}))
    assert section.index("&lt;b&gt; 1.0") < section.index("ms 2.1.3")
    assert "<b>" not in section
    for odd in ("x", [1], [{"name": "a"}], {"a": 1}):
        assert "one file of them" in section_of(replace(node, report={**node.report, "bundled": odd}))
