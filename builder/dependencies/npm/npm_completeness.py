"""Whether a ``package-lock.json`` is complete: every requirement met by the entry that Node would find for it.

``npm ci`` refuses the same locks, with one difference on purpose: what only other platforms need is not looked at,
because it never gets into an artifact.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from builder.dependencies.npm.npm_graph import MODULES, is_address, is_installed, local_path, resolve, table, target
from builder.dependencies.npm.npm_overrides import (
    OverrideRule,
    alias_of,
    more_specific,
    overriding_spec,
    read_overrides,
)
from builder.dependencies.npm.npm_ranges import parse_range, satisfies
from builder.dependencies.npm.package_lock import LOCK_NAME, entries_for_lambda
from builder.errors import Problem
from builder.manifest.text.toml_snippet import snippet

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from builder.dependencies.npm.npm_graph import Entries, Entry


# Every requirement in a ``package-lock.json`` with the entry that Node would find for it.
_PLAIN = frozenset("^~0123456789><=*")
"""What ranges begin with and addresses never do."""
_OVERRIDE_ROUNDS = 20
"""Rules nest a few levels deep at most; a bound, so that no lock keeps this going."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NpmRequirement:
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


def requirements(entries: Entries, package: Mapping[str, object]) -> tuple[NpmRequirement, ...]:
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


def _stated(place: str, entry: Entry, entries: Entries) -> Iterator[NpmRequirement]:
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
            yield NpmRequirement(place=place, kind=kind, name=name, spec=spec.strip(), accepted=also, found=found)


def _peer_kind(entry: Entry, name: str) -> str:
    meta = entry.get("peerDependenciesMeta")
    described = meta.get(name) if isinstance(meta, dict) else None
    return "peerOptional" if isinstance(described, dict) and described.get("optional") else "peer"


def _overridden(stated: tuple[NpmRequirement, ...], entries: Entries, root: OverrideRule) -> tuple[NpmRequirement, ...]:
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


def _with_rule(one: NpmRequirement, rule: OverrideRule, entries: Entries) -> NpmRequirement:
    found = rule.rule_for(one.name, one.spec)
    spec = overriding_spec(found, one.name, (entries[""], entries.get(one.place, {})))
    return replace(one, override=found, overriding=spec)


def _meets(entry: Entry, one: NpmRequirement, spec: str, entries: Entries) -> bool:
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


_OTHER_PLATFORMS = re.compile(
    r"darwin|macos|osx|fsevents|win(?:32|64|dows)|freebsd|openbsd|netbsd|sunos|android|musl|wasm|openharmony"
    r"|(?<![a-z])(?:aix|arm|aarch64|ia32|i686|x86(?!.64)|ppc|powerpc|s390|riscv|mips|loong|mac|win)"
)
"""Platforms in names of packages: a lock may lack packages for those."""
_PEERS = frozenset({"peer", "peerOptional"})


def unmet_requirements(
    entries: Entries, package: Mapping[str, object], *, allowed: Collection[str] = (), peers: bool = True
) -> tuple[Problem, ...]:
    """A problem for every requirement that the lock does not meet.

    Args:
        entries: Of the lock.
        package: package.json, which must agree with the lock's root entry.
        allowed: Optional packages that may be missing: ``[build.allow-missing]``.
        peers: Whether ``peerDependencies`` count; not with npm's ``legacy-peer-deps``.
    """
    shipped = entries_for_lambda(entries, development=True)
    every = [
        one
        for one in requirements(shipped | {"": entries.get("", {})}, package)
        if (peers or one.kind not in _PEERS) and not in_shrinkwrap(one.found, entries)
    ]
    met = [one.found is not None and one.is_met(shipped) for one in every]
    settled = {one.found for one, is_met in zip(every, met, strict=True) if is_met}
    unmet = [one for one, is_met in zip(every, met, strict=True) if not is_met]
    wrong = [one for one in unmet if _is_error(one, settled, package, allowed)]
    return (*_misplaced_overrides(every), *(_problem(one, entries) for one in wrong))


def missing_optional_packages(entries: Entries) -> Mapping[str, str]:
    """Optional packages that Lambda's platform may need and the lock lacks -> ``name version`` of who asks for it."""
    shipped = entries_for_lambda(entries)
    every = requirements(shipped | {"": entries.get("", {})}, entries.get("", {}))
    return {
        one.name: _label(one.place, entries)
        for one in every
        if one.found is None and one.kind == "optional" and is_for_lambda(one.name)
    }


def is_for_lambda(name: str) -> bool:
    """Whether a package may be for Lambda's platform, by its name: it names no other one."""
    return _OTHER_PLATFORMS.search(name) is None


def _is_error(
    one: NpmRequirement, settled: Collection[str | None], package: Mapping[str, object], allowed: Collection[str]
) -> bool:
    """Whether a requirement that is not met is an error."""
    match one.kind:
        case "peerOptional":
            return False
        case "optional" if one.found is None:
            return is_for_lambda(one.name) and one.name not in allowed
        case "peer" if one.found in settled:
            # npm settles a conflict of peers deep in the tree by what others require, and only warns.
            return _is_direct(one.place.removeprefix(MODULES), package)
        case _:
            return True


def _is_direct(name: str, package: Mapping[str, object]) -> bool:
    return any(name in table(package, field) for field in ("dependencies", "devDependencies", "optionalDependencies"))


def _misplaced_overrides(every: Sequence[NpmRequirement]) -> Iterator[Problem]:
    """``overrides`` that contradict what package.json itself requires: npm refuses those."""
    for one in every:
        if not one.place and one.overriding is not None and one.overriding != one.spec:
            yield Problem(
                message=f"package.json requires {one.name}@{one.spec}, and its overrides {one.name}@{one.overriding}.",
                hint=f'Write the same version in both places, or "${one.name}" in overrides.',
                file="package.json",
                key=f"overrides.{one.name}",
            )


def _problem(one: NpmRequirement, entries: Entries) -> Problem:
    asker = _label(one.place, entries)
    by = " (by overrides)" if one.overriding is not None else ""
    wanted = f"{one.name}@{one.effective or '*'}{by}"
    if one.found is not None:
        message = f"{asker} requires {wanted}, and {LOCK_NAME} has {_label(one.found, entries)}."
        hint = "Run `biot-plugin lock` and commit the file."
    elif one.kind == "optional":
        message = f"{asker} has an optional dependency on {wanted}, and {LOCK_NAME} does not have it."
        hint = (
            "The file may come from another operating system: run `biot-plugin lock` and commit it. If the registry "
            "does not have the package and the function works without it, add this to plugin.toml."
        )
    elif one.place.startswith("../"):
        message = f"{asker} requires {wanted}, and npm installs nothing for a folder outside of the plugin's."
        hint = f"Move {one.place} below the plugin's folder, or make a tarball of it with `npm pack`."
    else:
        message = f"{asker} requires {wanted}, and {LOCK_NAME} does not have it."
        hint = "Run `biot-plugin lock` and commit the file."
    absent = one.found is None and one.kind == "optional"
    setting = snippet("build.allow-missing", one.name, "why") if absent else ""
    return Problem(message=message, hint=hint, setting=setting, file=LOCK_NAME, key=f'packages["{one.place}"]')


def _label(place: str, entries: Entries) -> str:
    if not place:
        return "package.json"
    entry = entries.get(target(place, entries), {})
    name = entry.get("name") or place.rpartition(MODULES)[2] if is_installed(place) else place
    return f"{name} {entry.get('version', '')}".strip()
