"""Files that hold secrets by their very name. Dated data, from the documents of the programs that read them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

AS_OF = "2026-11-20"

_FILLED = rb"(?m)^[ \t]{0,80}(?:export[ \t]{1,80})?[A-Za-z_][A-Za-z0-9_]{0,200}[ \t]{0,80}=[ \t]{0,80}[\"']?[^\s\"'#]"
EMPTY_SHELLS = (".example", ".sample", ".template", ".dist", ".schema", ".defaults")
"""Endings of files that show which variables there are, without values that count."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FileKind:
    """One sort of file.

    Attributes:
        name: What ``[build.allow-secrets]`` calls it.
        what: What it is, for messages.
        patterns: File names, as shell patterns in lower case.
        content: What must be in it, as a regular expression; empty when the name says enough.
    """

    name: str
    what: str
    patterns: tuple[str, ...]
    content: bytes = b""


FILE_KINDS: tuple[FileKind, ...] = (
    FileKind(name="env-file", what="a .env file with values", patterns=(".env", ".env.*", "*.env"), content=_FILLED),
    FileKind(
        name="ssh-key-file",
        what="an SSH private key file",
        patterns=("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_ecdsa_sk", "id_ed25519_sk"),
    ),
    FileKind(
        name="key-store", what="a key store", patterns=("*.p12", "*.pfx", "*.jks", "*.keystore", "*.bks", "*.ppk")
    ),
    FileKind(
        name="password-store", what="a password store", patterns=("*.kdbx", "*.kdb", "*.agilekeychain", "*.keychain")
    ),
    FileKind(
        name="pypirc",
        what="a .pypirc with a password",
        patterns=(".pypirc",),
        content=rb"(?m)^[ \t]{0,80}password[ \t]{0,80}[:=][ \t]{0,80}[^\s$]",
    ),
    FileKind(
        name="netrc", what="a netrc file with a password", patterns=(".netrc", "_netrc"), content=rb"\bpassword\s"
    ),
    FileKind(name="git-credentials", what="git's stored credentials", patterns=(".git-credentials",), content=rb"://"),
    FileKind(name="docker-auth", what="Docker's stored credentials", patterns=(".dockercfg",), content=rb'"auth"'),
    FileKind(name="pgpass", what="a PostgreSQL password file", patterns=(".pgpass", "pgpass.conf"), content=rb":"),
    FileKind(name="htpasswd", what="a file of password hashes", patterns=(".htpasswd",), content=rb":"),
    FileKind(name="terraform-state", what="Terraform's state", patterns=("*.tfstate", "*.tfstate.backup")),
    FileKind(name="vpn-profile", what="an OpenVPN profile with its key", patterns=("*.ovpn",), content=rb"<key>"),
)


def kind_of_file(path: str, content: bytes) -> FileKind | None:
    """The sort of secret file that this is, or None."""
    name = path.rpartition("/")[2].lower()
    if name.endswith(EMPTY_SHELLS):
        return None
    return next((kind for kind in FILE_KINDS if _fits(kind, name, content)), None)


def _fits(kind: FileKind, name: str, content: bytes) -> bool:
    named = any(fnmatchcase(name, pattern) for pattern in kind.patterns)
    return named and (not kind.content or re.search(kind.content, content) is not None)
