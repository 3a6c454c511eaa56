"""``python -m benchmarks.natives``: compares the native check with another judge, on 40 packages and 8 runtimes.

Each Python package is downloaded for each runtime, and for platforms that cannot work: the newest
glibc, ARM, musl and macOS. Every wheel is then checked for every runtime, so most pairs are wrong
on purpose. The expected verdict does not come from the kit, but from the wheel's file name, from
pyelftools (which reads sections, where the kit reads segments) and from a list of packages that
users report as broken on Lambda. npm packages are checked as `biot-plugin package` does it. With a
folder as argument, the wheels stay there for the next run.
"""

from __future__ import annotations

import json
import posixpath
import subprocess
import sys
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from builder.build_values import Bundle, LockedPackage, Pack
from builder.bundle.assemble import package_entries
from builder.dependencies import Store, collect, read_lock, write_lock
from builder.dependencies.python.platform_tags import platforms
from builder.errors import KitError, Severity
from builder.manifest.model import Build, Manifest, Plugin
from builder.natives import check_natives, select_platform_files
from builder.natives.loader_view import PlacedFile
from builder.natives.native_check import native_problems
from builder.natives.native_scan import scan_pack
from builder.natives.scan_cache import SUFFIX
from builder.platform.runtimes import RUNTIMES, Runtime
from builder.progress import SilentProgress

PYTHON = [RUNTIMES[f"python3.{minor}"] for minor in (10, 11, 12, 13, 14)]
NODE = [RUNTIMES[name] for name in ("nodejs18.x", "nodejs22.x", "nodejs24.x")]
WHEELS = (
    *("cryptography==50.0.2", "numpy", "pandas", "numba", "lightgbm", "opencv-python", "pillow", "lxml", "cffi"),
    *("pydantic-core", "charset-normalizer", "pyyaml", "orjson", "msgpack", "psutil", "greenlet", "sqlalchemy"),
    *("psycopg2-binary", "pymongo", "bcrypt", "pynacl", "markupsafe", "wrapt", "multidict", "aiohttp", "zstandard"),
    *("protobuf", "debugpy", "setuptools", "shapely"),
)
PACKAGES = (
    *("bcrypt", "argon2", "bufferutil", "snappy", "sharp", "core-js", "better-sqlite3", "sqlite3"),
    *("utf-8-validate", "@parcel/watcher"),
)
MISSING_LIBRARIES = {"lightgbm": "libgomp.so.1", "opencv-python": "libGL.so.1"}
"""Reported by users as not starting on Lambda (dmlc/xgboost 11048, lambci/docker-lambda 318)."""
MISSING_BINARIES = {"better-sqlite3", "sqlite3"}
OTHER_PLATFORMS = ("aarch64", "musllinux", "macosx")
VARIANTS = {
    "newest glibc": [
        "manylinux_2_39_x86_64",
        "manylinux_2_35_x86_64",
        "manylinux_2_34_x86_64",
        "manylinux_2_28_x86_64",
    ],
    "ARM": ["manylinux_2_34_aarch64", "manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"],
    "musl": ["musllinux_1_2_x86_64", "musllinux_1_1_x86_64"],
    "macOS": ["macosx_15_0_arm64", "macosx_14_0_arm64", "macosx_11_0_arm64", "macosx_10_13_universal2"],
}
LIMITS = {(2, 26): {"GLIBC": (2, 26), "GLIBCXX": (3, 4, 24), "CXXABI": (1, 3, 11)}} | {
    (2, 34): {"GLIBC": (2, 34), "GLIBCXX": (3, 4, 29), "CXXABI": (1, 3, 13)}
}


@dataclass
class Verdicts:
    """Counts of the verdicts; a verdict that differs from the other judge's is printed."""

    pairs: int = 0
    bad: int = 0
    found: int = 0
    false: int = 0
    binaries: int = 0
    seconds: float = 0.0
    again: float = 0.0

    def add(self, what: str, *, expected: str, messages: list[str]) -> None:
        self.pairs += 1
        self.bad += bool(expected)
        self.found += bool(expected and messages)
        self.false += bool(messages and not expected)
        if bool(expected) != bool(messages):
            print(f"DIFFERS {what}: expected {expected or 'nothing'}; reported {messages or 'nothing'}")


def main() -> int:
    """Check everything and print the counts; 1 when a verdict is wrong."""
    count = Verdicts()
    with tempfile.TemporaryDirectory(prefix="biot-natives-") as scratch:
        home = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(scratch)
        install = [sys.executable, "-m", "pip", "install", "-q", "--target", str(home / "judge"), "pyelftools"]
        if not (home / "judge").exists():
            subprocess.run(install, check=True)
        sys.path.insert(0, str(home / "judge"))
        wheels = fetch(home / "wheels")
        for wheel in wheels:
            judge_wheel(wheel, Store(home / "store"), count)
        for name in PACKAGES:
            for runtime in NODE:
                judge_package(name, runtime, home, count)
    print(
        f"{len(WHEELS)} wheels' projects ({len(wheels)} wheels) and {len(PACKAGES)} npm packages on "
        f"{len(PYTHON) + len(NODE)} runtimes: {count.pairs} pairs, {count.bad} bad, {count.found} found, "
        f"{count.false} false alarms. {count.binaries} binaries read in {count.seconds:.2f} s "
        f"({100 * count.seconds / count.binaries:.2f} s per 100), from their records in {count.again:.3f} s."
    )
    return 0 if count.found == count.bad and not count.false else 1


def fetch(folder: Path) -> list[Path]:
    """Download every wheel of every variant, two at a time; variants that a project does not publish are skipped."""
    requests = [(name, runtime.version, list(platforms(runtime))) for name in WHEELS for runtime in PYTHON]
    requests += [(name, version, tags) for name in WHEELS for tags in VARIANTS.values() for version in ("3.11", "3.12")]
    present = sorted(folder.glob("*.whl"))
    if present:
        return present
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda request: download(folder, *request), requests))
    return sorted(folder.glob("*.whl"))


def download(folder: Path, name: str, version: str, tags: list[str]) -> None:
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "--dest"]
    command += [str(folder), "--implementation", "cp", "--python-version", version]
    command += [part for tag in tags for part in ("--platform", tag)]
    subprocess.run([*command, name], capture_output=True, check=False)


def judge_wheel(wheel: Path, store: Store, count: Verdicts) -> None:
    name, version, *_ = wheel.name.split("-")
    copy = store.folder / wheel.name
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(wheel.read_bytes())
    stored = store.add(wheel.name.encode().hex(), copy)
    package = LockedPackage(name=name.lower().replace("_", "-"), version=version, digest="")
    pack = Pack(package=package, file=stored.file, members=stored.members)
    pack.file.with_suffix(SUFFIX).unlink(missing_ok=True)
    start = time.perf_counter()
    natives = scan_pack(pack)
    middle = time.perf_counter()
    scan_pack(pack)
    count.seconds, count.again = count.seconds + middle - start, count.again + time.perf_counter() - middle
    count.binaries += len(natives)
    by_content = {member.sha256: natives[member.path] for member in pack.members if member.path in natives}
    entries = list(package_entries(pack, python=True))
    found = tuple(
        PlacedFile(path=entry.path, owner=entry.owner, native=by_content[entry.sha256])
        for entry in entries
        if entry.sha256 in by_content
    )
    needs = highest_versions(wheel)
    for runtime in PYTHON:
        problems = native_problems(runtime, {entry.path: entry.owner for entry in entries}, found, {})
        messages = [problem.message for problem in problems if problem.severity is Severity.ERROR]
        expected = expected_problem(
            wheel, runtime, needs, extensions=[one.path for one in found if one.path.endswith(".so")]
        )
        count.add(f"{wheel.name} on {runtime.name}", expected=expected, messages=messages)


def expected_problem(wheel: Path, runtime: Runtime, needs: dict[str, tuple[int, ...]], *, extensions: list[str]) -> str:
    """Why a wheel cannot run, by its name, by pyelftools and by reports; empty when it can."""
    project, _, _, abi, platform = wheel.stem.split("-")[-5:]
    foreign = next((word for word in OTHER_PLATFORMS if word in platform), "")
    if foreign and extensions:
        return f"is for {foreign}"
    tagged = any(".cpython-" in posixpath.basename(path) for path in extensions)
    if abi.startswith("cp3") and tagged and abi != f"cp{runtime.version.replace('.', '')}":
        return f"is for {abi}"
    for family, limit in LIMITS[runtime.glibc].items():
        if needs.get(family, ()) > limit:
            return f"needs {family} {needs[family]}"
    return MISSING_LIBRARIES.get(project.lower().replace("_", "-"), "")


def highest_versions(wheel: Path, *, within: str = "") -> dict[str, tuple[int, ...]]:
    """The highest versions that any library of a wheel needs from the system, as pyelftools reads them.

    Of an npm package (``within``) only those count whose name says that they are for Lambda's
    platform.
    """
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile
    from elftools.elf.gnuversions import GNUVerNeedSection

    highest_versions: dict[str, tuple[int, ...]] = {}
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            if not content.startswith(b"\x7fELF") or not (".so" in name or name.endswith(".node")):
                continue
            if within and ("linux-x64" not in f"{within}/{name}" or "musl" in f"{within}/{name}"):
                continue
            try:
                sections: list[Any] = list(ELFFile(BytesIO(content)).iter_sections())
            except ELFError as error:
                print(f"pyelftools cannot read {name} of {wheel.name}: {error}")
                continue
            for section in sections:
                if isinstance(section, GNUVerNeedSection):
                    update_versions(highest_versions, section)
    return highest_versions


def update_versions(highest_versions: dict[str, tuple[int, ...]], section: Any) -> None:  # noqa: ANN401 - pyelftools has no types
    for _, auxiliaries in section.iter_versions():
        for auxiliary in auxiliaries:
            family, _, digits = auxiliary.name.rpartition("_")
            if digits.replace(".", "").isdigit():
                number = tuple(int(part) for part in digits.split("."))
                highest_versions[family] = max(highest_versions.get(family, ()), number)


def judge_package(name: str, runtime: Runtime, home: Path, count: Verdicts) -> None:
    folder = home / "npm" / runtime.name / name.replace("/", "+")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(json.dumps({"name": "p", "version": "1.0.0", "dependencies": {name: "*"}}))
    plugin = Plugin(name="p", display_name="P", version=1, runtime=runtime.name)
    manifest = Manifest(file=folder / "plugin.toml", plugin=plugin, build=Build())
    store = Store(home / "store")
    messages: list[str] = []
    needs: dict[str, tuple[int, ...]] = {}
    write_lock(manifest, store, SilentProgress())
    examined = select_platform_files(manifest, collect(read_lock(manifest), manifest, store, SilentProgress()))
    for pack in examined.packs:
        for family, number in highest_versions(pack.file, within=pack.package.name).items():
            needs[family] = max(needs.get(family, ()), number)
    entries = tuple(entry for pack in examined.packs for entry in package_entries(pack, python=False))
    try:
        check_natives(manifest, Bundle(entries=entries, tree_digest=""), examined)
    except KitError as error:
        messages = [problem.message for problem in error.problems if problem.severity is Severity.ERROR]
    over = [family for family, limit in LIMITS[runtime.glibc].items() if needs.get(family, ()) > limit]
    expected = "lacks its binary" if name in MISSING_BINARIES else ", ".join(over)
    count.add(f"{name} on {runtime.name}", expected=expected, messages=messages)


if __name__ == "__main__":
    raise SystemExit(main())
