"""Every requirement in a ``package-lock.json`` with the entry that Node would find for it.

What counts as a requirement, and which one when several tables name a package, is as in npm 11 (``Node`` and ``Edge``
of its Arborist).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from builder.dependencies.npm_graph import MODULES, is_address, is_installed, local_path, resolve, table, target
from builder.dependencies.npm_overrides import (
    OverrideRule,
    alias_of,
    more_specific,
    overriding_spec,
    read_overrides,
)
from builder.dependencies.npm_ranges import parse_range, satisfies

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from builder.dependencies.npm_graph import Entries, Entry

_PLAIN = frozenset("^~0123456789><=*")
"""What ranges begin with and addresses never do."""
_OVERRIDE_ROUNDS = 20
"""Rules nest a few levels deep at most; a bound, so that no lock keeps this going."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirement:
    """What one entry requires.

    Attributes:
        place: Who requires it: a place in the lock, ``""`` for the plugin itself.
        kind: ``prod``, ``optional``, ``dev``, ``peer`` or ``peerOptional``.
        name: Of the required package, as it is imported.
        spec: What it asks for.
        accepted: Another spec that will do (npm's ``acceptDependencies``); empty for none.
        override: The rule of ``overrides`` that applies, if any.
        overriding: The spec that counts instead of ``spec``; None when that one counts.
        found: The place of the entry that Node finds; None when there is none.
    """

    place: str
    kind: str
    name: str
    spec: str
    accepted: str = ""
    override: OverrideRule | None = None
    overriding: str | None = None
    found: str | None = None

    @property
    def effective(self) -> str:
        """The spec that counts."""
        return self.spec if self.overriding is None else self.overriding

    def is_met(self, entries: Entries) -> bool:
        """Whether the entry that Node finds is what the spec asks for, as npm judges it."""
        entry = entries.get(self.found or "", {})
        plain = _meets(entry, self, self.spec, entries) or (
            bool(self.accepted) and _meets(entry, self, self.accepted, entries)
        )
        if self.overriding is None or self.override is None or entry.get("inBundle"):
            return plain
        if _meets(entry, self, self.overriding, entries):
            return True
        return plain and not _meets(entry, self, self.override.applies_to, entries)


def requirements(entries: Entries, package: Mapping[str, object]) -> tuple[Requirement, ...]:
    """Everything that the entries of a lock require.

    Args:
        entries: Of the lock; the root's own requirements are taken from package.json.
        package: package.json of the plugin.
    """
    current = {**entries, "": dict(package)}
    stated = tuple(
        one for place, entry in current.items() if not entry.get("link") for one in _stated(place, entry, current)
    )
    rules = read_overrides(package)
    return stated if rules is None else _overridden(stated, current, rules)


def in_shrinkwrap(place: str | None, entries: Entries) -> bool:
    """Whether a package above the place brings a lock of its own, which npm follows without a look."""
    above = place or ""
    while f"/{MODULES}" in above:
        above = above.rpartition(f"/{MODULES}")[0]
        if entries.get(above, {}).get("hasShrinkwrap"):
            return True
    return False


def _stated(place: str, entry: Entry, entries: Entries) -> Iterator[Requirement]:
    """What an entry requires; where several tables have a name, the last of them counts."""
    peers = table(entry, "peerDependencies")
    kinds = {name: (_peer_kind(entry, name), spec) for name, spec in peers.items()}
    kinds |= {name: ("prod", spec) for name, spec in table(entry, "dependencies").items()}
    kinds |= {name: ("optional", spec) for name, spec in table(entry, "optionalDependencies").items()}
    if not is_installed(place):
        kinds |= {name: ("dev", spec) for name, spec in table(entry, "devDependencies").items()}
    bundled = entry.get("bundleDependencies") if is_installed(place) else None
    in_tarball = {str(name) for name in bundled} if isinstance(bundled, list) else set(kinds) if bundled else set()
    accepted = table(entry, "acceptDependencies")
    for name, (kind, spec) in kinds.items():
        if name not in in_tarball:
            found = resolve(place, name, entries)
            also = accepted.get(name, "")
            yield Requirement(place=place, kind=kind, name=name, spec=spec.strip(), accepted=also, found=found)


def _peer_kind(entry: Entry, name: str) -> str:
    meta = entry.get("peerDependenciesMeta")
    described = meta.get(name) if isinstance(meta, dict) else None
    return "peerOptional" if isinstance(described, dict) and described.get("optional") else "peer"


def _overridden(stated: tuple[Requirement, ...], entries: Entries, root: OverrideRule) -> tuple[Requirement, ...]:
    """The requirements with the rules of ``overrides`` that apply to them."""
    rules: dict[str, OverrideRule] = {"": root}
    for _ in range(_OVERRIDE_ROUNDS):
        before = dict(rules)
        for one in stated:
            if one.place not in rules or one.found is None:
                continue
            rule = rules[one.place].rule_for(one.name, one.spec)
            place = target(one.found, entries)
            rules[place] = more_specific(rules[place], rule) if place in rules else rule
        if rules == before:
            break
    return tuple(_with_rule(one, rules.get(one.place, root), entries) for one in stated)


def _with_rule(one: Requirement, rule: OverrideRule, entries: Entries) -> Requirement:
    found = rule.rule_for(one.name, one.spec)
    spec = overriding_spec(found, one.name, (entries[""], entries.get(one.place, {})))
    return replace(one, override=found, overriding=spec)


def _meets(entry: Entry, one: Requirement, spec: str, entries: Entries) -> bool:
    """Whether an entry is what a spec asks for; tags and addresses are not compared, as only a registry could."""
    alias = alias_of(spec) if spec.startswith("npm:") else None
    name, wanted = alias or (one.name, spec or "*")
    if spec[:1] not in _PLAIN and is_address(wanted):
        path = local_path(one.place, wanted)
        resolved = str(entry.get("resolved", ""))
        return path is None or (resolved if entry.get("link") else resolved.removeprefix("file:")) == path
    if not entry.get("link") and str(entry.get("name") or one.name) != name:
        return False
    package = entries.get(target(one.found or "", entries), {}) if entry.get("link") else entry
    return wanted == "*" or satisfies(str(package.get("version", "")), wanted) or parse_range(wanted) is None
