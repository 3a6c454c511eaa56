"""Bundles the plugin's scripts and npm packages into one script: Node.js opens one file instead of hundreds.

Packages with native code stay separate, as do packages that depend on them and everything that
those depend on.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from builder.archive.compression import compressed_entry
from builder.archive.entry_paths import sort_key
from builder.archive.tree_digest import tree_digest
from builder.build_values import EXECUTABLE_MODE, REGULAR_MODE, Bundle
from builder.coldstart.optimized_bundle import OptimizedBundle
from builder.coldstart.unpacking import read_member, unpack
from builder.errors import PackagingError, Problem
from builder.host import process

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from builder.archive.cached_results import PackStorage
    from builder.build_values import Entry, Pack
    from builder.manifest.model import Manifest

_MODULES: Final = "node_modules/"
_NATIVE_SUFFIXES: Final = (".node", ".so")
_PROGRAMS: Final = frozenset({"bin/esbuild", "esbuild.exe"})
_EXTENSIONS: Final = (".js", ".mjs", ".cjs")
_DEPENDENCIES: Final = ("dependencies", "optionalDependencies", "peerDependencies")
_PACKAGE_JSON: Final = "package.json"
_REQUIRE: Final = (
    "import { createRequire as biotPluginCreateRequire } from 'node:module';"
    "const require = biotPluginCreateRequire(import.meta.url);"
)
"""CommonJS packages inside an ES module call ``require`` for modules of Node.js."""


def bundle_scripts(bundle: Bundle, manifest: Manifest, program: Pack, store: PackStorage) -> OptimizedBundle:
    """Bundle the handler and everything it imports into one script, with esbuild.

    Of the plugin's own files, those inside the script are removed from the artifact, and the others
    (data, templates) stay.

    Args:
        bundle: Everything, as it would go into the artifact.
        manifest: Its handler, its runtime and whether to write a source map.
        program: The pack with esbuild for this machine.
        store: Provides a private folder.

    Raises:
        PackagingError: esbuild rejects the code; carries its messages.
    """
    handler = _handler_file(bundle, manifest)
    with store.work_folder() as folder:
        code, out = folder / "code", folder / "out"
        unpack(bundle.entries, code)
        external = _find_external_packages(bundle, code)
        tool = _tool(program, folder)
        arguments = _arguments(handler, manifest, code, sorted(external))
        done = process.run(
            [str(tool), *arguments, f"--outfile={out / handler}", f"--metafile={folder / 'meta.json'}"],
            cwd=code,
            environment={"HOME": str(folder), "TMPDIR": str(folder)},
        )
        if done.returncode != 0:
            raise _bundling_error(done.stderr)
        meta = json.loads((folder / "meta.json").read_bytes())
        scripts = [
            compressed_entry(path.relative_to(out).as_posix(), REGULAR_MODE, path.read_bytes())
            for path in sorted(out.rglob("*.*"))
        ]
    bundled_paths = set(meta["inputs"])
    others = [entry for entry in bundle.entries if _stays_separate(entry, external, bundled_paths)]
    entries = tuple(sorted((*scripts, *others), key=lambda entry: sort_key(entry.path)))
    return OptimizedBundle(
        bundle=Bundle(entries=entries, tree_digest=tree_digest(entries)), bundled_sizes=_bundled_sizes(bundle, meta)
    )


def package_of(path: str) -> str:
    """The name of the npm package that a path of the artifact belongs to; empty for the plugin's own files."""
    _, separator, path_in_package = path.rpartition(_MODULES)
    if not separator:
        return ""
    parts = path_in_package.split("/")
    return "/".join(parts[:2]) if path_in_package.startswith("@") else parts[0]


def native_packages(paths: Iterable[str]) -> frozenset[str]:
    """The names of packages with native code."""
    return frozenset(package_of(path) for path in paths if path.endswith(_NATIVE_SUFFIXES) or ".so." in path) - {""}


def external_packages(native: frozenset[str], dependencies: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The packages that stay separate: all that depend on native code, and everything that those depend on.

    Args:
        native: Names of packages with native code.
        dependencies: Each package's name -> the names of its dependencies of every kind.
    """
    dependents = set(native)
    while more := {name for name, names in dependencies.items() if name not in dependents and names & dependents}:
        dependents |= more
    external = set(dependents)
    while more := {needed for name in external for needed in dependencies.get(name, frozenset())} - external:
        external |= more
    return frozenset(external & dependencies.keys())


def _stays_separate(entry: Entry, external: frozenset[str], bundled_paths: set[str]) -> bool:
    if entry.owner:
        return package_of(entry.path) in external
    return entry.path not in bundled_paths or entry.path == _PACKAGE_JSON


def _handler_file(bundle: Bundle, manifest: Manifest) -> str:
    """The handler's file, searched in the order of Lambda."""
    stem = manifest.plugin.handler.rpartition(".")[0]
    paths = {entry.path for entry in bundle.entries}
    return next(stem + extension for extension in _EXTENSIONS if stem + extension in paths)


def _find_external_packages(bundle: Bundle, code: Path) -> frozenset[str]:
    native = native_packages(entry.path for entry in bundle.entries)
    if not native:
        return frozenset()
    dependencies: dict[str, set[str]] = {}
    for entry in bundle.entries:
        name = package_of(entry.path)
        if name and entry.path.endswith(f"node_modules/{name}/{_PACKAGE_JSON}"):
            package_json = json.loads((code / entry.path).read_bytes())
            names = {dependency for field in _DEPENDENCIES for dependency in package_json.get(field) or ()}
            dependencies.setdefault(name, set()).update(names)
    return external_packages(native, {name: frozenset(names) for name, names in dependencies.items()})


def _tool(program: Pack, folder: Path) -> Path:
    member = next(member for member in program.members if member.path in _PROGRAMS)
    tool = folder / member.path.rpartition("/")[2]
    tool.write_bytes(read_member(program.file, member))
    tool.chmod(EXECUTABLE_MODE)
    return tool


def _arguments(handler: str, manifest: Manifest, code: Path, external: Sequence[str]) -> list[str]:
    is_module = handler.endswith(".mjs") or (handler.endswith(".js") and _is_es_module(code / handler, code))
    return [
        handler,
        "--bundle",
        "--platform=node",
        f"--target=node{manifest.runtime.version}",
        f"--format={'esm' if is_module else 'cjs'}",
        *([f"--banner:js={_REQUIRE}"] if is_module else []),
        # Names stay, so that tracebacks and audits are readable; whitespace is removed and syntax is shortened.
        "--minify-whitespace",
        "--minify-syntax",
        "--charset=utf8",
        "--tsconfig-raw={}",
        "--log-level=error",
        *(["--sourcemap=linked"] if manifest.build.bundle == "source-map" else []),
        *(f"--external:{name}" for name in external),
    ]


def _is_es_module(file: Path, code: Path) -> bool:
    """Whether Node.js loads a ``.js`` file as an ES module: the nearest package.json decides."""
    for folder in file.parents:
        if (folder / _PACKAGE_JSON).is_file():
            return bool(json.loads((folder / _PACKAGE_JSON).read_bytes()).get("type") == "module")
        if folder == code:
            break
    return False


def _bundled_sizes(bundle: Bundle, meta: Mapping[str, Mapping[str, Mapping[str, object]]]) -> dict[str, int]:
    """Bytes of each package in the script, without the plugin's own code and what esbuild adds."""
    owners = {entry.path: entry.owner for entry in bundle.entries}
    sizes: dict[str, int] = {}
    for output in meta["outputs"].values():
        inputs = output["inputs"]
        for path, details in inputs.items() if isinstance(inputs, dict) else ():
            owner = owners.get(path)
            if owner:
                sizes[owner] = sizes.get(owner, 0) + int(details["bytesInOutput"])
    return sizes


def _bundling_error(stderr: str) -> PackagingError:
    lines = [line.strip() for line in stderr.splitlines()]
    messages = [line.partition("[ERROR] ")[2] for line in lines if "[ERROR] " in line]
    locations = [line for line in lines if line.endswith(":") and ":" in line[:-1]]
    problems = [
        Problem(message=f"{message.rstrip('.')}.", file=location.split(":")[0], code="bundling")
        for message, location in zip(messages, [*locations, *[""] * len(messages)], strict=False)
    ]
    hint = "Fix the problems listed above, or remove bundle from [build]."
    return PackagingError("Bundling failed: esbuild rejects the plugin's code.", hint=hint, problems=problems)
