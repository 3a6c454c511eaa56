"""The same fixtures as in your tests, and a note about packages that ship in another release than the tested one."""

import re
from importlib import metadata
from pathlib import Path

from tests.conftest import biot, new_process

__all__ = ["biot", "new_process"]

LOCK = Path(__file__).parent.parent / "requirements.lock"


def pytest_report_header() -> list[str]:
    """List the packages whose tested release is not the one in the ZIP, because that one cannot be installed here."""
    pins = dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s\\]+)", LOCK.read_text("utf-8"), re.MULTILINE))
    installed = {name: _installed(name) for name in pins}
    return [
        f"tested with {name} {installed[name]}; the ZIP has {name} {version}"
        for name, version in pins.items()
        if installed[name] not in {"", version}
    ]


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""  # what only Lambda's platform needs
