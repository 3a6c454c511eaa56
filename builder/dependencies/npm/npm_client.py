"""Talking to npm: making ``package-lock.json`` and fetching tarballs, in a private folder without project settings."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING

from builder import process
from builder.dependencies import operator_settings, tool_failures
from builder.dependencies.npm.package_lock import LOCK_NAME
from builder.errors import DependencyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from builder.build_values import LockedPackage

# A package of the registry may ask for another by git; a program that is not there makes npm fail instead of fetching.
_NO_GIT = "--git=no-git-while-locking"
_QUIET = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
# One npm fetches one tarball after the other: 94 packages took one process 7.4 s, two with batches of 24 3.4 to 6.0 s.
_BATCH = 24


def lock_command(npm: str) -> list[str]:
    """The argument list for npm that writes a lock without addresses, in a folder with package.json."""
    command = [npm, "install", "--package-lock", "--package-lock-only", "--lockfile-version=3"]
    return [*command, "--omit-lockfile-registry-resolved", _NO_GIT, *_QUIET]


def pack_command(npm: str, specs: Iterable[str]) -> list[str]:
    """The argument list for npm that saves the tarballs of exact versions into the current folder.

    What npm has in its cache is not asked for again: the lock's sha512 says whether it is right.
    """
    return [npm, "pack", "--pack-destination=.", "--prefer-offline", *_QUIET, "--", *specs]


def batches(packages: Iterable[LockedPackage]) -> tuple[tuple[LockedPackage, ...], ...]:
    """Packages in groups in which no two tarballs have one file name (``@a/b-c`` and ``@a-b/c`` do)."""
    groups: list[dict[str, LockedPackage]] = []
    for package in packages:
        name = tarball_name(package)
        group = next((group for group in groups if name not in group and len(group) < _BATCH), None)
        if group is None:
            groups.append(group := {})
        group[name] = package
    return tuple(tuple(group.values()) for group in groups)


def tarball_name(package: LockedPackage) -> str:
    """The file name that ``npm pack`` gives the package's tarball."""
    return f"{package.name.removeprefix('@').replace('/', '-')}-{package.version}.tgz"


def integrity(data: bytes, algorithm: str = "sha512") -> str:
    """The npm spelling of a hash: ``sha512-<base64>``."""
    return f"{algorithm}-{base64.b64encode(hashlib.new(algorithm, data).digest()).decode('ascii')}"


def make_lock(package: Mapping[str, object], old_lock: object | None, folder: Path, *, peers: bool = True) -> bytes:
    """What npm makes of a package.json; versions of the old lock stay where they still fit.

    Args:
        package: package.json, parsed.
        old_lock: The present lock without addresses, or None.
        folder: To work in, with the packages of the repository around it, and without the project's own .npmrc.
        peers: Whether ``peerDependencies`` count; not with npm's ``legacy-peer-deps``.

    Raises:
        DependencyError: npm is missing, or finds no set of versions, or cannot reach the registry.
    """
    (folder / "package.json").write_text(json.dumps(package), encoding="utf-8")
    if old_lock is not None:
        (folder / LOCK_NAME).write_text(json.dumps(old_lock), encoding="utf-8")
    if not peers:
        (folder / ".npmrc").write_text("legacy-peer-deps=true\n", encoding="utf-8")
    done = _run(lock_command(_npm()), folder)
    file = folder / LOCK_NAME
    if done.returncode != 0 or not file.is_file():
        raise lock_error(done)
    return file.read_bytes()


def lock_error(done: process.CompletedProcess) -> DependencyError:
    """Why npm made no lock."""
    told = [
        tool_failures.safe_text(line.partition("npm error ")[2])
        for line in done.stderr.splitlines()
        if "npm error " in line
    ]
    told = [line for line in told if not line.startswith(("A complete log", "code "))]
    if "ERESOLVE" in done.stderr:
        return _peer_conflict(told)
    said = " ".join(told[:3]).rstrip(".") or tool_failures.last_line(done.stderr)
    if "E404" in done.stderr or "ETARGET" in done.stderr:
        return DependencyError(
            f"The npm registry lacks a package that package.json asks for: {said}.",
            hint="Check name and version in package.json, and that your registry has it.",
        )
    return tool_failures.connection_error(done, "npm registry") or DependencyError(
        f"npm finds no set of versions for package.json: {said}.",
        hint="Change what npm names and run `biot-plugin lock`.",
    )


def _peer_conflict(lines: list[str]) -> DependencyError:
    """The tree of a conflict, as npm shows it, in one sentence: who requires what, and what is there instead."""
    required = _after(lines, "Could not resolve dependency:", " from ")
    present = next((line.removeprefix("Found: ") for line in lines if line.startswith("Found: ")), "")
    asker = _after(lines, f"Found: {present}", " from ") if present else ""
    reason = f"npm needs {required}" if required else " ".join(lines[:3])
    reason += f", but there is {present}" if present and required else ""
    reason += f" because of {asker}" if asker and required else ""
    return DependencyError(
        f"The versions in package.json do not fit together: {reason.rstrip('.')}.",
        hint="Change one of these versions. If they work together anyway, write legacy-peer-deps=true into .npmrc "
        "beside package.json.",
    )


def _after(lines: list[str], start: str, part: str) -> str:
    """The first line with a text after the line ``start``, without quotes; empty when there is none."""
    rest = lines[lines.index(start) + 1 :] if start in lines else []
    return next((line.replace('"', "") for line in rest if part in line), "")


def fetch_tarballs(packages: tuple[LockedPackage, ...], folder: Path) -> dict[LockedPackage, Path]:
    """Bring the tarballs of one batch into a new folder, each checked against the lock's hash.

    Raises:
        DependencyError: npm is missing, the registry cannot be reached, or it holds other bytes than the lock names.
    """
    folder.mkdir()
    (folder / "package.json").write_text("{}", encoding="utf-8")
    done = _run(pack_command(_npm(), (f"{package.name}@{package.version}" for package in packages)), folder)
    if done.returncode != 0:
        raise download_error(done, packages)
    files = {package: folder / tarball_name(package) for package in packages}
    for package, file in files.items():
        if not file.is_file():
            message = f"The npm registry gave no tarball for {package.name} {package.version}."
            raise DependencyError(message, hint="Try again; then ask who runs your registry.")
        if integrity(file.read_bytes(), package.digest.partition("-")[0]) != package.digest:
            msg = f"The npm registry holds other bytes for {package.name} {package.version} than {LOCK_NAME} pins."
            raise DependencyError(
                msg,
                hint="Do not ship it before you know why. If that is on purpose, run `biot-plugin lock --upgrade`.",
            )
    return files


def download_error(done: process.CompletedProcess, packages: Iterable[LockedPackage]) -> DependencyError:
    """Why npm brought no tarballs; a version that was withdrawn or published by half is told by its name."""
    if "E404" in done.stderr or "ETARGET" in done.stderr:
        gone = [package for package in packages if _is_named(package, done.stderr)]
        names = ", ".join(f"{package.name} {package.version}" for package in gone)
        return DependencyError(
            f"The npm registry lacks a package that {LOCK_NAME} pins: {names or tool_failures.last_line(done.stderr)}.",
            hint="It was withdrawn or published by half. Add it to your registry, or run `biot-plugin lock --upgrade`.",
        )
    return tool_failures.connection_error(done, "npm registry") or DependencyError(
        f"npm could not fetch the locked packages: {tool_failures.last_line(done.stderr)}.",
        hint="Correct what npm names and try again.",
    )


def _is_named(package: LockedPackage, said: str) -> bool:
    tarball = f"/{package.name.rpartition('/')[2]}-{package.version}.tgz"
    return (
        tarball in said
        or re.search(rf"(?<![\w/@.-]){re.escape(package.name)}@{re.escape(package.version)}\b", said) is not None
    )


def _run(argv: list[str], folder: Path) -> process.CompletedProcess:
    return process.run(argv, cwd=folder, environment=operator_settings.npm_environment(process.current_environment()))


def _npm() -> str:
    npm = process.find_program("npm")
    if npm is None:
        message = "npm, which knows the registry, is not on the PATH."
        raise DependencyError(message, hint="Install Node.js 20 or later, which brings npm.")
    return npm
