"""esbuild's program for this machine, as the plugin's own lock pins it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Final

from builder.build_values import Lock, LockedPackage
from builder.errors import DependencyError
from builder.progress import SilentProgress

if TYPE_CHECKING:
    from builder.build_values import Pack
    from builder.dependencies.store.pack_store import Store
    from builder.manifest.model import Manifest

_PROCESSORS: Final = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def locked_bundler(manifest: Manifest) -> LockedPackage:
    """The package that contains esbuild's program for this machine.

    Raises:
        DependencyError: The lock has no esbuild, or no esbuild for this machine.
    """
    import platform

    from builder.dependencies.npm.package_lock import LOCK_NAME, parse_npm_lock, sha512

    machine = platform.machine().lower()
    name = f"@esbuild/{sys.platform}-{_PROCESSORS.get(machine, machine)}"
    file = manifest.folder / LOCK_NAME
    entries = parse_npm_lock(json.loads(file.read_bytes())) if file.is_file() else {}
    entry = entries.get(f"node_modules/{name}", {})
    if "node_modules/esbuild" not in entries or not sha512(entry):
        missing = "esbuild" if "node_modules/esbuild" not in entries else name
        message = f"[build] bundle needs esbuild from the plugin's own lock, but {LOCK_NAME} has no {missing}."
        hint = "Add esbuild to devDependencies of package.json, run `biot-plugin lock` and commit both files."
        raise DependencyError(message, hint=hint)
    return LockedPackage(name=name, version=str(entry.get("version", "")), digest=sha512(entry))


def collect_bundler(package: LockedPackage, store: Store) -> Pack:
    """The program's package as a pack; fetched by its integrity when it is not in the store.

    Raises:
        DependencyError: It is unavailable.
    """
    from builder.dependencies.npm import npm_packs

    (pack,) = npm_packs.collect(Lock(file=None, packages=(package,)), store, SilentProgress())
    return pack
