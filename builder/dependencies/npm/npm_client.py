"""Runs npm to write ``package-lock.json`` and to fetch tarballs, in a private folder without project settings."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING

from builder.dependencies import operator_settings, tool_failures
from builder.dependencies.npm.package_lock import LOCK_NAME
from builder.errors import DependencyError
from builder.host import process

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from builder.build_values import LockedPackage

# A registry package may require another by git; a git program that does not exist makes npm fail instead of fetching.
_NO_GIT = "--git=no-git-while-locking"
_QUIET = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
# One npm process fetches tarballs one after the other: 94 packages took one process 7.4 s, and two processes with
# batches of 24 packages 3.4 to 6.0 s.
_BATCH = 24


def lock_command(npm: str) -> list[str]:
    """The npm command that writes a lock without addresses, in a folder with package.json."""
    command = [npm, "install", "--package-lock", "--package-lock-only", "--lockfile-version=3"]
    return [*command, "--omit-lockfile-registry-resolved", _NO_GIT, *_QUIET]


def pack_command(npm: str, specs: Iterable[str]) -> list[str]:
    """The npm command that saves the tarballs of exact versions in the current folder.

    npm's cache is used where it has the file: the lock's sha512 decides whether it is right.
    """
    return [npm, "pack", "--pack-destination=.", "--prefer-offline", *_QUIET, "--", *specs]


def split_batches(packages: Iterable[LockedPackage]) -> tuple[tuple[LockedPackage, ...], ...]:
    """Packages in groups without two tarballs of the same file name (``@a/b-c`` and ``@a-b/c`` have the same)."""
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


def compute_integrity(data: bytes, algorithm: str = "sha512") -> str:
    """A hash as npm writes it: ``sha512-<base64>``."""
    return f"{algorithm}-{base64.b64encode(hashlib.new(algorithm, data).digest()).decode('ascii')}"


def make_lock(package: Mapping[str, object], old_lock: object | None, folder: Path, *, peers: bool = True) -> bytes:
    """The lock that npm writes for a package.json; versions of the old lock stay where they still fit.

    Args:
        package: package.json, parsed.
        old_lock: The current lock without addresses, or None.
        folder: To work in, with the packages of the repository around it, and without the project's own .npmrc.
        peers: Whether ``peerDependencies`` count; they do not with npm's ``legacy-peer-deps``.

    Raises:
        DependencyError: npm is missing, finds no set of versions, or cannot reach the registry.
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
    """Why npm wrote no lock."""
    lines = [
        tool_failures.safe_text(line.partition("npm error ")[2])
        for line in done.stderr.splitlines()
        if "npm error " in line
    ]
    lines = [line for line in lines if not line.startswith(("A complete log", "code "))]
    if "ERESOLVE" in done.stderr:
        return _peer_conflict(lines)
    reason = " ".join(lines[:3]).rstrip(".") or tool_failures.last_line(done.stderr)
    if "E404" in done.stderr or "ETARGET" in done.stderr:
        return DependencyError(
            f"The npm registry does not have a package that package.json requires: {reason}.",
            hint="Check the name and version in package.json, and that your registry has it.",
        )
    return tool_failures.connection_error(done, "npm registry") or DependencyError(
        f"npm found no set of versions for package.json: {reason}.",
        hint="Change the requirements that npm names, then run `biot-plugin lock`.",
    )


def _peer_conflict(lines: list[str]) -> DependencyError:
    """Npm's tree of a conflict in one sentence: which package requires what, and what is installed instead."""
    required = _after(lines, "Could not resolve dependency:", " from ")
    installed = next((line.removeprefix("Found: ") for line in lines if line.startswith("Found: ")), "")
    requirer = _after(lines, f"Found: {installed}", " from ") if installed else ""
    reason = f"npm needs {required}" if required else " ".join(lines[:3])
    reason += f", but {installed} is installed" if installed and required else ""
    reason += f" because of {requirer}" if requirer and required else ""
    return DependencyError(
        f"The versions in package.json conflict: {reason.rstrip('.')}.",
        hint="Change one of these versions. If they work together anyway, add legacy-peer-deps=true to .npmrc "
        "beside package.json.",
    )


def _after(lines: list[str], start: str, part: str) -> str:
    """The first line after the line ``start`` that contains ``part``, without quotes; empty when there is none."""
    rest = lines[lines.index(start) + 1 :] if start in lines else []
    return next((line.replace('"', "") for line in rest if part in line), "")


def fetch_tarballs(packages: tuple[LockedPackage, ...], folder: Path) -> dict[LockedPackage, Path]:
    """Fetch the tarballs of one batch into a new folder, and check each against the lock's hash.

    Raises:
        DependencyError: npm is missing, the registry is unreachable, or it has a different file than the lock pins.
    """
    folder.mkdir()
    (folder / "package.json").write_text("{}", encoding="utf-8")
    done = _run(pack_command(_npm(), (f"{package.name}@{package.version}" for package in packages)), folder)
    if done.returncode != 0:
        raise download_error(done, packages)
    files = {package: folder / tarball_name(package) for package in packages}
    for package, file in files.items():
        if not file.is_file():
            message = f"The npm registry returned no tarball for {package.name} {package.version}."
            raise DependencyError(message, hint="Try again; if it still fails, ask the administrator of your registry.")
        if compute_integrity(file.read_bytes(), package.digest.partition("-")[0]) != package.digest:
            label = f"{package.name} {package.version}"
            message = f"The npm registry has a different file for {label} than {LOCK_NAME} pins."
            hint = "Find out why before you ship it. If it is intended, run `biot-plugin lock --upgrade`."
            raise DependencyError(message, hint=hint)
    return files


def download_error(done: process.CompletedProcess, packages: Iterable[LockedPackage]) -> DependencyError:
    """Why npm fetched no tarballs; names a version that was withdrawn or only partly published."""
    if "E404" in done.stderr or "ETARGET" in done.stderr:
        missing = [package for package in packages if _is_named(package, done.stderr)]
        names = ", ".join(f"{package.name} {package.version}" for package in missing)
        return DependencyError(
            f"The npm registry does not have a package that {LOCK_NAME} pins: "
            f"{names or tool_failures.last_line(done.stderr)}.",
            hint="It was withdrawn or only partly published. Add it to your registry, or run "
            "`biot-plugin lock --upgrade`.",
        )
    return tool_failures.connection_error(done, "npm registry") or DependencyError(
        f"npm could not fetch the locked packages: {tool_failures.last_line(done.stderr)}.",
        hint="Fix what npm names, then try again.",
    )


def _is_named(package: LockedPackage, output: str) -> bool:
    tarball = f"/{package.name.rpartition('/')[2]}-{package.version}.tgz"
    return (
        tarball in output
        or re.search(rf"(?<![\w/@.-]){re.escape(package.name)}@{re.escape(package.version)}\b", output) is not None
    )


def _run(argv: list[str], folder: Path) -> process.CompletedProcess:
    return process.run(argv, cwd=folder, environment=operator_settings.npm_environment(process.current_environment()))


def _npm() -> str:
    npm = process.find_program("npm")
    if npm is None:
        message = "npm is not on the PATH."
        raise DependencyError(message, hint="Install Node.js 20 or later, which includes npm.")
    return npm
