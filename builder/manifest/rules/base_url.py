from __future__ import annotations

from typing import TYPE_CHECKING

from builder.manifest.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from urllib.parse import SplitResult

    from builder.manifest.rules.subject import Subject

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""The names of this machine."""


def check(subject: Subject) -> Iterator[Finding]:
    """``baseUrl`` is https; http sends credentials in clear text, so only this machine may use it."""
    url = subject.text("baseUrl")
    if url and (message := base_url_problem(url)):
        yield Finding(path=("baseUrl",), message=message, hint='For example baseUrl = "https://api.dev.example.com".')


def split_address(url: str) -> SplitResult | str:
    """The parts of an address, or why it is none."""
    if not url.isascii() or not url.isprintable() or " " in url:
        return "The address must have only ASCII characters and no spaces."
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        _ = parts.hostname, parts.port
    except ValueError:
        return "This is not a valid address."
    return parts


def base_url_problem(url: str) -> str:
    """Why an address cannot be the base URL of BioT's API; empty if it can."""
    parts = split_address(url)
    if isinstance(parts, str):
        return parts
    host = parts.hostname
    if parts.scheme == "http" and host not in LOOPBACK:
        return "The address must start with https://; http is allowed only for localhost, 127.0.0.1 and [::1]."
    if not host or parts.scheme not in {"https", "http"}:
        return "The address must start with https:// and a host name."
    if "@" in parts.netloc or parts.query or parts.fragment or parts.path.strip("/"):
        return "The address must be only scheme, host and port: no user, path or query."
    return ""
