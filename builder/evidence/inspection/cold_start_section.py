"""The files that a cold start loads, as far as an artifact and its report show them.

``precompile = true`` puts bytecode beside exactly the modules that the handler imports. With
``bundle``, the report has the size of each package inside the bundled file. There are no seconds:
they differ from run to run, and the same build must give the same report.
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


def cold_start(inspection: Inspection, files: Mapping[str, Sequence[FileRow]]) -> str:
    """The section of the page, as HTML.

    Args:
        inspection: The artifact.
        files: Label of a package -> its files, with the packages in the order of the table.
    """
    bundled = _bundled(inspection.report)
    if bundled:
        return _one_file(bundled)
    compiled = {source: file for file in inspection.files if (source := source_of(file.path))}
    sources = {file.path: file for file in inspection.files if file.path.endswith(".py")}
    runtime, module = _plugin(inspection.report)
    if not sources or runtime.startswith("nodejs"):
        return _scripts(inspection)
    timed = _how_long(runtime, module)
    if not compiled:
        return (
            "<p>Each cold start compiles the modules that the handler imports. With <code>precompile = true</code> "
            "under <code>[build]</code>, the build finds these modules and adds their bytecode.</p>"
            f"{timed}"
        )
    summary = (
        f"The handler imports these {len(compiled):,} of {len(sources):,} modules. Their bytecode is included, so that "
        "nothing is compiled."
    )
    if sources.keys() <= compiled.keys():
        summary = (
            f"All {len(sources):,} modules have bytecode, so that nothing is compiled: the handler imports all of "
            'them, or the manifest has <code>precompile = "all"</code>.'
        )
    return f"<p>{summary}</p>{timed}{_modules(files, sources, compiled)}"


def source_of(path: str) -> str:
    """The source of a bytecode file, ``a/b.py`` for ``a/__pycache__/b.cpython-313.pyc``; empty for other files."""
    match = _BYTECODE.fullmatch(path)
    return f"{match['folder']}{match['name']}.py" if match else ""


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
            modules = [f"{source.path}: {readable(source.size)}" for source, _ in pairs]
            lines.append((packed, row(heads, (label, *map(readable, sizes)), folded(modules))))
    return table(heads, [line for _, line in sorted(lines, key=lambda line: -line[0])])


def _plugin(report: Mapping[str, object]) -> tuple[str, str]:
    """Lambda's name of the runtime, and the handler's module."""
    reported = report.get("plugin")
    plugin = reported if isinstance(reported, dict) else {}
    module = str(plugin.get("handler", "")).rpartition(".")[0].replace("/", ".")
    return str(plugin.get("runtime", "python3")), module or "index"


def _how_long(runtime: str, module: str) -> str:
    command = f'{runtime} -X importtime -c "import {module}"'
    return (
        "<p>The time of each import differs from run to run, so it is not recorded. To measure it, unpack the ZIP "
        f"and run there: <code>{printable_html(command)}</code></p>"
    )


def _scripts(inspection: Inspection) -> str:
    count = sum(file.path.endswith(_SCRIPTS) for file in inspection.files)
    return (
        f"<p>Each cold start opens the scripts that the handler imports, one by one; the ZIP has {count:,}. "
        "<code>bundle = true</code> under <code>[build]</code> makes one file of them, and the report then has the "
        "size of each package in it.</p>"
    )


def _bundled(report: Mapping[str, object]) -> list[tuple[str, int]]:
    rows = report.get("bundled")
    if not isinstance(rows, list | tuple):
        return []
    try:
        sizes = [(f"{row['name']} {row['version']}", int(row["unpackedSize"])) for row in rows]
    except (KeyError, TypeError, ValueError):
        return []
    return sorted(sizes, key=lambda size: (-size[1], size[0]))


def _one_file(bundled: Sequence[tuple[str, int]]) -> str:
    heads = ("In the bundled file", "Size")
    lines = [row(heads, (label, readable(size))) for label, size in bundled]
    text = "A cold start loads one file, which contains these packages and the plugin's own scripts."
    return f"<p>{text}</p>{table(heads, lines)}"
