"""A kit with changed code computes its results again, whatever the change is."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import builder
from builder.dependencies.npm.npm_packs import PACKING_CODE
from builder.dependencies.store.pack_store import READING_CODE
from builder.dependencies.store.recompression import COMPRESSING_CODE
from builder.last_build import RECORDS_FOLDER
from tests.support.plugins.locked_plugin import locked_plugin
from tests.support.repetitions import exhaustive_after

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

HOME = Path(builder.__file__).parent
TICK = 0.06
"""More seconds than a file must be older than the build that is recorded."""


@pytest.fixture
def copied_kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # loading the copy must not add files to it
    return Path(shutil.copytree(HOME, tmp_path / "kit" / "builder", ignore=shutil.ignore_patterns("__pycache__")))


def _fingerprint_of(kit: Path) -> ModuleType:
    """The module of the copy, freshly loaded: nothing in it is cached yet."""
    spec = spec_from_file_location("copied_fingerprint", kit / "host" / "fingerprint.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("step", exhaustive_after(1, [15, 1]))
def test_a_change_of_any_file_of_the_kit_changes_the_digest(copied_kit: Path, step: int) -> None:
    before = _fingerprint_of(copied_kit).code_digest()
    files = [file for file in sorted(copied_kit.rglob("*")) if file.is_file()]
    assert len(files) > 250
    assert {"schema.json", "compile_sources.py", "tarball.py", "building.py"} <= {file.name for file in files}
    unnoticed = []
    for file in files[::step]:
        content = file.read_bytes()
        file.write_bytes(content + b"\n")
        if _fingerprint_of(copied_kit).code_digest() == before:
            unnoticed.append(file.relative_to(copied_kit).as_posix())
        file.write_bytes(content)
    assert unnoticed == []
    assert _fingerprint_of(copied_kit).code_digest() == before


def test_a_renamed_or_added_file_changes_the_digest_and_bytecode_does_not(copied_kit: Path) -> None:
    before = _fingerprint_of(copied_kit).code_digest()
    (copied_kit / "__pycache__").mkdir()
    (copied_kit / "__pycache__" / "build_values.cpython-311.pyc").write_bytes(b"compiled")
    assert _fingerprint_of(copied_kit).code_digest() == before
    (copied_kit / "coldstart" / "interpreter_scripts" / "new.py").write_bytes(b"")
    added = _fingerprint_of(copied_kit).code_digest()
    (copied_kit / "coldstart" / "interpreter_scripts" / "new.py").rename(
        copied_kit / "coldstart" / "interpreter_scripts" / "other.py"
    )
    assert len({before, added, _fingerprint_of(copied_kit).code_digest()}) == 3


def test_a_part_changes_with_its_own_files_only(copied_kit: Path) -> None:
    def digests() -> list[str]:
        module = _fingerprint_of(copied_kit)
        return [module.code_digest(part) for part in ("archive/", "dependencies/npm/tarball.py")]

    archive, tarball = digests()
    with (copied_kit / "dependencies" / "npm" / "tarball.py").open("a") as file:
        file.write("\n")
    assert digests()[0] == archive
    assert digests()[1] != tarball


CHANGED = (
    "building.py",
    "manifest/schema.json",
    "coldstart/interpreter_scripts/compile_sources.py",
    "dependencies/npm/tarball.py",
)


@pytest.mark.parametrize("count", exhaustive_after(1, [2, len(CHANGED)]))
def test_a_changed_kit_builds_again(copied_kit: Path, tmp_path: Path, count: int) -> None:
    made = locked_plugin(tmp_path)

    def is_up_to_date() -> bool:
        done = subprocess.run(
            [sys.executable, "-m", "builder", "package"],
            cwd=made.folder,
            env={**os.environ, "PYTHONPATH": str(copied_kit.parent), "BIOT_PLUGIN_STORE": str(made.store)},
            check=True,
            capture_output=True,
            text=True,
        )
        return "is up to date" in done.stdout

    assert [is_up_to_date(), is_up_to_date()] == [False, True]
    for changed in CHANGED[:count]:
        with (copied_kit / changed).open("a") as file:
            file.write("\n")
        assert (changed, is_up_to_date()) == (changed, False)
    assert is_up_to_date()


def test_a_remembered_digest_is_the_one_that_is_computed(copied_kit: Path, tmp_path: Path) -> None:
    made = locked_plugin(tmp_path)

    def report() -> bytes:
        environment = {**os.environ, "PYTHONPATH": str(copied_kit.parent), "BIOT_PLUGIN_STORE": str(made.store)}
        argv = [sys.executable, "-m", "builder", "package"]
        subprocess.run(argv, cwd=made.folder, env=environment, check=True, capture_output=True)
        return next((made.folder / "dist").glob("*.report.json")).read_bytes()

    first = report()
    for file in (made.folder / "src" / "run.sh", copied_kit / "building.py"):
        with file.open("a") as stream:
            stream.write("\n")
        time.sleep(TICK)
        remembered = report()
        record = next(file for file in (made.store / RECORDS_FOLDER).iterdir() if "-files" not in file.name)
        assert json.loads(record.read_text())["code"] == _fingerprint_of(copied_kit).code_digest()
        shutil.rmtree(made.folder / "dist")
        shutil.rmtree(made.store / RECORDS_FOLDER)
        assert remembered == report() != first
        first = remembered


@pytest.mark.parametrize(
    ("parts", "entrances"),
    [
        (PACKING_CODE, ["dependencies/npm/tarball.py", "archive/writer.py"]),
        (COMPRESSING_CODE, ["archive/writer.py", "archive/reader.py", "archive/compression.py"]),
        (READING_CODE, ["archive/reader.py", "dependencies/store/pack_index.py"]),
    ],
    ids=["npm packs", "recompressed packs", "indexes"],
)
def test_a_list_of_parts_names_every_module_that_its_work_uses(parts: tuple[str, ...], entrances: list[str]) -> None:
    used, waiting = set[str](), list(entrances)
    while waiting:
        path = waiting.pop()
        if path not in used:
            used.add(path)
            waiting += _imported(path)
    assert [path for path in sorted(used) if not path.startswith(parts)] == []
    assert all((HOME / part).exists() for part in parts)


def _imported(path: str) -> Iterator[str]:
    """The modules of the kit that a module of it imports when it runs, inside functions too."""
    tree = ast.parse((HOME / path).read_bytes())
    typing_only = {
        child
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node not in typing_only and (node.module or "").startswith("builder."):
            module = str(node.module).removeprefix("builder.").replace(".", "/")
            names = [f"{module}.py", *(f"{module}/{alias.name}.py" for alias in node.names)]
            yield from (name for name in names if (HOME / name).is_file())
