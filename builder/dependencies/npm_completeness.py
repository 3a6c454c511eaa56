"""Whether a ``package-lock.json`` is complete: every requirement met by the entry that Node would find for it.

``npm ci`` refuses the same locks, with one difference on purpose: what only other platforms need is not looked at,
because it never gets into an artifact.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.dependencies.npm_graph import MODULES, is_installed, table, target
from builder.dependencies.npm_lock import LOCK_NAME, entries_for_lambda
from builder.dependencies.npm_requirements import in_shrinkwrap, requirements
from builder.errors import Problem
from builder.manifest.snippet import snippet

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from builder.dependencies.npm_graph import Entries
    from builder.dependencies.npm_requirements import Requirement

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
    one: Requirement, settled: Collection[str | None], package: Mapping[str, object], allowed: Collection[str]
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


def _misplaced_overrides(every: Sequence[Requirement]) -> Iterator[Problem]:
    """``overrides`` that contradict what package.json itself requires: npm refuses those."""
    for one in every:
        if not one.place and one.overriding is not None and one.overriding != one.spec:
            yield Problem(
                message=f"package.json requires {one.name}@{one.spec}, and its overrides {one.name}@{one.overriding}.",
                hint=f'Write the same version in both places, or "${one.name}" in overrides.',
                file="package.json",
                key=f"overrides.{one.name}",
            )


def _problem(one: Requirement, entries: Entries) -> Problem:
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
