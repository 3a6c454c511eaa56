"""``[build] allow-sdist``: builds packages that have no wheel from source, into wheels like all others.

Building runs the package's own code and its build tools on this machine. That happens when the lock is made, and again
only where neither the store nor the shared store has the wheel. The lock pins the wheel, so a wheel that other tools
build differently is an error, never a different artifact.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from builder.archive.reader import read_content, read_members
from builder.archive.writer import pack_members
from builder.dependencies import operator_settings, tool_failures
from builder.dependencies.python.pip_client import read_pip_settings
from builder.dependencies.python.wheels import (
    FetchedWheel,
    add_wheel,
    hashed_requirements,
    share_wheels,
)
from builder.dependencies.store.pack_store import file_sha256
from builder.errors import DependencyError
from builder.host import process
from builder.host.interpreters import locate_interpreter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from builder.dependencies.python.wheels import RequestedWheel
    from builder.dependencies.store.pack_store import Store
    from builder.platform.runtimes import Runtime
    from builder.progress import Progress

_PURE_PYTHON: Final = "-none-any.whl"
_RECORDS = re.compile(r"[^/]+\.dist-info/RECORD(?:\.jws|\.p7s)?")
"""Lists of digests, which change with the one line that is removed; artifacts never include them."""
_WHEEL = re.compile(r"[^/]+\.dist-info/WHEEL")
_GENERATOR = re.compile(rb"^Generator: *([^\r\n]*)\r?\n", re.MULTILINE)
_MAX_TOOL_NAME = 60


class BuiltWheel(Struct, frozen=True, kw_only=True):
    """A wheel that was built here and is now in the store; ``source`` becomes the lock's ``Pin.source``."""

    wheel: FetchedWheel
    source: str


class _BuildEnvironment(Struct, frozen=True, kw_only=True):
    """Where one package is built: its folder, Python and environment variables."""

    folder: Path
    python: str
    environment: Mapping[str, str]

    def pip(self, *arguments: str) -> process.CompletedProcess:
        command = [sys.executable, "-P", "-m", "pip", "--python", self.python, *arguments]
        return process.run([*command, "--no-input", "--no-deps"], cwd=self.folder, environment=self.environment)


def build_wheels(
    requests: Iterable[RequestedWheel], runtime: Runtime, store: Store, progress: Progress
) -> tuple[BuiltWheel, ...]:
    """Fetch sdists by their hashes, build each in isolation, and put the wheels into the store.

    Args:
        requests: Packages with the hashes of the acceptable sdists.
        runtime: A Python of its version builds, where this machine has one; otherwise the kit's own.
        store: Receives the wheels, without what names the build tools.
        progress: Receives each finished package.

    Raises:
        DependencyError: An sdist is unavailable, cannot be built, or becomes native code.
    """
    pending = tuple(requests)
    if not pending:
        return ()
    progress.begin("Building packages from source", len(pending))
    interpreter = locate_interpreter(runtime.version, os.environ)
    python = str(interpreter.program) if interpreter is not None else sys.executable
    built = []
    with store.work_folder() as folder:
        pip = operator_settings.pip_environment(process.current_environment(), read_pip_settings(folder))
        environment = {
            **operator_settings.build_environment(pip),
            "PIP_NO_CACHE_DIR": "1",  # a cached wheel may have been built by other tools
        }
        for request in pending:
            place = folder / request.name
            place.mkdir()
            built.append(
                _build(request, _BuildEnvironment(folder=place, python=python, environment=environment), store)
            )
            progress.advance(f"{request.name} {request.version}")
    share_wheels([one.wheel for one in built], store, progress)
    return tuple(built)


def rebuild_wheels(
    requests: Iterable[tuple[RequestedWheel, str]], runtime: Runtime, store: Store, progress: Progress
) -> tuple[BuiltWheel, ...]:
    """Build the wheels that a lock pins again.

    Args:
        requests: Packages with the hash of the sdist, and ``sha256:<hex>`` of the expected wheel.
        runtime: As for ``build_wheels``.
        store: As for ``build_wheels``.
        progress: As for ``build_wheels``.

    Raises:
        DependencyError: As for ``build_wheels``; or the built wheel differs from the pinned one.
    """
    pending = tuple(requests)
    built = build_wheels([request for request, _ in pending], runtime, store, progress)
    different = [one.wheel for one, (_, digest) in zip(built, pending, strict=True) if one.wheel.digest != digest]
    if different:
        names = ", ".join(f"{wheel.name} {wheel.version}" for wheel in different)
        message = f"The new build of {names} differs from the wheel in requirements.lock: other tools built that one."
        hint = "Run `biot-plugin lock` and commit the file; a shared --store gives every machine the wheel built first."
        raise DependencyError(message, hint=hint)
    return built


def sdist_digest(source: str) -> str:
    """The ``sha256:<hex>`` of the sdist in a ``Pin.source``."""
    return source.split(" ")[1]


def _build(request: RequestedWheel, builder: _BuildEnvironment, store: Store) -> BuiltWheel:
    label = f"{request.name} {request.version}"
    (builder.folder / "requirements.txt").write_text(hashed_requirements([request]), encoding="utf-8")
    # The build tools are wheels: no other package's code is run.
    only = ("--only-binary=:all:", f"--no-binary={request.name}")
    fetched = builder.pip("download", "--require-hashes", "--dest=source", "--requirement=requirements.txt", *only)
    sdist = _only_file(fetched, builder.folder / "source", label)
    if f"sha256:{file_sha256(sdist)}" not in request.digests:
        message = f"The index sent {sdist.name}, whose hash is not one of {label}."
        raise DependencyError(message, hint="Run `biot-plugin lock` again.")
    source = f"{sdist.name} sha256:{file_sha256(sdist)}"
    wheel = _only_file(builder.pip("wheel", "--wheel-dir=wheel", *only, str(sdist)), builder.folder / "wheel", label)
    if not wheel.name.endswith(_PURE_PYTHON):
        message = f"{label} contains native code ({wheel.name}), which was built for this machine and not for Lambda."
        hint = "Choose a version that has wheels, or build a manylinux wheel and add it to your company's index."
        raise DependencyError(message, hint=hint)
    normalized = builder.folder / "normalized.whl"
    tool = _normalize(wheel, normalized)
    digest = f"sha256:{file_sha256(normalized)}"
    fetched_wheel = FetchedWheel(name=request.name, version=request.version, wheel=wheel.name, digest=digest)
    add_wheel(store, normalized, fetched_wheel)
    return BuiltWheel(wheel=fetched_wheel, source=f"{source} by {tool}")


def _only_file(completed: process.CompletedProcess, folder: Path, label: str) -> Path:
    """The one file that pip left in a folder."""
    files = list(folder.iterdir()) if completed.returncode == 0 and folder.is_dir() else []
    if len(files) != 1:
        raise tool_failures.build_error(completed, label)
    return files[0]


def _normalize(wheel: Path, target: Path) -> str:
    """Write a wheel again so that its bytes depend on its content alone.

    Returns:
        The build tool, as the wheel names it.
    """
    tools: list[str] = []

    def contents() -> Iterator[tuple[str, int, bytes]]:
        for member in read_members(wheel):
            content = read_content(wheel, member)
            if _WHEEL.fullmatch(member.path):
                tools.extend(name.decode("ascii", "replace") for name in _GENERATOR.findall(content))
                content = _GENERATOR.sub(b"", content)
            if not _RECORDS.fullmatch(member.path):
                yield member.path, member.mode, content

    pack_members(contents(), target)
    return re.sub(r"[^ -~]", "", " ".join(tools))[:_MAX_TOOL_NAME].strip() or "an unnamed tool"
