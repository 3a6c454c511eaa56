"""Files whose name says that they contain secrets. Dated data, from the documentation of the programs that use them."""

from __future__ import annotations

import re

from msgspec import Struct

AS_OF = "2026-11-20"

_FILLED = rb"(?m)^[ \t]{0,80}(?:export[ \t]{1,80})?[A-Za-z_][A-Za-z0-9_]{0,200}[ \t]{0,80}=[ \t]{0,80}[\"']?[^\s\"'#]"
TEMPLATE_ENDINGS = (".example", ".sample", ".template", ".dist", ".schema", ".defaults")
"""Endings of files that show the names of variables, without real values."""


class SecretFileType(Struct, frozen=True, kw_only=True):
    """One type of file.

    Attributes:
        name: Its name in ``[build.allow-secrets]``.
        description: What it is, for messages.
        patterns: File names in lower case; one ``*`` stands for any characters.
        content: What the file must contain, as a regular expression; empty if the name is enough.
    """

    name: str
    description: str
    patterns: tuple[str, ...]
    content: bytes = b""


SECRET_FILE_TYPES: tuple[SecretFileType, ...] = (
    SecretFileType(
        name="env-file", description="a .env file with values", patterns=(".env", ".env.*", "*.env"), content=_FILLED
    ),
    SecretFileType(
        name="ssh-key-file",
        description="an SSH private key file",
        patterns=("id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_ecdsa_sk", "id_ed25519_sk"),
    ),
    SecretFileType(
        name="key-store",
        description="a key store",
        patterns=("*.p12", "*.pfx", "*.jks", "*.keystore", "*.bks", "*.ppk"),
    ),
    SecretFileType(
        name="password-store",
        description="a password store",
        patterns=("*.kdbx", "*.kdb", "*.agilekeychain", "*.keychain"),
    ),
    SecretFileType(
        name="pypirc",
        description="a .pypirc with a password",
        patterns=(".pypirc",),
        content=rb"(?m)^[ \t]{0,80}password[ \t]{0,80}[:=][ \t]{0,80}[^\s$]",
    ),
    SecretFileType(
        name="netrc",
        description="a netrc file with a password",
        patterns=(".netrc", "_netrc"),
        content=rb"\bpassword\s",
    ),
    SecretFileType(
        name="git-credentials", description="git's stored credentials", patterns=(".git-credentials",), content=rb"://"
    ),
    SecretFileType(
        name="docker-auth", description="Docker's stored credentials", patterns=(".dockercfg",), content=rb'"auth"'
    ),
    SecretFileType(
        name="pgpass", description="a PostgreSQL password file", patterns=(".pgpass", "pgpass.conf"), content=rb":"
    ),
    SecretFileType(name="htpasswd", description="a file of password hashes", patterns=(".htpasswd",), content=rb":"),
    SecretFileType(name="terraform-state", description="Terraform's state", patterns=("*.tfstate", "*.tfstate.backup")),
    SecretFileType(
        name="vpn-profile", description="an OpenVPN profile with its key", patterns=("*.ovpn",), content=rb"<key>"
    ),
)


def secret_file_type(path: str, content: bytes) -> SecretFileType | None:
    """The type of a file that contains secrets; None for any other file."""
    name = path.rpartition("/")[2].lower()
    if name.endswith(TEMPLATE_ENDINGS):
        return None
    return next((file_type for file_type in SECRET_FILE_TYPES if _matches(file_type, name, content)), None)


def _matches(file_type: SecretFileType, name: str, content: bytes) -> bool:
    has_name = any(_matches_pattern(name, pattern) for pattern in file_type.patterns)
    return has_name and (not file_type.content or re.search(file_type.content, content) is not None)


def _matches_pattern(name: str, pattern: str) -> bool:
    """As ``fnmatch``, without compiling an expression for each pattern."""
    start, star, end = pattern.partition("*")
    if not star:
        return name == pattern
    return name.startswith(start) and name.endswith(end) and len(name) >= len(start) + len(end)
