from __future__ import annotations

from typing import TYPE_CHECKING

from builder.manifest.finding import Finding
from builder.manifest.rules.base_url import LOOPBACK, split_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.rules.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """``endpointUrl`` is https; only this machine may use http."""
    url = subject.text("endpointUrl")
    if url and (message := _problem(url)):
        hint = 'For example endpointUrl = "https://plugin.example.com/".'
        yield Finding(path=("endpointUrl",), message=message, hint=hint)


def _problem(url: str) -> str:
    parts = split_address(url)
    if isinstance(parts, str):
        return parts
    host = parts.hostname
    if not host or (parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK)):
        return "The address must start with https:// and a host name; http is allowed only for this machine."
    if "@" in parts.netloc or parts.fragment:
        return "The address must have no user and no fragment."
    return ""
