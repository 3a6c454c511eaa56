"""Trusted certificate authorities: those that the operator names, else the system's. Verification is always on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

_NAMES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_DIR")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class NetworkSettingError(ValueError):
    """A variable of the environment, for certificates or proxies, cannot be used.

    ``hint`` says how to fix it; both texts are sentences.
    """

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def is_loopback(url: str) -> bool:
    """Whether an address is this machine; then http is allowed."""
    return urlsplit(url).hostname in _LOOPBACK


def make_ssl_context(environ: Mapping[str, str], url: str) -> ssl.SSLContext:
    """A context that verifies certificates and host names.

    Args:
        environ: May name a file or folder of certificates by ``SSL_CERT_FILE``, ``REQUESTS_CA_BUNDLE``,
            ``CURL_CA_BUNDLE`` or ``SSL_CERT_DIR``; the first one set counts.
        url: The address. For http, and for this machine unless certificates are named, nothing is loaded.

    Raises:
        NetworkSettingError: The named file or folder cannot be read.
    """
    import ssl

    if urlsplit(url).scheme == "http":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    name = next((name for name in _NAMES if environ.get(name)), "")
    if name:
        location = Path(environ[name])
        try:
            if location.is_dir():
                return ssl.create_default_context(capath=location)
            return ssl.create_default_context(cafile=location)
        except OSError as error:
            msg = f"The certificates in {name} cannot be read: {error.strerror or error}."
            raise NetworkSettingError(
                msg, hint="Set it to a PEM file with your company's certificate authority, or unset it."
            ) from error
    if is_loopback(url):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"]:
        # Some Pythons (python.org on macOS) find no system authorities; httpx includes Mozilla's.
        import httpx

        return httpx.create_ssl_context(trust_env=False)
    return context
