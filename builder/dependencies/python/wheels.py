"""Fetching locked wheels by hash with pip: proxies, mirrors, keyrings and certificates already work in it."""

from __future__ import annotations

import re
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder import process
from builder.dependencies import operator_settings, tool_failures
from builder.dependencies.python.platform_tags import abis, platforms
from builder.dependencies.store.pack_store import file_sha256
from builder.errors import DependencyError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from builder.dependencies.store.pack_store import Store
    from builder.platform.runtimes import Runtime
    from builder.progress import Progress

_PROCESSES = 2
_WORTH_SHARING = 8
_OFFERED = re.compile(r"^Available versions: (\S.*?)\s*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestedWheel:
    """One package version, the wheels that would do as ``sha256:<hex>``, and the wheel's file name if it is known."""

    name: str
    version: str
    digests: tuple[str, ...]
    wheel: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class FetchedWheel:
    """A wheel that is now in the store."""

    name: str
    version: str
    wheel: str
    digest: str


def download_command(python: str, requirements: str, target: str, runtime: Runtime) -> list[str]:
    """Pip's argument list: wheels only, by hash, for the runtime whatever the host is.

    ``-P`` keeps Python from importing out of the folder it runs in.
    """
    command = [python, "-P", "-m", "pip", "download", "--no-input", "--no-deps", "--require-hashes"]
    return [*command, *_for_runtime(runtime), "--dest", target, "--requirement", requirements]


def available_versions(name: str, runtime: Runtime, *, folder: Path, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The versions of a package that have a wheel for a runtime, newest first; none when the index does not say."""
    command = [sys.executable, "-P", "-m", "pip", "index", "versions", "--no-input", *_for_runtime(runtime), name]
    done = process.run(command, cwd=folder, environment=environment)
    found = _OFFERED.search(done.stdout) if done.returncode == 0 else None
    return tuple(found[1].split(", ")) if found else ()


def _for_runtime(runtime: Runtime) -> Iterator[str]:
    yield from ("--only-binary", ":all:", "--implementation", "cp", "--python-version", runtime.version)
    for platform in platforms(runtime):
        yield from ("--platform", platform)
    for abi in abis(runtime):
        yield from ("--abi", abi)


def hashed_requirements(wanted: Iterable[RequestedWheel]) -> str:
    """A requirements file for pip, every line with its hashes."""
    return "".join(
        f"{one.name}=={one.version} {' '.join(f'--hash={digest}' for digest in one.digests)}\n" for one in wanted
    )


def read_pip_settings(folder: Path) -> Mapping[str, str]:
    """What the operator told pip, asked of pip itself."""
    command = [sys.executable, "-P", "-m", "pip", "config", "list"]
    done = process.run(command, cwd=folder, environment=process.current_environment())
    if done.returncode != 0:
        msg = f"pip does not run in the kit's Python: {tool_failures.last_line(done.stderr)}."
        raise DependencyError(
            msg,
            hint="Install the kit again with its dependencies, for example `pipx install biot-plugin-kit`.",
        )
    return operator_settings.pip_settings(done.stdout)


def fetch_wheels(
    wanted: Iterable[RequestedWheel], runtime: Runtime, store: Store, progress: Progress
) -> tuple[FetchedWheel, ...]:
    """Bring wheels into the store, each checked against its hashes by pip and again here.

    Raises:
        DependencyError: The index cannot be reached, lacks a wheel, or holds another file than was asked for.
    """
    every = tuple(wanted)
    if not every:
        return ()
    progress.begin("Fetching wheels", len(every))
    with store.work() as folder:
        operators = process.current_environment()
        # pip needs 0.3 s to say what it was told, and that matters only where uv was told something else.
        pip = read_pip_settings(folder) if operator_settings.has_uv_index(operators) else {}
        environment = operator_settings.pip_environment(operators, pip)
        with ThreadPoolExecutor(_PROCESSES) as pool:
            parts = {
                pool.submit(_download, part, runtime, folder / part[0].name, environment): part
                for part in split_downloads(every)
            }
            # What comes first is looked through while pip is still busy with the rest.
            brought = tuple(
                fetched
                for download in as_completed(parts)
                for fetched in _take_in(parts[download], download.result(), store, progress)
            )
    share_wheels(brought, store, progress)
    return brought


def share_wheels(wheels: Iterable[FetchedWheel], store: Store, progress: Progress) -> None:
    """Add wheels of the store to the shared one."""
    if store.shared is not None:
        found = {one.digest: store.find(one.digest.removeprefix("sha256:")) for one in wheels}
        store.shared.offer({digest: wheel.file for digest, wheel in found.items() if wheel is not None}, progress)


def fetch_shared_wheels(digests: Iterable[str], store: Store, progress: Progress) -> None:
    """Bring the wheels into the store that the shared one has; what it lacks, or has damaged, stays absent."""
    if store.shared is None:
        return
    with store.work() as folder:
        for digest, file in store.shared.fetch(digests, folder, progress).items():
            with suppress(VerificationError):  # the index's own is as bad, and is told by its name
                store.add(digest.removeprefix("sha256:"), file)


def split_downloads(wanted: tuple[RequestedWheel, ...]) -> tuple[tuple[RequestedWheel, ...], ...]:
    """What each pip process fetches: 18 wheels of 36 MB took two processes 1.7 s and one 2.2 s.

    Packages with a wheel for each platform are dealt out first: their pages on the index are long (pydantic-core takes
    pip 0.8 s to read), so no process should get most of them.
    """
    count = _PROCESSES if len(wanted) >= _WORTH_SHARING else 1
    dealt = sorted(wanted, key=lambda one: one.wheel.endswith("-none-any.whl"))
    return tuple(tuple(dealt[start::count]) for start in range(count))


def _download(part: tuple[RequestedWheel, ...], runtime: Runtime, folder: Path, environment: Mapping[str, str]) -> Path:
    """Let pip bring wheels into a folder below ``folder``, which is returned."""
    target = folder / "wheels"
    target.mkdir(parents=True)
    file = folder / "wanted.txt"
    file.write_text(hashed_requirements(part), encoding="utf-8")
    command = download_command(sys.executable, str(file), str(target), runtime)
    done = process.run(command, cwd=folder, environment=environment)
    if done.returncode != 0:
        raise _foreign_file(done, part, runtime, folder) or tool_failures.download_error(done, runtime)
    return target


def _foreign_file(
    done: process.CompletedProcess, part: tuple[RequestedWheel, ...], runtime: Runtime, folder: Path
) -> DependencyError | None:
    """The failure when a pinned hash is of another file of the release: a wheel for another platform, or a sdist.

    What came must be published under its own hash too. Otherwise the index gave something else than it promises.
    """
    name, version, came = tool_failures.hash_mismatch(done)
    one = next((one for one in part if (one.name, one.version) == (name, version)), None)
    if one is None:
        return None
    from builder.dependencies.python.uv import published_digests

    (folder / "release").mkdir()
    published = published_digests(name, version, runtime, folder / "release", read_pip_settings(folder))
    is_foreign = published.issuperset({*one.digests, came})
    return tool_failures.wrong_file_error(name, version, runtime) if is_foreign else None


def _take_in(
    wanted: tuple[RequestedWheel, ...], target: Path, store: Store, progress: Progress
) -> tuple[FetchedWheel, ...]:
    allowed = {digest: one for one in wanted for digest in one.digests}
    fetched: list[FetchedWheel] = []
    for file in sorted(target.iterdir()):
        sha256 = file_sha256(file)
        one = allowed.get(f"sha256:{sha256}")
        if one is None or file.suffix != ".whl":
            msg = f"The index gave {file.name}, which no hash of the lock names."
            raise DependencyError(msg, hint="Run `biot-plugin lock` again.")
        fetched.append(FetchedWheel(name=one.name, version=one.version, wheel=file.name, digest=f"sha256:{sha256}"))
        add_wheel(store, file, fetched[-1])
        progress.advance(f"{one.name} {one.version}")
    missing = {(one.name, one.version) for one in wanted} - {(one.name, one.version) for one in fetched}
    if missing:
        names = ", ".join(sorted(f"{name} {version}" for name, version in missing))
        msg = f"The index gave no wheel for {names}."
        raise DependencyError(msg, hint="Run `biot-plugin lock` again.")
    return tuple(fetched)


def add_wheel(store: Store, file: Path, wheel: FetchedWheel) -> None:
    """Move one wheel into the store under its own sha256.

    Raises:
        DependencyError: It is not a ZIP that everybody reads alike.
    """
    try:
        store.add(wheel.digest.removeprefix("sha256:"), file)
    except VerificationError as error:
        msg = f"{wheel.wheel} is not a sound wheel: {error.message}"
        raise DependencyError(
            msg,
            hint=f"Choose another version of {wheel.name}; tell its authors.",
            problems=error.problems,
        ) from error
