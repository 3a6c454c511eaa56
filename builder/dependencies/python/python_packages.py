"""Python: requirements -> ``requirements.lock`` -> wheels, which are packs as they are."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from builder.build_values import Lock, LockedPackage, Pack
from builder.dependencies.lock.requirements import (
    DeclaredRequirements,
    parse_requirements,
    read_declared,
    read_pyproject,
)
from builder.dependencies.lock.requirements_file import read_text
from builder.dependencies.lock.requirements_lock import (
    DEV_LOCK_NAME,
    LOCK_NAME,
    Pin,
    PythonLock,
    glibc_text,
    parse_lock,
    preferences,
    render_lock,
    stale_reason,
)
from builder.errors import DependencyError
from builder.manifest.text.toml_snippet import snippet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from builder.dependencies.lock.lock_changes import LockResult
    from builder.dependencies.lock.requirements import Requirements
    from builder.dependencies.python.uv import ResolvedPackage
    from builder.dependencies.python.wheels import RequestedWheel
    from builder.dependencies.store.pack_store import Store
    from builder.manifest.model import Manifest
    from builder.progress import Progress


def read_lock(manifest: Manifest) -> Lock:
    """The wheels that ``requirements.lock`` pins, after it was checked against the manifest and the requirements.

    Raises:
        DependencyError: The lock is missing, stale, or not one of the kit.
    """
    declared = read_declared(manifest)
    file = manifest.folder / LOCK_NAME
    lock = _read(file)
    if lock is None:
        if not declared.requirements:
            return Lock(file=None, packages=())
        msg = f"{LOCK_NAME} is missing: {declared.file} has dependencies, and only locked ones are built in."
        raise DependencyError(
            msg,
            hint="Run `biot-plugin lock` and commit the file.",
        )
    reason = stale_reason(lock, manifest.runtime, declared.digest, declared.file)
    if reason:
        raise DependencyError(reason, hint="Run `biot-plugin lock` and commit the file.")
    _refuse_unasked(lock, manifest)
    return Lock(
        file=file,
        packages=tuple(_locked(pin) for pin in lock.pins),
    )


def _locked(pin: Pin) -> LockedPackage:
    return LockedPackage(name=pin.name, version=pin.version, digest=pin.digest, source=pin.source, wheel=pin.wheel)


def _refuse_unasked(lock: PythonLock, manifest: Manifest) -> None:
    """What a lock has built from source, plugin.toml must have allowed: its code runs where the store lacks it."""
    allowed = _sources(manifest)
    unasked = [pin.name for pin in lock.pins if pin.source and pin.name not in allowed]
    if unasked:
        message = f"{LOCK_NAME} has {', '.join(unasked)} built from source, which plugin.toml does not allow."
        raise DependencyError(
            message,
            hint="Run `biot-plugin lock`, or allow it in plugin.toml.",
            setting=snippet("build", "allow-sdist", sorted({*allowed, *unasked})),
        )


def _sources(manifest: Manifest) -> tuple[str, ...]:
    """The packages that are built from source, by their normalised names."""
    return tuple(re.sub(r"[-_.]+", "-", name).lower() for name in manifest.build.allow_sdist)


def collect(lock: Lock, manifest: Manifest, store: Store, progress: Progress) -> tuple[Pack, ...]:
    """Every locked wheel as a pack; what the store lacks or holds damaged is fetched by its hash.

    Raises:
        DependencyError: A wheel cannot be had.
    """
    packs = {package: _find(package, store) for package in lock.packages}
    absent = [package for package, pack in packs.items() if pack is None]
    if absent and store.shared is not None:
        from builder.dependencies.python.wheels import fetch_shared_wheels

        fetch_shared_wheels([package.digest for package in absent], store, progress)
        packs |= {package: _find(package, store) for package in absent}
        absent = [package for package in absent if packs[package] is None]
    if absent:
        from builder.dependencies.python.wheels import RequestedWheel, fetch_wheels

        wanted = [
            RequestedWheel(name=one.name, version=one.version, digests=(one.digest,), wheel=one.wheel)
            for one in absent
            if not one.source
        ]
        fetch_wheels(wanted, manifest.runtime, store, progress)
        _build_again([package for package in absent if package.source], manifest, store, progress)
        packs |= {package: _find(package, store) for package in absent}
    return tuple(_present(package, pack) for package, pack in packs.items())


def _build_again(packages: Sequence[LockedPackage], manifest: Manifest, store: Store, progress: Progress) -> None:
    if packages:
        from builder.dependencies.python.source_packages import rebuild_wheels, sdist_digest
        from builder.dependencies.python.wheels import RequestedWheel

        wanted = [
            (RequestedWheel(name=one.name, version=one.version, digests=(sdist_digest(one.source),)), one.digest)
            for one in packages
        ]
        rebuild_wheels(wanted, manifest.runtime, store, progress)


def write_lock(manifest: Manifest, store: Store, progress: Progress, *, upgrade: bool = False) -> LockResult:
    """Choose versions and wheels for the runtime, fetch what is new into the store, and write the lock files.

    Args:
        manifest: Whose runtime and requirements count.
        store: Receives the wheels.
        progress: Told what happens and which settings are ignored.
        upgrade: Take the newest versions instead of keeping those of the present lock.

    Raises:
        DependencyError: A line is no requirement, or no set of wheels satisfies all of them.
    """
    from builder.dependencies.lock.lock_changes import compare_versions
    from builder.dependencies.lock.lock_proof import refuse_unsatisfied
    from builder.dependencies.lock.lock_writer import write_lock_file
    from builder.dependencies.python.dev_lock import dev_question, make_dev_lock

    declared = read_declared(manifest)
    requirements = parse_requirements(declared)
    _tell_ignored(manifest, declared, progress)
    file, dev_file = manifest.folder / LOCK_NAME, manifest.folder / DEV_LOCK_NAME
    before = _read_old(file)
    pins = _choose(requirements, manifest, store, progress, None if upgrade else before)
    runtime = manifest.runtime
    refuse_unsatisfied(declared, [_present(one, _find(one, store)) for one in map(_locked, pins)], runtime)
    lock = PythonLock(runtime=runtime.name, glibc=glibc_text(runtime), inputs=declared.digest, pins=pins)
    texts = {file: render_lock(lock)} if declared.requirements or file.exists() else {}
    keep = "" if upgrade or not dev_file.is_file() else read_text(dev_file, DEV_LOCK_NAME)
    question = dev_question(read_pyproject(manifest.folder), requirements, runtime, keep)
    if question is not None:
        texts[dev_file] = make_dev_lock(replace(question, sources=_sources(manifest)), pins, store, progress)
    for target, text in texts.items():
        write_lock_file(target, text.encode())
    was = before.pins if before is not None else ()
    return compare_versions(
        ((pin.name, pin.version) for pin in was), ((pin.name, pin.version) for pin in pins), tuple(texts)
    )


def _choose(
    requirements: Requirements, manifest: Manifest, store: Store, progress: Progress, before: PythonLock | None
) -> tuple[Pin, ...]:
    from builder.dependencies.python.loadable_wheels import replace_unloadable_wheels
    from builder.dependencies.python.uv import ResolutionRequest, parse_resolution, resolve
    from builder.dependencies.python.wheels import RequestedWheel, fetch_wheels, read_pip_settings

    if not requirements.wanted:
        return ()
    progress.begin("Choosing versions", 0)
    question = ResolutionRequest(
        wanted=requirements.wanted,
        constraints=requirements.constraints,
        keep=preferences(before.pins) if before is not None else "",
        runtime=manifest.runtime,
        sources=_sources(manifest),
    )
    with store.work() as folder:
        resolved = parse_resolution(resolve(question, folder, read_pip_settings(folder)))
    for name in sorted({*question.sources} - {one.name for one in resolved}):
        progress.note(f"[build] allow-sdist names {name}, which is not among the dependencies.")
    allowed = _allowed(resolved, requirements)
    kept = _still_good(before, allowed, manifest, store, progress)
    new = [
        RequestedWheel(name=one.name, version=one.version, digests=digests)
        for one, digests in allowed.items()
        if one.name not in kept
    ]
    published = [one for one in new if one.name not in question.sources]
    fetched = replace_unloadable_wheels(
        fetch_wheels(published, manifest.runtime, store, progress), published, manifest.runtime, store, progress
    )
    pins = [Pin(name=one.name, version=one.version, digest=one.digest, wheel=one.wheel) for one in fetched]
    pins += _built([one for one in new if one.name in question.sources], manifest, store, progress)
    return tuple(sorted([*pins, *kept.values()], key=lambda pin: pin.name))


def _built(wanted: Sequence[RequestedWheel], manifest: Manifest, store: Store, progress: Progress) -> list[Pin]:
    if not wanted:
        return []
    from builder.dependencies.python.source_packages import build_wheels

    return [
        Pin(**asdict(made.wheel), source=made.source)
        for made in build_wheels(wanted, manifest.runtime, store, progress)
    ]


def _allowed(resolved: Iterable[ResolvedPackage], requirements: Requirements) -> dict[ResolvedPackage, tuple[str, ...]]:
    """The hashes that would do: those of the index, limited to what the author's ``--hash`` options say."""
    allowed: dict[ResolvedPackage, tuple[str, ...]] = {}
    for one in resolved:
        named = requirements.hashes.get(one.name)
        allowed[one] = one.digests if named is None else tuple(digest for digest in one.digests if digest in named)
        if not allowed[one]:
            msg = f"The index has no file of {one.name} {one.version} with a hash that the requirements allow."
            raise DependencyError(
                msg,
                hint=f"Check the --hash options of {one.name}, or drop them: the lock pins its own.",
            )
    return allowed


def _still_good(
    before: PythonLock | None,
    allowed: dict[ResolvedPackage, tuple[str, ...]],
    manifest: Manifest,
    store: Store,
    progress: Progress,
) -> dict[str, Pin]:
    """Pins that stay as they are: same version, a hash that is still offered, and the wheel in the store."""
    runtime = manifest.runtime
    if before is None or (before.runtime, before.glibc) != (runtime.name, glibc_text(runtime)):
        return {}
    offered = {(one.name, one.version): digests for one, digests in allowed.items()}
    allowed_sources = _sources(manifest)
    same = [
        pin
        for pin in before.pins
        if pin.wheel and pin.published in offered.get((pin.name, pin.version), ())
        if not pin.source or pin.name in allowed_sources
    ]
    if store.shared is not None:
        from builder.dependencies.python.wheels import fetch_shared_wheels

        fetch_shared_wheels([pin.digest for pin in same if not _in_store(pin.digest, store)], store, progress)
    return {pin.name: pin for pin in same if _in_store(pin.digest, store)}


def _tell_ignored(manifest: Manifest, declared: DeclaredRequirements, progress: Progress) -> None:
    from builder.dependencies.operator_settings import ignored_project_settings
    from builder.dependencies.tool_failures import safe_text

    for line in declared.options:
        editable = line.text.startswith(("-e", "--editable"))
        reason = "your own code belongs under the build root" if editable else "only your own settings choose the index"
        progress.note(f"{line.file}:{line.line}: `{safe_text(line.text)}` is ignored: {reason}.")
    files = [file.name for file in manifest.folder.iterdir()]
    for note in ignored_project_settings(read_pyproject(manifest.folder), files):
        progress.note(note)


def stored_wheels(lock: Lock, store: Store) -> tuple[Pack, ...] | None:
    """Every locked wheel as a pack; None when the store lacks one."""
    packs = [pack for package in lock.packages if (pack := _find(package, store)) is not None]
    return tuple(packs) if len(packs) == len(lock.packages) else None


def _find(package: LockedPackage, store: Store) -> Pack | None:
    sha256 = package.digest.removeprefix("sha256:")
    stored = store.find(sha256, sha256=sha256)
    return None if stored is None else Pack(package=package, file=stored.file, members=stored.members)


def _in_store(digest: str, store: Store) -> bool:
    sha256 = digest.removeprefix("sha256:")
    return store.find(sha256, sha256=sha256) is not None


def _present(package: LockedPackage, pack: Pack | None) -> Pack:
    if pack is None:
        msg = f"{package.name} {package.version} vanished from the store while it was used."
        raise DependencyError(
            msg,
            hint="Is another program clearing the folder? Run the command again.",
        )
    return pack


def _read(file: Path) -> PythonLock | None:
    return parse_lock(read_text(file, file.name)) if file.is_file() else None


def _read_old(file: Path) -> PythonLock | None:
    """The present lock for its versions; one that cannot be read is made anew."""
    try:
        return _read(file)
    except DependencyError:
        return None
