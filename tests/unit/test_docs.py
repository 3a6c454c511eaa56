"""The documentation names only files, modules, functions and links that exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PAGES = [
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted(REPOSITORY.glob("docs/**/*.md")),
]
ROOMS = ("builder", "sandbox", "scaffold", "templates", "tests", "benchmarks", "documentation", "docs", "requirements")
MODULE = re.compile(rf"({'|'.join(ROOMS[:3])})(\.\w+)+")
FILE = re.compile(rf"(?:{'|'.join(ROOMS)})/[\w./*<>-]*")
LONGEST_LINE = 100
GENERATED = {"benchmarks.md", "functions.md", "images.md", "reliability.md", "reproducibility.md", "scale.md"}


def relative(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def code_of(page: Path) -> list[str]:
    """Everything between backticks, without fenced blocks."""
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", text)]


def prose_of(page: Path) -> list[str]:
    """The lines without fenced blocks, tables and addresses of links, none of which can be wrapped."""
    text = re.sub(r"^ *```.*?^ *```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"\]\([^)\s]+\)", "]", text)
    return [line for line in text.splitlines() if not line.lstrip().startswith("|")]


@cache
def names_in(module: Path) -> set[str]:
    """What a module defines or imports at its top level."""
    names: set[str] = set()
    for node in ast.parse(module.read_text("utf-8")).body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Assign(targets=targets):
                names |= {target.id for target in targets if isinstance(target, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
            case ast.ImportFrom(names=aliases):
                names |= {alias.asname or alias.name for alias in aliases}
            case _:
                pass
    return names


def module_file(name: str) -> Path | None:
    """The file of a dotted module name."""
    path = REPOSITORY / name.replace(".", "/")
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def is_defined(name: str) -> bool:
    """Whether a dotted name is a module, or a name in one."""
    if module_file(name) is not None:
        return True
    module, _, member = name.rpartition(".")
    file = module_file(module)
    return file is not None and member in names_in(file)


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_file_and_name_in_backticks_exists(page: Path) -> None:
    codes = code_of(page)
    files = [code for code in codes if FILE.fullmatch(code) and not set(code) & set("<>")]
    names = [code for code in codes if MODULE.fullmatch(code) and not code.endswith(".py")]

    generated = {"docs/decisions/NNNN-title.md", "builder/cli/commands/NAME.py"}
    assert [file for file in files if file not in generated and not list(REPOSITORY.glob(file))] == []
    assert [name for name in names if not is_defined(name)] == []


def test_every_class_constant_and_module_name_of_the_architecture_exists() -> None:
    codes = set(code_of(REPOSITORY / "docs" / "architecture.md"))
    modules = [file for room in ROOMS[:5] for file in (REPOSITORY / room).rglob("*.py")]
    text = "\n".join(file.read_text("utf-8") for file in modules)
    defined = set(re.findall(r"^(?:class )?([A-Z]\w+)\b", text, re.MULTILINE))
    files = {file.name for file in modules}

    assert {code for code in codes if re.fullmatch(r"[A-Z]\w+", code)} - defined == set()
    assert {code for code in codes if re.fullmatch(r"\w+\.py", code)} - files == set()


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_every_link_leads_to_a_file(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8"))
    broken = [target for target in targets if "://" not in target and not (page.parent / target).exists()]

    assert broken == []


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in GENERATED], ids=relative)
def test_prose_wraps_at_100_columns(page: Path) -> None:
    assert [line for line in prose_of(page) if len(line) > LONGEST_LINE and " " in line.strip()] == []


def test_every_decision_is_in_the_index() -> None:
    folder = REPOSITORY / "docs" / "decisions"
    records = {file.name for file in folder.glob("[0-9]*.md")}
    listed = re.findall(r"\(([0-9]{4}-[^)]+)\)", (folder / "README.md").read_text("utf-8"))

    assert sorted(listed) == sorted(records)
    for name in records:
        headings = re.findall(r"^## (\w+)$", (folder / name).read_text("utf-8"), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences"], name
