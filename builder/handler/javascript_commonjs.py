"""``module.exports`` and ``exports`` of a CommonJS file, also as compilers and bundlers write them."""

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

_WHOLE = frozenset({"module.exports", "exports"})
_INNER = frozenset(
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
_UNINTERESTING = _INNER | {"array", "string", "template_string", "regex", "comment", "import_statement"}
_MOST_NODES = 200_000
"""So many are looked at, about half a second; a bundle with more at its top level gets the benefit of the doubt."""
_MERGERS = frozenset({"Object.assign", "__exportStar", "tslib_1.__exportStar", "__export", "__reExport"})


def commonjs_exports(root: Node, *, broken_line: int, broken_reason: str) -> Exports:
    """What the assignments to ``module.exports`` and ``exports`` outside of functions offer."""
    functions = {text_of(child.child_by_field_name("name")) for child in root.children if child.type in _INNER}
    module = _Module(local_names(root), _objects(root), functions)
    for count, node in enumerate(_nodes(root)):
        if count >= _MOST_NODES:
            module.is_open = True
            break
        module.take(node)
    return Exports(
        names=module.found,
        stars=tuple(module.stars),
        is_open=module.is_open,
        broken_line=broken_line,
        broken_reason=broken_reason,
    )


class _Module:
    """Collects the exports of one file."""

    def __init__(self, names: Names, objects: dict[str, Node], functions: set[str]) -> None:
        self._names = names
        self._functions = functions
        self._objects = objects
        self.found: Names = {}
        self.stars: list[str] = []
        self.is_open = False

    def take(self, node: Node) -> None:
        """Take in one expression, when it is an export."""
        if node.type == "assignment_expression":
            self._assignment(node)
        elif node.type == "call_expression":
            self._call(node)

    def _assignment(self, node: Node) -> None:
        target, value = node.child_by_field_name("left"), node.child_by_field_name("right")
        if target is None or value is None:
            return
        if text_of(target) == "module.exports":
            self._whole(last_of(value))
        elif target.type in {"member_expression", "subscript_expression"}:
            holder = text_of(target.child_by_field_name("object"))
            key = target.child_by_field_name("property") or target.child_by_field_name("index")
            if holder in _WHOLE:
                self._one(key, target, value)

    def _one(self, key: Node | None, target: Node, value: Node) -> None:
        is_computed = target.type == "subscript_expression" and (key is None or key.type != "string")
        self.is_open = self.is_open or is_computed
        name = name_of(key)
        # Compilers write `exports.handler = void 0` before they give it its value.
        if name and not is_computed and text_of(last_of(value)) not in {"void 0", "undefined"}:
            self.found[name] = value_of(value, self._names)

    def _whole(self, value: Node) -> None:
        """``module.exports = value``."""
        if value.type == "identifier" and text_of(value) in self._objects:
            value = self._objects[text_of(value)]
        if value.type == "object":
            self._object(value)
        elif module := required_module(value):
            self.stars.append(module)
        else:
            # A function has no further names; whatever else is computed may have any.
            is_function = value.type in _INNER or text_of(value) in self._functions
            self.is_open = self.is_open or not is_function

    def _object(self, node: Node) -> None:
        for part in node.named_children:
            if part.type == "pair":
                self._pair(part)
            elif part.type == "shorthand_property_identifier":
                self.found[text_of(part)] = value_of(part, self._names)
            elif part.type == "method_definition":
                name = name_of(part.child_by_field_name("name"))
                self.found[name] = (function_of(part),)
            elif part.type == "spread_element":
                self._merge(part.named_children[0])

    def _pair(self, part: Node) -> None:
        name = name_of(part.child_by_field_name("key"))
        if name:
            self.found[name] = value_of(part.child_by_field_name("value"), self._names)
        else:
            self.is_open = True

    def _merge(self, value: Node) -> None:
        if module := required_module(value):
            self.stars.append(module)
        elif value.type == "object":
            self._object(value)
        elif text_of(value) in self._objects:
            self._object(self._objects[text_of(value)])
        else:
            self.is_open = True

    def _call(self, node: Node) -> None:
        function = text_of(node.child_by_field_name("function"))
        holder = node.child_by_field_name("arguments")
        arguments = holder.named_children if holder is not None else []
        if function == "Object.defineProperty" and len(arguments) > 1 and text_of(arguments[0]) in _WHOLE:
            name = name_of(arguments[1])
            self.found[name] = (Export(kind=ExportKind.FUNCTION, line=line_of(node)),)
        elif function in _MERGERS and any(text_of(argument) in _WHOLE for argument in arguments):
            for argument in arguments:
                if text_of(argument) not in _WHOLE:
                    self._merge(argument)


def _objects(root: Node) -> dict[str, Node]:
    """Top-level variables that hold an object literal."""
    found: dict[str, Node] = {}
    for statement in root.children:
        for declarator in statement.named_children:
            value = declarator.child_by_field_name("value")
            if declarator.type == "variable_declarator" and value is not None and value.type == "object":
                found[text_of(declarator.child_by_field_name("name"))] = value
    return found


def _nodes(root: Node) -> Iterator[Node]:
    """Every node outside of functions and classes, in the order of the text."""
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(child for child in reversed(node.named_children) if child.type not in _UNINTERESTING)
