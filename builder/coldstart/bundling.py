"""The plugin's scripts and its npm packages as one file: Node.js opens one file instead of hundreds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from builder import process
from builder.archive.compression import compressed_entry
from builder.archive.entry_paths import sort_key
from builder.archive.tree_digest import tree_digest
from builder.build_values import EXECUTABLE_MODE, REGULAR_MODE, Bundle
from builder.coldstart.optimized_bundle import OptimizedBundle
from builder.coldstart.unpacking import read_member, unpack
from builder.errors import PackagingError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from builder.archive.cached_results import PackStorage
    from builder.build_values import Pack
    from builder.manifest.model import Manifest


# npm packages that stay as they are when the rest becomes one file: native code, and whatever leads to it.
MODULES: Final = "node_modules/"
_NATIVE: Final = (".node", ".so")


def package_of(path: str) -> str:
    """The name of the npm package that a path of the artifact belongs to; empty for the plugin's own files."""
    _, found, rest = path.rpartition(MODULES)
    if not found:
        return ""
    parts = rest.split("/")
    return "/".join(parts[:2]) if rest.startswith("@") else parts[0]


def native_packages(paths: Iterable[str]) -> frozenset[str]:
    """Names of the packages that hold native code."""
    return frozenset(package_of(path) for path in paths if path.endswith(_NATIVE) or ".so." in path) - {""}


def external_packages(natives: frozenset[str], asks: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The packages to leave alone: those that lead to native code, and everything that they ask for.

    Args:
        natives: Names of packages that hold native code.
        asks: Each package's name with the names it depends on, in any way.
    """
    leading = set(natives)
    while more := {name for name, wanted in asks.items() if name not in leading and wanted & leading}:
        leading |= more
    kept = set(leading)
    while more := {wanted for name in kept for wanted in asks.get(name, frozenset())} - kept:
        kept |= more
    return frozenset(kept & asks.keys())


_PROGRAMS: Final = frozenset({"bin/esbuild", "esbuild.exe"})
_EXTENSIONS: Final = (".js", ".mjs", ".cjs")
_DEPENDENCIES: Final = ("dependencies", "optionalDependencies", "peerDependencies")
_MARKER: Final = "package.json"
_REQUIRE: Final = (
    "import { createRequire as biotPluginCreateRequire } from 'node:module';"
    "const require = biotPluginCreateRequire(import.meta.url);"
)
"""CommonJS packages inside an ES module call ``require`` for Node's own modules."""


def bundle_scripts(bundle: Bundle, manifest: Manifest, program: Pack, store: PackStorage) -> OptimizedBundle:
    """Let esbuild make one file of the handler and everything it imports.

    Packages with native code, those that lead to them and what these need stay as they are. Of the plugin's own files,
    those that went into the one file are left out, and the others (data, templates) stay.

    Args:
        bundle: Everything, as it would go into the artifact.
        manifest: Names handler, runtime and whether a source map is wanted.
        program: The pack that holds esbuild for this machine.
        store: Lends a private folder.

    Raises:
        PackagingError: esbuild cannot bundle the code; carries what it says.
    """
    handler = _handler_file(bundle, manifest)
    with store.work() as folder:
        code, out = folder / "code", folder / "out"
        unpack(bundle.entries, code)
        kept = _externals(bundle, code)
        tool = _tool(program, folder)
        arguments = _arguments(handler, manifest, code, sorted(kept))
        done = process.run(
            [str(tool), *arguments, f"--outfile={out / handler}", f"--metafile={folder / 'meta.json'}"],
            cwd=code,
            environment={"HOME": str(folder), "TMPDIR": str(folder)},
        )
        if done.returncode != 0:
            raise _refused(done.stderr)
        meta = json.loads((folder / "meta.json").read_bytes())
        made = [
            compressed_entry(path.relative_to(out).as_posix(), REGULAR_MODE, path.read_bytes())
            for path in sorted(out.rglob("*.*"))
        ]
    taken = set(meta["inputs"])
    rest = [
        entry
        for entry in bundle.entries
        if (package_of(entry.path) in kept if entry.owner else entry.path not in taken or entry.path == _MARKER)
    ]
    entries = tuple(sorted((*made, *rest), key=lambda entry: sort_key(entry.path)))
    return OptimizedBundle(
        bundle=Bundle(entries=entries, tree_digest=tree_digest(entries)), bundled_sizes=_shares(bundle, meta)
    )


def _handler_file(bundle: Bundle, manifest: Manifest) -> str:
    """The handler's file, looked for as Lambda does."""
    stem = manifest.plugin.handler.rpartition(".")[0]
    paths = {entry.path for entry in bundle.entries}
    return next(stem + extension for extension in _EXTENSIONS if stem + extension in paths)


def _externals(bundle: Bundle, code: Path) -> frozenset[str]:
    natives = native_packages(entry.path for entry in bundle.entries)
    if not natives:
        return frozenset()
    asks: dict[str, set[str]] = {}
    for entry in bundle.entries:
        name = package_of(entry.path)
        if name and entry.path.endswith(f"node_modules/{name}/{_MARKER}"):
            described = json.loads((code / entry.path).read_bytes())
            wanted = {dependency for field in _DEPENDENCIES for dependency in described.get(field) or ()}
            asks.setdefault(name, set()).update(wanted)
    return external_packages(natives, {name: frozenset(wanted) for name, wanted in asks.items()})


def _tool(program: Pack, folder: Path) -> Path:
    member = next(member for member in program.members if member.path in _PROGRAMS)
    tool = folder / member.path.rpartition("/")[2]
    tool.write_bytes(read_member(program.file, member))
    tool.chmod(EXECUTABLE_MODE)
    return tool


def _arguments(handler: str, manifest: Manifest, code: Path, kept: Sequence[str]) -> list[str]:
    module = handler.endswith(".mjs") or (handler.endswith(".js") and _is_module(code / handler, code))
    return [
        handler,
        "--bundle",
        "--platform=node",
        f"--target=node{manifest.runtime.version}",
        f"--format={'esm' if module else 'cjs'}",
        *([f"--banner:js={_REQUIRE}"] if module else []),
        # Names stay, so that tracebacks and audits can be read; spaces and long spellings go.
        "--minify-whitespace",
        "--minify-syntax",
        "--charset=utf8",
        "--tsconfig-raw={}",
        "--log-level=error",
        *(["--sourcemap=linked"] if manifest.build.bundle == "source-map" else []),
        *(f"--external:{name}" for name in kept),
    ]


def _is_module(file: Path, code: Path) -> bool:
    """Whether Node.js takes a ``.js`` file for an ES module: the nearest package.json says so."""
    for folder in file.parents:
        if (folder / _MARKER).is_file():
            return bool(json.loads((folder / _MARKER).read_bytes()).get("type") == "module")
        if folder == code:
            break
    return False


def _shares(bundle: Bundle, meta: Mapping[str, Mapping[str, Mapping[str, object]]]) -> dict[str, int]:
    """Bytes in the one file by package; what esbuild adds between them and the plugin's own code is not counted."""
    owners = {entry.path: entry.owner for entry in bundle.entries}
    bundled_sizes: dict[str, int] = {}
    for output in meta["outputs"].values():
        inputs = output["inputs"]
        for path, told in inputs.items() if isinstance(inputs, dict) else ():
            owner = owners.get(path)
            if owner:
                bundled_sizes[owner] = bundled_sizes.get(owner, 0) + int(told["bytesInOutput"])
    return bundled_sizes


def _refused(said: str) -> PackagingError:
    lines = [line.strip() for line in said.splitlines()]
    told = [line.partition("[ERROR] ")[2] for line in lines if "[ERROR] " in line]
    places = [line for line in lines if line.endswith(":") and ":" in line[:-1]]
    problems = [
        Problem(message=f"{text.rstrip('.')}.", file=place.split(":")[0])
        for text, place in zip(told, [*places, *[""] * len(told)], strict=False)
    ]
    message = "The plugin cannot become one file: esbuild refuses its code."
    return PackagingError(message, hint="Mend what is named above, or leave [build] bundle out.", problems=problems)
