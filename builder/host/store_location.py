"""Where the store of packages is on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

STORE_VARIABLE = "BIOT_PLUGIN_STORE"


def store_folder(location: str, environment: Mapping[str, str]) -> Path:
    """The folder of the packages: ``location``, else ``BIOT_PLUGIN_STORE``, else a folder in the user's cache.

    Args:
        location: What the command line names: a folder, an address, or empty. An address is not a folder, so the next
            place counts.
        environment: The environment variables.
    """
    for place in (location, environment.get(STORE_VARIABLE, "")):
        if place and not is_bucket_address(place):
            return Path(place).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path("biot-plugin-kit", appauthor=False) / "store"


def is_bucket_address(location: str) -> bool:
    """Whether a location is an address such as ``s3://bucket/prefix``, not a folder."""
    return "://" in location
