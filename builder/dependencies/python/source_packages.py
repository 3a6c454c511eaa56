"""``[build] allow-sdist``: packages without a wheel, built from source into wheels like all others.

Building runs the package's own code and its build tools on this machine. That happens when the lock is made, and again
only where neither the store nor the shared one has the wheel. The lock pins the wheel, so what is built elsewhere with
other tools is an error and never another artifact.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from builder import process
from builder.archive.reader import read_content, read_members
from builder.archive.writer import pack_members
from builder.dependencies import operator_settings, tool_failures
from builder.dependencies.python.wheels import (
    FetchedWheel,
    add_wheel,
    hashed_requirements,
    read_pip_settings,
    share_wheels,
)
from builder.dependencies.store.pack_store import file_sha256
from builder.errors import DependencyError
from builder.interpreters import locate_interpreter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from builder.dependencies.python.wheels import RequestedWheel
    from builder.dependencies.store.pack_store import Store
    from builder.platform.runtimes import Runtime
    from builder.progress import Progress

_PURE: Final = "-none-any.whl"
_TRACES = re.compile(r"[^/]+\.dist-info/RECORD(?:\.jws|\.p7s)?")
"""Lists of digests, which change with the one line that is taken out; artifacts have none of them."""
_WHEEL = re.compile(r"[^/]+\.dist-info/WHEEL")
_GENERATOR = re.compile(rb"^Generator: *([^\r\n]*)\r?\n", re.MULTILINE)
_LONGEST_TOOL = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class BuiltWheel:
    """A wheel that was built here and is now in the store; ``source`` is what the lock says of it (``Pin.source``)."""

    wheel: FetchedWheel
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Workshop:
    """Where one package is built, and by what."""

    folder: Path
    python: str
    environment: Mapping[str, str]

    def pip(self, *arguments: str) -> process.CompletedProcess:
        command = [sys.executable, "-P", "-m", "pip", "--python", self.python, *arguments]
        return process.run([*command, "--no-input", "--no-deps"], cwd=self.folder, environment=self.environment)


def build_wheels(
    wanted: Iterable[RequestedWheel], runtime: Runtime, store: Store, progress: Progress
) -> tuple[BuiltWheel, ...]:
    """Fetch sdists by their hashes, build each in isolation, and put the wheels into the store.

    Args:
        wanted: Packages with the hashes of the sdists that would do.
        runtime: A Python of its version builds, where this machine has one; else the kit's own.
        store: Receives the wheels, without the traces that tools leave.
        progress: Told which package is done.

    Raises:
        DependencyError: A sdist cannot be had or built, or becomes native code.
    """
    every = tuple(wanted)
    if not every:
        return ()
    progress.begin("Building packages from source", len(every))
    found = locate_interpreter(runtime.version, os.environ)
    made = []
    with store.work() as folder:
        pip = operator_settings.pip_environment(process.current_environment(), read_pip_settings(folder))
        environment = {
            **operator_settings.build_environment(pip),
            "PIP_NO_CACHE_DIR": "1",
        }  # a wheel in it has other makers
        for one in every:
            place = folder / one.name
            place.mkdir()
            python = str(found.program) if found is not None else sys.executable
            made.append(_build(one, _Workshop(folder=place, python=python, environment=environment), store))
            progress.advance(f"{one.name} {one.version}")
    share_wheels([one.wheel for one in made], store, progress)
    return tuple(made)


def rebuild_wheels(
    wanted: Iterable[tuple[RequestedWheel, str]], runtime: Runtime, store: Store, progress: Progress
) -> tuple[BuiltWheel, ...]:
    """Build wheels again that a lock pins.

    Args:
        wanted: Packages with the hash of the sdist, and ``sha256:<hex>`` of the wheel that must come out.
        runtime: As for ``build_wheels``.
        store: As for ``build_wheels``.
        progress: As for ``build_wheels``.

    Raises:
        DependencyError: As ``build_wheels``; or another wheel came out.
    """
    every = tuple(wanted)
    built = build_wheels([one for one, _ in every], runtime, store, progress)
    other = [made.wheel for made, (_, digest) in zip(built, every, strict=True) if made.wheel.digest != digest]
    if other:
        names = ", ".join(f"{one.name} {one.version}" for one in other)
        message = f"Built from source again, {names} has other files than requirements.lock pins: other tools built it."
        hint = "Run `biot-plugin lock` and commit the file; a shared --store gives every machine the wheel built first."
        raise DependencyError(message, hint=hint)
    return built


def sdist_digest(source: str) -> str:
    """The ``sha256:<hex>`` in what a lock says of a wheel that was built."""
    return source.split(" ")[1]


def _build(one: RequestedWheel, shop: _Workshop, store: Store) -> BuiltWheel:
    label = f"{one.name} {one.version}"
    (shop.folder / "wanted.txt").write_text(hashed_requirements([one]), encoding="utf-8")
    # What builds it comes as wheels: no other package's code is run for it.
    only = ("--only-binary=:all:", f"--no-binary={one.name}")
    fetched = shop.pip("download", "--require-hashes", "--dest=source", "--requirement=wanted.txt", *only)
    sdist = _made(fetched, shop.folder / "source", label)
    if f"sha256:{file_sha256(sdist)}" not in one.digests:
        message = f"The index gave {sdist.name}, which no hash of {label} names."
        raise DependencyError(message, hint="Run `biot-plugin lock` again.")
    source = f"{sdist.name} sha256:{file_sha256(sdist)}"
    wheel = _made(shop.pip("wheel", "--wheel-dir=wheel", *only, str(sdist)), shop.folder / "wheel", label)
    if not wheel.name.endswith(_PURE):
        message = f"{label} becomes native code ({wheel.name}), built for this machine and not for Lambda."
        hint = "Choose a version that has wheels, or build one for manylinux and put it into your company's index."
        raise DependencyError(message, hint=hint)
    plain = shop.folder / "plain.whl"
    tool = _without_traces(wheel, plain)
    made = FetchedWheel(name=one.name, version=one.version, wheel=wheel.name, digest=f"sha256:{file_sha256(plain)}")
    add_wheel(store, plain, made)
    return BuiltWheel(wheel=made, source=f"{source} by {tool}")


def _made(done: process.CompletedProcess, folder: Path, label: str) -> Path:
    """The one file that pip left in a folder."""
    files = list(folder.iterdir()) if done.returncode == 0 and folder.is_dir() else []
    if len(files) != 1:
        raise tool_failures.build_error(done, label)
    return files[0]


def _without_traces(wheel: Path, target: Path) -> str:
    """Write a wheel as a pack that follows from its content alone.

    Returns:
        What built it, by its own word.
    """
    tools: list[str] = []

    def contents() -> Iterator[tuple[str, int, bytes]]:
        for member in read_members(wheel):
            content = read_content(wheel, member)
            if _WHEEL.fullmatch(member.path):
                tools.extend(found.decode("ascii", "replace") for found in _GENERATOR.findall(content))
                content = _GENERATOR.sub(b"", content)
            if not _TRACES.fullmatch(member.path):
                yield member.path, member.mode, content

    pack_members(contents(), target)
    return re.sub(r"[^ -~]", "", " ".join(tools))[:_LONGEST_TOOL].strip() or "an unnamed tool"
