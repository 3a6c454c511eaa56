"""Writes ``requirements.lock`` and ``requirements-dev.lock``: uv chooses versions, pip fetches the new wheels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import asdict, replace

from builder.dependencies.lock.lock_changes import compare_versions
from builder.dependencies.lock.lock_proof import refuse_unsatisfied
from builder.dependencies.lock.lock_writer import write_lock_file
from builder.dependencies.lock.requirements import parse_requirements, read_declared, read_pyproject
from builder.dependencies.lock.requirements_file import read_text
from builder.dependencies.lock.requirements_lock import (
    DEV_LOCK_NAME,
    LOCK_NAME,
    Pin,
    PythonLock,
    glibc_text,
    pinned_versions,
    render_lock,
)
from builder.dependencies.operator_settings import ignored_project_settings
from builder.dependencies.python.dev_lock import make_dev_lock, read_dev_request
from builder.dependencies.python.loadable_wheels import replace_unloadable_wheels
from builder.dependencies.python.pip_client import read_pip_settings
from builder.dependencies.python.python_packages import find_wheel, locked_package, read_lock_file, source_names
from builder.dependencies.python.source_packages import build_wheels
from builder.dependencies.python.uv import ResolutionRequest, parse_resolution, resolve
from builder.dependencies.python.wheels import RequestedWheel, fetch_shared_wheels, fetch_wheels
from builder.dependencies.tool_failures import safe_text
from builder.errors import DependencyError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from builder.dependencies.lock.lock_changes import LockResult
    from builder.dependencies.lock.requirements import DeclaredRequirements, Requirements
    from builder.dependencies.python.uv import ResolvedPackage
    from builder.dependencies.store.pack_store import Store
    from builder.manifest.model import Manifest
    from builder.progress import Progress


def write_lock(manifest: Manifest, store: Store, progress: Progress, *, upgrade: bool = False) -> LockResult:
    """Choose versions and wheels for the runtime, fetch new ones into the store, and write the lock files.

    Args:
        manifest: Whose runtime and requirements count.
        store: Receives the wheels.
        progress: Receives the steps, and the settings that are ignored.
        upgrade: Choose the newest versions instead of keeping those of the current lock.

    Raises:
        DependencyError: A line is not a requirement, or no set of wheels satisfies all of them.
    """
    declared = read_declared(manifest)
    requirements = parse_requirements(declared)
    _note_ignored_settings(manifest, declared, progress)
    file, dev_file = manifest.folder / LOCK_NAME, manifest.folder / DEV_LOCK_NAME
    old = _read_old_lock(file)
    pins = _choose(requirements, manifest, store, progress, None if upgrade else old)
    runtime = manifest.runtime
    refuse_unsatisfied(declared, [find_wheel(locked_package(pin), store) for pin in pins], runtime)
    lock = PythonLock(runtime=runtime.name, glibc=glibc_text(runtime), inputs=declared.digest, pins=pins)
    texts = {file: render_lock(lock)} if declared.requirements or file.exists() else {}
    preferences = "" if upgrade or not dev_file.is_file() else read_text(dev_file, DEV_LOCK_NAME)
    dev_request = read_dev_request(read_pyproject(manifest.folder), requirements, runtime, preferences)
    if dev_request is not None:
        dev_request = replace(dev_request, source_packages=source_names(manifest))
        texts[dev_file] = make_dev_lock(dev_request, pins, store, progress)
    for target, text in texts.items():
        write_lock_file(target, text.encode())
    old_pins = old.pins if old is not None else ()
    return compare_versions(
        ((pin.name, pin.version) for pin in old_pins), ((pin.name, pin.version) for pin in pins), tuple(texts)
    )


def _choose(
    requirements: Requirements, manifest: Manifest, store: Store, progress: Progress, old: PythonLock | None
) -> tuple[Pin, ...]:
    if not requirements.direct:
        return ()
    progress.begin("Choosing versions", 0)
    request = ResolutionRequest(
        requirements=requirements.direct,
        constraints=requirements.constraints,
        preferences=pinned_versions(old.pins) if old is not None else "",
        runtime=manifest.runtime,
        source_packages=source_names(manifest),
    )
    with store.work_folder() as folder:
        resolved = parse_resolution(resolve(request, folder, read_pip_settings(folder)))
    for name in sorted({*request.source_packages} - {package.name for package in resolved}):
        progress.note(f"[build] allow-sdist lists {name}, which is not a dependency.")
    digests = _allowed_digests(resolved, requirements)
    reused = _reusable_pins(old, digests, manifest, store, progress)
    new = [
        RequestedWheel(name=package.name, version=package.version, digests=allowed)
        for package, allowed in digests.items()
        if package.name not in reused
    ]
    published = [one for one in new if one.name not in request.source_packages]
    unpublished = [one for one in new if one.name in request.source_packages]
    fetched = replace_unloadable_wheels(
        fetch_wheels(published, manifest.runtime, store, progress), published, manifest.runtime, store, progress
    )
    built = build_wheels(unpublished, manifest.runtime, store, progress)
    pins = [Pin(**asdict(wheel)) for wheel in fetched]
    pins += [Pin(**asdict(one.wheel), source=one.source) for one in built]
    return tuple(sorted([*pins, *reused.values()], key=lambda pin: pin.name))


def _allowed_digests(
    resolved: Iterable[ResolvedPackage], requirements: Requirements
) -> dict[ResolvedPackage, tuple[str, ...]]:
    """The acceptable hashes of each package: the index's, limited to the requirements' ``--hash`` options."""
    allowed: dict[ResolvedPackage, tuple[str, ...]] = {}
    for package in resolved:
        hashes = requirements.hashes.get(package.name)
        allowed[package] = tuple(digest for digest in package.digests if hashes is None or digest in hashes)
        if not allowed[package]:
            message = f"The index has no file of {package.name} {package.version} with a hash in the requirements."
            hint = f"Check the --hash options of {package.name}, or remove them: the lock pins its own hash."
            raise DependencyError(message, hint=hint)
    return allowed


def _reusable_pins(
    old: PythonLock | None,
    digests: dict[ResolvedPackage, tuple[str, ...]],
    manifest: Manifest,
    store: Store,
    progress: Progress,
) -> dict[str, Pin]:
    """Pins that stay as they are: the same version, a hash that the index still has, and the wheel in the store."""
    runtime = manifest.runtime
    if old is None or (old.runtime, old.glibc) != (runtime.name, glibc_text(runtime)):
        return {}
    available = {(package.name, package.version): allowed for package, allowed in digests.items()}
    sources = source_names(manifest)
    unchanged = [
        pin
        for pin in old.pins
        if pin.wheel and pin.published_digest in available.get((pin.name, pin.version), ())
        if not pin.source or pin.name in sources
    ]
    if store.shared is not None:
        fetch_shared_wheels([pin.digest for pin in unchanged if not _in_store(pin, store)], store, progress)
    return {pin.name: pin for pin in unchanged if _in_store(pin, store)}


def _in_store(pin: Pin, store: Store) -> bool:
    sha256 = pin.digest.removeprefix("sha256:")
    return store.find(sha256, sha256=sha256) is not None


def _note_ignored_settings(manifest: Manifest, declared: DeclaredRequirements, progress: Progress) -> None:
    for line in declared.options:
        editable = line.text.startswith(("-e", "--editable"))
        reason = "put your own code under the build root" if editable else "only your own settings choose the index"
        progress.note(f"{line.file}:{line.line}: `{safe_text(line.text)}` is ignored: {reason}.")
    files = [file.name for file in manifest.folder.iterdir()]
    for note in ignored_project_settings(read_pyproject(manifest.folder), files):
        progress.note(note)


def _read_old_lock(file: Path) -> PythonLock | None:
    """The current lock, whose versions are preferred; None when it cannot be read."""
    try:
        return read_lock_file(file)
    except DependencyError:
        return None
