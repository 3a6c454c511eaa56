"""BioT's samples need only a plugin.toml: the four public layouts pass check, lock and package."""

from __future__ import annotations

import base64
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.cli.conftest import biot_plugin
from tests.support.plugins import sample_layouts
from tests.support.repetitions import exhaustive_after

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.cli.conftest import Call
    from tests.support.plugins.sample_layouts import Layout
    from tests.support.servers.package_registries import NpmRegistry, PythonIndex

__all__ = ["biot_plugin"]

pytestmark = pytest.mark.usefixtures("own_settings")


def publish_wheels(index: PythonIndex) -> None:
    """What the Python samples ask for, with the packages that those ask for."""
    extra = ["Provides-Extra: pycryptodome", 'Requires-Dist: pycryptodome; extra == "pycryptodome"']
    modules = {f"jose/{name}.py": b"" for name in ("__init__", "jws", "constants", "exceptions")}
    for version in ("3.3.0", "3.5.0"):
        index.wheel("python-jose", version, metadata=extra, files=modules)
    for version in ("2.31.0", "2.34.2"):
        index.wheel("requests", version, metadata=["Requires-Dist: urllib3"])
    index.wheel("urllib3", "2.0.5")
    index.wheel("pycryptodome", "3.24.1", files={"Crypto/__init__.py": b""})


def publish_npm_packages(registry: NpmRegistry) -> None:
    """What the JavaScript samples ask for."""
    registry.package("asynckit", "0.4.0")
    registry.package("lodash.once", "4.1.1")
    registry.package("concat-map", "0.0.1")
    registry.package("bestzip", "2.2.1", manifest={"dependencies": {"concat-map": "0.0.1"}})
    registry.package("jose", "6.1.0")
    registry.package("traceparent", "1.0.0")
    registry.package("jsonwebtoken", "8.5.1", manifest={"dependencies": {"lodash.once": "^4.0.0"}})
    for version in ("0.27.2", "1.15.1"):
        registry.package("axios", version, manifest={"dependencies": {"asynckit": "^0.4.0"}})


def succeed(biot_plugin: Call, folder: Path, *commands: str) -> None:
    for command in commands:
        done = biot_plugin(command, cwd=folder)
        assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"


def assert_only_code(folder: Path, layout: Layout, packages: set[str]) -> None:
    """The artifact has the sample's code and the packages, and neither deploy scripts nor anything to try it with."""
    names = set(zipfile.ZipFile(folder / "dist" / "sample-1.zip").namelist())
    assert names & {path.removeprefix(f"{layout.plugin}/") for path in layout.files} == layout.code
    tops = {name.removeprefix("node_modules/").partition("/")[0] for name in names - layout.code}
    assert {top for top in tops if not top.endswith(".dist-info")} == packages


@pytest.mark.parametrize(
    ("layout", "packages"),
    exhaustive_after(
        1,
        [
            (sample_layouts.adherence(), {"jose", "python_jose", "requests", "urllib3", "Crypto", "pycryptodome"}),
            (sample_layouts.python_seed(), {"jose", "python_jose", "requests", "urllib3"}),
        ],
    ),
    ids=["adherence", "seed"],
)
def test_a_python_sample_needs_only_a_manifest(
    layout: Layout, packages: set[str], biot_plugin: Call, index: PythonIndex, tmp_path: Path
) -> None:
    publish_wheels(index)
    folder = layout.write(tmp_path / "sample")
    succeed(biot_plugin, folder, "check", "lock", "package")
    assert_only_code(folder, layout, packages)


@pytest.mark.exhaustive  # the alerts sample is locked and packaged in the same way
def test_the_javascript_seed_needs_only_a_manifest(biot_plugin: Call, registry: NpmRegistry, tmp_path: Path) -> None:
    publish_npm_packages(registry)
    layout = sample_layouts.javascript_seed()
    folder = layout.write(tmp_path / "sample")
    succeed(biot_plugin, folder, "check", "lock", "package")
    assert_only_code(folder, layout, {"axios", "asynckit", "jose", "traceparent"})


@pytest.mark.exhaustive
def test_the_sha1_entries_of_the_alerts_sample_are_replaced_and_no_other_entry(
    biot_plugin: Call, registry: NpmRegistry, tmp_path: Path
) -> None:
    publish_npm_packages(registry)
    layout = sample_layouts.alerts()
    folder = layout.write(tmp_path / "sample")
    succeed(biot_plugin, folder, "lock")
    lock = folder / "package-lock.json"
    strong = json.loads(lock.read_text())
    weak = weakened(registry, strong, "asynckit", "lodash.once", "concat-map")
    lock.write_text(json.dumps(weak, indent=2))
    registry.package("asynckit", "0.4.9")  # what --upgrade would take

    done = biot_plugin("package", cwd=folder)
    assert done.returncode == 5
    assert "Run `biot-plugin lock`, which replaces a sha1 with the file's sha512" in done.stderr

    succeed(biot_plugin, folder, "check", "lock", "package")
    development = "node_modules/concat-map"  # of bestzip, which is never packaged
    expected = {**packages_of(strong), development: packages_of(weak)[development]}
    assert packages_of(json.loads(lock.read_text())) == expected
    assert_only_code(folder, layout, {"axios", "asynckit", "jsonwebtoken", "lodash.once", "traceparent"})


def weakened(registry: NpmRegistry, lock: dict[str, Any], *names: str) -> dict[str, Any]:
    """A lock as npm 7 wrote it at BioT: addresses of an index that others cannot reach, and some sha1 entries."""
    packages = {path: dict(entry) for path, entry in lock["packages"].items()}
    for path, entry in packages.items():
        name = path.removeprefix("node_modules/")
        if not name:
            continue
        entry["resolved"] = f"https://npm.example.invalid/npm/{name}/-/{name}-{entry['version']}.tgz"
        if name in names:
            entry["integrity"] = sha1_of(registry, name, entry["version"])
    tree = {path.removeprefix("node_modules/"): entry for path, entry in packages.items() if path}
    return {**lock, "lockfileVersion": 2, "packages": packages, "dependencies": tree}


def sha1_of(registry: NpmRegistry, name: str, version: str) -> str:
    dist = registry.versions[name][version]["dist"]
    assert isinstance(dist, dict)
    return "sha1-" + base64.b64encode(bytes.fromhex(str(dist["shasum"]))).decode()


def packages_of(lock: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Path -> version and integrity of every package."""
    return {path: (entry["version"], entry["integrity"]) for path, entry in lock["packages"].items() if path}
