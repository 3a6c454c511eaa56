"""The stylesheet, the script and the icon. Their addresses have a version, so that a browser asks for them once."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from sandbox.console.console_access import PATH

ASSETS = {
    "console.css": "text/css",
    "console.js": "text/javascript",
    "editor.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
VERSION_PARAMETER = "v"
_FOLDER = Path(__file__).with_name("assets")


@cache
def asset_content(name: str) -> tuple[bytes, str]:
    """The bytes of a file and their version."""
    content = (_FOLDER / name).read_bytes()
    return content, sha256(content).hexdigest()[:20]


def asset_address(name: str) -> str:
    """The address of a file in its present version: other bytes would have another address."""
    return f"{PATH}/assets/{name}?{VERSION_PARAMETER}={asset_content(name)[1]}"
