"""What the expressions and names of a JavaScript file mean, for ES modules and CommonJS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.handler.exports import Export, ExportKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

Names = dict[str, tuple[Export, ...]]
"""Names of one file and what they mean."""

_MAX_NAME_BYTES = 1_024
_MAX_CHAIN_LENGTH = 64
_NOT_FUNCTIONS = frozenset(
    {"number", "string", "template_string", "array", "object", "true", "false", "null", "undefined", "regex", "class"}
)
_VARIABLES = frozenset({"lexical_declaration", "variable_declaration"})
_FUNCTIONS = frozenset({"function_declaration", "generator_function_declaration"})


def text_of(node: Node | None) -> str:
    """The source of a node; empty for None and for a text that is too long to be a name (up to a whole bundle)."""
    if node is None or node.end_byte - node.start_byte > _MAX_NAME_BYTES:
        return ""
    return (node.text or b"").decode("utf-8", "replace")


def name_of(node: Node | None) -> str:
    """The name in a key, a specifier or a string; empty when it is computed."""
    if node is None or node.type == "computed_property_name":
        return ""
    text = text_of(node)
    return text[1:-1] if node.type == "string" else text


def line_of(node: Node) -> int:
    """The 1-based line where a node starts."""
    return node.start_point.row + 1


def local_names(root: Node) -> Names:
    """The names that the top-level declarations and imports of a file bind."""
    names: Names = {}
    for statement in root.children:
        inner = statement.child_by_field_name("declaration") if statement.type == "export_statement" else statement
        for name, exports in declared_names(inner, names):
            names[name] = exports
        if statement.type == "import_statement":
            names.update(_imported(statement))
    return names


def declared_names(node: Node | None, names: Names) -> Iterator[tuple[str, tuple[Export, ...]]]:
    """The names that a declaration binds."""
    if node is None:
        return
    if node.type in _FUNCTIONS:
        yield text_of(node.child_by_field_name("name")), (function_of(node),)
    elif node.type == "class_declaration":
        yield text_of(node.child_by_field_name("name")), (Export(kind=ExportKind.NOT_A_FUNCTION, line=line_of(node)),)
    elif node.type in _VARIABLES:
        for declarator in node.named_children:
            if declarator.type == "variable_declarator":
                yield from _declarator(declarator, names)


def value_of(node: Node | None, names: Names) -> tuple[Export, ...]:
    """What an expression is; it counts as a function unless it is certainly something else."""
    if node is None:
        return ()
    node = last_of(node)
    line = line_of(node)
    if node.type in {"identifier", "shorthand_property_identifier"} and text_of(node) in names:
        return names[text_of(node)]
    if node.type == "member_expression" and (module := required_module(node.child_by_field_name("object"))):
        name = text_of(node.child_by_field_name("property"))
        return (Export(kind=ExportKind.REEXPORT, line=line, module=module, name=name),)
    return (Export(kind=ExportKind.NOT_A_FUNCTION, line=line) if node.type in _NOT_FUNCTIONS else function_of(node),)


def function_of(node: Node) -> Export:
    """A function, or an expression that may be one, with its ``length``: parameters before a default or a rest."""
    parameters = node.child_by_field_name("parameters")
    positional_parameters = 0
    for parameter in parameters.named_children if parameters is not None else ():
        if parameter.type in {"assignment_pattern", "rest_pattern"}:
            break
        positional_parameters += parameter.type != "comment"
    return Export(kind=ExportKind.FUNCTION, line=line_of(node), positional_parameters=positional_parameters)


def last_of(node: Node) -> Node:
    """The value at the end of a chain such as ``exports.a = (exports.b = value)``."""
    for _ in range(_MAX_CHAIN_LENGTH):
        inner = node
        if node.type == "assignment_expression":
            inner = node.child_by_field_name("right") or node
        elif node.type == "parenthesized_expression" and node.named_children:
            inner = node.named_children[0]
        if inner is node:
            break
        node = inner
    return node


def required_module(node: Node | None) -> str:
    """The module of ``require("…")``, or empty when the node is not such a call."""
    if node is None or node.type != "call_expression" or text_of(node.child_by_field_name("function")) != "require":
        return ""
    arguments = node.child_by_field_name("arguments")
    first = arguments.named_children[0] if arguments is not None and arguments.named_children else None
    return name_of(first) if first is not None and first.type == "string" else ""


def _declarator(node: Node, names: Names) -> Iterator[tuple[str, tuple[Export, ...]]]:
    target, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if target is None:
        return
    if target.type == "identifier":
        yield text_of(target), value_of(value, names)
        return
    module = required_module(value)
    for part in target.named_children if target.type == "object_pattern" else ():
        key = part.child_by_field_name("key") or part
        bound = part.child_by_field_name("value") or part
        export = Export(kind=ExportKind.FUNCTION, line=line_of(part))
        if module:
            export = Export(kind=ExportKind.REEXPORT, line=line_of(part), module=module, name=text_of(key))
        yield text_of(bound), (export,)


def _imported(statement: Node) -> Iterator[tuple[str, tuple[Export, ...]]]:
    module, line = name_of(statement.child_by_field_name("source")), line_of(statement)
    for clause in (child for child in statement.named_children if child.type == "import_clause"):
        for part in clause.named_children:
            if part.type == "identifier":
                yield text_of(part), (Export(kind=ExportKind.REEXPORT, line=line, module=module, name="default"),)
            elif part.type == "namespace_import":
                yield text_of(part.named_children[-1]), (Export(kind=ExportKind.NOT_A_FUNCTION, line=line),)
            for specifier in part.named_children if part.type == "named_imports" else ():
                name = specifier.child_by_field_name("name")
                bound = specifier.child_by_field_name("alias") or name
                reexport = Export(kind=ExportKind.REEXPORT, line=line, module=module, name=name_of(name))
                yield text_of(bound), (reexport,)
