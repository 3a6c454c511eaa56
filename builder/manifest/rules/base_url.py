from __future__ import annotations

from typing import TYPE_CHECKING

from builder.manifest.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.rules.subject import Subject

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def check(subject: Subject) -> Iterator[Finding]:
    """``baseUrl`` is https; http sends credentials in clear text and is only for the machine itself."""
    url = subject.text("baseUrl")
    if url and (reason := base_url_problem(url)):
        yield Finding(path=("baseUrl",), message=reason, hint='For example baseUrl = "https://api.dev.example.com".')


def base_url_problem(url: str) -> str:
    """Why an address cannot be BioT's, or empty."""
    if not url.isascii() or not url.isprintable() or " " in url:
        return "An address has only ASCII characters and no spaces."
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "This is not an address."
    if parts.scheme == "http" and host not in _LOOPBACK:
        return "http sends credentials in clear text; it is allowed only for localhost, 127.0.0.1 and [::1]."
    if not host or parts.scheme not in {"https", "http"}:
        return "An address starts with https:// and the name of a host."
    if "@" in parts.netloc or parts.query or parts.fragment or parts.path.strip("/"):
        return "The address is only scheme, host and port: no user, and the kit adds the paths of BioT's services."
    return ""
