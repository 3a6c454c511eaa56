"""The addresses of plugins' endpoints. ``sandbox.endpoints`` answers them."""

from __future__ import annotations

from urllib.parse import quote

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
"""The methods that a Lambda function URL accepts."""


def endpoint_url(base_url: str, plugin: str) -> str:
    """Return the address of a plugin's endpoint."""
    return f"{base_url}/run/{quote(plugin, safe='')}/"
