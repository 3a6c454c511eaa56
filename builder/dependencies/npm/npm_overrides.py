"""npm's ``overrides``: which requirement counts instead of the one that a package states.

Source: npm's documentation of package.json, "overrides"; details as in ``OverrideSet`` and ``Edge`` of npm 11's
Arborist, because the documentation leaves open which of several rules applies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from builder.dependencies.npm.npm_ranges import intersects, parse_range

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ALIAS = re.compile(r"npm:(?P<name>@?[^@]+)(?:@(?P<range>.*))?")
_REFERENCES = ("devDependencies", "optionalDependencies", "dependencies", "peerDependencies")
"""Where ``$name`` is looked up in package.json, in npm's order."""


@dataclass(eq=False, kw_only=True, slots=True)
class OverrideRule:
    """One entry of ``overrides``, or all of them (the root, without a parent).

    Attributes:
        name: The package it is about; empty at the root.
        applies_to: Requirements that it replaces, as a range; ``*`` for all.
        value: The range that counts instead; ``*`` when it only holds further rules.
        parent: The rule that it stands in.
        children: Rules for what its package asks for, by key.
    """

    name: str = ""
    applies_to: str = "*"
    value: str = "*"
    parent: OverrideRule | None = None
    children: dict[str, OverrideRule] = field(default_factory=dict)

    def rule_for(self, name: str, spec: str) -> OverrideRule:
        """The rule for a requirement of a package that this one applies to; this one when none is more special."""
        for rule in self._visible().values():
            if rule.name == name and (rule.applies_to == "*" or _meets(spec, rule.applies_to)):
                return rule
        return self

    def ancestry(self) -> Iterator[OverrideRule]:
        """This rule, the one it stands in, and so on up to the root."""
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
    waiting: list[tuple[OverrideRule, dict[object, object]]] = [(root, overrides)]
    while waiting:
        parent, table = waiting.pop()
        for key, value in table.items():
            if key == ".":
                continue
            inner = value if isinstance(value, dict) else {".": value}
            name, _, applies_to = str(key).rpartition("@") if "@" in str(key)[1:] else (str(key), "", "")
            own = inner.get(".")
            rule = OverrideRule(name=name, applies_to=applies_to or "*", parent=parent)
            rule.value = "*" if own == "" else str(own or rule.applies_to)
            parent.children[_key(rule)] = rule
            waiting.append((rule, inner))
    return root


def more_specific(first: OverrideRule, second: OverrideRule) -> OverrideRule:
    """Of two rules for one package the inner one, or what both stand in."""
    of_first, of_second = list(first.ancestry()), list(second.ancestry())
    if first in of_second:
        return second
    return next(rule for rule in of_second if rule in of_first) if second not in of_first else first


def overriding_spec(rule: OverrideRule, name: str, packages: tuple[Mapping[str, object], ...]) -> str | None:
    """What counts instead of a package's own requirement.

    Args:
        rule: From ``rule_for``.
        name: What is required.
        packages: package.json of the plugin, and of whoever requires it: where ``$name`` is looked up.

    Returns:
        The spec; or None when the own one counts.
    """
    if rule.parent is None or rule.name != name or rule.value == "*":
        return None
    if not rule.value.startswith("$"):
        return rule.value
    tables = (package.get(field) for package in packages for field in _REFERENCES)
    specs = (table.get(rule.value[1:]) for table in tables if isinstance(table, dict))
    return next((str(spec) for spec in specs if spec), rule.value)


def alias_of(spec: str) -> tuple[str, str] | None:
    """(name, range) of ``npm:name@range``; None for any other spec."""
    found = _ALIAS.fullmatch(spec)
    return (found["name"], found["range"] or "*") if found else None


def _key(rule: OverrideRule) -> str:
    return rule.name if rule.applies_to == "*" else f"{rule.name}@{rule.applies_to}"


def _meets(spec: str, applies_to: str) -> bool:
    alias = alias_of(spec)
    plain = alias[1] if alias else spec
    return parse_range(plain) is None or intersects(plain, applies_to)
