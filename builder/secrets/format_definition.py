"""How the fixed form of one kind of secret is described.

Each form has a literal part, its anchor, which is searched for first: a file without it costs one
pass of ``bytes.find`` and no regular expression. Every repetition is bounded and starts at a
boundary, so the time grows with the size of the file, whatever the file contains.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from builder.secrets import false_positives

if TYPE_CHECKING:
    from collections.abc import Callable

RUN_BYTES = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.+/=~%-"
SHORTEST_RUN = 20
"""The length of an AWS access key."""

# A token with one of these before or after it is a part of something longer.
START = rb"(?:(?<![A-Za-z0-9_+/-])|(?<=\\[nrt]))"
END = rb"(?![A-Za-z0-9_-])"


class SecretFormat(Struct, frozen=True, kw_only=True):
    """The fixed form of one kind of secret.

    Attributes:
        name: The kind's name in ``[build.allow-secrets]``.
        description: What the secret is, for messages.
        anchors: Literal texts; every secret of this kind contains one of them.
        pattern: The whole secret, as a regular expression over bytes.
        prefix_length: Number of bytes that the pattern has before the anchor.
        compact: Whether the secret is one run of ``RUN_BYTES``; a text without long runs cannot contain it.
        is_genuine: Tells a match of the pattern that is a real secret from an example in documentation.
    """

    name: str
    description: str
    anchors: tuple[bytes, ...]
    pattern: bytes
    prefix_length: int = 0
    compact: bool = False
    is_genuine: Callable[[bytes], bool] = false_positives.is_not_documented_example

    @property
    def compiled(self) -> re.Pattern[bytes]:
        """The pattern, compiled on first use."""
        return _compiled(self.pattern)


@cache
def _compiled(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern)


def token_format(name: str, description: str, pattern: bytes, *anchors: bytes, prefix_length: int = 0) -> SecretFormat:
    """The form of a token: one run of characters with nothing joined to either end."""
    return SecretFormat(
        name=name,
        description=description,
        anchors=anchors,
        pattern=START + pattern + END,
        prefix_length=prefix_length,
        compact=True,
    )
