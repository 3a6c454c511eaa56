"""The same fixtures as in your tests, and which packages ship in another release than the one that is tested."""

import re
from importlib import metadata
from pathlib import Path

from tests.conftest import biot, new_process

__all__ = ["biot", "new_process"]

LOCK = Path(__file__).parent.parent / "requirements.lock"


def pytest_report_header() -> list[str]:
    """Name the packages that are here in another release than in the ZIP, because that one does not install here."""
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
