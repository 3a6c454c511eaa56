"""Whether a ``package-lock.json`` is complete: each requirement is met by the entry that Node resolves it to.

``npm ci`` refuses the same locks, with one intended difference: what only other platforms need is ignored, because it
never gets into an artifact.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from builder.dependencies.npm.npm_graph import (
    MODULES,
    is_address,
    is_installed,
    local_path,
    resolve,
    string_table,
    target,
)
from builder.dependencies.npm.npm_overrides import (
    OverrideRule,
    more_specific,
    overriding_spec,
    parse_alias,
    read_overrides,
)
from builder.dependencies.npm.npm_ranges import parse_range, satisfies
from builder.dependencies.npm.package_lock import LOCK_NAME, entries_for_lambda
from builder.errors import Problem
from builder.manifest.text.toml_snippet import snippet

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from builder.dependencies.npm.npm_graph import Entries, Entry

_RANGE_START = frozenset("^~0123456789><=*")
"""Characters that begin ranges and never addresses."""
_OVERRIDE_ROUNDS = 20
"""Overrides nest a few levels deep at most; the limit keeps a hostile lock from running forever."""
_OTHER_PLATFORMS = re.compile(
    r"darwin|macos|osx|fsevents|win(?:32|64|dows)|freebsd|openbsd|netbsd|sunos|android|musl|wasm|openharmony"
    r"|(?<![a-z])(?:aix|arm|aarch64|ia32|i686|x86(?!.64)|ppc|powerpc|s390|riscv|mips|loong|mac|win)"
)
"""Platforms in package names: a lock may lack packages for those."""
_PEERS = frozenset({"peer", "peerOptional"})


class NpmRequirement(Struct, frozen=True, kw_only=True):
    """One requirement of one entry.

    Attributes:
        place: Of the entry that requires it; ``""`` for the plugin itself.
        kind: ``prod``, ``optional``, ``dev``, ``peer`` or ``peerOptional``.
        name: Of the required package, as it is imported.
        spec: As package.json states it.
        accepted_spec: Another spec that is accepted too (npm's ``acceptDependencies``); empty for none.
        override: The rule of ``overrides`` that applies, if any.
        override_spec: The spec that replaces ``spec``; None without a replacement.
        resolved_place: Of the entry that Node finds; None when there is none.
    """

    place: str
    kind: str
    name: str
    spec: str
    accepted_spec: str = ""
    override: OverrideRule | None = None
    override_spec: str | None = None
    resolved_place: str | None = None

    @property
    def effective_spec(self) -> str:
        """The spec that counts."""
        return self.spec if self.override_spec is None else self.override_spec

    def is_met(self, entries: Entries) -> bool:
        """Whether the entry that Node finds matches the spec, as npm judges it."""
        entry = entries.get(self.resolved_place or "", {})
        matches = _matches(entry, self, self.spec, entries) or (
            bool(self.accepted_spec) and _matches(entry, self, self.accepted_spec, entries)
        )
        if self.override_spec is None or self.override is None or entry.get("inBundle"):
            return matches
        if _matches(entry, self, self.override_spec, entries):
            return True
        return matches and not _matches(entry, self, self.override.applies_to, entries)


def read_requirements(entries: Entries, package: Mapping[str, object]) -> tuple[NpmRequirement, ...]:
    """Everything that the entries of a lock require.

    Args:
        entries: Of the lock; the root's own requirements are read from package.json.
        package: package.json of the plugin.
    """
    current = {**entries, "": dict(package)}
    stated = tuple(
        requirement
        for place, entry in current.items()
        if not entry.get("link")
        for requirement in _stated_requirements(place, entry, current)
    )
    rules = read_overrides(package)
    return stated if rules is None else _with_overrides(stated, current, rules)


def unmet_requirements(
    entries: Entries, package: Mapping[str, object], *, allowed: Collection[str] = (), peers: bool = True
) -> tuple[Problem, ...]:
    """A problem for each requirement that the lock does not meet.

    Args:
        entries: Of the lock.
        package: package.json, which must agree with the lock's root entry.
        allowed: Optional packages that may be missing: ``[build.allow-missing]``.
        peers: Whether ``peerDependencies`` count; they do not with npm's ``legacy-peer-deps``.
    """
    relevant = entries_for_lambda(entries, development=True)
    requirements = [
        requirement
        for requirement in read_requirements(relevant | {"": entries.get("", {})}, package)
        if (peers or requirement.kind not in _PEERS) and not _in_shrinkwrap(requirement.resolved_place, entries)
    ]
    is_met = [requirement.resolved_place is not None and requirement.is_met(relevant) for requirement in requirements]
    settled = {one.resolved_place for one, met in zip(requirements, is_met, strict=True) if met}
    unmet = [one for one, met in zip(requirements, is_met, strict=True) if not met]
    errors = [one for one in unmet if _is_error(one, settled, package, allowed)]
    return (*_contradicting_overrides(requirements), *(_problem(one, entries) for one in errors))


def missing_optional_packages(entries: Entries) -> Mapping[str, str]:
    """Optional packages that Lambda's platform may need and the lock lacks -> ``name version`` of what requires it."""
    relevant = entries_for_lambda(entries)
    requirements = read_requirements(relevant | {"": entries.get("", {})}, entries.get("", {}))
    return {
        one.name: _label(one.place, entries)
        for one in requirements
        if one.resolved_place is None and one.kind == "optional" and may_run_on_lambda(one.name)
    }


def may_run_on_lambda(name: str) -> bool:
    """Whether a package may be for Lambda's platform, judged by its name: it names no other platform."""
    return _OTHER_PLATFORMS.search(name) is None


def _in_shrinkwrap(place: str | None, entries: Entries) -> bool:
    """Whether a package above the place brings a lock of its own, which npm follows unchecked."""
    above = place or ""
    while f"/{MODULES}" in above:
        above = above.rpartition(f"/{MODULES}")[0]
        if entries.get(above, {}).get("hasShrinkwrap"):
            return True
    return False


def _stated_requirements(place: str, entry: Entry, entries: Entries) -> Iterator[NpmRequirement]:
    """What an entry requires; where several tables list a name, the last table counts."""
    peers = string_table(entry, "peerDependencies")
    kinds = {name: (_peer_kind(entry, name), spec) for name, spec in peers.items()}
    kinds |= {name: ("prod", spec) for name, spec in string_table(entry, "dependencies").items()}
    kinds |= {name: ("optional", spec) for name, spec in string_table(entry, "optionalDependencies").items()}
    if not is_installed(place):
        kinds |= {name: ("dev", spec) for name, spec in string_table(entry, "devDependencies").items()}
    bundled = entry.get("bundleDependencies") if is_installed(place) else None
    in_tarball = {str(name) for name in bundled} if isinstance(bundled, list) else set(kinds) if bundled else set()
    accepted = string_table(entry, "acceptDependencies")
    for name, (kind, spec) in kinds.items():
        if name not in in_tarball:
            yield NpmRequirement(
                place=place,
                kind=kind,
                name=name,
                spec=spec.strip(),
                accepted_spec=accepted.get(name, ""),
                resolved_place=resolve(place, name, entries),
            )


def _peer_kind(entry: Entry, name: str) -> str:
    meta = entry.get("peerDependenciesMeta")
    options = meta.get(name) if isinstance(meta, dict) else None
    return "peerOptional" if isinstance(options, dict) and options.get("optional") else "peer"


def _with_overrides(
    stated: tuple[NpmRequirement, ...], entries: Entries, root: OverrideRule
) -> tuple[NpmRequirement, ...]:
    """The requirements with the rules of ``overrides`` that apply to them."""
    rules: dict[str, OverrideRule] = {"": root}
    for _ in range(_OVERRIDE_ROUNDS):
        before = dict(rules)
        for requirement in stated:
            if requirement.place not in rules or requirement.resolved_place is None:
                continue
            rule = rules[requirement.place].rule_for(requirement.name, requirement.spec)
            place = target(requirement.resolved_place, entries)
            rules[place] = more_specific(rules[place], rule) if place in rules else rule
        if rules == before:
            break
    return tuple(_with_rule(one, rules.get(one.place, root), entries) for one in stated)


def _with_rule(requirement: NpmRequirement, inherited: OverrideRule, entries: Entries) -> NpmRequirement:
    rule = inherited.rule_for(requirement.name, requirement.spec)
    spec = overriding_spec(rule, requirement.name, (entries[""], entries.get(requirement.place, {})))
    return replace(requirement, override=rule, override_spec=spec)


def _matches(entry: Entry, requirement: NpmRequirement, spec: str, entries: Entries) -> bool:
    """Whether an entry matches a spec; tags and registry addresses are not compared, as only a registry could."""
    alias = parse_alias(spec) if spec.startswith("npm:") else None
    name, version_spec = alias or (requirement.name, spec or "*")
    if spec[:1] not in _RANGE_START and is_address(version_spec):
        path = local_path(requirement.place, version_spec)
        resolved = str(entry.get("resolved", ""))
        return path is None or (resolved if entry.get("link") else resolved.removeprefix("file:")) == path
    if not entry.get("link") and str(entry.get("name") or requirement.name) != name:
        return False
    package = entries.get(target(requirement.resolved_place or "", entries), {}) if entry.get("link") else entry
    return (
        version_spec == "*"
        or satisfies(str(package.get("version", "")), version_spec)
        or parse_range(version_spec) is None
    )


def _is_error(
    requirement: NpmRequirement,
    settled: Collection[str | None],
    package: Mapping[str, object],
    allowed: Collection[str],
) -> bool:
    """Whether an unmet requirement is an error."""
    match requirement.kind:
        case "peerOptional":
            return False
        case "optional" if requirement.resolved_place is None:
            return may_run_on_lambda(requirement.name) and requirement.name not in allowed
        case "peer" if requirement.resolved_place in settled:
            # npm settles a conflict of peers deep in the tree by what other packages require, and only warns.
            return _is_direct(requirement.place.removeprefix(MODULES), package)
        case _:
            return True


def _is_direct(name: str, package: Mapping[str, object]) -> bool:
    fields = ("dependencies", "devDependencies", "optionalDependencies")
    return any(name in string_table(package, field) for field in fields)


def _contradicting_overrides(requirements: Sequence[NpmRequirement]) -> Iterator[Problem]:
    """``overrides`` that contradict what package.json itself requires: npm refuses those."""
    for one in requirements:
        if not one.place and one.override_spec is not None and one.override_spec != one.spec:
            yield Problem(
                message=f"package.json requires {one.name}@{one.spec}, but its overrides say "
                f"{one.name}@{one.override_spec}.",
                hint=f'Write the same version in both places, or "${one.name}" in overrides.',
                file="package.json",
                key=f"overrides.{one.name}",
                code="contradicting-override",
            )


def _problem(requirement: NpmRequirement, entries: Entries) -> Problem:
    requirer = _label(requirement.place, entries)
    by = " (by overrides)" if requirement.override_spec is not None else ""
    required = f"{requirement.name}@{requirement.effective_spec or '*'}{by}"
    absent = requirement.resolved_place is None
    if requirement.resolved_place is not None:
        message = f"{requirer} requires {required}, but {LOCK_NAME} has {_label(requirement.resolved_place, entries)}."
        hint = "Run `biot-plugin lock` and commit the file."
    elif requirement.kind == "optional":
        message = f"{requirer} has an optional dependency on {required}, which is missing in {LOCK_NAME}."
        hint = (
            "If the file was made on another operating system, run `biot-plugin lock` and commit it. If the registry "
            "does not have the package and the function works without it, add this to plugin.toml."
        )
    elif requirement.place.startswith("../"):
        message = f"{requirer} requires {required}, but npm installs nothing for a folder outside the plugin's folder."
        hint = f"Move {requirement.place} below the plugin's folder, or make a tarball of it with `npm pack`."
    else:
        message = f"{requirer} requires {required}, which is missing in {LOCK_NAME}."
        hint = "Run `biot-plugin lock` and commit the file."
    allows = absent and requirement.kind == "optional"
    setting = snippet("build.allow-missing", requirement.name, "why") if allows else ""
    return Problem(
        message=message,
        hint=hint,
        setting=setting,
        file=LOCK_NAME,
        key=f'packages["{requirement.place}"]',
        code="incomplete-lock",
    )


def _label(place: str, entries: Entries) -> str:
    if not place:
        return "package.json"
    entry = entries.get(target(place, entries), {})
    name = entry.get("name") or place.rpartition(MODULES)[2] if is_installed(place) else place
    return f"{name} {entry.get('version', '')}".strip()
