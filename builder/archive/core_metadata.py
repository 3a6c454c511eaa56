"""The header fields of a wheel's ``METADATA``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.archive.reader import read_content

if TYPE_CHECKING:
    from builder.build_values import Pack

_METADATA = re.compile(r"[^/]+\.dist-info/METADATA")


def read_core_metadata(pack: Pack) -> dict[str, list[str]]:
    """The header fields of a wheel; empty when it has no ``METADATA``.

    Raises:
        VerificationError: The pack was changed while it was read.
    """
    for member in pack.members:
        if _METADATA.fullmatch(member.path):
            return parse_headers(read_content(pack.file, member).decode("utf-8", "replace"))
    return {}


def parse_headers(text: str) -> dict[str, list[str]]:
    """The header fields by lower-case name, with folded lines joined.

    ``email.parser`` is not used: importing it takes longer than all other work on a build's
    evidence.
    """
    fields: dict[str, list[str]] = {}
    current: list[str] | None = None
    for line in text.replace("\r\n", "\n").split("\n"):
        if not line:
            break  # a line of spaces does not end the headers: licence texts that are folded into them have such lines
        if line[0] in " \t":
            if current:
                current[-1] += "\n" + line.strip().removeprefix("|").strip()
            continue
        name, _, value = line.partition(":")
        current = fields.setdefault(name.strip().lower(), [])
        current.append(value.strip())
    return fields
