"""Import a handler's module and list the source files that this loads.

Run as ``python import_handler.py CODE MODULE SECONDS``. Writes one JSON object to standard output;
everything that the imports print goes to standard error.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import importlib
import importlib.machinery
import json
import os
import sys
from pathlib import Path

# linux/sched.h and linux/mount.h
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE, MS_RELATIME = 1, 32, 4096, 16384, 1 << 18, 1 << 21
ST_RELATIME, SAME_FLAGS = 4096, 0xC0E
"""Flags of a mount that a remount must keep: nosuid, nodev, noexec, noatime, nodiratime."""
LARGEST_MEMORY = 10_240 << 20
"""Lambda's largest function."""
LARGEST_FILE = 512 << 20


def main(code: str, module: str, seconds: int) -> None:
    """Import ``module`` from ``code`` and write the list of files that this loaded."""
    out = os.dup(1)
    os.dup2(2, 1)
    is_isolated = isolate(code)
    limit(seconds)
    faulthandler.dump_traceback_later(seconds, exit=True)
    loaded = record_sources()
    sys.path.insert(0, code)
    importlib.import_module(module)
    files = sorted({os.path.relpath(file, code) for file in loaded if file.startswith(code + os.sep)})
    os.write(out, json.dumps({"isolated": is_isolated, "files": files}).encode())
    os._exit(0)  # ends everything that the imports left running


def record_sources() -> list[str]:
    """A list to which the import system adds each source file that it loads from now on."""
    loaded: list[str] = []
    loader = importlib.machinery.SourceFileLoader
    original = loader.get_code

    def get_code(self: importlib.machinery.SourceFileLoader, fullname: str) -> object:
        loaded.append(str(self.get_filename(fullname)))
        return original(self, fullname)

    setattr(loader, "get_code", get_code)  # noqa: B010 - the type checker knows it as a method
    return loaded


def isolate(code: str) -> bool:
    """Remove the network and make the code read-only; False where this machine does not allow that."""
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None, use_errno=True)
        user, group = os.getuid(), os.getgid()
        check_call(libc.unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS))
        Path("/proc/self/setgroups").write_text("deny", "utf-8")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1", "utf-8")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1", "utf-8")
        target = os.fsencode(code)
        check_call(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))
        check_call(libc.mount(target, target, None, MS_BIND, None))
        present = os.statvfs(code).f_flag
        flags = present & SAME_FLAGS | (MS_RELATIME if present & ST_RELATIME else 0)
        check_call(libc.mount(None, target, None, MS_REMOUNT | MS_BIND | MS_RDONLY | flags, None))
        os.chdir(code)
        return True
    return False


def check_call(result: int) -> None:
    """Raise the error of a failed call of the C library."""
    if result != 0:
        raise OSError(ctypes.get_errno(), "refused")


def limit(seconds: int) -> None:
    """Limit time, memory and files, where the system supports it."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
        resource.setrlimit(resource.RLIMIT_DATA, (LARGEST_MEMORY, LARGEST_MEMORY))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
