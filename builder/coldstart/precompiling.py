"""A bundle with bytecode beside its sources."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

from builder.archive.entry_paths import sort_key
from builder.archive.tree_digest import tree_digest
from builder.archive.writer import pack_members
from builder.build_values import REGULAR_MODE, Bundle
from builder.coldstart.bytecode import bytecode_entries
from builder.coldstart.imported_modules import ImportedModules, find_imported_modules, import_environment
from builder.coldstart.optimized_bundle import OptimizedBundle
from builder.coldstart.unpacking import read_member, unpack
from builder.errors import Problem, Severity
from builder.fingerprint import code_digest

if TYPE_CHECKING:
    from builder.archive.cached_results import PackStorage
    from builder.coldstart.cold_start_tools import ColdStartTools
    from builder.interpreters import Interpreter
    from builder.manifest.model import Manifest

_KEPT_AS: Final = "imports.json"


def precompile(bundle: Bundle, manifest: Manifest, tools: ColdStartTools, store: PackStorage) -> OptimizedBundle:
    """Put bytecode beside the sources that the manifest's choice names.

    With ``true`` the handler is imported once, by an interpreter of its runtime and in a process of its own, to learn
    which sources those are; the answer is kept in the store under the artifact's tree digest.

    Args:
        bundle: Everything that goes into the artifact.
        manifest: Names the handler.
        tools: ``find_tools`` of this manifest.
        store: Keeps what was found and compiled.

    Raises:
        PackagingError: The handler cannot be imported.
    """
    if tools.interpreter is None:
        return OptimizedBundle(bundle=bundle)
    sources = [entry for entry in bundle.entries if entry.path.endswith(".py")]
    isolated = True
    if manifest.build.precompile != "all":
        found = _discovered(bundle, manifest, tools.interpreter, store)
        sources, isolated = [entry for entry in sources if entry.path in found.files], found.isolated
    made = bytecode_entries(sources, tools.interpreter, store)
    entries = tuple(sorted((*bundle.entries, *made), key=lambda entry: sort_key(entry.path)))
    return OptimizedBundle(
        bundle=Bundle(entries=entries, tree_digest=tree_digest(entries)),
        warnings=() if isolated else (_exposed(),),
    )


def _discovered(bundle: Bundle, manifest: Manifest, interpreter: Interpreter, store: PackStorage) -> ImportedModules:
    told = [code_digest(), interpreter.release, bundle.tree_digest, manifest.plugin.handler]
    variables = sorted(manifest.plugin.environment_variables.items())
    key = hashlib.sha256(f"imports {json.dumps([told, variables])}".encode()).hexdigest()
    kept = store.find(key)
    if kept is not None:
        return ImportedModules(files=frozenset(json.loads(read_member(kept.file, kept.members[0]))), isolated=True)
    with store.work() as folder:
        code, work = folder / "code", folder / "tmp"
        work.mkdir()
        unpack(bundle.entries, code)
        found = find_imported_modules(
            manifest.plugin, code, interpreter, import_environment(manifest.plugin, code, work)
        )
        pack = folder / "imports.zip"
        pack_members([(_KEPT_AS, REGULAR_MODE, json.dumps(sorted(found.files)).encode())], pack)
        store.add(key, pack)
    return found


def _exposed() -> Problem:
    return Problem(
        message="The handler was imported for precompile with the network of this machine: it has no user namespaces.",
        hint='Write precompile = "all" if its imports must not run here.',
        severity=Severity.WARNING,
    )
