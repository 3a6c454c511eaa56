"""Settings that hints and the README suggest are TOML that plugin.toml takes."""

from __future__ import annotations

import ast
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.manifest import parse
from builder.manifest.text.toml_snippet import snippet

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[3]
PLUGIN = '[plugin]\nname = "a"\ndisplayName = "A"\nversion = 1\nruntime = "{runtime}"\n'
ON_ONE_LINE = re.compile(r"\[(?:build|plugin|environments)[^\]\n]*\] +(?:\"[^\"\n]*\"|[\w.-]+) ?= ?\S")
UNDER = re.compile(r"`?([^`=\n]+ = [^`\n]+?)`? under `?\[(build(?:\.[a-z-]+)?)\]")


def suggestions() -> Iterator[tuple[str, str, str]]:
    """Every call of ``snippet`` in the code: its place, and the table and key that it suggests."""
    texts = {module: module.read_text("utf-8") for module in sorted(REPOSITORY.glob("builder/**/*.py"))}
    for module, text in texts.items():
        for node in ast.walk(ast.parse(text)) if "snippet(" in text else ():
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "snippet":
                table, key, value = node.args
                filled = [_filled(one) for one in (table, key, value)]
                place = f"{module.relative_to(REPOSITORY).as_posix()}:{node.lineno}"
                yield place, str(filled[0]), snippet(str(filled[0]), str(filled[1]), filled[2])


def _filled(node: ast.expr) -> str | bool | list[str]:
    """An argument with a sample in place of what only a run knows."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, bool) else str(node.value)
    if isinstance(node, ast.List) or ast.unparse(node).startswith("sorted"):
        return ["tests"] if "prune" in ast.unparse(node) else ["a-package"]
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "staging" for part in node.values)
    return "a"


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
SUGGESTIONS = {place: (table, text) for place, table, text in suggestions()}


@pytest.mark.parametrize("place", SUGGESTIONS)
def test_the_manifest_accepts_every_suggestion_of_the_code(place: str) -> None:
    table, text = SUGGESTIONS[place]
    manifest = PLUGIN.format(runtime="python3.13")
    if table.startswith("environments"):
        text = text.replace('"a"', '"https://a.example.com"')
    if table == "build.allow-secrets":
        text = text.replace("\na =", '\n"src/x.py:jwt" =')

    assert parse(f"{manifest}{text}\n", file=Path("/p/plugin.toml"), today=date(2026, 11, 28)).warnings == ()


def test_the_code_has_suggestions_for_every_kind_of_table() -> None:
    tables = {table for table, _ in SUGGESTIONS.values()}
    assert {"build", "build.allow-secrets", "build.allow-missing", "build.prefer", "environments.staging"} <= tables


def test_no_text_suggests_a_table_and_a_pair_on_one_line() -> None:
    texts = [*REPOSITORY.glob("builder/**/*.py"), *REPOSITORY.glob("docs/*.md"), REPOSITORY / "README.md"]
    found = [f"{file.name}: {one[0]}" for file in texts for one in ON_ONE_LINE.finditer(file.read_text("utf-8"))]

    assert found == []


def test_every_setting_of_the_documentation_is_accepted_by_the_manifest() -> None:
    pages = [REPOSITORY / "README.md", *sorted(REPOSITORY.glob("docs/*.md"))]
    text = "\n".join(page.read_text("utf-8") for page in pages)
    blocks = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    pairs = [(f"[{table}]", pair) for pair, table in UNDER.findall(text)]
    rows = [("[build]", pair) for pair in re.findall(r"^\| `(\w+ = [^`]+)` \|", text, re.MULTILINE)]

    assert len(blocks) >= 3
    assert len(pairs) >= 4
    assert len(rows) >= 5
    for header, pair in (*pairs, *rows):
        runtime = "nodejs22.x" if pair.startswith("bundle") else "python3.13"
        text = f"{PLUGIN.format(runtime=runtime)}{header}\n{pair.replace(', …', '')}\n"
        parse(text, file=Path("/p/plugin.toml"), today=date(2026, 11, 28))
    for block in blocks:
        assert tomllib.loads(block)


@given(key=TEXTS, value=TEXTS | st.booleans() | st.lists(TEXTS, max_size=3))
def test_any_key_and_value_can_be_read_back(key: str, value: str | bool | list[str]) -> None:
    assert tomllib.loads(snippet("build.prefer", key, value)) == {"build": {"prefer": {key: value}}}
