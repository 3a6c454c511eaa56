"""Bundling scripts: esbuild from the plugin's own lock, which files it bundles, and sizes by package."""

from __future__ import annotations

import json
import platform
import sys
from typing import TYPE_CHECKING

import pytest

from builder.bundle.assemble import assemble
from builder.coldstart.cold_start_tools import find_tools, report_with_tools
from builder.coldstart.optimization import optimize
from builder.dependencies import collect, collect_bundler, locked_bundler, read_lock
from builder.errors import DependencyError, ManifestError, PackagingError
from builder.manifest.model import Build
from tests.support.plugins.small_bundles import manifest_of, source_of
from tests.support.plugins.stage_inputs import RecordedProgress

if TYPE_CHECKING:
    from pathlib import Path

    from builder.coldstart.optimized_bundle import OptimizedBundle
    from builder.dependencies import Store
    from builder.manifest.model import Manifest
    from tests.support.servers.package_registries import NpmRegistry

PROCESSOR = {"x86_64": "x64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine().lower()]
PROGRAM = f"@esbuild/{sys.platform}-{PROCESSOR}"
ESBUILD = f"""#!{sys.executable}
import json, os, sys
from pathlib import Path

options = dict(part.partition("=")[::2] for part in sys.argv[1:])
entry = Path(sys.argv[1])
if "broken" in entry.read_text():
    sys.exit("\\u2718 [ERROR] Could not resolve \\"broken\\"\\n\\n    index.js:1:7:\\n")
taken = [entry] + sorted(Path("node_modules/plain").glob("*.js"))
target = Path(options["--outfile"])
target.parent.mkdir(parents=True)
target.write_text(json.dumps([sys.argv[1:-2], sorted(os.environ)]) + "".join(file.read_text() for file in taken))
if "--sourcemap" in options:
    target.with_suffix(".js.map").write_text("map")
inputs = {{file.as_posix(): {{"bytesInOutput": file.stat().st_size}} for file in taken}}
meta = {{"inputs": inputs, "outputs": {{"index.js": {{"inputs": inputs}}}}}}
Path(options["--metafile"]).write_text(json.dumps(meta))
"""
FILES = {"index.js": b"import 'plain';", "data.json": b"{}", "package.json": b'{"type": "module"}\n'}


@pytest.fixture
def plugin(project: Path, own_settings: None, registry: NpmRegistry) -> Path:  # noqa: ARG001 - for its effect
    """A plugin with packages and with an esbuild that records how it was called."""
    plain = registry.package("plain", "1.0.0", files={"index.js": b"plain();", "LICENSE": b"MIT"})
    native = registry.package("native", "2.0.0", files={"index.js": b"native();", "build/a.node": b"\x7fELF"})
    dependent = registry.package("dependent", "3.0.0", manifest={"dependencies": {"native": "2.0.0"}})
    program = registry.package(PROGRAM, "0.9.0", files={"bin/esbuild": ESBUILD.encode()})
    shipped: dict[str, dict[str, object]] = {
        "plain": {"version": "1.0.0", "integrity": plain},
        "native": {"version": "2.0.0", "integrity": native},
        "dependent": {"version": "3.0.0", "integrity": dependent, "dependencies": {"native": "2.0.0"}},
    }
    tools: dict[str, dict[str, object]] = {
        "esbuild": {"version": "0.9.0", "integrity": program, "dev": True},
        PROGRAM: {"version": "0.9.0", "integrity": program, "dev": True, "optional": True},
    }
    write_package(project, shipped, tools)
    return project


def write_package(project: Path, shipped: dict[str, dict[str, object]], tools: dict[str, dict[str, object]]) -> None:
    requirements = {"dependencies": {name: entry["version"] for name, entry in shipped.items()}}
    entries = {f"node_modules/{name}": entry for name, entry in {**shipped, **tools}.items()}
    (project / "package.json").write_text(json.dumps({"name": "p", "version": "1.0.0", **requirements}), "utf-8")
    (project / "package-lock.json").write_text(
        json.dumps({"lockfileVersion": 3, "packages": {"": requirements, **entries}}), "utf-8"
    )


def manifest_for(folder: Path, build: Build) -> Manifest:
    return manifest_of(build, runtime="nodejs22.x", folder=folder)


def bundled(manifest: Manifest, store: Store, files: dict[str, bytes] | None = None) -> OptimizedBundle:
    packs = collect(read_lock(manifest), manifest, store, RecordedProgress())
    bundle = assemble(manifest, [source_of(path, content) for path, content in (files or FILES).items()], packs)
    tools = find_tools(manifest, {}, lambda: locked_bundler(manifest))
    return optimize(bundle, manifest, tools, store, collect_bundler)


def test_scripts_become_one_file_and_native_packages_stay_separate(plugin: Path, store: Store) -> None:
    manifest = manifest_for(plugin, Build(bundle=True))
    optimized = bundled(manifest, store)
    paths = {entry.path for entry in optimized.bundle.entries}

    assert {path for path in paths if not path.startswith("node_modules/")} == set(FILES)
    assert {path.split("/")[1] for path in paths - set(FILES)} == {"native", "dependent"}
    assert optimized.bundle.tree_digest == bundled(manifest, store).bundle.tree_digest
    report = report_with_tools(
        {"tools": {}}, find_tools(manifest, {}, lambda: locked_bundler(manifest)), optimized.bundled_sizes
    )
    assert report["tools"] == {"bundler": "esbuild 0.9.0"}
    assert report["bundled"] == [{"name": "plain", "version": "1.0.0", "unpackedSize": len("plain();")}]


@pytest.mark.exhaustive
def test_esbuild_gets_the_runtime_and_no_variables_of_the_operator(
    plugin: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from builder.coldstart.unpacking import unpack

    monkeypatch.setenv("OPERATORS_TOKEN", "secret")
    optimized = bundled(manifest_for(plugin, Build(bundle="source-map")), store)
    out = plugin / "out"
    unpack(optimized.bundle.entries, out)
    (arguments, environment), _ = json.JSONDecoder().raw_decode((out / "index.js").read_text("utf-8"))

    assert {"--target=node22", "--format=esm", "--external:native", "--external:dependent"} <= set(arguments)
    assert "OPERATORS_TOKEN" not in environment
    assert (out / "index.js.map").read_text("utf-8") == "map"


@pytest.mark.exhaustive
def test_commonjs_stays_commonjs(plugin: Path, store: Store) -> None:
    files = {"index.js": b"require('plain');"}
    optimized = bundled(manifest_for(plugin, Build(bundle=True)), store, files)

    assert "index.js.map" not in {entry.path for entry in optimized.bundle.entries}
    assert {entry.path for entry in optimized.bundle.entries if not entry.owner} == {"index.js"}


def test_an_error_of_esbuild_is_reported_with_its_file(plugin: Path, store: Store) -> None:
    with pytest.raises(PackagingError) as caught:
        bundled(manifest_for(plugin, Build(bundle=True)), store, {"index.js": b"import 'broken';"})

    (problem,) = caught.value.problems
    assert (problem.file, problem.message) == ("index.js", 'Could not resolve "broken".')


def test_a_lock_without_esbuild_is_an_error_with_a_hint(plugin: Path, store: Store) -> None:
    write_package(plugin, {}, {})

    with pytest.raises(DependencyError, match="has no esbuild") as caught:
        bundled(manifest_for(plugin, Build(bundle=True)), store)

    assert "devDependencies" in caught.value.hint


def test_bundle_is_an_error_for_python(tmp_path: Path) -> None:
    manifest = manifest_of(Build(bundle=True), folder=tmp_path)

    with pytest.raises(ManifestError) as caught:
        find_tools(manifest, {}, lambda: locked_bundler(manifest))

    assert caught.value.problems[0].key == "build.bundle"
