"""Which folders an isolated function sees, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

TASK_ROOT = "/var/task"
RUNTIME_DIR = "/var/runtime"
"""Lambda's own names for the folders of the code and of the runtime client."""

SYSTEM_FOLDERS = frozenset({"bin", "gnu", "lib", "lib32", "lib64", "libx32", "nix", "sbin", "usr"})
"""Folders of the root with programs and libraries. A function sees no other folder of the root as it is."""
_SETTINGS = (
    *("alternatives", "ca-certificates", "crypto-policies", "pki/ca-trust", "pki/tls/cert.pem", "pki/tls/certs"),
    *("ssl/cert.pem", "ssl/certs", "ssl/openssl.cnf"),
    *("gai.conf", "host.conf", "hosts", "nsswitch.conf", "protocols", "resolv.conf", "services"),
    *("group", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "passwd", "static"),
)
_CERTIFICATES = "/var/lib/ca-certificates"
"""Where the links in ``/etc/ssl/certs`` lead to on openSUSE."""


def visible_settings() -> tuple[Path, ...]:
    """Return what a function sees of the machine's settings: certificates, names of hosts, places of libraries.

    Nothing else: ``/etc`` has private keys and passwords of services, too.
    """
    found = (*(Path("/etc", name) for name in _SETTINGS), Path(_CERTIFICATES))
    return tuple(path for path in found if path.exists())


@dataclass(frozen=True, kw_only=True, slots=True)
class SandboxPaths:
    """The folders of a function.

    Attributes:
        code: Unpacked code; seen as ``/var/task``.
        client: The runtime client; seen as ``/var/runtime``.
        programs: Folders of the interpreter, seen where they are.
        storage_megabytes: The size of ``/tmp``.
    """

    code: Path
    client: Path
    programs: tuple[Path, ...]
    storage_megabytes: int
