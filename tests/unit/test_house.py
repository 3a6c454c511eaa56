"""Rules of the project that no linter checks: sizes, names, exit codes, messages, and commands of the README."""

from __future__ import annotations

import ast
import configparser
import re
import shlex
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder import errors
from builder.cli.app import EPILOG

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]
MODULES = sorted(module for room in ("builder", "sandbox", "scaffold") for module in REPOSITORY.glob(f"{room}/**/*.py"))
LONGEST_MODULE = 320
LONGEST_FUNCTION = 45
CLASSES_WITH_MESSAGES = {"Problem", "Finding", *(error.__name__ for error in errors.KitError.__subclasses__())}


def relative(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


@cache
def text_of(module: Path) -> str:
    return module.read_text("utf-8")


@cache
def tree_of(module: Path) -> ast.Module:
    return ast.parse(text_of(module))


def definitions(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Every function and class below a node. Expressions are not searched: most of a tree is below them."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield child
        if isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield from definitions(child)


def test_modules_are_short_and_say_what_they_hold() -> None:
    assert [relative(module) for module in MODULES if text_of(module).count("\n") > LONGEST_MODULE] == []
    assert [relative(module) for module in MODULES if module.stem in {"utils", "helpers", "common", "misc"}] == []


def test_functions_are_short() -> None:
    long = [
        f"{relative(module)}: {node.name}: {(node.end_lineno or 0) - node.lineno + 1} lines"
        for module in MODULES
        for node in definitions(tree_of(module))
        if not isinstance(node, ast.ClassDef) and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]

    assert long == []


SAME_MEANING = {
    "app": "the entry point of a program",
    "clock": "the time, as an argument",
    "Clock": "the time, as an argument",
    "SystemClock": "the time, as an argument",
    "operation_docs": "what /openapi.json says about the operations of one service",
    "routes": "the HTTP routes of one service",
    "source_packages": "packages that [build] allow-sdist names",
}
"""Names that stand in several rooms, because what they hold is the same thing in each."""
LISTS_OF_ONE_KIND = {"builder/cli/commands", "builder/manifest/rules"}
MOST_MODULES = 14


def test_modules_and_public_classes_have_names_of_their_own() -> None:
    places: dict[str, list[str]] = {}
    for module in MODULES:
        if module.stem.startswith("__"):
            continue
        classes = [node.name for node in tree_of(module).body if isinstance(node, ast.ClassDef)]
        # A command has the name of what it runs.
        stems = [] if relative(module.parent) == "builder/cli/commands" else [module.stem]
        for name in [*stems, *(name for name in classes if not name.startswith("_"))]:
            places.setdefault(name, []).append(relative(module))

    doubles = {name: modules for name, modules in places.items() if len(modules) > 1}
    assert {name: modules for name, modules in doubles.items() if name not in SAME_MEANING} == {}
    assert set(SAME_MEANING) <= set(doubles)


CALLED_BY_OTHERS = {
    "connection_lost": "asyncio",
    "data_received": "asyncio",
    "pipe_data_received": "asyncio",
    "process_exited": "asyncio",
    "initialize_client": "awslambdaric",
    "post_invocation_result": "awslambdaric",
    "post_error": "awslambdaric",
}
"""Functions that somebody else calls by their name."""


def test_the_local_biot_has_nothing_that_only_tests_use() -> None:
    words = Counter(re.findall(r"\w+", "\n".join(text_of(module) for module in MODULES)))
    unused = [
        f"{relative(module)}: {node.name}"
        for module in MODULES
        if relative(module).startswith("sandbox/")
        for node in definitions(tree_of(module))
        if not node.name.startswith("__") and words[node.name] == 1
        if node.name not in CALLED_BY_OTHERS
    ]

    assert unused == []


def test_a_folder_has_about_a_dozen_modules() -> None:
    sizes: dict[str, int] = {}
    for module in MODULES:
        sizes[relative(module.parent)] = sizes.get(relative(module.parent), 0) + (module.stem != "__init__")

    too_full = {folder: size for folder, size in sizes.items() if size > MOST_MODULES}
    assert set(too_full) == LISTS_OF_ONE_KIND


def test_every_error_has_its_own_exit_code_and_is_documented() -> None:
    classes = errors.KitError.__subclasses__()
    codes = [error.exit_code for error in classes]

    assert len(set(codes)) == len(codes)
    assert all(f"{error.__name__}" in (errors.__doc__ or "") for error in classes)
    assert {3, 4, 5, 6, 7, 8} <= {int(code) for code in re.findall(r"(\d+) [a-z]+(?:,|\.)", EPILOG)}


LOCKS = [*sorted(REPOSITORY.glob("requirements/*.lock")), REPOSITORY / "sandbox/functions/clients/awslambdaric.lock"]


def test_ci_runs_exactly_the_commands_of_the_readme() -> None:
    readme = (REPOSITORY / "README.md").read_text("utf-8")
    commands = re.findall(r"```sh\n# [^\n]+\n([^\n]+)\n```", readme)
    run = (REPOSITORY / ".ci" / "run").read_text("utf-8").splitlines()

    assert commands == [
        "python3 -m pip install tox && python3 -m tox -e quickstart",
        "python3 -m tox",
        "python3 -m tox -e exhaustive",
    ]
    assert [line for line in run if "-m tox" in line] == commands


def test_plain_tox_and_the_exhaustive_tests_are_all_tests() -> None:
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(REPOSITORY / "tox.ini", encoding="utf-8")
    plain, exhaustive = (shlex.split(tox[f"testenv:{name}"]["commands"]) for name in ("test", "exhaustive"))

    assert plain[:3] == ["pytest", "-m", "not exhaustive"]
    assert exhaustive[:3] == ["pytest", "-m", "exhaustive or hypothesis"]
    assert plain[3:] == ["--hypothesis-profile=few", *exhaustive[3:]]
    assert tox["tox"]["env_list"] == "lint, type, test"


@pytest.mark.parametrize("lock", LOCKS, ids=relative)
def test_locks_have_hashes_and_no_addresses(lock: Path) -> None:
    text = lock.read_text("utf-8")
    pins = re.findall(r"^[a-z0-9][^\s=]*==", text, re.MULTILINE)

    assert pins
    assert "://" not in text
    assert len(re.findall(r"^[a-z0-9][^\n]*==[^\n]*\\\n    --hash=sha256:", text, re.MULTILINE)) == len(pins)


def sentences_of(module: Path) -> list[tuple[int, str]]:
    """The messages and hints of errors and problems, with U+FFFC in place of each inserted value."""
    if not any(name in text_of(module) for name in CLASSES_WITH_MESSAGES):
        return []
    found = []
    for scope in (node for node in definitions(tree_of(module)) if isinstance(node, ast.FunctionDef)):
        named = {
            target.id: node.value
            for node in ast.walk(scope)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for call in (node for node in ast.walk(scope) if isinstance(node, ast.Call)):
            if ast.unparse(call.func) in CLASSES_WITH_MESSAGES:
                given = [*call.args[:1], *(one.value for one in call.keywords if one.arg in {"message", "hint"})]
                texts = [named.get(one.id, one) if isinstance(one, ast.Name) else one for one in given]
                found += [(one.lineno, text) for one in texts if (text := literal(one))]
    return found


def literal(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(one.value) if isinstance(one, ast.Constant) else "\ufffc" for one in node.values)
    return ""


def test_messages_and_hints_are_whole_sentences() -> None:
    as_written = r"(?:npm|pip|uv|git|runtime|pyproject\.toml|package\.json|requirements\.txt|image\.lock|index\.json)\b"
    sentence = re.compile(rf"(?:[A-Z0-9\ufffc`\[\".]|{as_written}).*[.?\ufffc]", re.DOTALL)
    broken = [
        f"{relative(module)}:{line}: {text}"
        for module in MODULES
        for line, text in sentences_of(module)
        if not sentence.fullmatch(text)
    ]

    assert broken == []
