"""One file's content -> the secrets in it, each with its line and without a single character of the secret."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from builder.secrets import false_positives
from builder.secrets.assigned_secrets import DESCRIPTIONS, find_assigned_secrets
from builder.secrets.format_definition import RUN_BYTES, SHORTEST_RUN
from builder.secrets.secret_files import secret_file_type
from builder.secrets.secret_formats import SECRET_FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

JWT = "jwt"
"""The kind of secret that contains its own expiry."""
FINDINGS_MAX = 50
"""The most findings per file that are reported."""
_BARE_ENDINGS = (
    *(
        ".env",
        ".ini",
        ".cfg",
        ".conf",
        ".config",
        ".properties",
        ".toml",
        ".yaml",
        ".yml",
        ".sh",
        ".bash",
        ".bat",
        ".ps1",
    ),
    *(".pypirc", ".npmrc", ".netrc", ".cnf", "/credentials", ".tfvars"),
)
_HEAD = 8192
_STRIDE = SHORTEST_RUN // 4
_SAMPLED_RUN = re.compile(rb"[^ ]{%d,}" % (SHORTEST_RUN // _STRIDE))
_LONG_RUN = re.compile(rb"[^ ]{%d,}" % SHORTEST_RUN)
_ONLY_RUNS = bytes(byte if byte in RUN_BYTES else ord(" ") for byte in range(256))


class SecretFinding(Struct, frozen=True, kw_only=True):
    """One secret in one file.

    Attributes:
        kind: Its name in ``[build.allow-secrets]``.
        description: What it is, for messages.
        preview: What messages may show: the fixed beginning of its form or the name of its variable, and its length.
        line: Counted from 1.
        expiry: When it expires, in seconds since 1970, if it says so; else None.
    """

    kind: str
    description: str
    preview: str
    line: int
    expiry: float | None = None


class _Hit(Struct, frozen=True, kw_only=True):
    kind: str
    description: str
    label: str
    start: int
    end: int
    expiry: float | None = None


def scan(path: str, content: bytes) -> tuple[SecretFinding, ...]:
    """Every secret of one file, in the order of its lines.

    Args:
        path: The file's path; its name decides how the content is read.
        content: The file's bytes.
    """
    text = _text(content)
    file_type = secret_file_type(path, text)
    if file_type is not None:
        finding = SecretFinding(
            kind=file_type.name, description=file_type.description, preview=path.rpartition("/")[2], line=1
        )
        return (finding,)
    hits = sorted(_hits(path, text), key=lambda hit: (hit.start, -hit.end))
    findings: dict[tuple[str, int, float | None], SecretFinding] = {}
    line, position, end = 1, 0, -1
    for hit in hits:
        if hit.start < end:
            continue
        line, position, end = line + text.count(b"\n", position, hit.start), hit.start, hit.end
        preview = f"{hit.label}… ({hit.end - hit.start} characters)"
        secret = SecretFinding(
            kind=hit.kind, description=hit.description, preview=preview, line=line, expiry=hit.expiry
        )
        findings.setdefault((hit.kind, line, hit.expiry), secret)
    return tuple(findings.values())


def scan_value(value: str) -> SecretFinding | None:
    """The secret of a known form in one text, such as a variable's value."""
    hit = next(_known(value.encode("utf-8", "replace")), None)
    if hit is None:
        return None
    return SecretFinding(kind=hit.kind, description=hit.description, preview=hit.label, line=1, expiry=hit.expiry)


def _hits(path: str, text: bytes) -> Iterator[_Hit]:
    for count, hit in enumerate(_known(text), start=1):
        yield hit
        if count == FINDINGS_MAX:
            return
    if _is_binary(text):
        return  # names and values mean nothing in a binary file
    bare = f"/{path}".lower().endswith(_BARE_ENDINGS)
    for count, assigned in enumerate(find_assigned_secrets(text, bare=bare), start=1):
        yield _Hit(
            kind=assigned.kind,
            description=DESCRIPTIONS[assigned.kind],
            label=f"{assigned.name} = ",
            start=assigned.start,
            end=assigned.end,
        )
        if count == FINDINGS_MAX:
            return


def _known(text: bytes) -> Iterator[_Hit]:
    """The secrets of a known form."""
    runs = b" ".join(_long_runs(text))
    for secret_format in SECRET_FORMATS:
        for anchor in secret_format.anchors:
            position = text.find(anchor) if not secret_format.compact or anchor in runs else -1
            while position >= 0:
                match = secret_format.compiled.match(text, max(0, position - secret_format.prefix_length))
                if match is not None and secret_format.is_genuine(match[0]):
                    yield _Hit(
                        kind=secret_format.name,
                        description=secret_format.description,
                        label=anchor.decode("ascii") if secret_format.prefix_length == 0 else "",
                        start=match.start(),
                        end=match.end(),
                        expiry=false_positives.expiry(match[0]) if secret_format.name == JWT else None,
                    )
                position = text.find(anchor, match.end() if match is not None else position + len(anchor))


def _long_runs(text: bytes) -> Iterator[bytes]:
    """Every run of at least ``SHORTEST_RUN`` bytes of ``RUN_BYTES``.

    Searching a whole text for about ninety anchors costs 45 ms per megabyte; searching its long runs,
    which are few, costs 2 ms. A long run covers at least four consecutive samples of every fifth byte,
    so looking at the samples alone skips most of a binary file.
    """
    spaced = text.translate(_ONLY_RUNS)
    if not _is_binary(text):
        yield from (run for run in spaced.split() if len(run) >= SHORTEST_RUN)
        return
    for stretch in _SAMPLED_RUN.finditer(spaced[::_STRIDE]):
        begin = spaced.rfind(b" ", 0, stretch.start() * _STRIDE) + 1
        end = spaced.find(b" ", (stretch.end() - 1) * _STRIDE)
        yield from _LONG_RUN.findall(spaced, begin, len(spaced) if end < 0 else end)


def _is_binary(text: bytes) -> bool:
    return b"\0" in text[:_HEAD]


def _text(content: bytes) -> bytes:
    """The content, converted to UTF-8 if a byte order mark says that it is UTF-16, as PowerShell writes files."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace").encode("utf-8", "replace")
    return content
