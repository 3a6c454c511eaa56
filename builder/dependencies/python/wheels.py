"""Fetches wheels by hash into the store."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct

from builder.dependencies import operator_settings, tool_failures
from builder.dependencies.python.pip_client import download_command, read_pip_settings
from builder.dependencies.store.pack_store import file_sha256
from builder.errors import DependencyError, VerificationError
from builder.host import process

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from builder.dependencies.store.pack_store import Store
    from builder.platform.runtimes import Runtime
    from builder.progress import Progress

_PROCESSES = 2
_WORTH_SPLITTING = 8


class RequestedWheel(Struct, frozen=True, kw_only=True):
    """A package version to fetch.

    Attributes:
        name: Normalised name.
        version: Exact version.
        digests: ``sha256:<hex>`` of each acceptable file.
        wheel: The wheel's file name; empty when unknown.
    """

    name: str
    version: str
    digests: tuple[str, ...]
    wheel: str = ""


class FetchedWheel(Struct, frozen=True, kw_only=True):
    """A wheel that is now in the store."""

    name: str
    version: str
    wheel: str
    digest: str


def hashed_requirements(requests: Iterable[RequestedWheel]) -> str:
    """A requirements file for pip: each line with its hashes."""
    return "".join(
        f"{request.name}=={request.version} {' '.join(f'--hash={digest}' for digest in request.digests)}\n"
        for request in requests
    )


def fetch_wheels(
    requests: Iterable[RequestedWheel], runtime: Runtime, store: Store, progress: Progress
) -> tuple[FetchedWheel, ...]:
    """Fetch wheels into the store, each checked against its hashes by pip and again here.

    Raises:
        DependencyError: The index is unreachable, lacks a wheel, or has a different file than requested.
    """
    pending = tuple(requests)
    if not pending:
        return ()
    progress.begin("Fetching wheels", len(pending))
    with store.work_folder() as folder:
        environment = process.current_environment()
        # pip takes 0.3 s to list its settings, and they matter only where uv has an index of its own.
        pip = read_pip_settings(folder) if operator_settings.has_uv_index(environment) else {}
        pip_environment = operator_settings.pip_environment(environment, pip)
        with ThreadPoolExecutor(_PROCESSES) as pool:
            downloads = {
                pool.submit(_download, part, runtime, folder / str(number), pip_environment): part
                for number, part in enumerate(split_downloads(pending))
            }
            # The first files are checked while pip still fetches the others.
            fetched = tuple(
                wheel
                for download in as_completed(downloads)
                for wheel in _add_to_store(downloads[download], download.result(), store, progress)
            )
    share_wheels(fetched, store, progress)
    return fetched


def share_wheels(wheels: Iterable[FetchedWheel], store: Store, progress: Progress) -> None:
    """Add wheels of the store to the shared store."""
    if store.shared is not None:
        packs = {wheel.digest: store.find(wheel.digest.removeprefix("sha256:")) for wheel in wheels}
        store.shared.upload({digest: pack.file for digest, pack in packs.items() if pack is not None}, progress)


def fetch_shared_wheels(digests: Iterable[str], store: Store, progress: Progress) -> tuple[str, ...]:
    """Fetch wheels from the shared store, and return which; what is missing or damaged there stays absent."""
    added: list[str] = []
    if store.shared is None:
        return ()
    with store.work_folder() as folder:
        for digest, file in store.shared.fetch(digests, folder, progress).items():
            with suppress(VerificationError):  # the index has the same file, and reports it by name
                store.add(digest.removeprefix("sha256:"), file)
                added.append(digest)
    return tuple(added)


def split_downloads(requests: tuple[RequestedWheel, ...]) -> tuple[tuple[RequestedWheel, ...], ...]:
    """What each pip process fetches: 18 wheels of 36 MB took two processes 1.7 s and one 2.2 s.

    Packages with a wheel for each platform are distributed first: their pages on the index are long (pip takes 0.8 s to
    read pydantic-core's), so no process should get most of them. Pip refuses two versions of a package at once, which
    different plugins may have locked.
    """
    versions: dict[str, int] = {}
    rounds: dict[int, list[RequestedWheel]] = {}
    for request in sorted(requests, key=lambda request: request.wheel.endswith("-none-any.whl")):
        versions[request.name] = versions.get(request.name, -1) + 1
        rounds.setdefault(versions[request.name], []).append(request)
    return tuple(part for wheels in rounds.values() for part in _split(wheels))


def _split(requests: Sequence[RequestedWheel]) -> tuple[tuple[RequestedWheel, ...], ...]:
    count = _PROCESSES if len(requests) >= _WORTH_SPLITTING else 1
    return tuple(tuple(requests[start::count]) for start in range(count))


def add_wheel(store: Store, file: Path, wheel: FetchedWheel) -> None:
    """Move one wheel into the store under its own sha256.

    Raises:
        DependencyError: It is not a ZIP that all tools read alike.
    """
    try:
        store.add(wheel.digest.removeprefix("sha256:"), file)
    except VerificationError as error:
        message = f"{wheel.wheel} is not a valid wheel: {error.message}"
        hint = f"Choose another version of {wheel.name}, and report this to its authors."
        raise DependencyError(message, hint=hint, problems=error.problems) from error


def _download(
    requests: tuple[RequestedWheel, ...], runtime: Runtime, folder: Path, environment: Mapping[str, str]
) -> Path:
    """Let pip fetch wheels into a folder below ``folder``, which is returned."""
    target = folder / "wheels"
    target.mkdir(parents=True)
    file = folder / "requirements.txt"
    file.write_text(hashed_requirements(requests), encoding="utf-8")
    command = download_command(sys.executable, str(file), str(target), runtime)
    completed = process.run(command, cwd=folder, environment=environment)
    if completed.returncode != 0:
        wrong_file = _wrong_file_error(completed, requests, runtime, folder)
        raise wrong_file or tool_failures.download_error(completed, runtime)
    return target


def _wrong_file_error(
    completed: process.CompletedProcess, requests: tuple[RequestedWheel, ...], runtime: Runtime, folder: Path
) -> DependencyError | None:
    """The error when a pinned hash is of another file of the release: a wheel for another platform, or a sdist.

    The file that the index sent must be published under its own hash too. Otherwise the index is not consistent.
    """
    name, version, received = tool_failures.hash_mismatch(completed)
    request = next((one for one in requests if (one.name, one.version) == (name, version)), None)
    if request is None:
        return None
    from builder.dependencies.python.uv import published_digests  # only needed for this failure

    (folder / "release").mkdir()
    published = published_digests(name, version, runtime, folder / "release", read_pip_settings(folder))
    is_of_release = published.issuperset({*request.digests, received})
    return tool_failures.wrong_file_error(name, version, runtime) if is_of_release else None


def _add_to_store(
    requests: tuple[RequestedWheel, ...], folder: Path, store: Store, progress: Progress
) -> tuple[FetchedWheel, ...]:
    by_digest = {digest: request for request in requests for digest in request.digests}
    fetched: list[FetchedWheel] = []
    for file in sorted(folder.iterdir()):
        digest = f"sha256:{file_sha256(file)}"
        request = by_digest.get(digest)
        if request is None or file.suffix != ".whl":
            message = f"The index sent {file.name}, whose hash is not in the lock."
            raise DependencyError(message, hint="Run `biot-plugin lock` again.")
        fetched.append(FetchedWheel(name=request.name, version=request.version, wheel=file.name, digest=digest))
        add_wheel(store, file, fetched[-1])
        progress.advance(f"{request.name} {request.version}")
    missing = {(one.name, one.version) for one in requests} - {(one.name, one.version) for one in fetched}
    if missing:
        names = ", ".join(sorted(f"{name} {version}" for name, version in missing))
        message = f"The index sent no wheel of {names}."
        raise DependencyError(message, hint="Run `biot-plugin lock` again.")
    return tuple(fetched)
