"""What a cold start loads, as far as an artifact and its report show it.

``precompile = true`` puts bytecode beside exactly the modules that importing the handler loads, and the report of
``bundle`` says how much of the one file is whose. Seconds are nowhere: they differ from run to run, and one build has
one report.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.evidence.inspection.page_tables import folded, readable, row, table
from builder.quoting import printable_html

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from builder.evidence.inspection.contents import FileRow, Inspection

_BYTECODE = re.compile(r"(?P<folder>(?:.+/)?)__pycache__/(?P<name>[^/]+)\.cpython-\d+\.pyc")
_SCRIPTS = (".js", ".cjs", ".mjs")


def cold_start(seen: Inspection, files: Mapping[str, Sequence[FileRow]]) -> str:
    """The section of the page, as HTML.

    Args:
        seen: The artifact.
        files: Label of a package -> its files, the packages in the order of the table.
    """
    bundled = _bundled(seen.report)
    if bundled:
        return _one_file(bundled)
    compiled = {source: file for file in seen.files if (source := source_of(file.path))}
    sources = {file.path: file for file in seen.files if file.path.endswith(".py")}
    runtime, module = _plugin(seen.report)
    if not sources or runtime.startswith("nodejs"):
        return _scripts(seen)
    timed = _how_long(runtime, module)
    if not compiled:
        return (
            "<p>Each cold start compiles the modules that the handler imports. Which these are is not known here: with "
            "<code>precompile = true</code> under <code>[build]</code> the build finds out and adds their bytecode.</p>"
            f"{timed}"
        )
    told = (
        f"Importing the handler loads these {len(compiled):,} of {len(sources):,} modules; their bytecode lies beside "
        "them, so that nothing is compiled."
    )
    if sources.keys() <= compiled.keys():
        told = (
            f"All {len(sources):,} modules have bytecode, so that nothing is compiled: the handler imports them all, "
            'or the manifest says <code>precompile = "all"</code>.'
        )
    return f"<p>{told}</p>{timed}{_modules(files, sources, compiled)}"


def source_of(path: str) -> str:
    """The source whose bytecode a file holds, ``a/b.py`` for ``a/__pycache__/b.cpython-313.pyc``; else empty."""
    found = _BYTECODE.fullmatch(path)
    return f"{found['folder']}{found['name']}.py" if found else ""


def _modules(
    files: Mapping[str, Sequence[FileRow]], sources: Mapping[str, FileRow], compiled: Mapping[str, FileRow]
) -> str:
    heads = ("Imported from", "Sources", "Bytecode", "In the ZIP", "Modules")
    lines = []
    for label, own in files.items():
        pairs = [(sources[file.path], compiled[file.path]) for file in own if file.path in compiled]
        if pairs:
            packed = sum(source.packed_size + code.packed_size for source, code in pairs)
            sizes = (sum(source.size for source, _ in pairs), sum(code.size for _, code in pairs), packed)
            listed = [f"{source.path}: {readable(source.size)}" for source, _ in pairs]
            lines.append((packed, row(heads, (label, *map(readable, sizes)), folded(listed))))
    return table(heads, [line for _, line in sorted(lines, key=lambda line: -line[0])])


def _plugin(report: Mapping[str, object]) -> tuple[str, str]:
    """Lambda's name of the runtime, and the handler's module."""
    plugin = report.get("plugin")
    told = plugin if isinstance(plugin, dict) else {}
    module = str(told.get("handler", "")).rpartition(".")[0].replace("/", ".")
    return str(told.get("runtime", "python3")), module or "index"


def _how_long(runtime: str, module: str) -> str:
    command = f'{runtime} -X importtime -c "import {module}"'
    return (
        "<p>How long each import takes differs from run to run, so no build keeps it. To see it, unpack the ZIP and "
        f"run there: <code>{printable_html(command)}</code></p>"
    )


def _scripts(seen: Inspection) -> str:
    count = sum(file.path.endswith(_SCRIPTS) for file in seen.files)
    return (
        f"<p>Each cold start opens those of the {count:,} scripts that the handler imports, one by one. Which these "
        "are is not known here: <code>bundle = true</code> under <code>[build]</code> makes one file of them, and its "
        "report says how much of it is whose.</p>"
    )


def _bundled(report: Mapping[str, object]) -> list[tuple[str, int]]:
    rows = report.get("bundled")
    if not isinstance(rows, list | tuple):
        return []
    try:
        found = [(f"{one['name']} {one['version']}", int(one["unpackedSize"])) for one in rows]
    except (KeyError, TypeError, ValueError):
        return []
    return sorted(found, key=lambda one: (-one[1], one[0]))


def _one_file(bundled: Sequence[tuple[str, int]]) -> str:
    heads = ("In the one file", "Size")
    lines = [row(heads, (label, readable(size))) for label, size in bundled]
    return (
        f"<p>A cold start loads one file, made of these packages and the plugin's own scripts.</p>{table(heads, lines)}"
    )
