"""Adds bytecode to a bundle, beside its sources."""

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
from builder.host.fingerprint import code_digest

if TYPE_CHECKING:
    from builder.archive.cached_results import PackStorage
    from builder.coldstart.cold_start_tools import ColdStartTools
    from builder.host.interpreters import Interpreter
    from builder.manifest.model import Manifest

_RESULT_NAME: Final = "imports.json"


def precompile(bundle: Bundle, manifest: Manifest, tools: ColdStartTools, store: PackStorage) -> OptimizedBundle:
    """Add bytecode for the sources that ``[build] precompile`` asks for.

    With ``"all"`` these are all sources. With ``true`` they are those that the handler imports: it
    is imported once, by an interpreter of its runtime in a separate process, and the result is kept
    in the store under the artifact's tree digest.

    Args:
        bundle: Everything that goes into the artifact.
        manifest: Names the handler.
        tools: ``find_tools`` of this manifest.
        store: Keeps the list of imported modules and the bytecode.

    Raises:
        PackagingError: The handler cannot be imported.
    """
    if tools.interpreter is None:
        return OptimizedBundle(bundle=bundle)
    sources = [entry for entry in bundle.entries if entry.path.endswith(".py")]
    is_isolated = True
    if manifest.build.precompile != "all":
        imported = _imported_modules(bundle, manifest, tools.interpreter, store)
        sources, is_isolated = [entry for entry in sources if entry.path in imported.files], imported.is_isolated
    bytecode = bytecode_entries(sources, tools.interpreter, store)
    entries = tuple(sorted((*bundle.entries, *bytecode), key=lambda entry: sort_key(entry.path)))
    return OptimizedBundle(
        bundle=Bundle(entries=entries, tree_digest=tree_digest(entries)),
        warnings=() if is_isolated else (_not_isolated(),),
    )


def _imported_modules(
    bundle: Bundle, manifest: Manifest, interpreter: Interpreter, store: PackStorage
) -> ImportedModules:
    key_parts = [code_digest(), interpreter.release, bundle.tree_digest, manifest.plugin.handler]
    variables = sorted(manifest.plugin.environment_variables.items())
    key = hashlib.sha256(f"imports {json.dumps([key_parts, variables])}".encode()).hexdigest()
    stored = store.find(key)
    if stored is not None:
        return ImportedModules(
            files=frozenset(json.loads(read_member(stored.file, stored.members[0]))), is_isolated=True
        )
    with store.work_folder() as folder:
        code, work = folder / "code", folder / "tmp"
        work.mkdir()
        unpack(bundle.entries, code)
        imported = find_imported_modules(
            manifest.plugin, code, interpreter, import_environment(manifest.plugin, code, work)
        )
        pack = folder / "imports.zip"
        pack_members([(_RESULT_NAME, REGULAR_MODE, json.dumps(sorted(imported.files)).encode())], pack)
        store.add(key, pack)
    return imported


def _not_isolated() -> Problem:
    return Problem(
        message="The handler was imported for precompile without isolation: this machine has no user namespaces.",
        hint='Its imports could use the network. Write precompile = "all" to import nothing.',
        code="no-isolation",
        severity=Severity.WARNING,
    )
