"""Node.js: the release of the runtime, with the JavaScript of Lambda's ``aws-lambda-ric``.

The native part of aws-lambda-ric takes a minute to compile. ``rapid_client.cjs`` replaces it.
"""

from __future__ import annotations

import hashlib
import platform
import secrets
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from builder.host import process
from sandbox.functions.clients.node_packages import CLIENT_3, CLIENT_4, FIRST_MAJOR_OF_CLIENT_4, node_package
from sandbox.functions.clients.runtime_program import RuntimeProgram
from sandbox.functions.function_errors import FunctionUnavailableError

if TYPE_CHECKING:
    from builder.platform.runtimes import Runtime
    from sandbox.functions.clients.node_packages import NodePackage

_SCRIPTS: Final = Path(__file__).with_name("runtime_scripts")
_REPLACEMENT: Final = "rapid_client.cjs"
_NATIVE_NAME: Final = '"./rapid-client.node"'
_PATH: Final = "/usr/local/bin:/usr/bin:/bin:/opt/bin"
_FLAGS: Final = ("--expose-gc", "--max-semi-space-size={semi_space}", "--max-old-space-size={old_space}")
"""As the managed runtime starts Node.js: 5 % and 90 % of the function's memory."""


def find_node_program(runtime: Runtime, folder: Path) -> RuntimeProgram:
    """Return the program of a Node.js runtime; fetch Node.js and the runtime client if they are missing.

    Args:
        runtime: The runtime.
        folder: Where runtime clients and Node.js are kept.

    Raises:
        FunctionUnavailableError: Node.js of this version is unavailable, or the runtime client cannot be fetched.
    """
    node = (_installed_node(runtime) or _fetched_node(runtime, folder)).resolve()
    client = _client_folder(CLIENT_4 if int(runtime.version) >= FIRST_MAJOR_OF_CLIENT_4 else CLIENT_3, folder)
    return RuntimeProgram(
        command=(str(node), *_FLAGS, "{runtime_dir}/start.mjs"),
        variables={
            "PATH": f"{node.parent}:{_PATH}",
            "NODE_PATH": f"/opt/nodejs/node{runtime.version}/node_modules:/opt/nodejs/node_modules:{{runtime_dir}}",
            "LAMBDA_RUNTIME_DIR": "{runtime_dir}",
            "LD_LIBRARY_PATH": "{task_root}:{task_root}/lib",
        },
        client=client,
        folders=(node.parent,),
    )


def _installed_node(runtime: Runtime) -> Path | None:
    """Return the machine's own Node.js if its major version is the runtime's."""
    found = process.find_program("node")
    if found is None:
        return None
    completed = process.run([found, "--version"], cwd=Path(found).parent)
    major = completed.stdout.strip().removeprefix("v").partition(".")[0]
    return Path(found).absolute() if completed.returncode == 0 and major == runtime.version else None


def _fetched_node(runtime: Runtime, folder: Path) -> Path:
    package = node_package(runtime.version, sys.platform, platform.machine())
    if package is None:
        message = f"Node.js {runtime.version} is not on this machine, and {runtime.name} needs it."
        hint = f"Install Node.js {runtime.version} and put it on the PATH."
        raise FunctionUnavailableError(message, hint=hint)
    program = "node.exe" if sys.platform == "win32" else "node"
    target = folder / f"{package.name}-{package.version}"
    if not target.is_dir():
        files = {
            Path(path).name: (mode, content)
            for path, mode, content in _fetch(package, folder)
            if path in {f"bin/{program}", program, "LICENSE"}
        }
        _write(files, target)
    return target / program


def _client_folder(package: NodePackage, folder: Path) -> Path:
    """Return the folder of the runtime client, written now or earlier."""
    start = "start_node_4.mjs" if package is CLIENT_4 else "start_node_3.mjs"
    own = {"start.mjs": (_SCRIPTS / start).read_bytes(), _REPLACEMENT: (_SCRIPTS / _REPLACEMENT).read_bytes()}
    digest = hashlib.sha256(b"\0".join(own.values())).hexdigest()
    target = folder / f"{package.name}-{package.version}-{digest[:16]}"
    if target.is_dir():
        return target
    files = {path: (mode, content) for path, mode, content in _fetch(package, folder)}
    script = "index.mjs" if package is CLIENT_4 else "dist/index.mjs"
    text = files[script][1].decode()
    if text.count(_NATIVE_NAME) != 1:
        message = f"{package.name} {package.version} does not load its native part where the kit expects it."
        raise FunctionUnavailableError(message, hint="Report this: the kit must be adapted.")
    replaced = text.replace(_NATIVE_NAME, f'"./{_REPLACEMENT}"')
    kept = {name: entry for name, entry in files.items() if name in {"LICENSE", "NOTICE", "THIRD-PARTY-LICENSES"}}
    written = {name: (0o644, content) for name, content in own.items()}
    _write({**kept, **written, "index.mjs": (0o644, replaced.encode())}, target)
    return target


def _fetch(package: NodePackage, folder: Path) -> tuple[tuple[str, int, bytes], ...]:
    """Fetch a package by its hash and return its files.

    Raises:
        FunctionUnavailableError: npm is missing, or the registry is unreachable or has another file.
    """
    from builder.build_values import LockedPackage
    from builder.dependencies.npm.npm_client import fetch_tarballs
    from builder.dependencies.npm.tarball import read_tarball
    from builder.errors import DependencyError

    locked = LockedPackage(name=package.name, version=package.version, digest=package.integrity)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    work = folder / f".{secrets.token_hex(8)}"
    try:
        file = fetch_tarballs((locked,), work)[locked]
        return read_tarball(file, f"{package.name} {package.version}")
    except DependencyError as error:
        message = f"{package.name} {package.version} cannot be fetched. {error.message}"
        raise FunctionUnavailableError(message, hint=error.hint) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _write(files: dict[str, tuple[int, bytes]], target: Path) -> None:
    """Write a folder that appears only when it is complete."""
    partial = target.with_name(f".{secrets.token_hex(8)}")
    partial.mkdir()
    try:
        for name, (mode, content) in files.items():
            (partial / name).write_bytes(content)
            (partial / name).chmod(mode)
        partial.rename(target)
    except OSError:
        if not target.is_dir():  # another process was faster
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
