"""Import a handler's module and tell which source files that loads; run as ``python importing.py CODE MODULE SECONDS``.

Writes one JSON object to standard output. Whatever the imports print goes to standard error.
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
"""Flags of a mount that a remount must repeat: nosuid, nodev, noexec, noatime, nodiratime."""
LARGEST_MEMORY = 10_240 << 20
"""Lambda's largest function."""
LARGEST_FILE = 512 << 20


def main(code: str, module: str, seconds: int) -> None:
    """Import ``module`` from ``code`` and tell which files that took."""
    out = os.dup(1)
    os.dup2(2, 1)
    isolated = isolate(code)
    limit(seconds)
    faulthandler.dump_traceback_later(seconds, exit=True)
    loaded = record_sources()
    sys.path.insert(0, code)
    importlib.import_module(module)
    files = sorted({os.path.relpath(file, code) for file in loaded if file.startswith(code + os.sep)})
    os.write(out, json.dumps({"isolated": isolated, "files": files}).encode())
    os._exit(0)  # whatever the imports left running ends here


def record_sources() -> list[str]:
    """A list that grows by each source file whose code the import system asks for from now on."""
    loaded: list[str] = []
    loader = importlib.machinery.SourceFileLoader
    asked = loader.get_code

    def get_code(self: importlib.machinery.SourceFileLoader, fullname: str) -> object:
        loaded.append(str(self.get_filename(fullname)))
        return asked(self, fullname)

    setattr(loader, "get_code", get_code)  # noqa: B010 - the type checker knows it as a method
    return loaded


def isolate(code: str) -> bool:
    """Go where there is no network and the code is read-only; False where this machine does not let us."""
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None, use_errno=True)
        user, group = os.getuid(), os.getgid()
        called(libc.unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS))
        Path("/proc/self/setgroups").write_text("deny", "utf-8")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1", "utf-8")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1", "utf-8")
        place = os.fsencode(code)
        called(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))
        called(libc.mount(place, place, None, MS_BIND, None))
        present = os.statvfs(code).f_flag
        kept = present & SAME_FLAGS | (MS_RELATIME if present & ST_RELATIME else 0)
        called(libc.mount(None, place, None, MS_REMOUNT | MS_BIND | MS_RDONLY | kept, None))
        os.chdir(code)
        return True
    return False


def called(result: int) -> None:
    """Hold a result of the C library against its error number."""
    if result != 0:
        raise OSError(ctypes.get_errno(), "refused")


def limit(seconds: int) -> None:
    """Bound time, memory and files, where the system knows such bounds."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
        resource.setrlimit(resource.RLIMIT_DATA, (LARGEST_MEMORY, LARGEST_MEMORY))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
