"""Precompiling: bytecode beside the imported modules, always the same, from an isolated process."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from builder.archive.writer import write_artifact
from builder.bundle.assemble import assemble
from builder.coldstart.cold_start_tools import find_tools, report_with_tools
from builder.coldstart.precompiling import precompile
from builder.dependencies import Store
from builder.errors import ManifestError, PackagingError, ProjectError
from builder.host.interpreters import find_interpreter
from builder.manifest.model import Build
from tests.support.plugins.small_bundles import manifest_of, source_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Literal

    from builder.build_values import LockedPackage
    from builder.coldstart.optimized_bundle import OptimizedBundle
    from builder.manifest.model import Manifest
    from tests.support.servers.package_registries import Registry

VERSION = "{}.{}".format(*sys.version_info)
TAG = f"cpython-{sys.version_info.major}{sys.version_info.minor}"
HANDLER = b"import used\n\ndef handler(event, context):\n    return used.VALUE in {'a', 'b', 'c'}\n"
FILES = {"index.py": HANDLER, "used/__init__.py": b"VALUE = 'a'\n", "unused.py": b"VALUE = 'b'\n", "no.py": b"what?"}


def no_bundler() -> LockedPackage:
    message = "Python plugins have none"
    raise AssertionError(message)


def manifest_for(setting: bool | Literal["all"], runtime: str = f"python{VERSION}") -> Manifest:
    return manifest_of(Build(precompile=setting), runtime=runtime)


def optimize(manifest: Manifest, store: Path, files: Mapping[str, bytes] = FILES) -> OptimizedBundle:
    bundle = assemble(manifest, [source_of(path, content) for path, content in files.items()], ())
    return precompile(bundle, manifest, find_tools(manifest, os.environ, no_bundler), Store(store))


def compiled(optimized: OptimizedBundle) -> set[str]:
    return {entry.path for entry in optimized.bundle.entries if entry.path.endswith(".pyc")}


def test_only_the_modules_that_the_handler_imports_get_bytecode(tmp_path: Path) -> None:
    optimized = optimize(manifest_for(True), tmp_path / "store")

    assert compiled(optimized) == {f"__pycache__/index.{TAG}.pyc", f"used/__pycache__/__init__.{TAG}.pyc"}
    assert optimized.bundle.tree_digest == optimize(manifest_for(True), tmp_path / "store").bundle.tree_digest


def test_all_compiles_every_module_and_imports_none(tmp_path: Path) -> None:
    files = {**FILES, "index.py": b"raise RuntimeError\ndef handler(event, context): ...\n"}

    assert {
        path.rpartition("/")[2].partition(".")[0] for path in compiled(optimize(manifest_for("all"), tmp_path, files))
    } == {
        "index",
        "__init__",
        "unused",
    }


def test_without_the_setting_nothing_changes(tmp_path: Path) -> None:
    manifest = manifest_for(False)

    assert compiled(optimize(manifest, tmp_path)) == set()
    assert report_with_tools({"tools": {}}, find_tools(manifest, os.environ, no_bundler), {}) == {"tools": {}}


def test_two_stores_give_the_same_bytes(tmp_path: Path) -> None:
    more = {**FILES, "other.py": b"import index\ndef handler(event, context): return index.handler({'a', 'b'}, None)\n"}
    one, other = (
        optimize(manifest_for("all"), tmp_path / name, files).bundle for name, files in (("a", FILES), ("b", more))
    )
    digests = {entry.path: entry.sha256 for entry in other.entries}

    assert {entry.path: entry.sha256 for entry in one.entries}.items() <= digests.items()


def test_python_loads_the_bytecode_without_comparing_it_with_the_source(tmp_path: Path) -> None:
    write_artifact(optimize(manifest_for(True), tmp_path / "store").bundle, tmp_path / "a.zip")
    code = tmp_path / "task"
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        archive.extractall(code)
    (code / "used" / "__init__.py").write_text("VALUE = 'changed'\n", "utf-8")
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import index; print(index.handler({}, None), index.used.VALUE)"
    )
    done = subprocess.run([sys.executable, "-I", "-B", "-c", script, code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["True", "a"]
    assert b"/var/task/used/__init__.py" in (code / f"used/__pycache__/__init__.{TAG}.pyc").read_bytes()


def test_the_imports_have_no_operator_variables_no_network_and_a_read_only_disk(
    tmp_path: Path, canary: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = canary.url.rpartition(":")[2]
    handler = f"""
import os, socket, sys
assert "OPERATORS_TOKEN" not in os.environ
assert os.environ["BIOT_BASE_URL"].endswith(".invalid") and os.environ["MINE"] == "1"
print("noise on standard output")
try:
    socket.create_connection(("127.0.0.1", {port}), timeout=2)
    import reached
except OSError:
    pass
try:
    open(os.path.join(os.path.dirname(__file__), "written"), "w")
    import wrote
except OSError:
    pass
def handler(event, context): ...
"""
    monkeypatch.setenv("OPERATORS_TOKEN", "secret")
    manifest = manifest_for(True)
    manifest = replace(manifest, plugin=replace(manifest.plugin, environment_variables={"MINE": "1"}))
    optimized = optimize(manifest, tmp_path, {"index.py": handler.encode(), "reached.py": b"", "wrote.py": b""})

    if optimized.warnings:
        assert "without isolation" in optimized.warnings[0].message
    else:
        assert compiled(optimized) == {f"__pycache__/index.{TAG}.pyc"}
        assert canary.requests == []


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        (b"import not_there\ndef handler(event, context): ...\n", "No module named 'not_there'"),
        (b"import os\nos._exit(3)\ndef handler(event, context): ...\n", "ended with exit code 3"),
    ],
)
def test_a_handler_that_cannot_be_imported_is_an_error_with_a_hint(tmp_path: Path, handler: bytes, reason: str) -> None:
    with pytest.raises(PackagingError, match=reason) as caught:
        optimize(manifest_for(True), tmp_path, {"index.py": handler})

    assert 'precompile = "all"' in caught.value.hint


def test_a_missing_interpreter_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"needs Python 3\.99") as caught:
        find_interpreter("3.99", {"PYENV_ROOT": str(tmp_path)})

    assert "uv python install 3.99" in caught.value.hint


def test_the_running_interpreter_is_used_for_its_version_and_is_in_the_report() -> None:
    tools = find_tools(manifest_for(True), os.environ, no_bundler)
    report = report_with_tools({"tools": {"compressor": "c"}}, tools, {})

    assert report["tools"] == {"compressor": "c", "bytecode": f"CPython {sys.version.split()[0]}"}
    assert sys.version.split()[0] in tools.inputs


def test_precompile_is_an_error_for_node() -> None:
    with pytest.raises(ManifestError) as caught:
        find_tools(manifest_for(True, runtime="nodejs22.x"), os.environ, no_bundler)

    assert caught.value.problems[0].key == "build.precompile"
