"""One file's content -> the secrets in it, each with its line and without a single character of it."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.secrets import false_positives
from builder.secrets.assigned_secrets import DESCRIPTIONS, find_assigned_secrets
from builder.secrets.format_definition import RUN_BYTES, SHORTEST_RUN
from builder.secrets.secret_files import secret_file_type
from builder.secrets.secret_formats import SECRET_FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

JWT = "jwt"
"""The kind that says itself when it expires."""
FINDINGS_MAX = 50
"""Findings of one file; whoever has more mends those first."""
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


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretFinding:
    """One finding.

    Attributes:
        kind: What ``[build.allow-secrets]`` calls it.
        what: What it is, for messages.
        shown: What can be told of it: the fixed beginning of its form or the name it is given to, and its length.
        line: 1-based.
        expiry: When it ends to be valid, in seconds since 1970, where it says so itself; else None.
    """

    kind: str
    description: str
    preview: str
    line: int
    expiry: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Hit:
    kind: str
    description: str
    label: str
    start: int
    end: int
    expiry: float | None = None


def scan(path: str, content: bytes) -> tuple[SecretFinding, ...]:
    """Every secret of one file, in the order of its lines.

    Args:
        path: Its name decides how it is read.
        content: Its bytes.
    """
    text = _text(content)
    by_name = secret_file_type(path, text)
    if by_name is not None:
        whole = SecretFinding(
            kind=by_name.name, description=by_name.description, preview=path.rpartition("/")[2], line=1
        )
        return (whole,)
    hits = sorted(_hits(path, text), key=lambda hit: (hit.start, -hit.end))
    told: dict[tuple[str, int, float | None], SecretFinding] = {}
    line, place, covered = 1, 0, -1
    for hit in hits:
        if hit.start < covered:
            continue
        line, place, covered = line + text.count(b"\n", place, hit.start), hit.start, hit.end
        preview = f"{hit.label}… ({hit.end - hit.start} characters)"
        secret = SecretFinding(
            kind=hit.kind, description=hit.description, preview=preview, line=line, expiry=hit.expiry
        )
        told.setdefault((hit.kind, line, hit.expiry), secret)
    return tuple(told.values())


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
        return  # no text: names and values mean nothing there
    bare = f"/{path}".lower().endswith(_BARE_ENDINGS)
    for count, found in enumerate(find_assigned_secrets(text, bare=bare), start=1):
        yield _Hit(
            kind=found.kind,
            description=DESCRIPTIONS[found.kind],
            label=f"{found.name} = ",
            start=found.start,
            end=found.end,
        )
        if count == FINDINGS_MAX:
            return


def _known(text: bytes) -> Iterator[_Hit]:
    runs = b" ".join(_long_runs(text))
    for kind in SECRET_FORMATS:
        for anchor in kind.anchors:
            place = text.find(anchor) if not kind.compact or anchor in runs else -1
            while place >= 0:
                found = kind.compiled.match(text, max(0, place - kind.prefix_length))
                real = found is not None and kind.is_genuine(found[0])
                if found is not None and real:
                    label = anchor.decode("ascii") if kind.prefix_length == 0 else ""
                    yield _Hit(
                        kind=kind.name,
                        description=kind.description,
                        label=label,
                        start=found.start(),
                        end=found.end(),
                        expiry=false_positives.expiry(found[0]) if kind.name == JWT else None,
                    )
                place = text.find(anchor, found.end() if found is not None else place + len(anchor))


def _long_runs(text: bytes) -> Iterator[bytes]:
    """Every stretch of at least ``SHORTEST_RUN`` of ``RUN_BYTES``.

    Some ninety anchors over a whole text cost 45 ms per megabyte; over its long runs, which are few, 2 ms. A long run
    covers at least four of every fifth bytes, so most of a binary file is passed over by looking at those alone.
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
    """The content in UTF-8 where it says that it is UTF-16, as PowerShell writes its files."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace").encode("utf-8", "replace")
    return content
