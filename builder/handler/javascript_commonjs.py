"""Reads the exports of a CommonJS file, also as compilers and bundlers write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.handler.exports import Export, ExportKind, Exports
from builder.handler.javascript_values import (
    Names,
    function_of,
    last_of,
    line_of,
    local_names,
    name_of,
    required_module,
    text_of,
    value_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

_EXPORTS_OBJECTS = frozenset({"module.exports", "exports"})
_FUNCTIONS_AND_CLASSES = frozenset(
    {
        "function_declaration",
        "generator_function_declaration",
        "function_expression",
        "generator_function",
        "arrow_function",
        "method_definition",
        "class_declaration",
        "class",
    }
)
_SKIPPED_NODES = _FUNCTIONS_AND_CLASSES | {"array", "string", "template_string", "regex", "comment", "import_statement"}
_MAX_NODES = 200_000
"""Reading so many nodes takes about half a second. In a larger file, every name may be exported."""
_MERGE_FUNCTIONS = frozenset({"Object.assign", "__exportStar", "tslib_1.__exportStar", "__export", "__reExport"})


def commonjs_exports(root: Node, *, error_line: int, error_message: str) -> Exports:
    """The exports that assignments to ``module.exports`` and ``exports`` outside of functions create."""
    functions = {
        text_of(child.child_by_field_name("name")) for child in root.children if child.type in _FUNCTIONS_AND_CLASSES
    }
    module = _ModuleExports(local_names(root), _objects(root), functions)
    for count, node in enumerate(_nodes(root)):
        if count >= _MAX_NODES:
            module.has_unknown_names = True
            break
        module.add(node)
    return Exports(
        names=module.exports,
        star_modules=tuple(module.star_modules),
        has_unknown_names=module.has_unknown_names,
        error_line=error_line,
        error_message=error_message,
    )


class _ModuleExports:
    """Collects the exports of one file."""

    def __init__(self, names: Names, objects: dict[str, Node], functions: set[str]) -> None:
        self._names = names
        self._functions = functions
        self._objects = objects
        self.exports: Names = {}
        self.star_modules: list[str] = []
        self.has_unknown_names = False

    def add(self, node: Node) -> None:
        """Add what one expression exports, if anything."""
        if node.type == "assignment_expression":
            self._assignment(node)
        elif node.type == "call_expression":
            self._call(node)

    def _assignment(self, node: Node) -> None:
        target, value = node.child_by_field_name("left"), node.child_by_field_name("right")
        if target is None or value is None:
            return
        if text_of(target) == "module.exports":
            self._add_all(last_of(value))
        elif target.type in {"member_expression", "subscript_expression"}:
            holder = text_of(target.child_by_field_name("object"))
            key = target.child_by_field_name("property") or target.child_by_field_name("index")
            if holder in _EXPORTS_OBJECTS:
                self._add_name(key, target, value)

    def _add_name(self, key: Node | None, target: Node, value: Node) -> None:
        is_computed = target.type == "subscript_expression" and (key is None or key.type != "string")
        self.has_unknown_names = self.has_unknown_names or is_computed
        name = name_of(key)
        # Compilers write `exports.handler = void 0` before they assign its value.
        if name and not is_computed and text_of(last_of(value)) not in {"void 0", "undefined"}:
            self.exports[name] = value_of(value, self._names)

    def _add_all(self, value: Node) -> None:
        """``module.exports = value``."""
        if value.type == "identifier" and text_of(value) in self._objects:
            value = self._objects[text_of(value)]
        if value.type == "object":
            self._add_object(value)
        elif module := required_module(value):
            self.star_modules.append(module)
        else:
            # A function has no further names; another computed value may have any name.
            is_function = value.type in _FUNCTIONS_AND_CLASSES or text_of(value) in self._functions
            self.has_unknown_names = self.has_unknown_names or not is_function

    def _add_object(self, node: Node) -> None:
        for part in node.named_children:
            if part.type == "pair":
                self._add_pair(part)
            elif part.type == "shorthand_property_identifier":
                self.exports[text_of(part)] = value_of(part, self._names)
            elif part.type == "method_definition":
                name = name_of(part.child_by_field_name("name"))
                self.exports[name] = (function_of(part),)
            elif part.type == "spread_element":
                self._add_merged(part.named_children[0])

    def _add_pair(self, part: Node) -> None:
        name = name_of(part.child_by_field_name("key"))
        if name:
            self.exports[name] = value_of(part.child_by_field_name("value"), self._names)
        else:
            self.has_unknown_names = True

    def _add_merged(self, value: Node) -> None:
        if module := required_module(value):
            self.star_modules.append(module)
        elif value.type == "object":
            self._add_object(value)
        elif text_of(value) in self._objects:
            self._add_object(self._objects[text_of(value)])
        else:
            self.has_unknown_names = True

    def _call(self, node: Node) -> None:
        function = text_of(node.child_by_field_name("function"))
        holder = node.child_by_field_name("arguments")
        arguments = holder.named_children if holder is not None else []
        if function == "Object.defineProperty" and len(arguments) > 1 and text_of(arguments[0]) in _EXPORTS_OBJECTS:
            name = name_of(arguments[1])
            self.exports[name] = (Export(kind=ExportKind.FUNCTION, line=line_of(node)),)
        elif function in _MERGE_FUNCTIONS and any(text_of(argument) in _EXPORTS_OBJECTS for argument in arguments):
            for argument in arguments:
                if text_of(argument) not in _EXPORTS_OBJECTS:
                    self._add_merged(argument)


def _objects(root: Node) -> dict[str, Node]:
    """Top-level variables that hold an object literal."""
    objects: dict[str, Node] = {}
    for statement in root.children:
        for declarator in statement.named_children:
            value = declarator.child_by_field_name("value")
            if declarator.type == "variable_declarator" and value is not None and value.type == "object":
                objects[text_of(declarator.child_by_field_name("name"))] = value
    return objects


def _nodes(root: Node) -> Iterator[Node]:
    """Every node outside of functions and classes, in the order of the text."""
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(child for child in reversed(node.named_children) if child.type not in _SKIPPED_NODES)
