"""npm's ``overrides``: which requirement replaces the one that a package states.

Source: npm's documentation of package.json, "overrides"; details as in ``OverrideSet`` and ``Edge`` of npm 11's
Arborist, because the documentation does not say which of several rules applies.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct, field

from builder.dependencies.npm.npm_ranges import intersects, parse_range

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ALIAS = re.compile(r"npm:(?P<name>@?[^@]+)(?:@(?P<range>.*))?")
_REFERENCES = ("devDependencies", "optionalDependencies", "dependencies", "peerDependencies")
"""Where ``$name`` is looked up in package.json, in npm's order."""


class OverrideRule(Struct, eq=False, kw_only=True):
    """One entry of ``overrides``, or all of them (the root, without a parent).

    Attributes:
        name: Of the package it applies to; empty at the root.
        applies_to: The requirements that it replaces, as a range; ``*`` for all.
        value: The range that replaces them; ``*`` when it only contains further rules.
        parent: The rule that contains this one.
        children: Rules for what its package requires, by key.
    """

    name: str = ""
    applies_to: str = "*"
    value: str = "*"
    parent: OverrideRule | None = None
    children: dict[str, OverrideRule] = field(default_factory=dict)

    def rule_for(self, name: str, spec: str) -> OverrideRule:
        """The rule for a requirement of a package that this one applies to; this one when none is more specific."""
        for rule in self._visible().values():
            if rule.name == name and (rule.applies_to == "*" or _meets(spec, rule.applies_to)):
                return rule
        return self

    def ancestry(self) -> Iterator[OverrideRule]:
        """This rule, the rule that contains it, and so on up to the root."""
        rule: OverrideRule | None = self
        while rule is not None:
            yield rule
            rule = rule.parent

    def _visible(self) -> Mapping[str, OverrideRule]:
        rules: dict[str, OverrideRule] = {}
        for ancestor in self.ancestry():
            for key, child in ancestor.children.items():
                rules.setdefault(key, child)
            if ancestor.parent is not None:
                rules.setdefault(_key(ancestor), ancestor)
        return rules


def read_overrides(package: Mapping[str, object]) -> OverrideRule | None:
    """The rules of a package.json; None when it has none."""
    overrides = package.get("overrides")
    if not isinstance(overrides, dict) or not overrides:
        return None
    root = OverrideRule()
    pending: list[tuple[OverrideRule, dict[object, object]]] = [(root, overrides)]
    while pending:
        parent, table = pending.pop()
        for key, value in table.items():
            if key == ".":
                continue
            inner = value if isinstance(value, dict) else {".": value}
            name, _, applies_to = str(key).rpartition("@") if "@" in str(key)[1:] else (str(key), "", "")
            replacement = inner.get(".")
            rule = OverrideRule(name=name, applies_to=applies_to or "*", parent=parent)
            rule.value = "*" if replacement == "" else str(replacement or rule.applies_to)
            parent.children[_key(rule)] = rule
            pending.append((rule, inner))
    return root


def more_specific(first: OverrideRule, second: OverrideRule) -> OverrideRule:
    """Of two rules for one package, the inner one; or the rule that contains both."""
    first_ancestry, second_ancestry = list(first.ancestry()), list(second.ancestry())
    if first in second_ancestry:
        return second
    if second in first_ancestry:
        return first
    return next(rule for rule in second_ancestry if rule in first_ancestry)


def overriding_spec(rule: OverrideRule, name: str, packages: tuple[Mapping[str, object], ...]) -> str | None:
    """The spec that replaces a package's own requirement.

    Args:
        rule: From ``rule_for``.
        name: Of the required package.
        packages: package.json of the plugin, and of the package that requires it: where ``$name`` is looked up.

    Returns:
        The spec; None when the package's own requirement counts.
    """
    if rule.parent is None or rule.name != name or rule.value == "*":
        return None
    if not rule.value.startswith("$"):
        return rule.value
    tables = (package.get(field) for package in packages for field in _REFERENCES)
    specs = (table.get(rule.value[1:]) for table in tables if isinstance(table, dict))
    return next((str(spec) for spec in specs if spec), rule.value)


def parse_alias(spec: str) -> tuple[str, str] | None:
    """(name, range) of ``npm:name@range``; None for any other spec."""
    match = _ALIAS.fullmatch(spec)
    return (match["name"], match["range"] or "*") if match else None


def _key(rule: OverrideRule) -> str:
    return rule.name if rule.applies_to == "*" else f"{rule.name}@{rule.applies_to}"


def _meets(spec: str, applies_to: str) -> bool:
    alias = parse_alias(spec)
    plain = alias[1] if alias else spec
    return parse_range(plain) is None or intersects(plain, applies_to)
