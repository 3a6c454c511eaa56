"""The ``export`` statements of an ES module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.handler.exports import Export, Exports, Kind
from builder.handler.javascript_values import Names, declared, line_of, local_names, name_of, value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node


def es_exports(root: Node, *, broken_line: int, broken_reason: str) -> Exports:
    """What the ``export`` statements of a file offer."""
    names = local_names(root)
    found: Names = {}
    stars: list[str] = []
    for statement in root.children:
        if statement.type != "export_statement":
            continue
        source = name_of(statement.child_by_field_name("source"))
        if source and any(child.type == "*" for child in statement.children):
            stars.append(source)
        found.update(_exported(statement, source, names))
    return Exports(names=found, stars=tuple(stars), broken_line=broken_line, broken_reason=broken_reason)


def _exported(statement: Node, source: str, names: Names) -> Iterator[tuple[str, tuple[Export, ...]]]:
    declaration = statement.child_by_field_name("declaration")
    if any(child.type == "default" for child in statement.children):
        # `export default function handler` offers the name "default" and no other.
        yield "default", value_of(statement.child_by_field_name("value") or declaration, names)
    else:
        yield from declared(declaration, names)
    for child in statement.named_children:
        if child.type == "namespace_export":
            yield name_of(child.named_children[-1]), (Export(kind=Kind.VALUE, line=line_of(child)),)
        for specifier in child.named_children if child.type == "export_clause" else ():
            name = name_of(specifier.child_by_field_name("name"))
            alias = name_of(specifier.child_by_field_name("alias")) or name
            if source:
                passed_on = Export(kind=Kind.PASSED_ON, line=line_of(specifier), module=source, name=name)
                yield alias, (passed_on,)
            else:
                yield alias, names.get(name, ())
